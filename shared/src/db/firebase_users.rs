//! The users with Firebase access, and the revocation of it.

use chrono::{DateTime, Utc};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::messages::first_id_of;
use super::{Database, QueryError, viewer};
use crate::domain::Viewer;
use crate::error::Result;

/// A user whose `/revoked/{user_id}` in Firebase is out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    pub user_id: Uuid,
    /// Whether the user is deactivated or deleted.
    pub is_revoked: bool,
}

/// Records that the viewer gets a sign-in token.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn note(database: &Database, viewer: Viewer) -> Result<()> {
    const SQL: &str = "-- note_firebase_user
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        noted AS (
            INSERT INTO chat_firebase_users (user_id) SELECT $1 FROM viewer WHERE is_active ON CONFLICT DO NOTHING
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active";
    let row = database.query_one(SQL, &[(&viewer.0, Type::UUID)]).await?;
    Ok(viewer::check(&row)?)
}

/// Checks whether users are still active: the participants of rooms with a message since `since`, and the next `limit`
/// users of a round over all users. Returns the number of users who have changed.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn check(
    database: &Database,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<i64, QueryError> {
    const SQL: &str = "-- check_firebase_users
        WITH progress AS MATERIALIZED (SELECT user_id FROM chat_firebase_users_progress FOR UPDATE SKIP LOCKED),
        slice AS MATERIALIZED (
            SELECT user_id, is_revoked FROM chat_firebase_users
            WHERE user_id > (SELECT user_id FROM progress)
            ORDER BY user_id LIMIT $1
        ),
        live AS MATERIALIZED (
            SELECT DISTINCT participant.user_id
            FROM (SELECT DISTINCT chat_room_id FROM chat_messages WHERE id >= $2) AS recent,
                 LATERAL (SELECT driver_id, other_user_id FROM chat_rooms WHERE id = recent.chat_room_id OFFSET 0) AS room,
                 LATERAL (VALUES (room.driver_id), (room.other_user_id)) AS participant (user_id)
        ),
        looked_at AS (
            SELECT user_id, is_revoked FROM slice
            UNION
            SELECT live.user_id, is_revoked
            FROM live, LATERAL (SELECT is_revoked FROM chat_firebase_users WHERE user_id = live.user_id OFFSET 0) AS known
        ),
        changed AS (
            SELECT looked_at.user_id, now_revoked
            FROM looked_at,
                 LATERAL (
                     SELECT coalesce((SELECT NOT is_active FROM users WHERE id = looked_at.user_id), true) OFFSET 0
                 ) AS current (now_revoked)
            WHERE now_revoked <> looked_at.is_revoked
        ),
        noted AS (
            UPDATE chat_firebase_users AS firebase_user SET is_revoked = now_revoked, is_mirrored = false
            FROM changed WHERE firebase_user.user_id = changed.user_id
            RETURNING 1
        ),
        moved AS (
            UPDATE chat_firebase_users_progress
            SET user_id = CASE
                    WHEN (SELECT count(*) FROM slice) < $1 THEN '00000000-0000-0000-0000-000000000000'
                    ELSE coalesce((SELECT slice.user_id FROM slice ORDER BY slice.user_id DESC LIMIT 1),
                                  chat_firebase_users_progress.user_id)
                END
            WHERE EXISTS (SELECT FROM progress)
        )
        SELECT count(*) AS changed FROM noted";
    let first_id = first_id_of(since);
    let parameters = [(&limit as _, Type::INT8), (&first_id as _, Type::UUID)];
    Ok(database.query_one(SQL, &parameters).await?.get("changed"))
}

/// Returns the first users after `after` whose entry in Firebase is out of date, ordered by id.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn pending(
    database: &Database,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Revocation>, QueryError> {
    const SQL: &str = "-- pending_revocations
        SELECT user_id, is_revoked FROM chat_firebase_users
        WHERE NOT is_mirrored AND user_id > $1 ORDER BY user_id LIMIT $2";
    let parameters = [(&after as _, Type::UUID), (&limit as _, Type::INT8)];
    let rows = database.query(SQL, &parameters).await?;
    let revocation = |row: &tokio_postgres::Row| Revocation {
        user_id: row.get("user_id"),
        is_revoked: row.get("is_revoked"),
    };
    Ok(rows.iter().map(revocation).collect())
}

/// Records that Firebase has these entries, unless they have changed meanwhile.
///
/// # Errors
/// PostgreSQL does not respond. Then the entries are written once more.
pub async fn settle(database: &Database, written: &[Revocation]) -> Result<(), QueryError> {
    const SQL: &str = "-- settle_revocations
        UPDATE chat_firebase_users AS firebase_user SET is_mirrored = true
        FROM unnest($1::uuid[], $2::bool[]) AS written (user_id, is_revoked)
        WHERE firebase_user.user_id = written.user_id AND firebase_user.is_revoked = written.is_revoked";
    let users: Vec<_> = written.iter().map(|it| it.user_id).collect();
    let revoked: Vec<_> = written.iter().map(|it| it.is_revoked).collect();
    let parameters = [
        (&users as _, Type::UUID_ARRAY),
        (&revoked as _, Type::BOOL_ARRAY),
    ];
    database.query(SQL, &parameters).await?;
    Ok(())
}

/// Marks all revocations for a new write, for a Firebase that has lost them.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn reset(database: &Database) -> Result<(), QueryError> {
    const SQL: &str = "-- reset_revocations
        UPDATE chat_firebase_users SET is_mirrored = false WHERE is_revoked";
    database.query(SQL, &[]).await?;
    Ok(())
}
