//! Tests the client against a server that responds like Google's. The tests against the stand-in cover the rules and
//! the real SDKs.

use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::client::Written;
use super::{Firebase, FirebaseError, ServiceAccount, Shards, custom_token};
use crate::config::FirebaseSettings;
use crate::db::mirror::{MirroredParticipant, MirroredRoom, RoomState};
use crate::delivery::RetryCause;
use crate::domain::{ReceiptState, Timestamp, Viewer};
use crate::http_client::HttpClient;
use crate::secret::{Secret, SecretStore};

const ROOM: Uuid = Uuid::from_u128(7);

fn firebase(server: &MockServer) -> Firebase {
    firebase_at(&server.uri())
}

fn firebase_at(uri: &str) -> Firebase {
    shards(&[uri.to_owned()]).into_databases().remove(0)
}

/// The first server also issues access tokens.
fn shards(urls: &[String]) -> Shards {
    let credentials =
        std::env::var("FIREBASE_CREDENTIALS_PATH").expect("`make test` makes a service account");
    let mut credentials: Value =
        serde_json::from_str(&std::fs::read_to_string(credentials).unwrap()).unwrap();
    credentials["token_uri"] = json!(format!("{}/token", urls[0]));
    let secret = Secret {
        database_url: String::new(),
        direct_database_url: None,
        redis_url: None,
        jwt_keys: vec![],
        service_account: ServiceAccount::parse(&credentials).ok(),
        cloudinary: None,
        webhook_keys: Vec::new(),
    };
    let settings = FirebaseSettings {
        database_urls: urls.iter().map(|url| Url::parse(url).unwrap()).collect(),
        emulator_host: None,
    };
    let secrets = Arc::new(SecretStore::fixed(secret));
    Shards::new(&settings, secrets, &Arc::new(HttpClient::default())).unwrap()
}

fn state(revision: i64) -> RoomState {
    let room = MirroredRoom {
        id: ROOM,
        room_type: "delivery".to_owned(),
        driver_id: Uuid::from_u128(1),
        other_user_id: Uuid::from_u128(2),
        delivery_id: None,
        created_at: Timestamp(DateTime::UNIX_EPOCH),
        is_active: true,
        closes_at: None,
        unreachable_until: None,
        last_message_text: String::new(),
        last_message_at: None,
        last_message_sender_id: None,
        message_count: 0,
        revision,
        tracking_number: None,
        participants: [ROOM, Uuid::from_u128(8)].map(|user_id| MirroredParticipant {
            user_id,
            other_participant: None,
            unread_count: 0,
            is_archived: false,
            is_muted: false,
            is_blocked: false,
        }),
        receipts: [1, 2].map(|user| ReceiptState {
            user_id: Uuid::from_u128(user),
            delivered_seq: 0,
            read_seq: 0,
        }),
    };
    RoomState {
        room,
        changed: vec![],
        all_changed: true,
        evicted: vec![],
        behind_since: None,
        base_revision: 0,
        read_at: DateTime::UNIX_EPOCH,
        lease: None,
    }
}

/// Responds with `token-1`, `token-2`, …, like Google's token endpoint.
async fn token_endpoint(server: &MockServer, times: u64) {
    let issued = Arc::new(std::sync::atomic::AtomicU32::new(0));
    Mock::given(path("/token"))
        .and(method("POST"))
        .and(body_string_contains(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=",
        ))
        .respond_with(move |_: &Request| {
            let number = issued.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            let token = format!("token-{number}");
            ResponseTemplate::new(200)
                .set_body_json(json!({ "access_token": token, "expires_in": 3600 }))
        })
        .expect(times)
        .mount(server)
        .await;
}

async fn write_is_answered(server: &MockServer, token: &str, status: u16) {
    Mock::given(method("PATCH"))
        .and(path("/.json"))
        .and(header("authorization", format!("Bearer {token}")))
        .and(query_param(
            "auth_variable_override",
            r#"{"uid":"chat-backend"}"#,
        ))
        .and(query_param("print", "silent"))
        .respond_with(ResponseTemplate::new(status))
        .mount(server)
        .await;
}

async fn revision_is(server: &MockServer, revision: Value) {
    Mock::given(method("GET"))
        .and(path(format!("/chats/{ROOM}/metadata/revision.json")))
        .respond_with(ResponseTemplate::new(200).set_body_json(revision))
        .mount(server)
        .await;
}

#[tokio::test]
async fn an_access_token_is_reused_until_it_expires() {
    let server = MockServer::start().await;
    token_endpoint(&server, 1).await;
    write_is_answered(&server, "token-1", 204).await;
    let firebase = firebase(&server);
    for revision in 1..=3 {
        assert_eq!(
            firebase.write_room(&state(revision)).await.unwrap(),
            Written::Stored
        );
    }
}

#[tokio::test]
async fn a_rejected_access_token_is_replaced_once() {
    let server = MockServer::start().await;
    token_endpoint(&server, 2).await;
    write_is_answered(&server, "token-1", 401).await;
    write_is_answered(&server, "token-2", 204).await;
    assert_eq!(
        firebase(&server).write_room(&state(1)).await.unwrap(),
        Written::Stored
    );
}

