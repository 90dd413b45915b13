use tokio_postgres::types::Type;
use uuid::Uuid;

use super::read::{own, own_columns};
use crate::db::columns::api_time;
use crate::db::{Database, viewer};
use crate::domain::{OwnReport, ReportReason, Text, Viewer};
use crate::error::{Error, Result};

/// A report to make.
#[derive(Debug)]
pub struct NewReport {
    pub message_id: Uuid,
    pub reason: ReportReason,
    pub comment: Option<Text>,
}

/// A report that exists now.
#[derive(Debug)]
pub struct Reported {
    pub report: OwnReport,
    /// False for a repeat, which changes nothing.
    pub created: bool,
}

/// Reports a message that the viewer has received, and stores its content. A repeat returns the first report.
///
/// # Errors
/// [`Error::NotFound`] if the message does not exist or the viewer is not a participant; [`Error::NotNow`] for the
/// viewer's own message and for the platform's; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn create(database: &Database, viewer: Viewer, new: &NewReport) -> Result<Reported> {
    let report_id = Uuid::now_v7();
    let comment = new.comment.as_ref().map_or("", Text::as_str);
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&new.message_id as _, Type::UUID),
        (&report_id as _, Type::UUID),
        (&new.reason.as_str() as _, Type::TEXT),
        (&comment as _, Type::TEXT),
    ];
    let row = match database.query_one(SQL, &parameters).await {
        // The same report was inserted concurrently. The next snapshot shows it.
        Err(error) if REPEATS.iter().any(|name| error.violates(name)) => {
            database.query_one(SQL, &parameters).await?
        }
        row => row?,
    };
    viewer::check(&row)?;
    if let Some(report) = own(&row) {
        let created = row.get("created");
        return Ok(Reported { report, created });
    }
    if row.get::<_, Option<bool>>("is_received").is_none() {
        return Err(Error::NotFound);
    }
    Err(Error::NotNow(
        "Seul un message reçu d'une personne peut être signalé.",
    ))
}

const REPEATS: [&str; 2] = ["chat_reports_message_key", "chat_reports_pkey"];

/// A deleted message has no content left: its last version has it.
const SQL: &str = concat!(
    "-- report_message
    WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
    message AS (
        SELECT message.id, message.chat_room_id, message.sender_id,
               (message.sender_id IS NOT NULL AND message.sender_id <> $1) AS is_received,
               jsonb_build_object(
                   'seq', message.seq, 'message_type', message.message_type,
                   'text', coalesce(version.text, message.text),
                   'image_url', coalesce(version.image_url, message.image_url),
                   'latitude', coalesce(version.latitude, message.latitude),
                   'longitude', coalesce(version.longitude, message.longitude),
                   'created_at', ",
    api_time!("message.created_at"),
    ",
                   'edited_at', ",
    api_time!("message.edited_at"),
    ",
                   'deleted_at', ",
    api_time!("message.deleted_at"),
    "
               ) AS snapshot
        FROM chat_messages AS message
        JOIN chat_rooms AS room ON room.id = message.chat_room_id AND $1 IN (room.driver_id, room.other_user_id)
        LEFT JOIN LATERAL (
            SELECT text, image_url, latitude, longitude FROM chat_message_versions
            WHERE message_id = message.id AND message.deleted_at IS NOT NULL
            ORDER BY revision DESC LIMIT 1
        ) AS version ON true
        WHERE message.id = $2 AND (SELECT is_active FROM viewer)
    ),
    existing AS (
        SELECT * FROM chat_reports
        WHERE message_id = $2 AND reporter_id = $1 AND EXISTS (SELECT FROM message)
    ),
    created AS (
        INSERT INTO chat_reports (id, message_id, chat_room_id, reporter_id, reported_id, reason, comment, created_at, snapshot)
        SELECT $3, id, chat_room_id, $1, sender_id, $4, $5, clock_timestamp(), snapshot
        FROM message WHERE is_received AND NOT EXISTS (SELECT FROM existing)
        RETURNING *
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_received FROM message) AS is_received,
           report.created, ",
    own_columns!(),
    " FROM (VALUES (1)) AS one
    LEFT JOIN (SELECT *, true AS created FROM created UNION ALL SELECT *, id = $3 FROM existing) AS report ON true"
);
