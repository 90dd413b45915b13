use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::columns;
use crate::domain::{OwnReport, Report, Timestamp};

/// Selects a report with the alias `report` for [`own`].
macro_rules! own_columns {
    () => {
        "report.id AS report_id, report.message_id, report.chat_room_id, report.reason, report.comment, report.status,
         report.created_at"
    };
}

/// Selects a report with the alias `report` for [`report`], with [`people_joins`].
macro_rules! report_columns {
    () => {
        concat!(
            $crate::db::reports::read::own_columns!(),
            ", report.snapshot::text AS snapshot, report.handled_at, report.note, ",
            $crate::db::columns::user_columns!("reporter"),
            ", ",
            $crate::db::columns::user_columns!("reported"),
            ", ",
            $crate::db::columns::user_columns!("handler")
        )
    };
}

/// The joins of [`report_columns`].
macro_rules! people_joins {
    () => {
        " LEFT JOIN users AS reporter ON reporter.id = report.reporter_id
         LEFT JOIN users AS reported ON reported.id = report.reported_id
         LEFT JOIN users AS handler ON handler.id = report.handled_by"
    };
}

pub(super) use {own_columns, people_joins, report_columns};

/// Reads a report; `None` if its columns are null.
pub(super) fn own(row: &Row) -> Option<OwnReport> {
    Some(OwnReport {
        id: row.get::<_, Option<Uuid>>("report_id")?,
        message_id: row.get("message_id"),
        chat_room: row.get("chat_room_id"),
        reason: row.get("reason"),
        comment: row.get("comment"),
        status: row.get("status"),
        created_at: Timestamp(row.get("created_at")),
    })
}

/// Reads a report with its people; `None` if its columns are null.
pub(super) fn report(row: &Row) -> Option<Report> {
    let snapshot = row.get::<_, Option<&str>>("snapshot");
    Some(Report {
        report: own(row)?,
        snapshot: snapshot.and_then(|json| serde_json::from_str::<Value>(json).ok()),
        reporter: columns::user(row, "reporter").map(Into::into),
        reported: columns::user(row, "reported").map(Into::into),
        handled_by: columns::user(row, "handler").map(Into::into),
        handled_at: row.get::<_, Option<_>>("handled_at").map(Timestamp),
        note: row.get("note"),
    })
}
