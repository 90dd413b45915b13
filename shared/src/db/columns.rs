//! The columns that several statements read. Text columns are cast to `text`, because a platform's view may use another
//! string type.

use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::{Delivery, Message, Personal, ReceiptState, Sender, Timestamp, User};

/// Selects a user with the table alias `$alias` as `{alias}_…`.
macro_rules! user_columns {
    ($alias:literal) => {
        concat!(
            $alias,
            ".id AS ",
            $alias,
            "_id, ",
            "coalesce(",
            $alias,
            ".full_name::text, '') AS ",
            $alias,
            "_full_name, ",
            "coalesce(",
            $alias,
            ".phone_number::text, '') AS ",
            $alias,
            "_phone_number, ",
            $alias,
            ".user_type::text AS ",
            $alias,
            "_user_type, ",
            $alias,
            ".profile_photo_url::text AS ",
            $alias,
            "_profile_photo_url"
        )
    };
}

/// Selects a delivery with the table alias `delivery`.
macro_rules! delivery_columns {
    () => {
        "delivery.id AS delivery_info_id,
         coalesce(delivery.tracking_number::text, '') AS tracking_number,
         coalesce(delivery.pickup_address::text, '') AS pickup_address,
         coalesce(delivery.delivery_address::text, '') AS delivery_address"
    };
}

/// Selects a message with the alias `message`, its sender with the alias `sender` and its room with the alias `room`, as
/// the viewer `$1` or the expression `$viewer` sees it. Both participants receive a platform message, and each reads it
/// separately.
macro_rules! message_columns {
    () => {
        $crate::db::columns::message_columns!("$1")
    };
    ($viewer:literal) => {
        concat!(
            "message.id AS message_id, message.chat_room_id, message.seq, message.message_type, message.text,
         message.image_url, message.latitude, message.longitude, message.created_at,
         CASE WHEN message.sender_id IS NOT NULL THEN message.read_at
              WHEN ",
            $viewer,
            " = room.driver_id THEN coalesce(message.driver_read_at, message.read_at)
              ELSE coalesce(message.other_user_read_at, message.read_at) END AS read_at,
         message.seq <= CASE
              WHEN CASE WHEN message.sender_id IS NULL THEN ",
            $viewer,
            " = room.driver_id
                        ELSE message.sender_id <> room.driver_id END THEN room.driver_delivered_seq
              ELSE room.other_user_delivered_seq END AS is_delivered,
         message.revision AS message_revision, message.edited_at, message.deleted_at,
         sender.id AS sender_id, coalesce(sender.full_name::text, '') AS sender_full_name,
         sender.profile_photo_url::text AS sender_profile_photo_url"
        )
    };
}

/// Joins `receipts` to the room with the alias `room`: `driver_read_seq` and `other_user_read_seq`, the `seq` up to which
/// the participant has read all received messages. Deleted messages count as read. The index of unread messages returns
/// the first one; without an unread message it is not read at all. OFFSET keeps the subquery from being evaluated once
/// per message.
macro_rules! read_seqs {
    () => {
        "LEFT JOIN LATERAL (
            SELECT CASE WHEN room.driver_unread_count = 0 THEN room.message_count ELSE coalesce((
                       SELECT min(seq) - 1 FROM chat_messages
                       WHERE chat_room_id = room.id AND read_at IS NULL AND deleted_at IS NULL
                         AND CASE WHEN sender_id IS NULL THEN driver_read_at IS NULL ELSE sender_id <> room.driver_id END
                   ), room.message_count) END AS driver_read_seq,
                   CASE WHEN room.other_user_unread_count = 0 THEN room.message_count ELSE coalesce((
                       SELECT min(seq) - 1 FROM chat_messages
                       WHERE chat_room_id = room.id AND read_at IS NULL AND deleted_at IS NULL
                         AND CASE WHEN sender_id IS NULL THEN other_user_read_at IS NULL
                                  ELSE sender_id <> room.other_user_id END
                   ), room.message_count) END AS other_user_read_seq
            OFFSET 0
        ) AS receipts ON true"
    };
}

