use tokio_postgres::types::Type;

use super::read::{people_joins, report, report_columns};
use crate::db::{Database, viewer};
use crate::domain::{Page, PageNumber, PageSize, Report, ReportStatus, Viewer};
use crate::error::{Error, Result};

/// The statement with a condition on the reports; `$4` is the status.
macro_rules! statement {
    ($filter:literal) => {
        concat!(
            "-- list_reports
            WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1),
            total AS MATERIALIZED (
                SELECT count(*) FROM chat_reports WHERE (SELECT is_active AND is_admin FROM viewer) AND ",
            $filter,
            "),
            report AS MATERIALIZED (
                SELECT * FROM chat_reports WHERE (SELECT is_active AND is_admin FROM viewer) AND ",
            $filter,
            " ORDER BY created_at, id
                LIMIT $2 OFFSET (SELECT coalesce($3, greatest(count - 1, 0) / $2 * $2) FROM total)
            )
            SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin,
                   total.count, ",
            report_columns!(),
            " FROM total LEFT JOIN report ON true ",
            people_joins!(),
            " ORDER BY report.created_at, report.id"
        )
    };
}

/// Lists the reports, oldest first, so that the open report that has waited longest comes first; no page if the page
/// number is out of range.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not
/// respond.
pub async fn list(
    database: &Database,
    viewer: Viewer,
    status: Option<ReportStatus>,
    number: PageNumber,
    size: PageSize,
) -> Result<Option<Page<Report>>> {
    let status = status.map(ReportStatus::as_str);
    // One statement per filter, so that each is read in the order of an index.
    let sql = if status.is_some() {
        statement!("chat_reports.status = $4")
    } else {
        statement!("$4::text IS NULL")
    };
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&size.get() as _, Type::INT8),
        (&number.offset(size) as _, Type::INT8),
        (&status as _, Type::TEXT),
    ];
    let rows = database.query(sql, &parameters).await?;
    let row = rows
        .first()
        .ok_or(Error::internal("list_reports: no row"))?;
    viewer::check_admin(row)?;
    let results = rows.iter().filter_map(report).collect();
    Ok(Page::new(row.get("count"), number, size, results))
}
