use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, message_columns, read_seqs};
use crate::db::{Database, viewer};
use crate::domain::{Message, ReceiptState, Viewer};
use crate::error::{Error, Result};

/// A position in the changes of a room: those before `revision` are known, and of its own those up to `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeCursor {
    pub revision: i64,
    /// A revision may have changed several messages.
    pub seq: i64,
}

impl ChangeCursor {
    /// Returns the position after all changes of a revision.
    #[must_use]
    pub fn after(revision: i64) -> Self {
        Self {
            revision,
            seq: i64::MAX,
        }
    }
}

/// The changes of a room.
#[derive(Debug)]
pub struct Changes {
    /// The changed messages, by revision and `seq`.
    pub messages: Vec<Message>,
    /// The number of changed messages, also of those that did not fit.
    pub count: i64,
    /// The position after the last message, if more follow.
    pub continues_after: Option<ChangeCursor>,
    /// The room's revision. All earlier changes are in `messages`, unless more follow.
    pub revision: i64,
    /// The receipts of the driver and of the other user.
    pub receipts: [ReceiptState; 2],
}

/// The number of newest messages that are compared. A client that has missed more fetches them by `after_seq`.
const WINDOW: i64 = 500;

/// The size of all texts of a response, in bytes. A response of Lambda has at most 6 MB, and a byte of a text can
/// become six in JSON. 500 messages of 1,000 characters fit.
const MAX_TEXT_BYTES: i64 = 512 * 1024;

/// Returns the messages among the newest [`WINDOW`] that have changed after `after`: what a client that was away has to
/// merge.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; 401 for an unknown or inactive
/// viewer; 503 if PostgreSQL does not respond.
pub async fn changed_since(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    after: ChangeCursor,
) -> Result<Changes> {
    const SQL: &str = concat!(
        "-- changed_messages
        WITH changed AS (
            SELECT message.*, count(*) OVER () AS changed_count,
                   -- Without the message's own text, so that at least one message fits.
                   sum(octet_length(message.text)) OVER (ORDER BY message.revision, message.seq)
                       - octet_length(message.text) AS text_bytes_before
            FROM chat_rooms AS room JOIN chat_messages AS message ON message.chat_room_id = room.id
            WHERE room.id = $2 AND $1 IN (room.driver_id, room.other_user_id)
              AND message.seq > room.message_count - $5 AND (message.revision, message.seq) > ($3, $4)
        )
        SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active, room.revision, room.driver_id,
               room.other_user_id, room.driver_delivered_seq, room.other_user_delivered_seq, receipts.*,
               message.changed_count, ",
        message_columns!(),
        " FROM (VALUES (1)) AS one
        LEFT JOIN chat_rooms AS room ON room.id = $2 AND $1 IN (room.driver_id, room.other_user_id)
        ",
        read_seqs!(),
        "
        LEFT JOIN changed AS message ON message.text_bytes_before < $6
        LEFT JOIN users AS sender ON sender.id = message.sender_id
        ORDER BY message.revision, message.seq"
    );
    let rows = database
        .query(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&room_id, Type::UUID),
                (&after.revision, Type::INT8),
                (&after.seq, Type::INT8),
                (&WINDOW, Type::INT8),
                (&MAX_TEXT_BYTES, Type::INT8),
            ],
        )
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("changed_messages: a row was expected"))?;
    viewer::check(row)?;
    let revision = row
        .get::<_, Option<i64>>("revision")
        .ok_or(Error::NotFound)?;
    let messages: Vec<_> = rows.iter().filter_map(columns::message).collect();
    let count = row
        .get::<_, Option<i64>>("changed_count")
        .unwrap_or_default();
    let is_complete = usize::try_from(count).is_ok_and(|count| messages.len() == count);
    let last = messages.last().map(|last| ChangeCursor {
        revision: last.revision,
        seq: last.seq,
    });
    Ok(Changes {
        continues_after: last.filter(|_| !is_complete),
        messages,
        count,
        revision,
        receipts: columns::receipts(row),
    })
}