/// The time `$time`, an expression, as text in the form of the API, for JSON that PostgreSQL builds.
macro_rules! api_time {
    ($time:expr) => {
        concat!(
            "to_char(",
            $time,
            " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        )
    };
}

/// Counts the unread messages of the user `$user`, an expression, over all open rooms including archived ones.
macro_rules! unread_total {
    ($user:literal) => {
        concat!(
            "(coalesce((SELECT sum(driver_unread_count) FROM chat_rooms
                        WHERE driver_id = ",
            $user,
            " AND driver_unread_count > 0 AND ",
            $crate::db::conditions::is_open!(""),
            "), 0)
              + coalesce((SELECT sum(other_user_unread_count) FROM chat_rooms
                          WHERE other_user_id = ",
            $user,
            " AND other_user_unread_count > 0 AND ",
            $crate::db::conditions::is_open!(""),
            "), 0)
             )::bigint"
        )
    };
}

pub(super) use {
    api_time, delivery_columns, message_columns, read_seqs, unread_total, user_columns,
};

/// Reads the receipts of the driver and of the other user. The row has the room's columns, and those of `read_seqs`.
pub(super) fn receipts(row: &Row) -> [ReceiptState; 2] {
    let of = |user_id, delivered_seq, read_seq| ReceiptState {
        user_id: row.get(user_id),
        delivered_seq: row.get(delivered_seq),
        read_seq: row.get(read_seq),
    };
    [
        of("driver_id", "driver_delivered_seq", "driver_read_seq"),
        of(
            "other_user_id",
            "other_user_delivered_seq",
            "other_user_read_seq",
        ),
    ]
}

/// Reads the user in the columns `{alias}_…`; `None` if they are null.
pub(super) fn user(row: &Row, alias: &str) -> Option<User> {
    let id = row.get::<_, Option<Uuid>>(format!("{alias}_id").as_str())?;
    Some(User {
        id,
        full_name: row.get(format!("{alias}_full_name").as_str()),
        phone_number: Personal::new(row.get(format!("{alias}_phone_number").as_str())),
        user_type: row.get(format!("{alias}_user_type").as_str()),
        profile_photo_url: row.get(format!("{alias}_profile_photo_url").as_str()),
    })
}

/// Reads the delivery; `None` if its columns are null.
pub(super) fn delivery(row: &Row) -> Option<Delivery> {
    let id = row.get::<_, Option<Uuid>>("delivery_info_id")?;
    Some(Delivery {
        id,
        tracking_number: row.get("tracking_number"),
        pickup_address: Personal::new(row.get("pickup_address")),
        delivery_address: Personal::new(row.get("delivery_address")),
    })
}

/// Reads the message; `None` if its columns are null.
pub(super) fn message(row: &Row) -> Option<Message> {
    let id = row.get::<_, Option<Uuid>>("message_id")?;
    let timestamp = |name| row.get::<_, Option<_>>(name).map(Timestamp);
    let read_at = timestamp("read_at");
    let deleted_at = timestamp("deleted_at");
    Some(Message {
        id,
        chat_room: row.get("chat_room_id"),
        seq: row.get("seq"),
        sender: row.get::<_, Option<Uuid>>("sender_id").map(|id| Sender {
            id,
            full_name: row.get("sender_full_name"),
            profile_photo_url: row.get("sender_profile_photo_url"),
        }),
        message_type: row.get("message_type"),
        text: row.get("text"),
        image_url: row.get("image_url"),
        latitude: row.get("latitude"),
        longitude: row.get("longitude"),
        is_delivered: read_at.is_some() || row.get("is_delivered"),
        is_read: read_at.is_some(),
        read_at,
        created_at: Timestamp(row.get("created_at")),
        edited_at: timestamp("edited_at"),
        is_deleted: deleted_at.is_some(),
        deleted_at,
        revision: row.get("message_revision"),
        versions: None,
    })
}
