//! What FCM's answers mean.
//!
//! Source: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and "Best practices when sending FCM messages at
//! scale" for when to come back.

use std::time::Duration;

use serde::Deserialize;

use crate::db::pushes::{DuePush, Outcome};

/// Without a word of FCM's, how long a quota takes.
const QUOTA: Duration = Duration::from_mins(1);

/// An answer that is none of success.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// FCM's own code, `UNREGISTERED` for one, or else Google's status; `""` where the answer has neither.
    pub code: String,
    names_token: bool,
    retry_after: Option<Duration>,
}

/// Of a Google error what is looked at.
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

impl Refusal {
    /// Reads an answer; what is no error of Google's has no code.
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
        // Where no field is named, the documented words do it.
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

    /// Whether our access token is no good. (A 401 may also say that Apple's key is missing in the project.)
    pub fn is_unauthenticated(&self) -> bool {
        self.status == 401 && self.code != "THIRD_PARTY_AUTH_ERROR"
    }

    /// What follows for the push. A fault of ours in a message must not cost anybody a device, so that
    /// `INVALID_ARGUMENT` counts against the device only where it is the token that is not valid.
    pub fn outcome(&self) -> Outcome {
        match (self.status, self.code.as_str()) {
            (404, "UNREGISTERED") | (403, "SENDER_ID_MISMATCH") => Outcome::Dead,
            (400, "INVALID_ARGUMENT") if self.names_token => Outcome::Dead,
            (429, _) => Outcome::Later(Some(self.asked().unwrap_or(QUOTA))),
            (500.., _) => Outcome::Later(self.asked()),
            _ => Outcome::Done,
        }
    }

    fn asked(&self) -> Option<Duration> {
        // Longer than a push waits is as good as for ever.
        self.retry_after.map(|asked| asked.min(DuePush::LIFE))
    }
}