#[tokio::test]
async fn a_rejected_write_is_superseded_only_if_firebase_is_as_new() {
    for (there, expected) in [
        (json!(5), true),
        (json!(6), true),
        (json!(4), false),
        (json!(null), false),
    ] {
        let server = MockServer::start().await;
        token_endpoint(&server, 2).await;
        write_is_answered(&server, "token-1", 401).await;
        write_is_answered(&server, "token-2", 401).await;
        revision_is(&server, there.clone()).await;
        match firebase(&server).write_room(&state(5)).await {
            Ok(Written::Superseded) => assert!(expected, "{there}"),
            Err(FirebaseError::Response { status: 401, .. }) => assert!(!expected, "{there}"),
            other => panic!("{there}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_outage_and_a_rejected_room_are_distinguished() {
    for (status, cause) in [
        (500, RetryCause::Outage),
        (503, RetryCause::Outage),
        (429, RetryCause::Outage),
        (400, RetryCause::Item),
        (404, RetryCause::Item),
    ] {
        let server = MockServer::start().await;
        token_endpoint(&server, 1).await;
        write_is_answered(&server, "token-1", status).await;
        let error = firebase(&server).write_room(&state(1)).await.unwrap_err();
        assert_eq!(error.cause(), cause, "{error}");
    }
}

#[tokio::test]
async fn retry_after_is_honoured_for_at_most_five_minutes() {
    let in_an_hour = std::time::SystemTime::now() + std::time::Duration::from_hours(1);
    for (retry_after, seconds) in [
        ("7".to_owned(), 7),
        ("900".to_owned(), 300),
        (httpdate::fmt_http_date(in_an_hour), 300),
    ] {
        let server = MockServer::start().await;
        token_endpoint(&server, 1).await;
        let busy = ResponseTemplate::new(503).insert_header("retry-after", retry_after.as_str());
        Mock::given(method("PATCH"))
            .respond_with(busy)
            .mount(&server)
            .await;
        let error = firebase(&server).write_room(&state(1)).await.unwrap_err();
        let asked = std::time::Duration::from_secs(seconds);
        assert_eq!(error.retry_after(), Some(asked));
    }
}

#[tokio::test]
async fn a_rejected_key_is_not_an_outage() {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .respond_with(ResponseTemplate::new(400))
        .mount(&server)
        .await;
    let error = firebase(&server)
        .set_typing(ROOM, Viewer(ROOM), true)
        .await
        .unwrap_err();
    assert!(matches!(error, FirebaseError::Key(_)), "{error}");
    assert_eq!(error.cause(), RetryCause::Credentials);
}

#[tokio::test]
async fn a_malformed_response_is_an_outage_and_is_not_quoted() {
    for body in [
        json!({ "access_token": "a", "expires_in": "hunter2" }),
        json!("hunter2"),
    ] {
        let server = MockServer::start().await;
        Mock::given(path("/token"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
        let error = firebase(&server).write_room(&state(1)).await.unwrap_err();
        assert_eq!(error.cause(), RetryCause::Outage);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn an_unreachable_server_is_an_outage_and_the_error_has_no_url() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = firebase_at(&format!("http://{nobody}"))
        .write_room(&state(1))
        .await
        .unwrap_err();
    assert_eq!(error.cause(), RetryCause::Outage);
    assert!(!error.to_string().contains("http"), "{error}");
}

#[test]
fn a_custom_token_has_exactly_the_required_claims() {
    let credentials =
        std::env::var("FIREBASE_CREDENTIALS_PATH").expect("`make test` makes a service account");
    let account = serde_json::from_str(&std::fs::read_to_string(credentials).unwrap()).unwrap();
    let account = ServiceAccount::parse(&account).unwrap();
    let token = custom_token(&account, ROOM).unwrap();
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(&token.token).unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": account.client_email,
            "sub": account.client_email,
            "aud": "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
            "uid": ROOM,
            "iat": claims["iat"],
            "exp": claims["iat"].as_u64().unwrap() + 3600,
        })
    );
}

/// The vectors of docs/mirror.md, for other languages.
#[test]
fn a_rooms_shard_is_the_database_with_the_greatest_sha_256_of_its_bucket() {
    let shards = shards(&["a", "b", "c"].map(|name| format!("https://{name}.firebaseio.com")));
    for (room, name) in [
        ("00000000-0000-0000-0000-000000000001", "b"),
        ("00000000-0000-0000-0000-000000000002", "c"),
        ("0190d5a0-7c00-7000-8000-123456789abc", "a"),
        ("0190d5a0-7c00-7000-8000-000000000fff", "b"),
    ] {
        let shard = shards.of(Uuid::parse_str(room).unwrap());
        let url = format!("https://{name}.firebaseio.com");
        assert_eq!(shard.firebase.database_url(), url, "{room}");
    }
}

#[test]
fn a_single_database_has_all_rooms() {
    let only = shards(&["https://a.firebaseio.com/".to_owned()]);
    assert_eq!(only.urls(), ["https://a.firebaseio.com"]);
    assert_eq!(
        only.of(ROOM).firebase.database_url(),
        "https://a.firebaseio.com"
    );
    assert_eq!(only.not_of(ROOM).count(), 0);
    assert_eq!(only.all()[0].rooms.circuit, "mirror");
}

#[tokio::test]
async fn shards_share_an_access_token() {
    let [first, second] = [MockServer::start().await, MockServer::start().await];
    token_endpoint(&first, 1).await;
    for server in [&first, &second] {
        write_is_answered(server, "token-1", 204).await;
    }
    let shards = shards(&[first.uri(), second.uri()]);
    for firebase in shards.databases() {
        firebase.write_room(&state(1)).await.unwrap();
    }
}
