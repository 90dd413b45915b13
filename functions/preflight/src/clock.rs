//! The difference between the function's clock and another one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Response, header};

use crate::report::Check;

/// Google rejects an assertion that is minutes off, and the platform's tokens are valid for five minutes.
const MAX_DIFFERENCE: Duration = Duration::from_secs(5);

/// A clock that a response reports.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub theirs: DateTime<Utc>,
    /// The local time before the request and after the response.
    pub ours: (DateTime<Utc>, DateTime<Utc>),
}

impl Reading {
    /// Reads the `Date` header, which has whole seconds.
    pub fn of(response: &Response, sent_at: DateTime<Utc>) -> Option<Self> {
        let date = response.headers().get(header::DATE)?.to_str().ok()?;
        let theirs = DateTime::parse_from_rfc2822(date).ok()?.to_utc();
        Some(Self {
            theirs,
            ours: (sent_at, Utc::now()),
        })
    }

    /// Returns how far their time is outside the time of the request.
    fn difference(&self) -> Duration {
        let (earliest, latest) = self.ours;
        let outside = (earliest - self.theirs).max(self.theirs - latest);
        outside.to_std().unwrap_or_default()
    }
}

pub fn check(name: &'static str, reading: Option<Reading>) -> Check {
    let Some(reading) = reading else {
        return Check::skipped(name, "there was no response to read a clock from");
    };
    let difference = reading.difference();
    Check::that(
        name,
        difference <= MAX_DIFFERENCE,
        format!("{:.1} s apart", difference.as_secs_f64()),
        "synchronise the clocks (NTP): the lifetime of tokens and the closing of rooms depend on the time",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    fn status(theirs: i64, ours: (i64, i64)) -> Status {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let reading = Reading {
            theirs: at(theirs),
            ours: (at(ours.0), at(ours.1)),
        };
        check("clock", Some(reading)).status
    }

    #[test]
    fn a_clock_is_right_within_the_request_time_and_five_seconds() {
        assert_eq!(status(1_000, (990, 1_010)), Status::Ok);
        assert_eq!(status(1_015, (990, 1_010)), Status::Ok);
        assert_eq!(status(1_016, (990, 1_010)), Status::Failed);
        assert_eq!(status(984, (990, 1_010)), Status::Failed);
    }
}
