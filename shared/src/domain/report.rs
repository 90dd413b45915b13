use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Invalid, Person, Timestamp};

/// Why a user reports a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportReason {
    Harassment,
    Fraud,
    Spam,
    Other,
}

impl ReportReason {
    /// Parses a name.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "harassment" => Ok(Self::Harassment),
            "fraud" => Ok(Self::Fraud),
            "spam" => Ok(Self::Spam),
            "other" => Ok(Self::Other),
            other => Err(Invalid::choice(other)),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Harassment => "harassment",
            Self::Fraud => "fraud",
            Self::Spam => "spam",
            Self::Other => "other",
        }
    }
}

/// What an admin has decided about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportOutcome {
    Resolved,
    Dismissed,
}

impl ReportOutcome {
    /// Parses a name.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "resolved" => Ok(Self::Resolved),
            "dismissed" => Ok(Self::Dismissed),
            other => Err(Invalid::choice(other)),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }
}

/// The status of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStatus {
    Open,
    Handled(ReportOutcome),
}

impl ReportStatus {
    /// Parses a name.
    ///
    /// # Errors
    /// The name is unknown.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "open" => Ok(Self::Open),
            other => ReportOutcome::parse(other).map(Self::Handled),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Handled(outcome) => outcome.as_str(),
        }
    }
}

/// A report, as the reporter sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnReport {
    pub id: Uuid,
    pub message_id: Uuid,
    /// The room's id.
    pub chat_room: Uuid,
    pub reason: String,
    /// `""` without one.
    pub comment: String,
    /// `open`, `resolved` or `dismissed`.
    pub status: String,
    pub created_at: Timestamp,
}

/// A report, as admins see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub report: OwnReport,
    /// The message at the time of the report; null once retention or an erasure has removed it.
    pub snapshot: Option<Value>,
    /// Null if the platform has deleted the user, or after an erasure.
    pub reporter: Option<Person>,
    /// The sender of the message; null as for `reporter`.
    pub reported: Option<Person>,
    /// The admin who last changed the status.
    pub handled_by: Option<Person>,
    pub handled_at: Option<Timestamp>,
    /// The admin's note; `""` without one.
    pub note: String,
}
