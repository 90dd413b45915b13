//! What the statements that edit and delete a message have in common.

/// The CTEs `viewer`, `room` and `before`: the viewer's room and message `$2`, both locked.
///
/// The room is locked first, as in `mark_read`, so that no deadlock arises. A lock returns the newest row, also if it
/// is newer than the statement's snapshot: every decision is made on what the statement then changes.
macro_rules! locked_message {
    () => {
        "viewer AS (SELECT is_active FROM users WHERE id = $1),
        room AS (
            SELECT * FROM chat_rooms
            WHERE id = (SELECT chat_room_id FROM chat_messages WHERE id = $2)
              AND $1 IN (driver_id, other_user_id) AND (SELECT is_active FROM viewer)
            FOR NO KEY UPDATE
        ),
        before AS (
            SELECT message.* FROM chat_messages AS message JOIN room ON message.chat_room_id = room.id
            WHERE message.id = $2
            FOR NO KEY UPDATE OF message
        )"
    };
}

/// The CTE `kept`: stores the content of the message before its change.
macro_rules! kept_version {
    () => {
        "kept AS (
            INSERT INTO chat_message_versions (message_id, revision, text, image_url, latitude, longitude, changed_at)
            SELECT id, revision, text, image_url, latitude, longitude, clock_timestamp()
            FROM before WHERE (SELECT verdict = 'allowed' FROM verdict)
        )"
    };
}

/// Selects the result: the verdict, further columns, and the message after the change in `changed`, or as it was.
macro_rules! changed_message {
    ($columns:literal) => {
        concat!(
            "SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT verdict FROM verdict) AS verdict, ",
            $columns,
            $crate::db::columns::message_columns!(),
            " FROM (VALUES (1)) AS one
            LEFT JOIN (
                SELECT * FROM changed
                UNION ALL
                SELECT * FROM before WHERE NOT EXISTS (SELECT FROM changed)
            ) AS message ON true
            LEFT JOIN room ON true
            LEFT JOIN users AS sender ON sender.id = message.sender_id"
        )
    };
}

/// Whether the message in `before` is the viewer's own: neither another user's, nor the platform's, nor a system message.
macro_rules! is_own {
    () => {
        "before.sender_id IS NOT DISTINCT FROM $1 AND before.message_type <> 'system'"
    };
}

/// Whether the window of `$3` seconds has passed, by PostgreSQL's clock. A window of 0 has always passed.
macro_rules! is_late {
    () => {
        "($3 <= 0 OR before.created_at + make_interval(secs => $3) <= clock_timestamp())"
    };
}

pub(super) use {changed_message, is_late, is_own, kept_version, locked_message};
