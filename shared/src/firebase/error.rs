use std::time::Duration;

use reqwest::Response;

use crate::delivery::RetryCause;
use crate::http_client::retry_after;

/// Why Firebase does not have what it was sent.
#[derive(Debug, thiserror::Error)]
pub enum FirebaseError {
    /// No response, or one that broke off: the write may have been done or not.
    #[error("no response: {0}")]
    Unreachable(String),
    /// A response with an error.
    #[error("responded with {status}")]
    Response {
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
    /// Reads a response other than a success.
    pub(crate) fn of(response: &Response) -> Self {
        Self::Response {
            status: response.status().as_u16(),
            retry_after: retry_after(response),
        }
    }

    /// The cause without its URL, which has room and user ids in it.
    pub(crate) fn unreachable(error: reqwest::Error) -> Self {
        if error.is_decode() {
            // serde quotes the value that it does not expect.
            return Self::Unreachable("the response is malformed".to_owned());
        }
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            reason = format!("{reason}: {inner}");
            cause = inner.source();
        }
        Self::Unreachable(reason)
    }

    /// The time that Firebase asks for, at most five minutes.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Response { retry_after, .. } => {
                retry_after.map(|asked| asked.min(Duration::from_mins(5)))
            }
            _ => None,
        }
    }

    /// Whether Firebase, our key, or the room is at fault.
    #[must_use]
    pub fn cause(&self) -> RetryCause {
        match self {
            Self::Unreachable(_) => RetryCause::Outage,
            Self::Response { status, .. } if *status == 429 || *status >= 500 => RetryCause::Outage,
            // 401 and 403: the rules reject this room. A rejected access token was replaced before.
            Self::Response { .. } => RetryCause::Item,
            Self::Key(_) | Self::NoServiceAccount => RetryCause::Credentials,
        }
    }
}
