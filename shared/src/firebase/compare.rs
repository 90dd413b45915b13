//! Compares the mirror with PostgreSQL. It changes neither.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{FirebaseError, Shards, tree};
use crate::db::{Database, QueryError, mirror};

/// The function's time limit, less the time that one more room may take.
const COMPARE_BUDGET: Duration = Duration::from_secs(30);
/// The number of rooms per query.
const BATCH: i64 = 100;

/// Why a comparison was not completed.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("Firebase: {0}")]
    Firebase(#[from] FirebaseError),
}

/// The result of a comparison.
#[derive(Debug, Default, Serialize)]
pub struct Comparison {
    /// The number of compared rooms.
    pub compared: usize,
    /// The rooms that differ.
    pub different: Vec<Difference>,
    /// The last compared room if there are more. Continue after it.
    pub next_after: Option<Uuid>,
}

/// A room that differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub room_id: Uuid,
    /// Its revisions in PostgreSQL and in Firebase; the latter is `None` if the room is missing there. An older
    /// revision is only late.
    pub revision: (i64, Option<i64>),
    /// The paths below `/chats/{id}` and `/inboxes/{user_id}/{id}` that differ, without their values. Those on a shard to
    /// which the room does not belong begin with its URL.
    pub paths: Vec<String>,
}

/// Compares one room, or as many as the time allows in the order of their ids.
///
/// # Errors
/// PostgreSQL or Firebase does not respond.
pub async fn compare(
    database: &Database,
    shards: &Shards,
    room_id: Option<Uuid>,
    after: Option<Uuid>,
) -> Result<Comparison, CompareError> {
    let started = Instant::now();
    let mut comparison = Comparison::default();
    let mut after = after;
    loop {
        let rooms = match room_id {
            Some(room_id) => vec![room_id],
            None => mirror::rooms_after(database, after, BATCH).await?,
        };
        if rooms.is_empty() {
            return Ok(comparison);
        }
        for room_id in rooms {
            comparison
                .different
                .extend(compare_room(database, shards, room_id).await?);
            comparison.compared += 1;
            after = Some(room_id);
            if started.elapsed() > COMPARE_BUDGET {
                comparison.next_after = after;
                return Ok(comparison);
            }
        }
        if room_id.is_some() {
            return Ok(comparison);
        }
    }
}

async fn compare_room(
    database: &Database,
    shards: &Shards,
    room_id: Uuid,
) -> Result<Option<Difference>, CompareError> {
    let Some(state) = mirror::read(database, room_id).await? else {
        return Ok(None);
    };
    let firebase = &shards.of(room_id).firebase;
    let mut revision = None;
    let mut paths = Vec::new();
    for (path, expected) in tree::trees(&state) {
        let actual = firebase.read_tree(&path).await?;
        if let Some(in_firebase) = actual.pointer("/metadata/revision") {
            revision = in_firebase.as_i64();
        }
        differences(&path, Some(&expected), Some(&actual), &mut paths);
    }
    // Clients write there.
    let typing = format!("chats/{room_id}/typing");
    paths.retain(|path| *path != typing);
    let participants = [state.room.driver_id, state.room.other_user_id];
    for firebase in shards.not_of(room_id) {
        let moved = firebase
            .existing(tree::places(room_id, participants))
            .await?;
        paths.extend(moved.iter().map(|path| firebase.address(path)));
    }
    Ok((!paths.is_empty()).then_some(Difference {
        room_id,
        revision: (state.room.revision, revision),
        paths,
    }))
}

fn differences(
    path: &str,
    expected: Option<&Value>,
    actual: Option<&Value>,
    found: &mut Vec<String>,
) {
    match (expected, actual) {
        (Some(Value::Object(expected)), Some(Value::Object(actual))) => {
            for key in expected.keys().chain(only_in(actual, expected)) {
                differences(
                    &format!("{path}/{key}"),
                    expected.get(key),
                    actual.get(key),
                    found,
                );
            }
        }
        // Firebase has one number type, and returns 5.0 as 5.
        (Some(Value::Number(expected)), Some(Value::Number(actual)))
            if expected.as_f64() == actual.as_f64() => {}
        (expected, actual) if expected == actual => {}
        _ => found.push(path.to_owned()),
    }
}

fn only_in<'a>(
    map: &'a Map<String, Value>,
    other: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a String> {
    map.keys().filter(|key| !other.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(expected: &Value, actual: &Value) -> Vec<String> {
        let mut found = Vec::new();
        differences("chat", Some(expected), Some(actual), &mut found);
        found
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let expected = json!({ "a": 1, "b": { "c": "x", "d": 5.0 }, "e": true });
        let actual = json!({ "a": 2, "b": { "c": "x", "d": 5, "f": 1 } });
        assert_eq!(paths(&expected, &actual), ["chat/a", "chat/b/f", "chat/e"]);
        assert!(paths(&expected, &expected).is_empty());
    }
}
