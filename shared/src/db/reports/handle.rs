use tokio_postgres::types::Type;
use uuid::Uuid;

use super::read::{people_joins, report, report_columns};
use crate::db::{Database, viewer};
use crate::domain::{Report, ReportOutcome, Viewer};
use crate::error::{Error, Result};

/// A decision about a report.
#[derive(Debug)]
pub struct Handling {
    pub outcome: ReportOutcome,
    /// `None` leaves the note unchanged.
    pub note: Option<String>,
}

/// Stores an admin's decision about a report, and returns the report. A later decision replaces it. The same decision by
/// the same admin changes nothing.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; [`Error::NotFound`] if there is no such report; 401 for an unknown or
/// inactive viewer; 503 if PostgreSQL does not respond.
pub async fn handle(
    database: &Database,
    viewer: Viewer,
    report_id: Uuid,
    handling: &Handling,
) -> Result<Report> {
    const SQL: &str = concat!(
        "-- handle_report
        WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1),
        -- The lock returns the newest row, also if it is newer than the snapshot.
        before AS (
            SELECT * FROM chat_reports WHERE id = $2 AND (SELECT is_active AND is_admin FROM viewer)
            FOR NO KEY UPDATE
        ),
        changed AS (
            UPDATE chat_reports
            SET status = $3, note = coalesce($4, before.note), handled_by = $1, handled_at = clock_timestamp()
            FROM before
            WHERE chat_reports.id = before.id
              AND (before.status, before.note, before.handled_by)
                  IS DISTINCT FROM ($3, coalesce($4, before.note), $1)
            RETURNING chat_reports.*
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin, ",
        report_columns!(),
        " FROM (VALUES (1)) AS one
        LEFT JOIN (
            SELECT * FROM changed UNION ALL SELECT * FROM before WHERE NOT EXISTS (SELECT FROM changed)
        ) AS report ON true ",
        people_joins!()
    );
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&report_id as _, Type::UUID),
        (&handling.outcome.as_str() as _, Type::TEXT),
        (&handling.note as _, Type::TEXT),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    viewer::check_admin(&row)?;
    report(&row).ok_or(Error::NotFound)
}
