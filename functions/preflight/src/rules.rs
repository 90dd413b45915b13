//! Tests the rules of the Realtime Database on a temporary room and its inbox entry.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::firebase::{Firebase, FirebaseError};
use tokio::time::timeout;
use uuid::Uuid;

use crate::firebase::no_response;
use crate::report::Check;

const FIX: &str = "deploy firebase/database.rules.json: until then anyone may read or forge messages, or old states \
                   overwrite new ones";

/// The timeout of all attempts. It leaves time to delete the room.
const ATTEMPTS_TIMEOUT: Duration = Duration::from_secs(12);

/// A room with two participants.
struct Scratch<'a> {
    firebase: &'a Firebase,
    /// Its path.
    room: String,
    /// The path of its entry in the client's inbox.
    entry: String,
    driver: String,
    client: String,
}

/// An operation of a caller, and whether the rules must allow it.
struct Attempt<'a> {
    name: &'static str,
    uid: &'a str,
    method: Method,
    path: String,
    body: Option<Value>,
    allowed: bool,
}

pub async fn checks(firebase: &Firebase) -> Vec<Check> {
    let id = || Uuid::new_v4().to_string();
    let (key, driver, client) = (format!("preflight-{}", id()), id(), id());
    let scratch = Scratch {
        firebase,
        room: format!("chats/{key}"),
        entry: format!("inboxes/{client}/{key}"),
        driver,
        client,
    };
    let mut checks = Vec::new();
    let attempts = async {
        for attempt in scratch.attempts() {
            checks.push(scratch.attempt(attempt).await);
        }
    };
    if timeout(ATTEMPTS_TIMEOUT, attempts).await.is_err() {
        let detail = format!("timed out after {} s", ATTEMPTS_TIMEOUT.as_secs());
        checks.push(Check::failed(
            "rules",
            detail,
            "try again; status.firebase.google.com",
        ));
    }
    // Delete the room whatever the attempts returned.
    checks.push(scratch.delete().await);
    checks
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn message(sender: &str) -> Value {
    json!({ "id": "m1", "seq": 1, "sender_id": sender, "message_type": "text", "text": "preflight",
            "timestamp": now(), "is_read": false })
}

fn read<'a>(name: &'static str, uid: &'a str, path: String, allowed: bool) -> Attempt<'a> {
    Attempt {
        name,
        uid,
        method: Method::GET,
        path,
        body: None,
        allowed,
    }
}

/// A write that the rules must deny.
fn forgery<'a>(name: &'static str, uid: &'a str, path: String, body: Value) -> Attempt<'a> {
    Attempt {
        name,
        uid,
        method: Method::PUT,
        path,
        body: Some(body),
        allowed: false,
    }
}

impl Scratch<'_> {
    fn attempts(&self) -> Vec<Attempt<'_>> {
        let (driver, client) = (self.driver.as_str(), self.client.as_str());
        let stranger = "a-stranger";
        let typing = json!({ "timestamp": now() });
        let room = |path| format!("{}{path}", self.room);
        let inbox = format!("inboxes/{client}");
        vec![
            self.mirror("rules: the backend writes a room", 2, true),
            self.mirror("rules: a newer state replaces it", 3, true),
            self.mirror("rules: a stale state is rejected", 2, false),
            self.mirror("rules: the same revision is rejected", 3, false),
            read(
                "rules: a participant reads the room",
                client,
                room(""),
                true,
            ),
            read("rules: a stranger reads nothing", stranger, room(""), false),
            forgery(
                "rules: a participant forges no message",
                client,
                room("/messages/m1"),
                message(client),
            ),
            forgery(
                "rules: a participant changes no room",
                driver,
                room("/metadata/other_user_id"),
                json!(stranger),
            ),
            forgery(
                "rules: a stranger shows no typing",
                stranger,
                room("/typing/a-stranger"),
                typing,
            ),
            read("rules: a user reads their inbox", client, inbox, true),
            read(
                "rules: a participant reads no other inbox",
                driver,
                self.entry.clone(),
                false,
            ),
            forgery(
                "rules: a user changes no badge",
                client,
                format!("{}/unread_count", self.entry),
                json!(0),
            ),
        ]
    }

    /// The mirror's write of the room and its inbox entry.
    fn mirror(&self, name: &'static str, revision: i64, allowed: bool) -> Attempt<'_> {
        let metadata = json!({ "driver_id": self.driver, "other_user_id": self.client, "is_active": true,
                               "revision": revision });
        let state = json!({
            format!("{}/metadata", self.room): metadata,
            format!("{}/messages/m1", self.room): message(&self.driver),
            format!("{}/receipts/{}", self.room, self.client): { "delivered_seq": 1, "read_seq": 1 },
            self.entry.as_str(): { "sort_at": now(), "unread_count": 1, "revision": revision },
        });
        Attempt {
            name,
            uid: Firebase::UID,
            method: Method::PATCH,
            path: String::new(),
            body: Some(state),
            allowed,
        }
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Check {
        let Attempt {
            name,
            uid,
            method,
            path,
            body,
            allowed,
        } = attempt;
        let response = self
            .firebase
            .probe(method, &path, Some(uid), body.as_ref())
            .await;
        judge(name, response.map(|it| it.status()), allowed)
    }

    /// Deletes the room and its entry as the service account, to which the rules do not apply.
    async fn delete(&self) -> Check {
        const NAME: &str = "rules: the tried room is deleted";
        let nothing = json!({ self.room.as_str(): null, self.entry.as_str(): null });
        let response = self
            .firebase
            .probe(Method::PATCH, "", None, Some(&nothing))
            .await;
        match response.map(|it| it.status()) {
            Ok(status) if status.is_success() => Check::ok(NAME, "the room is deleted"),
            Ok(status) => Check::failed(
                NAME,
                format!("{status}"),
                format!(
                    "delete {} and {} in the Firebase console",
                    self.room, self.entry
                ),
            ),
            Err(error) => no_response(NAME, &error),
        }
    }
}

/// Firebase returns 401 for a denial and for an unknown token.
fn judge(name: &'static str, status: Result<StatusCode, FirebaseError>, allowed: bool) -> Check {
    let status = match status {
        Ok(status) => status,
        Err(error) => return no_response(name, &error),
    };
    match (status, allowed) {
        (status, true) if status.is_success() => Check::ok(name, "allowed"),
        (StatusCode::UNAUTHORIZED, false) => Check::ok(name, "denied"),
        (status, false) if status.is_success() => Check::failed(name, "it was allowed", FIX),
        (StatusCode::UNAUTHORIZED, true) => Check::failed(name, "it was denied", FIX),
        (status, _) => Check::failed(
            name,
            format!("Firebase responds with {status}"),
            "try again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    #[test]
    fn only_the_expected_result_of_a_rule_is_ok() {
        let status = |code: u16, allowed| {
            judge("x", Ok(StatusCode::from_u16(code).unwrap()), allowed).status
        };
        assert_eq!(status(200, true), Status::Ok);
        assert_eq!(status(401, false), Status::Ok);
        assert_eq!(status(200, false), Status::Failed);
        assert_eq!(status(401, true), Status::Failed);
        assert_eq!(status(503, false), Status::Failed);
    }
}
