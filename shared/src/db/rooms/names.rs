use tokio_postgres::types::Type;

use crate::db::{Database, QueryError};

/// Updates the rooms whose names, photos or tracking number the platform has changed: the search text, and the revision,
/// since the inboxes in Firebase show them. Continues through the open rooms driver by driver until it has checked `at_least` rooms, and starts again after the last driver. Returns the
/// number of checked rooms. Locked rooms are left for the next round. If another run is in progress, it checks nothing.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn refresh_names(database: &Database, at_least: i64) -> Result<i64, QueryError> {
    const SQL: &str = "-- refresh_names
        WITH progress AS MATERIALIZED (SELECT driver_id FROM chat_rooms_search_progress FOR UPDATE SKIP LOCKED),
        slice AS MATERIALIZED (
            SELECT id, driver_id, other_user_id, delivery_id, searched_by_driver, searched_by_other_user, inbox_digest
            FROM chat_rooms
            WHERE is_active AND driver_id > (SELECT driver_id FROM progress)
            ORDER BY driver_id
            FETCH FIRST $1 ROWS WITH TIES
        ),
        stale AS (
            SELECT slice.id, fresh.by_driver, fresh.by_other_user, fresh.digest
            FROM slice,
                 LATERAL (
                     SELECT (SELECT tracking_number::text FROM deliveries WHERE id = slice.delivery_id)
                     OFFSET 0
                 ) AS delivery (tracking_number),
                 LATERAL (
                     SELECT chat_room_search_text(
                                (SELECT full_name::text FROM users WHERE id = slice.other_user_id), tracking_number),
                            chat_room_search_text(
                                (SELECT full_name::text FROM users WHERE id = slice.driver_id), tracking_number),
                            chat_room_inbox_digest(slice.driver_id, slice.other_user_id, slice.delivery_id)
                     OFFSET 0
                 ) AS fresh (by_driver, by_other_user, digest)
            WHERE slice.searched_by_driver <> fresh.by_driver OR slice.searched_by_other_user <> fresh.by_other_user
               OR slice.inbox_digest IS DISTINCT FROM fresh.digest
        ),
        changed AS MATERIALIZED (
            SELECT stale.*
            FROM stale,
                 LATERAL (SELECT FROM chat_rooms WHERE id = stale.id FOR NO KEY UPDATE SKIP LOCKED) AS locked
        ),
        refreshed AS (
            UPDATE chat_rooms AS room
            SET searched_by_driver = changed.by_driver, searched_by_other_user = changed.by_other_user,
                inbox_digest = changed.digest,
                revision = revision + 1, behind_since = coalesce(behind_since, clock_timestamp())
            FROM changed WHERE room.id = changed.id AND room.id = ANY (ARRAY(SELECT id FROM changed))
            RETURNING room.id
        )
        UPDATE chat_rooms_search_progress
        SET driver_id = CASE
                WHEN (SELECT count(*) FROM slice) < $1 THEN '00000000-0000-0000-0000-000000000000'
                ELSE (SELECT driver_id FROM slice ORDER BY driver_id DESC LIMIT 1)
            END
        WHERE EXISTS (SELECT FROM progress)
        RETURNING (SELECT count(*) FROM refreshed)";
    let rows = database.query(SQL, &[(&at_least, Type::INT8)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
