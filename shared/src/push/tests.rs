//! Tests the client against a server that returns FCM's documented errors, as its reference and guides print them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use wiremock::matchers::{body_partial_json, body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::Fcm;
use super::fcm::PushError;
use crate::db::pushes::Notice;
use crate::delivery::{DeliveryOutcome, DropReason, RetryCause};
use crate::domain::MessageType;
use crate::firebase::ServiceAccount;
use crate::http_client::HttpClient;
use crate::secret::{Secret, SecretStore};

const SEND: &str = "/v1/projects/relais-test/messages:send";
const TOKEN: &str = "cR1:APA91b";
const CREDENTIALS: DeliveryOutcome = DeliveryOutcome::Retry {
    after: None,
    cause: RetryCause::Credentials,
};

fn fcm_at(uri: &str) -> Fcm {
    let credentials =
        std::env::var("FIREBASE_CREDENTIALS_PATH").expect("`make test` makes a service account");
    let mut credentials: Value =
        serde_json::from_str(&std::fs::read_to_string(credentials).unwrap()).unwrap();
    credentials["token_uri"] = json!(format!("{uri}/token"));
    credentials["project_id"] = json!("relais-test");
    let secret = Secret {
        database_url: String::new(),
        direct_database_url: None,
        jwt_keys: vec![],
        service_account: ServiceAccount::parse(&credentials).ok(),
        redis_url: None,
        cloudinary: None,
        webhook_keys: Vec::new(),
    };
    Fcm::new(
        Url::parse(uri).unwrap(),
        Arc::new(SecretStore::fixed(secret)),
        Arc::new(HttpClient::default()),
    )
}

async fn push(fcm: &Fcm) -> Result<(), PushError> {
    let notice = Notice {
        message_id: Uuid::from_u128(2),
        seq: 1,
        message_type: MessageType::Text,
        text: "Bonjour".to_owned(),
        sender_name: "Awa Koné".to_owned(),
        tracking_number: String::new(),
        unread_total: 1,
        is_urgent: false,
    };
    let expires_at = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    fcm.push(TOKEN, Uuid::from_u128(1), &notice, expires_at)
        .await
}

/// Responds with `token-1`, `token-2`, … to assertions with the messaging scope.
async fn token_endpoint(server: &MockServer, times: u64) {
    let issued = std::sync::atomic::AtomicU32::new(0);
    Mock::given(path("/token"))
        .and(method("POST"))
        .and(body_string_contains("assertion="))
        .respond_with(move |request: &Request| {
            let form = url::form_urlencoded::parse(&request.body);
            let (_, assertion) = form.last().unwrap();
            let claims: Value =
                jsonwebtoken::dangerous::insecure_decode_claims(assertion.as_ref()).unwrap();
            assert_eq!(
                claims["scope"],
                "https://www.googleapis.com/auth/firebase.messaging"
            );
            let number = issued.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            ResponseTemplate::new(200).set_body_json(
                json!({ "access_token": format!("token-{number}"), "expires_in": 3600 }),
            )
        })
        .expect(times)
        .mount(server)
        .await;
}

async fn fcm_responds(server: &MockServer, access_token: &str, response: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(SEND))
        .and(header("authorization", format!("Bearer {access_token}")))
        .and(body_partial_json(json!({ "message": { "token": TOKEN } })))
        .respond_with(response)
        .mount(server)
        .await;
}

fn sent() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(
        json!({ "name": "projects/relais-test/messages/0:1500415314455276%31bd1c96" }),
    )
}

/// Returns the outcome of a push after this response.
async fn outcome_of(response: ResponseTemplate) -> DeliveryOutcome {
    let server = MockServer::start().await;
    token_endpoint(&server, 1).await;
    fcm_responds(&server, "token-1", response).await;
    match push(&fcm_at(&server.uri())).await {
        Err(PushError::Rejected(error)) => error.outcome(),
        other => panic!("{other:?}"),
    }
}

fn fcm_error(status: u16, message: &str, google: &str, fcm: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": {
        "code": status,
        "message": message,
        "status": google,
        "details": [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": fcm }],
    }}))
}

fn bad_field(field: &str) -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(json!({ "error": {
        "code": 400,
        "message": "Request contains an invalid argument.",
        "status": "INVALID_ARGUMENT",
        "details": [
            { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT" },
            { "@type": "type.googleapis.com/google.rpc.BadRequest",
              "fieldViolations": [{ "field": field, "description": "Invalid value" }] },
        ],
    }}))
}

#[tokio::test]
async fn a_push_is_sent_for_the_service_accounts_project_and_an_access_token_serves_many() {
    let server = MockServer::start().await;
    token_endpoint(&server, 1).await;
    fcm_responds(&server, "token-1", sent()).await;
    let fcm = fcm_at(&server.uri());
    for _ in 0..3 {
        push(&fcm).await.unwrap();
    }
}

