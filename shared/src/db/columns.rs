//! The columns that several statements read, and how they are read. `text` is asked for by name, because a view of
//! an adopter's table may have any type that looks like it.

use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::{Delivery, Message, Sender, Timestamp, User};

/// The columns of a user under the alias `$alias`, named `{alias}_…`.
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

/// The columns of a delivery under the alias `delivery`.
macro_rules! delivery_columns {
    () => {
        "delivery.id AS delivery_info_id,
         coalesce(delivery.tracking_number::text, '') AS tracking_number,
         coalesce(delivery.pickup_address::text, '') AS pickup_address,
         coalesce(delivery.delivery_address::text, '') AS delivery_address"
    };
}

/// The columns of a message under the alias `message` and of its sender under the alias `sender`, as the viewer `$1`
/// sees it: what the platform says is received by both sides, and read by each for itself.
macro_rules! message_columns {
    () => {
        "message.id AS message_id, message.chat_room_id, message.seq, message.message_type, message.text,
         message.image_url, message.latitude, message.longitude, message.created_at,
         CASE WHEN message.sender_id IS NOT NULL THEN message.read_at
              WHEN $1 = (SELECT driver_id FROM chat_rooms WHERE id = message.chat_room_id)
                  THEN coalesce(message.driver_read_at, message.read_at)
              ELSE coalesce(message.other_user_read_at, message.read_at) END AS read_at,
         sender.id AS sender_id, coalesce(sender.full_name::text, '') AS sender_full_name,
         sender.profile_photo_url::text AS sender_profile_photo_url"
    };
}

/// How many messages the user `$user`, an expression, has received and not read, over all active rooms, archived ones
/// too.
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

pub(super) use {delivery_columns, message_columns, unread_total, user_columns};

/// The user under `{alias}_…`, if there is one.
pub(super) fn user(row: &Row, alias: &str) -> Option<User> {
    let id = row.get::<_, Option<Uuid>>(format!("{alias}_id").as_str())?;
    Some(User {
        id,
        full_name: row.get(format!("{alias}_full_name").as_str()),
        phone_number: row.get(format!("{alias}_phone_number").as_str()),
        user_type: row.get(format!("{alias}_user_type").as_str()),
        profile_photo_url: row.get(format!("{alias}_profile_photo_url").as_str()),
    })
}

/// The delivery, if there is one.
pub(super) fn delivery(row: &Row) -> Option<Delivery> {
    let id = row.get::<_, Option<Uuid>>("delivery_info_id")?;
    Some(Delivery {
        id,
        tracking_number: row.get("tracking_number"),
        pickup_address: row.get("pickup_address"),
        delivery_address: row.get("delivery_address"),
    })
}

/// The message, if there is one.
pub(super) fn message(row: &Row) -> Option<Message> {
    let id = row.get::<_, Option<Uuid>>("message_id")?;
    let read_at = row.get::<_, Option<_>>("read_at").map(Timestamp);
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
        is_read: read_at.is_some(),
        read_at,
        created_at: Timestamp(row.get("created_at")),
    })
}
