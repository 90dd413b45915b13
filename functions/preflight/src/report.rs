//! The results of the checks, as JSON and as a table for an operator.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

/// The result of one check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub name: Cow<'static, str>,
    pub status: Status,
    /// The finding. It names settings and fields, and never quotes a secret.
    pub detail: String,
    /// The remedy of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    Failed,
    Skipped,
}

impl Check {
    pub fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            status: Status::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    pub fn failed(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            status: Status::Failed,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }

    /// Returns a check that was not made. The detail has the reason, and how to make it.
    pub fn skipped(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            status: Status::Skipped,
            detail: detail.into(),
            fix: None,
        }
    }

    /// Returns the check of one of several databases.
    pub fn of_database(self, url: &str) -> Self {
        Self {
            name: format!("{}, {url}", self.name).into(),
            ..self
        }
    }

    /// Returns a check that is `ok` if `holds`, and otherwise `failed`.
    pub fn that(
        name: &'static str,
        holds: bool,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        if holds {
            Self::ok(name, detail)
        } else {
            Self::failed(name, detail, fix)
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether no check failed.
    pub ok: bool,
    pub checks: Vec<Check>,
    pub table: String,
}

impl Report {
    pub fn new(checks: Vec<Check>) -> Self {
        let ok = checks.iter().all(|check| check.status != Status::Failed);
        let table = table(&checks);
        Self { ok, checks, table }
    }
}

fn table(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max();
    let width = width.unwrap_or_default();
    let mut table = String::new();
    for check in checks {
        let status = match check.status {
            Status::Ok => "ok",
            Status::Failed => "FAILED",
            Status::Skipped => "skipped",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{status:<7}  {:<width$}  {}",
            check.name, check.detail
        );
        if let Some(fix) = &check.fix {
            let _ = writeln!(table, "{:<7}  {:<width$}  -> {fix}", "", "");
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_ok_unless_a_check_failed_and_its_table_has_the_remedies() {
        let skipped = || Check::skipped("Redis", "redis_url is not set");
        let report = Report::new(vec![Check::ok("PostgreSQL", "17.2"), skipped()]);
        assert!(report.ok);
        let failed = Check::failed("Firebase rules", "they differ", "deploy them");
        let report = Report::new(vec![failed, skipped()]);
        assert!(!report.ok);
        assert_eq!(
            report.table,
            "FAILED   Firebase rules  they differ\n                         -> deploy them\nskipped  Redis           redis_url is not set\n"
        );
        let check = serde_json::to_value(&report.checks[1]).unwrap();
        let expected =
            json!({ "name": "Redis", "status": "skipped", "detail": "redis_url is not set" });
        assert_eq!(check, expected);
    }
}
