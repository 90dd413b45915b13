//! The trees of a room below `/chats/{id}`, as in the API guide, and below `/inboxes/{user_id}/{id}`. `openapi.yaml` has
//! their schemas (`x-firebase`).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::db::mirror::{MirroredMessage, MirroredParticipant, MirroredRoom, RoomState};
use crate::domain::ReceiptState;

/// Returns the path of a room in a user's inbox.
pub fn inbox_path(user_id: impl std::fmt::Display, room_id: impl std::fmt::Display) -> String {
    format!("inboxes/{user_id}/{room_id}")
}

/// Returns the paths of a room: its tree, and its inbox entries.
pub fn places(room_id: Uuid, participants: [Uuid; 2]) -> [String; 3] {
    let [driver, other_user] = participants;
    [
        format!("chats/{room_id}"),
        inbox_path(driver, room_id),
        inbox_path(other_user, room_id),
    ]
}

/// Returns the multi-path update of the root that brings a room and its two inbox entries to `state` in one write.
/// Nulls are not stored: an entry that is null is removed.
pub fn patch(state: &RoomState) -> Value {
    let room = &state.room;
    let chat = format!("chats/{}", room.id);
    let mut update = Map::new();
    update.insert(format!("{chat}/metadata"), metadata(room));
    update.insert(format!("{chat}/receipts"), receipts(&room.receipts));
    if state.all_changed {
        // Replacing the whole list removes everything else, and so also repairs a damaged tree.
        update.insert(format!("{chat}/messages"), messages(state));
    } else {
        for changed in &state.changed {
            let path = format!("{chat}/messages/{}", changed.id);
            update.insert(path, message(changed));
        }
        for evicted in &state.evicted {
            update.insert(format!("{chat}/messages/{evicted}"), Value::Null);
        }
    }
    for participant in &room.participants {
        let path = inbox_path(participant.user_id, room.id);
        update.insert(path, inbox_entry(room, participant));
    }
    Value::Object(update)
}

/// Returns the trees of a complete state by their paths, as Firebase stores them.
pub fn trees(state: &RoomState) -> Vec<(String, Value)> {
    let room = &state.room;
    let chat = json!({
        "metadata": metadata(room),
        "messages": messages(state),
        "receipts": receipts(&room.receipts),
    });
    let mut trees = vec![(format!("chats/{}", room.id), stored(&chat))];
    trees.extend(room.participants.iter().map(|participant| {
        let entry = stored(&inbox_entry(room, participant));
        (inbox_path(participant.user_id, room.id), entry)
    }));
    trees
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

fn messages(state: &RoomState) -> Value {
    let messages = state.changed.iter();
    Value::Object(
        messages
            .map(|it| (it.id.to_string(), message(it)))
            .collect(),
    )
}

fn metadata(room: &MirroredRoom) -> Value {
    let blocked = room.participants.iter().filter(|it| it.is_blocked);
    let blocked: Map<_, _> = blocked
        .map(|it| (it.user_id.to_string(), json!(true)))
        .collect();
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
        // The rules reject the typing of a blocked participant.
        "blocked": (!blocked.is_empty()).then_some(blocked),
        "last_message_text": room.last_message_text,
        "last_message_at": room.last_message_at,
        "last_message_sender_id": room.last_message_sender_id,
        "revision": room.revision,
    })
}

/// Returns the watermarks of both participants by their ids.
fn receipts(receipts: &[ReceiptState; 2]) -> Value {
    let of = |it: &ReceiptState| (it.user_id.to_string(), json!(it));
    Value::Object(receipts.iter().map(of).collect())
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
        "edited_at": message.edited_at,
        "is_deleted": message.is_deleted,
        "revision": message.revision,
    })
}

fn inbox_entry(room: &MirroredRoom, participant: &MirroredParticipant) -> Value {
    if !room.is_in_inbox_of(participant) {
        return Value::Null;
    }
    let other_participant = participant.other_participant.as_ref().map(|user| {
        json!({
            "id": user.id,
            "full_name": user.full_name,
            "user_type": user.user_type,
            "profile_photo_url": user.profile_photo_url,
        })
    });
    json!({
        "room_type": room.room_type,
        "other_participant": other_participant,
        "tracking_number": room.tracking_number,
        "last_message_text": room.last_message_text,
        "last_message_at": room.last_message_at,
        "last_message_sender_id": room.last_message_sender_id,
        // `seq` is dense.
        "last_message_seq": room.message_count,
        "sort_at": room.last_message_at.unwrap_or(room.created_at),
        "unread_count": participant.unread_count,
        "is_archived": participant.is_archived,
        "is_muted": participant.is_muted,
        "revision": room.revision,
    })
}
