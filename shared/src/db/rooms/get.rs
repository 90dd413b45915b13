use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, delivery_columns, user_columns};
use crate::db::trust::may_read;
use crate::db::{Database, viewer};
use crate::domain::{RoomDetail, Timestamp, User, Viewer};
use crate::error::Result;

/// Returns a room, open or closed; `None` if it does not exist, or the viewer is neither a participant nor has access to
/// it. A read by access is recorded.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn get(database: &Database, viewer: Viewer, room_id: Uuid) -> Result<Option<RoomDetail>> {
    const SQL: &str = concat!(
        "-- get_room
        WITH room AS MATERIALIZED (
            SELECT * FROM chat_rooms
            WHERE id = $2 AND ",
        may_read!("read_room"),
        "
        )
        SELECT viewer.is_active AS viewer_is_active, ",
        room_columns!(),
        ", ",
        user_columns!("driver"),
        ", ",
        user_columns!("other_user"),
        ", ",
        delivery_columns!(),
        " FROM (VALUES (1)) AS one
        LEFT JOIN users AS viewer ON viewer.id = $1
        LEFT JOIN room ON true
        LEFT JOIN users AS driver ON driver.id = room.driver_id
        LEFT JOIN users AS other_user ON other_user.id = room.other_user_id
        LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id"
    );
    let row = database
        .query_one(SQL, &[(&viewer.0, Type::UUID), (&room_id, Type::UUID)])
        .await?;
    viewer::check(&row)?;
    let (driver, other_user) = (
        columns::user(&row, "driver"),
        columns::user(&row, "other_user"),
    );
    Ok(detail(&row, viewer, driver, other_user))
}

/// Selects a room with the table alias `room`, as the viewer `$1` sees it.
macro_rules! room_columns {
    () => {
        concat!(
            "room.id AS room_id, room.room_type, room.driver_id AS room_driver_id, room.other_user_id AS room_other_user_id,
             room.last_message_text, room.last_message_at, room.driver_unread_count, room.other_user_unread_count, ",
            $crate::db::conditions::is_open!("room."),
            " AS room_is_open, room.closes_at, room.unreachable_until,
             room.archived_by_driver, room.archived_by_other_user, room.muted_by_driver, room.muted_by_other_user,
             EXISTS (
                 SELECT FROM chat_blocks
                 WHERE blocker_id = $1
                   AND blocked_id = CASE room.driver_id WHEN $1 THEN room.other_user_id ELSE room.driver_id END
             ) AS is_blocked,
             room.created_at"
        )
    };
}
pub(super) use room_columns;

/// Reads a row's room as the viewer sees it: one of its participants, or an admin with access to it.
pub(super) fn detail(
    row: &Row,
    viewer: Viewer,
    driver: Option<User>,
    other_user: Option<User>,
) -> Option<RoomDetail> {
    let id = row.get::<_, Option<Uuid>>("room_id")?;
    let is_driver = row.get::<_, Uuid>("room_driver_id") == viewer.0;
    let is_other_user = row.get::<_, Uuid>("room_other_user_id") == viewer.0;
    let (unread_count, is_archived, is_muted) = if is_driver {
        (
            row.get("driver_unread_count"),
            row.get("archived_by_driver"),
            row.get("muted_by_driver"),
        )
    } else if is_other_user {
        (
            row.get("other_user_unread_count"),
            row.get("archived_by_other_user"),
            row.get("muted_by_other_user"),
        )
    } else {
        (0, false, false)
    };
    let other_participant = if is_other_user {
        driver.clone()
    } else {
        other_user
    };
    Some(RoomDetail {
        id,
        room_type: row.get("room_type"),
        driver,
        other_participant,
        delivery_info: columns::delivery(row),
        last_message_text: row.get("last_message_text"),
        last_message_at: row.get::<_, Option<_>>("last_message_at").map(Timestamp),
        unread_count,
        is_active: row.get("room_is_open"),
        closes_at: row.get::<_, Option<_>>("closes_at").map(Timestamp),
        unreachable_until: row.get::<_, Option<_>>("unreachable_until").map(Timestamp),
        is_archived,
        is_muted,
        is_blocked: row.get("is_blocked"),
        created_at: Timestamp(row.get("created_at")),
        firebase_path: format!("/chats/{id}"),
    })
}