#[tokio::test]
async fn only_a_response_about_the_token_removes_the_device() {
    for response in [
        fcm_error(
            404,
            "Requested entity was not found.",
            "NOT_FOUND",
            "UNREGISTERED",
        ),
        fcm_error(
            400,
            "The registration token is not a valid FCM registration token",
            "INVALID_ARGUMENT",
            "INVALID_ARGUMENT",
        ),
        bad_field("message.token"),
    ] {
        let gone = DeliveryOutcome::Dropped(DropReason::DeviceGone);
        assert_eq!(outcome_of(response).await, gone);
    }
}

#[tokio::test]
async fn a_message_that_fcm_will_never_accept_is_dropped_and_the_device_stays() {
    for response in [
        bad_field("message.notification.title"),
        fcm_error(
            400,
            "Message too big",
            "INVALID_ARGUMENT",
            "INVALID_ARGUMENT",
        ),
        ResponseTemplate::new(404).set_body_string("<!DOCTYPE html>"),
    ] {
        let dropped = DeliveryOutcome::Dropped(DropReason::Invalid);
        assert_eq!(outcome_of(response).await, dropped);
    }
}

#[tokio::test]
async fn rejected_credentials_keep_the_push_and_the_device() {
    for response in [
        fcm_error(
            403,
            "SenderId mismatch",
            "PERMISSION_DENIED",
            "SENDER_ID_MISMATCH",
        ),
        fcm_error(
            401,
            "Auth error from APNS or Web Push Service",
            "UNAUTHENTICATED",
            "THIRD_PARTY_AUTH_ERROR",
        ),
        ResponseTemplate::new(403).set_body_json(json!({ "error": {
            "code": 403,
            "message": "Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/relais-test' (or it may not exist).",
            "status": "PERMISSION_DENIED",
        }})),
    ] {
        assert_eq!(outcome_of(response).await, CREDENTIALS);
    }
}

#[tokio::test]
async fn transient_errors_are_retried_when_fcm_asks() {
    let quota = || {
        fcm_error(
            429,
            "Resource has been exhausted (e.g. check quota).",
            "RESOURCE_EXHAUSTED",
            "QUOTA_EXCEEDED",
        )
    };
    let unavailable = || {
        fcm_error(
            503,
            "The service is currently unavailable.",
            "UNAVAILABLE",
            "UNAVAILABLE",
        )
    };
    let internal = fcm_error(500, "Internal error encountered.", "INTERNAL", "INTERNAL");
    for (response, asked) in [
        (quota(), Some(60)),
        (quota().insert_header("retry-after", "5"), Some(5)),
        (quota().insert_header("retry-after", "90000"), Some(3600)),
        (unavailable(), None),
        (unavailable().insert_header("retry-after", "30"), Some(30)),
        (internal, None),
        (ResponseTemplate::new(502), None),
    ] {
        let asked = asked.map(Duration::from_secs);
        assert_eq!(outcome_of(response).await, DeliveryOutcome::outage(asked));
    }
}

#[tokio::test]
async fn a_rejected_access_token_is_replaced_once() {
    let rejected = || {
        ResponseTemplate::new(401).set_body_json(json!({ "error": {
            "code": 401,
            "message": "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
            "status": "UNAUTHENTICATED",
        }}))
    };
    let server = MockServer::start().await;
    token_endpoint(&server, 2).await;
    fcm_responds(&server, "token-1", rejected()).await;
    fcm_responds(&server, "token-2", sent()).await;
    push(&fcm_at(&server.uri())).await.unwrap();

    let server = MockServer::start().await;
    token_endpoint(&server, 2).await;
    fcm_responds(&server, "token-1", rejected()).await;
    fcm_responds(&server, "token-2", rejected()).await;
    match push(&fcm_at(&server.uri())).await {
        Err(PushError::Rejected(error)) => assert_eq!(error.outcome(), CREDENTIALS),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_unreachable_server_is_reported_without_its_address() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = push(&fcm_at(&format!("http://{nobody}")))
        .await
        .unwrap_err();
    assert!(matches!(error, PushError::Unavailable(_)));
    assert!(!error.to_string().contains("http"), "{error}");
}

#[tokio::test]
async fn errors_contain_neither_the_device_nor_the_text() {
    let server = MockServer::start().await;
    token_endpoint(&server, 1).await;
    let echo = format!("{TOKEN} said Bonjour");
    let response = fcm_error(400, &echo, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
    fcm_responds(&server, "token-1", response).await;
    let error = push(&fcm_at(&server.uri())).await.unwrap_err().to_string();
    assert_eq!(error, "responded with 400 INVALID_ARGUMENT");
}
