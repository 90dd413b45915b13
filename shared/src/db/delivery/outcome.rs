use std::time::Duration;

/// The outcome of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Delivered,
    /// Not delivered; retry after a back-off.
    Retry {
        /// The delay that the service requested.
        after: Option<Duration>,
        cause: RetryCause,
    },
    /// Nothing is left to deliver: the service has a newer state, or the recipient has read the message.
    Superseded,
    Dropped(DropReason),
}

/// Why an item was not delivered this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryCause {
    /// The service does not respond, is too slow, or is overloaded. This counts for the circuit breaker.
    Outage,
    /// The service rejects the credentials. The item waits for an operator.
    Credentials,
    Item,
}

/// Why an item will not be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The device is no longer registered.
    DeviceGone,
    /// The item has waited too long.
    Expired,
    /// The service never accepts the item.
    Invalid,
}

impl DeliveryOutcome {
    /// Returns the outcome for an outage: a retry.
    #[must_use]
    pub fn outage(after: Option<Duration>) -> Self {
        Self::Retry {
            after,
            cause: RetryCause::Outage,
        }
    }

    /// Returns whether the service is unavailable.
    #[must_use]
    pub fn is_outage(self) -> bool {
        matches!(
            self,
            Self::Retry {
                cause: RetryCause::Outage,
                ..
            }
        )
    }

    /// Returns the outcome's name in the settle statements.
    pub(in crate::db) fn kind(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Superseded => "superseded",
            Self::Dropped(DropReason::DeviceGone) => "gone",
            Self::Dropped(_) => "dropped",
            Self::Retry {
                cause: RetryCause::Outage,
                ..
            } => "outage",
            Self::Retry { .. } => "retry",
        }
    }

    /// Returns the requested delay in seconds.
    pub(in crate::db) fn seconds_asked(self) -> Option<f64> {
        match self {
            Self::Retry { after, .. } => after.map(|wait| wait.as_secs_f64()),
            _ => None,
        }
    }
}
