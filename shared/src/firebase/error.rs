use std::time::Duration;

use reqwest::{Response, header};

/// Why Firebase does not have what it was sent.
#[derive(Debug, thiserror::Error)]
pub enum FirebaseError {
    /// It cannot be reached, or its answer broke off: the write may have been done or not.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It answered with an error.
    #[error("answered {status}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// What it asks for in `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The service account's key is rejected, or is none.
    #[error("the service account's key is rejected: {0}")]
    Key(String),
    /// The settings name a database, and the secrets no service account.
    #[error(
        "no service account: FIREBASE_CREDENTIALS_PATH, or firebase_service_account in the secret"
    )]
    NoServiceAccount,
}

impl FirebaseError {
    /// What an answer that is none of success says.
    pub(crate) fn of(response: &Response) -> Self {
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Self::Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    /// The cause without its URL, which has room and user ids in it.
    pub(crate) fn unreachable(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            reason = format!("{reason}: {inner}");
            cause = inner.source();
        }
        Self::Unreachable(reason)
    }

    /// How long Firebase asks to be left alone, at most five minutes.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer { retry_after, .. } => {
                retry_after.map(|asked| asked.min(Duration::from_mins(5)))
            }
            _ => None,
        }
    }

    /// Whether another attempt in a moment may well succeed.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Answer { status, .. } => *status == 429 || *status >= 500,
            Self::Key(_) | Self::NoServiceAccount => false,
        }
    }
}
