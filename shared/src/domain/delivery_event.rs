use super::{GracePeriod, Invalid};

/// The events of a delivery, by their names in JSON and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// A driver was assigned.
    Assigned,
    /// The driver has picked up the goods.
    PickedUp,
    /// The driver has nearly arrived.
    Arriving,
    Delivered,
    Cancelled,
}

impl DeliveryEvent {
    /// Parses a name.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "assigned" => Ok(Self::Assigned),
            "picked_up" => Ok(Self::PickedUp),
            "arriving" => Ok(Self::Arriving),
            "delivered" => Ok(Self::Delivered),
            "cancelled" => Ok(Self::Cancelled),
            other => Err(Invalid::choice(other)),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::PickedUp => "picked_up",
            Self::Arriving => "arriving",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns whether the delivery has ended, so that its rooms close.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled)
    }

    /// Returns the message to the participants, for PostgreSQL's `format`: `%1$s` is the tracking number with a space
    /// before it, or empty; `%2$s` is the driver.
    #[must_use]
    pub fn template(self, grace: GracePeriod) -> String {
        let what = match self {
            Self::Assigned => "a été attribuée à %2$s.",
            Self::PickedUp => "a été récupérée et est en route.",
            Self::Arriving => "arrive à destination.",
            Self::Delivered => "a bien été remise.",
            Self::Cancelled => "a été annulée.",
        };
        let text = format!("La livraison%1$s {what}");
        if self.is_end() {
            format!("{text} {grace}")
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_one_name() {
        for name in [
            "assigned",
            "picked_up",
            "arriving",
            "delivered",
            "cancelled",
        ] {
            assert_eq!(DeliveryEvent::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "Assigned", "picked-up", "canceled"] {
            assert!(DeliveryEvent::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_message_of_an_end_has_the_remaining_time() {
        let grace = GracePeriod::default();
        assert_eq!(
            DeliveryEvent::Delivered.template(grace),
            "La livraison%1$s a bien été remise. Cette conversation reste ouverte encore 2 heures."
        );
        assert_eq!(
            DeliveryEvent::Arriving.template(grace),
            "La livraison%1$s arrive à destination."
        );
    }
}
