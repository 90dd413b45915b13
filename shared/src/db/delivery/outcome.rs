use std::time::Duration;

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The service has it.
    Delivered,
    /// Not delivered; to be tried again after a back-off.
    Retry {
        /// The time that the service asked for.
        after: Option<Duration>,
        /// Why.
        cause: RetryCause,
    },
    /// Nothing is left to deliver: the service has something newer, or the recipient has read it.
    Superseded,
    /// Given up.
    Dropped(DropReason),
}

/// Why an item was not delivered for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryCause {
    /// The service does not respond, responds too late, or is overloaded. It counts for the circuit breaker.
    Outage,
    /// The service rejects our credentials. An operator has to act; the item waits for it.
    Credentials,
    /// The service rejects this item.
    Item,
}

/// Why an item was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The device does not exist any more.
    DeviceGone,
    /// It has waited for too long.
    Expired,
    /// The service will never accept it.
    Invalid,
}

impl DeliveryOutcome {
    /// A retry after an outage.
    #[must_use]
    pub fn outage(after: Option<Duration>) -> Self {
        Self::Retry {
            after,
            cause: RetryCause::Outage,
        }
    }

    /// Whether the service behind the channel is away.
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

    /// The outcome as the settle statements name it.
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

    /// The seconds that the service asked for.
    pub(in crate::db) fn seconds_asked(self) -> Option<f64> {
        match self {
            Self::Retry { after, .. } => after.map(|wait| wait.as_secs_f64()),
            _ => None,
        }
    }
}
