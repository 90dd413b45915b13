use std::time::Duration;

use crate::delivery::{DeliveryOutcome, RetryCause};

/// Why the endpoint has not accepted an event.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No response, or an incomplete one. The endpoint may have handled the event.
    #[error("no response: {0}")]
    Unreachable(String),
    /// A response that is not 2xx.
    #[error("responded with {status}")]
    Response {
        status: u16,
        /// The delay requested in `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The secret has no key any more.
    #[error("no webhook_secret in the secret")]
    NoKey,
}

impl WebhookError {
    const LONGEST_DELAY: Duration = Duration::from_mins(5);

    /// Returns whether the endpoint wants no events any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Response { status: 410, .. })
    }

    /// Returns whether the endpoint rejects the signature.
    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(
            self,
            Self::Response {
                status: 401 | 403,
                ..
            }
        )
    }

    /// Returns the outcome of the delivery: always a retry. Only a response that concerns every event counts as an
    /// outage: no response, 408, 425, 429 and 5xx.
    #[must_use]
    pub fn outcome(&self) -> DeliveryOutcome {
        let cause = match self {
            Self::Unreachable(_) => RetryCause::Outage,
            Self::Response { status, .. } => match *status {
                401 | 403 => RetryCause::Credentials,
                408 | 425 | 429 => RetryCause::Outage,
                status if status >= 500 => RetryCause::Outage,
                _ => RetryCause::Item,
            },
            Self::NoKey => RetryCause::Credentials,
        };
        let after = match self {
            Self::Response { retry_after, .. } => retry_after.map(|it| it.min(Self::LONGEST_DELAY)),
            _ => None,
        };
        DeliveryOutcome::Retry { after, cause }
    }
}
