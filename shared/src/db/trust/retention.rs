use chrono::{DateTime, Utc};
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Database, QueryError};
use crate::domain::RetentionPeriod;

/// A room without messages whose trees in Firebase can be removed. Its mirror is leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptiedRoom {
    pub id: Uuid,
    pub driver_id: Uuid,
    pub other_user_id: Uuid,
    pub lease: DateTime<Utc>,
}

/// Removes messages of rooms that were closed before the period, at most `limit`, of at most 100 rooms. A room without
/// messages loses its preview and the snapshots of its reports, and is due for [`emptied_rooms`]. Returns the number of
/// rooms that it has worked on. Rooms under legal hold, and rooms that others have locked, are left.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn empty_expired_rooms(
    database: &Database,
    period: RetentionPeriod,
    limit: i64,
) -> Result<usize, QueryError> {
    // Triggers remove the search entries and the versions with the messages.
    const SQL: &str = "-- empty_expired_rooms
        WITH due AS MATERIALIZED (
            SELECT id FROM chat_rooms AS room
            WHERE NOT is_active
              AND greatest(closes_at, last_message_at, created_at) < now() - $1 * interval '1 day'
              AND NOT legal_hold
              AND NOT EXISTS (SELECT FROM chat_room_removals WHERE chat_room_id = room.id)
            ORDER BY greatest(closes_at, last_message_at, created_at) LIMIT 100
            FOR NO KEY UPDATE SKIP LOCKED
        ),
        slice AS MATERIALIZED (
            SELECT message.chat_room_id, message.seq
            FROM due CROSS JOIN LATERAL (
                SELECT chat_room_id, seq FROM chat_messages WHERE chat_room_id = due.id ORDER BY seq LIMIT $2
            ) AS message
            LIMIT $2
        ),
        removed AS (
            DELETE FROM chat_messages AS message USING slice
            WHERE message.chat_room_id = slice.chat_room_id AND message.seq = slice.seq
        ),
        emptied AS MATERIALIZED (
            SELECT id FROM due WHERE NOT EXISTS (SELECT FROM chat_messages WHERE chat_room_id = due.id)
        ),
        blanked AS (
            UPDATE chat_rooms AS room
            SET last_message_text = '', last_message_sender_id = NULL, driver_unread_count = 0, other_user_unread_count = 0
            FROM due WHERE room.id = due.id
        ),
        pushes AS (DELETE FROM chat_pushes WHERE chat_room_id IN (SELECT id FROM emptied)),
        reports AS (
            UPDATE chat_reports SET snapshot = NULL
            WHERE chat_room_id IN (SELECT id FROM emptied) AND snapshot IS NOT NULL
        ),
        queued AS (INSERT INTO chat_room_removals (chat_room_id) SELECT id FROM emptied ON CONFLICT DO NOTHING)
        SELECT count(*) AS rooms FROM due";
    let parameters = [(&period.days() as _, Type::INT4), (&limit as _, Type::INT8)];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(usize::try_from(row.get::<_, i64>("rooms")).unwrap_or_default())
}

/// Leases the mirror of at most `limit` rooms that retention has emptied, for two minutes: nothing else writes them to
/// Firebase meanwhile.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn emptied_rooms(
    database: &Database,
    limit: i64,
) -> Result<Vec<EmptiedRoom>, QueryError> {
    const SQL: &str = "-- lease_emptied_rooms
        WITH due AS MATERIALIZED (
            SELECT room.id
            FROM chat_room_removals AS removal JOIN chat_rooms AS room ON room.id = removal.chat_room_id
            WHERE NOT room.is_active AND NOT room.legal_hold
              AND NOT EXISTS (SELECT FROM chat_messages WHERE chat_room_id = room.id)
              AND (room.mirror_leased_until IS NULL OR room.mirror_leased_until < now())
            ORDER BY removal.emptied_at LIMIT $1
            FOR NO KEY UPDATE OF room SKIP LOCKED
        )
        UPDATE chat_rooms AS room SET mirror_leased_until = clock_timestamp() + interval '2 minutes'
        FROM due WHERE room.id = due.id
        RETURNING room.id, driver_id, other_user_id, mirror_leased_until AS lease";
    let rows = database.query(SQL, &[(&limit, Type::INT8)]).await?;
    let room = |row: &tokio_postgres::Row| EmptiedRoom {
        id: row.get("id"),
        driver_id: row.get("driver_id"),
        other_user_id: row.get("other_user_id"),
        lease: row.get("lease"),
    };
    Ok(rows.iter().map(room).collect())
}

