use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, message_columns};
use crate::db::trust::may_read;
use crate::db::{Database, viewer};
use crate::domain::{Message, MessageOrder, Page, PageNumber, PageSize, Viewer};
use crate::error::{Error, Result};

/// The earlier versions of `message` for a reader by access to `room`, as a text; null for participants.
macro_rules! versions {
    () => {
        "CASE WHEN $1 NOT IN (room.driver_id, room.other_user_id) THEN chat_versions_of(message.id)::text END AS versions"
    };
}

/// A page of a room's history.
#[derive(Debug)]
pub struct History {
    /// `None` if the page number is out of range.
    pub page: Option<Page<Message>>,
    /// The room's revision.
    pub revision: i64,
}

/// The messages after a position.
#[derive(Debug)]
pub struct Backfill {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// The room's message count.
    pub count: i64,
    /// The room's revision.
    pub revision: i64,
}

/// Returns a page of a room's history. A read by access to a room of others is recorded, and has the versions of the
/// messages.
///
/// Messages are numbered without gaps, so a page is a range of `seq`, and page 50,000 is as fast as page 1.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer has no access to it; 401 for an unknown or inactive
/// viewer; 503 if PostgreSQL does not respond.
pub async fn list(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    order: MessageOrder,
    number: PageNumber,
    size: PageSize,
) -> Result<History> {
    // `skipped` is the number of messages before the page. Null selects the last page, which depends on the count.
    // `before` is the `seq` before the first message of the page in either direction.
    const SQL: &str = concat!(
        "-- list_messages
        WITH room AS MATERIALIZED (
            SELECT id, driver_id, other_user_id, driver_delivered_seq, other_user_delivered_seq, message_count, revision,
                   CASE WHEN $5 THEN message_count - skipped - $3 ELSE skipped END AS before
            FROM chat_rooms
            CROSS JOIN LATERAL (SELECT coalesce($4, greatest(message_count - 1, 0) / $3 * $3) AS skipped) AS page
            WHERE id = $2 AND ",
        may_read!("read_messages"),
        "
        )
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active, room.message_count, room.revision, ",
        message_columns!(),
        ", ",
        versions!(),
        " FROM (VALUES (1)) AS one
        LEFT JOIN room ON true
        LEFT JOIN chat_messages AS message ON message.chat_room_id = room.id
            AND message.seq > room.before AND message.seq <= room.before + $3
        LEFT JOIN users AS sender ON sender.id = message.sender_id
        ORDER BY message.seq"
    );
    // Beyond any room's count, and safe from overflow when a page size is added.
    const FARTHEST: i64 = i64::MAX / 4;
    let skipped = match number {
        PageNumber::Number(number) => Some((number - 1).saturating_mul(size.get()).min(FARTHEST)),
        PageNumber::Last => None,
    };
    let newest_first = order == MessageOrder::NewestFirst;
    let rows = database
        .query(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&size.get(), Type::INT8),
                (&skipped, Type::INT8),
                (&newest_first, Type::BOOL),
            ],
        )
        .await?;
    let (count, revision) = counters(&rows)?;
    let mut messages = messages(&rows)?;
    if newest_first {
        messages.reverse();
    }
    Ok(History {
        page: Page::new(count, number, size, messages),
        revision,
    })
}

/// Returns at most `size` messages after `after_seq`.
///
/// # Errors
/// As [`list`].
pub async fn backfill(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    after_seq: i64,
    size: PageSize,
) -> Result<Backfill> {
    const SQL: &str = concat!(
        "-- backfill_messages
        WITH room AS MATERIALIZED (
            SELECT id, driver_id, other_user_id, driver_delivered_seq, other_user_delivered_seq, message_count, revision
            FROM chat_rooms
            WHERE id = $2 AND ",
        may_read!("read_messages"),
        "
        )
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active, room.message_count, room.revision, ",
        message_columns!(),
        ", ",
        versions!(),
        " FROM (VALUES (1)) AS one
        LEFT JOIN room ON true
        LEFT JOIN LATERAL (
            SELECT * FROM chat_messages WHERE chat_room_id = room.id AND seq > $4 ORDER BY seq LIMIT $3
        ) AS message ON true
        LEFT JOIN users AS sender ON sender.id = message.sender_id
        ORDER BY message.seq"
    );
    let rows = database
        .query(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&size.get(), Type::INT8),
                (&after_seq, Type::INT8),
            ],
        )
        .await?;
    let (count, revision) = counters(&rows)?;
    Ok(Backfill {
        messages: messages(&rows)?,
        count,
        revision,
    })
}

/// Reads the messages, with their versions for a reader by access.
fn messages(rows: &[Row]) -> Result<Vec<Message>> {
    let message = |row| {
        let mut message = columns::message(row)?;
        match versions(row) {
            Ok(versions) => message.versions = versions,
            Err(error) => return Some(Err(Error::internal(error))),
        }
        Some(Ok(message))
    };
    rows.iter().filter_map(message).collect()
}

fn versions(row: &Row) -> Result<Option<Value>, serde_json::Error> {
    let json: Option<&str> = row.get("versions");
    json.map(serde_json::from_str).transpose()
}

/// Reads the room's message count and revision. The result has a row even without message, room or viewer.
fn counters(rows: &[Row]) -> Result<(i64, i64)> {
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("list_messages: a row was expected"))?;
    viewer::check(row)?;
    let count = row.get::<_, Option<i64>>("message_count");
    let revision = row.get::<_, Option<i64>>("revision");
    count.zip(revision).ok_or(Error::NotFound)
}
