use chrono::NaiveDate;
use serde::Serialize;

use super::{TimeZone, Timestamp};

/// The days of a report, inclusive, in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Period {
    /// The first day; by default [`Period::DEFAULT_DAYS`] before the last.
    pub from: Option<NaiveDate>,
    /// The last day; by default today.
    pub to: Option<NaiveDate>,
    pub time_zone: TimeZone,
}

impl Period {
    /// The length without a first day.
    pub const DEFAULT_DAYS: i32 = 30;
    /// The longest report.
    pub const MAX_DAYS: i32 = 366;
}

/// The report of a period, as the API returns it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Analytics {
    pub from: Date,
    pub to: Date,
    pub time_zone: String,
    /// The same under its earlier name, which clients may still read.
    pub timezone: String,
    /// Everything before this time is counted; null before the first run.
    pub as_of: Option<Timestamp>,
    pub messages: Messages,
    /// Rooms in which a user wrote.
    pub active_conversations: i64,
    pub new_conversations: i64,
    /// The time to the first response, by the side that responds.
    pub first_answer: FirstAnswers,
    pub read_within_5_minutes: Ratio,
    /// The share of completed writes that Firebase accepted.
    pub mirror: Ratio,
    /// The period day by day, without a gap.
    pub days: Vec<Day>,
}

/// A date as `2025-01-15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Day {
    pub date: Date,
    pub messages: Messages,
    pub active_conversations: i64,
    pub new_conversations: i64,
}

/// Messages by type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    pub total: i64,
    pub text: i64,
    pub image: i64,
    pub location: i64,
    pub system: i64,
}

/// First responses by side.
#[derive(Debug, PartialEq, Serialize)]
pub struct FirstAnswers {
    pub driver: AnswerTimes,
    pub other_user: AnswerTimes,
}

/// Response times in seconds, with an error of at most 2.2 %; null without responses.
#[derive(Debug, PartialEq, Serialize)]
pub struct AnswerTimes {
    pub count: i64,
    /// The median.
    pub median_seconds: Option<f64>,
    /// The 95th percentile.
    pub p95_seconds: Option<f64>,
}

/// A ratio with its numerator and denominator.
#[derive(Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The denominator.
    pub total: i64,
    /// The numerator.
    pub count: i64,
    /// `count / total`, from 0 to 1; null if the total is 0.
    pub share: Option<f64>,
}

impl Ratio {
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^53 messages")]
    pub fn of(count: i64, total: i64) -> Self {
        Self {
            total,
            count,
            share: (total > 0).then(|| count as f64 / total as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_zero_is_null() {
        assert_eq!(Ratio::of(0, 0).share, None);
        assert_eq!(Ratio::of(1, 4).share, Some(0.25));
    }
}