/// Removes rooms whose trees in Firebase are gone, and returns their number. A room that was opened or put under legal
/// hold meanwhile, or whose lease has passed to another holder, stays.
///
/// # Errors
/// PostgreSQL does not respond. Then the rooms are leased again later.
pub async fn remove_rooms(database: &Database, rooms: &[EmptiedRoom]) -> Result<usize, QueryError> {
    const SQL: &str = "-- remove_rooms
        WITH locked AS MATERIALIZED (
            SELECT room.id
            FROM unnest($1::uuid[], $2::timestamptz[]) AS leased (id, lease) JOIN chat_rooms AS room ON room.id = leased.id
            WHERE room.mirror_leased_until = leased.lease AND NOT room.is_active AND NOT room.legal_hold
              AND NOT EXISTS (SELECT FROM chat_messages WHERE chat_room_id = room.id)
            ORDER BY room.id
            FOR UPDATE OF room
        ),
        pushes AS (DELETE FROM chat_pushes WHERE chat_room_id IN (SELECT id FROM locked))
        DELETE FROM chat_rooms AS room USING locked WHERE room.id = locked.id
        RETURNING room.id";
    let ids: Vec<_> = rooms.iter().map(|it| it.id).collect();
    let leases: Vec<_> = rooms.iter().map(|it| it.lease).collect();
    let parameters = [
        (&ids as _, Type::UUID_ARRAY),
        (&leases as _, Type::TIMESTAMPTZ_ARRAY),
    ];
    Ok(database.query(SQL, &parameters).await?.len())
}

/// Returns the emptied rooms that have been opened or put under legal hold since to the mirror, which writes them
/// completely: their trees may be gone. Returns their number.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn restore_rooms(database: &Database) -> Result<usize, QueryError> {
    const SQL: &str = "-- restore_rooms
        WITH kept AS MATERIALIZED (
            SELECT room.id
            FROM chat_room_removals AS removal JOIN chat_rooms AS room ON room.id = removal.chat_room_id
            WHERE room.is_active OR room.legal_hold OR EXISTS (SELECT FROM chat_messages WHERE chat_room_id = room.id)
            ORDER BY room.id
            FOR NO KEY UPDATE OF room
        ),
        restored AS (
            UPDATE chat_rooms AS room
            SET revision = revision + 1, mirrored_revision = -1, mirror_attempts = 0, mirror_after = NULL,
                mirror_leased_until = NULL, behind_since = coalesce(behind_since, clock_timestamp())
            FROM kept WHERE room.id = kept.id
        )
        DELETE FROM chat_room_removals WHERE chat_room_id IN (SELECT id FROM kept)
        RETURNING chat_room_id";
    Ok(database.query(SQL, &[]).await?.len())
}

/// Deletes, at most `limit` rows of each: events of the platform after 180 days, devices that have not been registered
/// for 270 days, rooms of the analytics after three years, photos of erasures after 30 days, and ended grants.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn delete_expired(database: &Database, limit: i64) -> Result<(), QueryError> {
    const SQL: &str = "-- delete_expired
        WITH events AS (
            DELETE FROM chat_events WHERE event_id IN (
                SELECT event_id FROM chat_events WHERE received_at < now() - interval '180 days'
                ORDER BY received_at LIMIT $1)
        ),
        devices AS (
            DELETE FROM chat_devices WHERE token IN (
                SELECT token FROM chat_devices WHERE registered_at < now() - interval '270 days'
                ORDER BY registered_at LIMIT $1
                FOR UPDATE SKIP LOCKED)
        ),
        active_rooms AS (
            DELETE FROM chat_analytics_active_rooms WHERE (quarter, chat_room_id) IN (
                SELECT quarter, chat_room_id FROM chat_analytics_active_rooms
                WHERE quarter < now() - interval '3 years' ORDER BY quarter LIMIT $1)
        ),
        photos AS (DELETE FROM chat_erasure_photos WHERE erased_at < now() - interval '30 days')
        DELETE FROM chat_room_access WHERE expires_at < now() - interval '1 day'";
    database.query(SQL, &[(&limit, Type::INT8)]).await?;
    Ok(())
}
