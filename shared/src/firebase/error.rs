use std::time::Duration;

use reqwest::Response;

use crate::delivery::RetryCause;
use crate::http_client::retry_after;

/// A failed request to Firebase.
#[derive(Debug, thiserror::Error)]
pub enum FirebaseError {
    /// No response, or an incomplete one. The write may have been applied.
    #[error("no response: {0}")]
    Unreachable(String),
    /// A response with an error.
    #[error("responded with {status}")]
    Response {
        status: u16,
        /// The delay requested in `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The service account's key is invalid, or Google rejects it.
    #[error("the service account's key is rejected: {0}")]
    Key(String),
    /// A database is configured, but no service account.
    #[error(
        "no service account: FIREBASE_CREDENTIALS_PATH, or firebase_service_account in the secret"
    )]
    NoServiceAccount,
}

impl FirebaseError {
    /// Converts an error response.
    pub(crate) fn of(response: &Response) -> Self {
        Self::Response {
            status: response.status().as_u16(),
            retry_after: retry_after(response),
        }
    }

    /// Returns the cause without its URL, which contains room and user ids.
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

    /// Returns the delay that Firebase requests, at most five minutes.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Response { retry_after, .. } => {
                retry_after.map(|asked| asked.min(Duration::from_mins(5)))
            }
            _ => None,
        }
    }

    /// Returns whether Firebase, the key, or the room is at fault.
    #[must_use]
    pub fn cause(&self) -> RetryCause {
        match self {
            Self::Unreachable(_) => RetryCause::Outage,
            Self::Response { status, .. } if *status == 429 || *status >= 500 => RetryCause::Outage,
            // 401 and 403: the rules reject this room. A rejected access token has already been replaced.
            Self::Response { .. } => RetryCause::Item,
            Self::Key(_) | Self::NoServiceAccount => RetryCause::Credentials,
        }
    }
}
