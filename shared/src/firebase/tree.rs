//! The tree of a room below `/chats/{id}`, as in the API guide.

use serde_json::{Map, Value, json};

use crate::db::mirror::{MirroredMessage, MirroredRoom, RoomState};

/// Returns the multi-path update that brings a room to `state` in one write. Nulls are not stored.
pub fn patch(state: &RoomState) -> Value {
    let messages = state
        .changed
        .iter()
        .map(|it| (it.id.to_string(), message(it)));
    let mut patch = Map::new();
    patch.insert("metadata".to_owned(), metadata(&state.room));
    if state.all_changed {
        // Replacing the whole list removes everything else, and so also repairs a damaged tree.
        patch.insert("messages".to_owned(), Value::Object(messages.collect()));
    } else {
        patch.extend(messages.map(|(id, message)| (format!("messages/{id}"), message)));
        patch.extend(
            state
                .evicted
                .iter()
                .map(|id| (format!("messages/{id}"), Value::Null)),
        );
    }
    Value::Object(patch)
}

/// Returns a value as Firebase stores it: without nulls and without empty objects.
pub fn stored(value: &Value) -> Value {
    match value {
        Value::Object(children) => {
            let children = children
                .iter()
                .map(|(key, child)| (key.clone(), stored(child)));
            let children: Map<_, _> = children.filter(|(_, child)| !child.is_null()).collect();
            if children.is_empty() {
                Value::Null
            } else {
                Value::Object(children)
            }
        }
        leaf => leaf.clone(),
    }
}

fn metadata(room: &MirroredRoom) -> Value {
    json!({
        "id": room.id,
        "room_type": room.room_type,
        "driver_id": room.driver_id,
        "other_user_id": room.other_user_id,
        "delivery_id": room.delivery_id,
        "created_at": room.created_at,
        "is_active": room.is_active,
        // Milliseconds, the unit of `now` in the rules, which close the room at this time.
        "closes_at_ms": room.closes_at.map(|closes_at| closes_at.0.timestamp_millis()),
        "unreachable_until": room.unreachable_until,
        "last_message_text": room.last_message_text,
        "last_message_at": room.last_message_at,
        "last_message_sender_id": room.last_message_sender_id,
        "revision": room.revision,
    })
}

fn message(message: &MirroredMessage) -> Value {
    json!({
        "id": message.id,
        "seq": message.seq,
        "sender_id": message.sender_id,
        "message_type": message.message_type,
        "text": message.text,
        "image_url": message.image_url,
        "latitude": message.latitude,
        "longitude": message.longitude,
        "timestamp": message.created_at,
        "is_read": message.read_at.is_some(),
        "read_at": message.read_at,
    })
}
