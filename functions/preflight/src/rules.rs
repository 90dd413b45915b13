//! Tests the rules of the Realtime Database on a temporary room.

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
    room: String,
    driver: String,
    client: String,
}

/// An operation of a caller, and whether the rules must allow it.
struct Attempt<'a> {
    name: &'static str,
    uid: &'a str,
    method: Method,
    path: &'a str,
    body: Option<Value>,
    allowed: bool,
}

pub async fn checks(firebase: &Firebase) -> Vec<Check> {
    let id = || Uuid::new_v4().to_string();
    let scratch = Scratch {
        firebase,
        room: format!("chats/preflight-{}", id()),
        driver: id(),
        client: id(),
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

impl Scratch<'_> {
    fn attempts(&self) -> Vec<Attempt<'_>> {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let message = |sender: &str| {
            json!({ "id": "m1", "seq": 1, "sender_id": sender, "message_type": "text", "text": "preflight",
                    "timestamp": now, "is_read": false })
        };
        let state = |revision: i64| {
            let metadata = json!({ "driver_id": self.driver, "other_user_id": self.client, "is_active": true,
                                   "revision": revision });
            json!({ "metadata": metadata, "messages": { "m1": message(&self.driver) } })
        };
        let attempt = |name, uid, method, path, body, allowed| Attempt {
            name,
            uid,
            method,
            path,
            body,
            allowed,
        };
        let (backend, driver, client) = (Firebase::UID, self.driver.as_str(), self.client.as_str());
        let (put, patch, get) = (Method::PUT, Method::PATCH, Method::GET);
        vec![
            attempt(
                "rules: the backend writes a room",
                backend,
                patch.clone(),
                "",
                Some(state(2)),
                true,
            ),
            attempt(
                "rules: a newer state replaces it",
                backend,
                patch.clone(),
                "",
                Some(state(3)),
                true,
            ),
            attempt(
                "rules: a stale state is rejected",
                backend,
                patch.clone(),
                "",
                Some(state(2)),
                false,
            ),
            attempt(
                "rules: the same revision is rejected",
                backend,
                patch,
                "",
                Some(state(3)),
                false,
            ),
            attempt(
                "rules: a participant reads the room",
                client,
                get.clone(),
                "",
                None,
                true,
            ),
            attempt(
                "rules: a stranger reads nothing",
                "a-stranger",
                get,
                "",
                None,
                false,
            ),
            attempt(
                "rules: a participant forges no message",
                client,
                put.clone(),
                "/messages/m1",
                Some(message(client)),
                false,
            ),
            attempt(
                "rules: a participant changes no room",
                driver,
                put.clone(),
                "/metadata/other_user_id",
                Some(json!("a-stranger")),
                false,
            ),
            attempt(
                "rules: a stranger shows no typing",
                "a-stranger",
                put,
                "/typing/a-stranger",
                Some(json!({ "timestamp": now })),
                false,
            ),
        ]
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
        let path = format!("{}{path}", self.room);
        let response = self
            .firebase
            .probe(method, &path, Some(uid), body.as_ref())
            .await;
        judge(name, response.map(|it| it.status()), allowed)
    }

    /// Deletes the room as the service account, to which the rules do not apply.
    async fn delete(&self) -> Check {
        const NAME: &str = "rules: the tried room is deleted";
        let response = self
            .firebase
            .probe(Method::DELETE, &self.room, None, None)
            .await;
        match response.map(|it| it.status()) {
            Ok(status) if status.is_success() => Check::ok(NAME, "the room is deleted"),
            Ok(status) => Check::failed(
                NAME,
                format!("{status}"),
                format!("delete {} in the Firebase console", self.room),
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
