//! The life of a message: edits, deletions, delivery, and the changes since a revision.

mod changes;
mod concurrency;
mod consequences;
mod deleting;
mod delivered;
mod editing;

use shared::db::messages::{self, Changed, EditRules};
use shared::domain::{EditWindow, Message, PageSize, Text, Viewer};
use shared::error::Result;
use shared::testing::TestApp;
use uuid::Uuid;

async fn edit(test: &TestApp, viewer: Viewer, message: Uuid, words: &str) -> Result<Changed> {
    let words = Text::parse_optional(words).unwrap();
    let (database, rules) = (&test.app.database, EditRules::default());
    messages::edit(database, viewer, message, words.as_ref(), &rules).await
}

async fn delete(test: &TestApp, viewer: Viewer, message: Uuid) -> Result<Changed> {
    messages::delete(&test.app.database, viewer, message, EditWindow::default()).await
}

async fn history(test: &TestApp, viewer: Viewer, room: Uuid) -> Vec<Message> {
    messages::backfill(&test.app.database, viewer, room, 0, PageSize::MAX)
        .await
        .unwrap()
        .messages
}

/// Moves a message into the past.
async fn age(test: &TestApp, message: Uuid, seconds: f64) {
    let sql = "UPDATE chat_messages SET created_at = created_at - make_interval(secs => $2) WHERE id = $1";
    test.sql.execute(sql, &[&message, &seconds]).await.unwrap();
}

/// Returns the room's revision and the preview of its last message.
async fn room_row(test: &TestApp, room: Uuid) -> (i64, String) {
    let sql = "SELECT revision, last_message_text FROM chat_rooms WHERE id = $1";
    let row = test.sql.query_one(sql, &[&room]).await.unwrap();
    (row.get(0), row.get(1))
}

/// Returns the kept texts of a message, oldest first.
async fn versions(test: &TestApp, message: Uuid) -> Vec<(i64, String)> {
    let sql =
        "SELECT revision, text FROM chat_message_versions WHERE message_id = $1 ORDER BY revision";
    let rows = test.sql.query(sql, &[&message]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Checks each counter against the messages that are received, not read and not deleted.
async fn assert_counters_are_exact(test: &TestApp) {
    let sql = "SELECT count(*) FROM (
            SELECT driver_unread_count, other_user_unread_count,
                   count(*) FILTER (WHERE read_at IS NULL AND deleted_at IS NULL AND sender_id <> driver_id) AS driver,
                   count(*) FILTER (WHERE read_at IS NULL AND deleted_at IS NULL AND sender_id <> other_user_id) AS other_user
            FROM chat_rooms AS room LEFT JOIN chat_messages AS message ON message.chat_room_id = room.id
            GROUP BY room.id
        ) AS room WHERE (driver_unread_count, other_user_unread_count) <> (driver, other_user)";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0, "a counter is wrong");
}
