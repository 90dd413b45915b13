use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::columns;
use crate::domain::{Message, Timestamp, WebhookEvent, WebhookRoom};

/// Selects an event with the alias `event`, its room and its message, from [`event_joins`].
macro_rules! event_columns {
    () => {
        concat!(
            "event.id AS event_id, event.type AS event_type, event.created_at AS event_at,
             event.chat_room_id AS event_room_id, event.message_id AS event_message_id, event.data::text AS event_data,
             room.id AS room_id, room.room_type, room.driver_id AS room_driver_id,
             room.other_user_id AS room_other_user_id, room.delivery_id AS room_delivery_id, ",
            $crate::db::conditions::is_open!("room."),
            " AS room_is_open, room.closes_at AS room_closes_at, room.created_at AS room_created_at,
             message.read_at AS read_by_all_at, message.sender_id IS NULL AS is_of_platform,
             message.seq <= least(room.driver_delivered_seq, room.other_user_delivered_seq) AS is_delivered_to_all,
             call.id AS call_id, call.called_at, call.until AS called_until, call.ended_at AS call_ended_at,
             call.messages::text AS call_messages, call.push_devices, call.last_answer_at,
             report.id AS report_id, report.reporter_id, report.reported_id, report.reason AS report_reason,
             report.comment AS report_comment, report.created_at AS reported_at, ",
            $crate::db::columns::message_columns!("NULL::uuid")
        )
    };
}

/// Joins the room and the message of `event` as they are now; they may have been deleted since.
macro_rules! event_joins {
    () => {
        "LEFT JOIN chat_rooms AS room ON room.id = event.chat_room_id
         LEFT JOIN chat_messages AS message
           ON message.id = event.message_id AND message.chat_room_id = event.chat_room_id
         LEFT JOIN chat_unreachable_calls AS call
           ON call.id = event.message_id AND event.type = 'customer.unreachable'
         LEFT JOIN chat_reports AS report
           ON report.id = (event.data ->> 'report_id')::uuid AND event.type = 'message.reported'
         LEFT JOIN users AS sender ON sender.id = message.sender_id"
    };
}

pub(super) use {event_columns, event_joins};

/// Reads the event; `None` if its columns are null.
pub(super) fn event(row: &Row) -> Option<WebhookEvent> {
    let id = row.get::<_, Option<Uuid>>("event_id")?;
    let mut data = match serde_json::from_str(row.get("event_data")) {
        Ok(Value::Object(data)) => data,
        _ => serde_json::Map::new(),
    };
    if row.get::<_, Option<Uuid>>("event_room_id").is_some() {
        data.insert("room".to_owned(), serde_json::to_value(room(row)).ok()?);
    }
    if row.get::<_, Option<Uuid>>("event_message_id").is_some() {
        data.insert(
            "message".to_owned(),
            serde_json::to_value(message(row)).ok()?,
        );
    }
    if let Some(call) = call(row) {
        data.insert("call".to_owned(), call);
    }
    if data.contains_key("report_id") {
        data.insert("report".to_owned(), report(row).unwrap_or_default());
    }
    Some(WebhookEvent {
        id,
        event_type: row.get("event_type"),
        timestamp: Timestamp(row.get("event_at")),
        data,
    })
}

fn room(row: &Row) -> Option<WebhookRoom> {
    Some(WebhookRoom {
        id: row.get::<_, Option<Uuid>>("room_id")?,
        room_type: row.get("room_type"),
        driver_id: row.get("room_driver_id"),
        other_user_id: row.get("room_other_user_id"),
        delivery_id: row.get("room_delivery_id"),
        is_active: row.get("room_is_open"),
        closes_at: row.get::<_, Option<_>>("room_closes_at").map(Timestamp),
        created_at: Timestamp(row.get("room_created_at")),
    })
}

/// A message of the platform counts as read or delivered once it is so for both participants, as in Firebase.
fn message(row: &Row) -> Option<Message> {
    let message = columns::message(row)?;
    if !row.get::<_, bool>("is_of_platform") {
        return Some(message);
    }
    let read_at = row.get::<_, Option<_>>("read_by_all_at").map(Timestamp);
    Some(Message {
        is_delivered: read_at.is_some() || row.get("is_delivered_to_all"),
        is_read: read_at.is_some(),
        read_at,
        ..message
    })
}

/// The evidence that a customer was unreachable, as it was at the end of the call.
fn call(row: &Row) -> Option<Value> {
    let time = |name| row.get::<_, Option<_>>(name).map(Timestamp);
    let id = row.get::<_, Option<Uuid>>("call_id")?;
    let messages = row.get::<_, Option<&str>>("call_messages");
    let messages: Option<Value> = messages.and_then(|it| serde_json::from_str(it).ok());
    Some(json!({
        "id": id,
        "called_at": time("called_at"),
        "until": time("called_until"),
        "ended_at": time("call_ended_at"),
        "messages": messages,
        "push_devices": row.get::<_, Option<i32>>("push_devices"),
        "last_answer_at": time("last_answer_at"),
    }))
}

/// A report without the content of the message at that time, which only dispute access shows.
fn report(row: &Row) -> Option<Value> {
    let id = row.get::<_, Option<Uuid>>("report_id")?;
    Some(json!({
        "id": id,
        "reporter_id": row.get::<_, Option<Uuid>>("reporter_id"),
        "reported_id": row.get::<_, Option<Uuid>>("reported_id"),
        "reason": row.get::<_, &str>("report_reason"),
        "comment": row.get::<_, &str>("report_comment"),
        "created_at": Timestamp(row.get("reported_at")),
    }))
}
