use serde::Serialize;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, viewer};
use crate::domain::{PageSize, Timestamp, Viewer};
use crate::error::{Error, Result};

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Grows with time.
    pub id: i64,
    pub at: Timestamp,
    /// An admin; null for the platform's backend.
    pub actor_id: Option<Uuid>,
    pub action: String,
    pub room_id: Option<Uuid>,
    /// The person or the message concerned.
    pub subject_id: Option<Uuid>,
    /// `""` without a reason.
    pub reason: String,
}

/// Returns the entries before the entry `after`, newest first, and whether more follow. `room_id` selects those of one
/// room.
///
/// # Errors
/// [`Error::Forbidden`] if the viewer is not an admin; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not
/// respond.
pub async fn list(
    database: &Database,
    viewer: Viewer,
    room_id: Option<Uuid>,
    after: Option<i64>,
    size: PageSize,
) -> Result<(Vec<AuditEntry>, bool)> {
    const SQL: &str = "-- list_audit_log
        WITH viewer AS (SELECT is_active, user_type::text = 'admin' AS is_admin FROM users WHERE id = $1)
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_admin FROM viewer) AS viewer_is_admin,
               entry.*
        FROM (VALUES (1)) AS one
        LEFT JOIN LATERAL (
            SELECT id, at, actor_id, action, room_id, subject_id, reason FROM chat_audit_log
            WHERE (SELECT is_active AND is_admin FROM viewer)
              AND ($2 IS NULL OR room_id = $2) AND id < coalesce($3, 9223372036854775807)
            ORDER BY id DESC LIMIT $4
        ) AS entry ON true
        ORDER BY entry.id DESC";
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&after as _, Type::INT8),
        (&(size.get() + 1) as _, Type::INT8),
    ];
    let rows = database.query(SQL, &parameters).await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("list_audit_log: a row was expected"))?;
    viewer::check_admin(row)?;
    let size = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let entries = rows.iter().take(size).filter_map(|row| {
        Some(AuditEntry {
            id: row.get::<_, Option<_>>("id")?,
            at: Timestamp(row.get("at")),
            actor_id: row.get("actor_id"),
            action: row.get("action"),
            room_id: row.get("room_id"),
            subject_id: row.get("subject_id"),
            reason: row.get("reason"),
        })
    });
    Ok((entries.collect(), rows.len() > size))
}
