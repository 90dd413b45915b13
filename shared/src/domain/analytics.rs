use chrono::NaiveDate;
use serde::Serialize;

use super::{TimeZone, Timestamp};

/// Days to report on, both included, in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Period {
    /// The first day; else so that there are [`Period::DEFAULT_DAYS`].
    pub from: Option<NaiveDate>,
    /// The last day; else today.
    pub to: Option<NaiveDate>,
    /// Whose days they are.
    pub time_zone: TimeZone,
}

impl Period {
    /// Without a first day.
    pub const DEFAULT_DAYS: i32 = 30;
    /// The most in one report.
    pub const MAX_DAYS: i32 = 366;
}

/// What a period was like, as the API answers it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Analytics {
    /// The first day.
    pub from: NaiveDay,
    /// The last day.
    pub to: NaiveDay,
    /// Whose days they are.
    pub time_zone: String,
    /// The same under its first name, which clients may still read.
    pub timezone: String,
    /// Up to when everything is counted; null before the first time.
    pub as_of: Option<Timestamp>,
    /// Messages sent.
    pub messages: Messages,
    /// Conversations in which somebody wrote.
    pub active_conversations: i64,
    /// Conversations opened.
    pub new_conversations: i64,
    /// How long the first answer took, by who gave it.
    pub first_answer: FirstAnswers,
    /// Messages that were read soon.
    pub read_within_5_minutes: Share,
    /// Writes to Firebase that it took.
    pub mirror: Share,
    /// The period day by day, without a gap.
    pub days: Vec<Day>,
}

/// A date as `2025-01-15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NaiveDay(pub NaiveDate);

impl Serialize for NaiveDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// One day.
#[derive(Debug, PartialEq, Serialize)]
pub struct Day {
    /// Which.
    pub date: NaiveDay,
    /// Messages sent.
    pub messages: Messages,
    /// Conversations in which somebody wrote.
    pub active_conversations: i64,
    /// Conversations opened.
    pub new_conversations: i64,
}

/// Messages by type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the types of messages, under their names")]
pub struct Messages {
    pub total: i64,
    pub text: i64,
    pub image: i64,
    pub location: i64,
    pub system: i64,
}

/// First answers by side.
#[derive(Debug, PartialEq, Serialize)]
pub struct FirstAnswers {
    /// By drivers.
    pub driver: AnswerTimes,
    /// By clients, merchants and support.
    pub other_user: AnswerTimes,
}

/// How long answers took; seconds off by at most 2.2 %, null where there were none.
#[derive(Debug, PartialEq, Serialize)]
pub struct AnswerTimes {
    /// How many there were.
    pub count: i64,
    /// Half of them were quicker.
    pub median_seconds: Option<f64>,
    /// 95 of 100 were quicker.
    pub p95_seconds: Option<f64>,
}

/// A part of a whole.
#[derive(Debug, PartialEq, Serialize)]
pub struct Share {
    /// The whole.
    pub total: i64,
    /// The part.
    pub count: i64,
    /// `count / total`, from 0 to 1; null where the whole is nothing.
    pub share: Option<f64>,
}

impl Share {
    /// `count` of `total`.
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
    fn there_is_no_share_of_nothing() {
        assert_eq!(Share::of(0, 0).share, None);
        assert_eq!(Share::of(1, 4).share, Some(0.25));
    }
}
