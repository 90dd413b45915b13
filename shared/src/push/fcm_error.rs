//! What FCM's error responses mean.
//!
//! Source: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and "Best practices when sending FCM messages at
//! scale" for when to come back.

use std::time::Duration;

use serde::Deserialize;

use crate::db::pushes::DuePush;
use crate::delivery::{DeliveryOutcome, DropReason, RetryCause};

/// How long to wait for a quota if FCM does not say.
const QUOTA_DELAY: Duration = Duration::from_mins(1);

/// An error response.
#[derive(Debug)]
pub struct FcmError {
    /// The HTTP status.
    pub status: u16,
    /// FCM's own code, such as `UNREGISTERED`, else Google's status; `""` if the response has neither.
    pub code: String,
    names_token: bool,
    retry_after: Option<Duration>,
}

/// The fields of a Google error that are read.
#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    status: String,
    details: Vec<Detail>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: String,
    field_violations: Vec<Violation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Violation {
    field: String,
}

impl FcmError {
    /// Reads a response. One that is not Google's has no code.
    pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let error = serde_json::from_slice::<Body>(body)
            .unwrap_or_default()
            .error;
        let mut codes = error.details.iter().map(|detail| &detail.error_code);
        let code = codes
            .find(|code| !code.is_empty())
            .unwrap_or(&error.status)
            .clone();
        let violations: Vec<_> = error
            .details
            .iter()
            .flat_map(|detail| &detail.field_violations)
            .collect();
        // If no field is named, the documented message has to do.
        let names_token = if violations.is_empty() {
            error.message.contains("registration token")
        } else {
            violations.iter().all(|it| it.field == "message.token")
        };
        Self {
            status,
            code,
            names_token,
            retry_after,
        }
    }

    /// Whether our access token is rejected. (A 401 may also mean that the project has no key of Apple's.)
    pub fn is_unauthenticated(&self) -> bool {
        self.status == 401 && self.code != "THIRD_PARTY_AUTH_ERROR"
    }

    /// What follows for the push.
    ///
    /// Only a response about the token removes a device: `UNREGISTERED`, or `INVALID_ARGUMENT` if the token is the invalid
    /// argument. 401 and 403, `SENDER_ID_MISMATCH` among them, are about our credentials: the push waits for an operator.
    pub fn outcome(&self) -> DeliveryOutcome {
        let retry = |after, cause| DeliveryOutcome::Retry { after, cause };
        match (self.status, self.code.as_str()) {
            (404, "UNREGISTERED") => DeliveryOutcome::Dropped(DropReason::DeviceGone),
            (400, "INVALID_ARGUMENT") if self.names_token => {
                DeliveryOutcome::Dropped(DropReason::DeviceGone)
            }
            (401 | 403, _) => retry(None, RetryCause::Credentials),
            (429, _) => retry(
                Some(self.asked().unwrap_or(QUOTA_DELAY)),
                RetryCause::Outage,
            ),
            (500.., _) => retry(self.asked(), RetryCause::Outage),
            _ => DeliveryOutcome::Dropped(DropReason::Invalid),
        }
    }

    fn asked(&self) -> Option<Duration> {
        // A push does not wait for longer anyway.
        self.retry_after.map(|asked| asked.min(DuePush::LIFE))
    }
}
