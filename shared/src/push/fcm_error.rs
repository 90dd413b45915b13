//! The meaning of FCM's error responses.
//!
//! Source: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and "Best practices when sending FCM messages at
//! scale" for the delays before a retry.

use std::time::Duration;

use serde::Deserialize;

use crate::db::pushes::DuePush;
use crate::delivery::{DeliveryOutcome, DropReason, RetryCause};

/// The delay after an exceeded quota if FCM requests none.
const QUOTA_DELAY: Duration = Duration::from_mins(1);

/// FCM's error response.
#[derive(Debug)]
pub struct FcmError {
    pub status: u16,
    /// FCM's error code, such as `UNREGISTERED`, else Google's status; `""` if the response has neither.
    pub code: String,
    names_token: bool,
    retry_after: Option<Duration>,
}

/// The fields of a Google error that are used.
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
    /// Parses a response. If it is not in Google's format, the code is empty.
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
        // If no field is named, compare the documented message.
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

    /// Returns whether the access token is rejected. A 401 may also mean that the project has no key for APNs.
    pub fn is_unauthenticated(&self) -> bool {
        self.status == 401 && self.code != "THIRD_PARTY_AUTH_ERROR"
    }

    /// Returns the outcome for the push.
    ///
    /// Only a response about the device token removes the device: `UNREGISTERED`, or `INVALID_ARGUMENT` with the token
    /// as the invalid argument. 401 and 403, including `SENDER_ID_MISMATCH`, concern the credentials: the push waits
    /// for an operator.
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
        // A push does not wait longer than that.
        self.retry_after.map(|asked| asked.min(DuePush::LIFE))
    }
}
