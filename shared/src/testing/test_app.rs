use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lambda_http::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;

use super::{Call, RecordingFcm, RecordingFirebase, RecordingWebhooks, database};
use crate::auth::{JwtKey, TokenRules};
use crate::config::{FirebaseSettings, SecretSource, Settings};
use crate::crypto;
use crate::db::rooms::OpeningRules;
use crate::db::{devices, events, messages, rooms, webhooks};
use crate::domain::{
    Content, DeliveryEvent, DeviceToken, Disclosure, EditWindow, GracePeriod, ImageHosts, Message,
    PersonLimits, Platform, ResponseTime, RoomDetail, RoomType, RoomsWithoutDelivery, SendLimits,
    Text, Viewer,
};
use crate::error::Result;
use crate::firebase::ServiceAccount;
use crate::http::{ApiResponse, Request};
use crate::runtime::{self, App, Caller};
use crate::secret::{Secret, SecretStore};
use crate::webhooks::WebhookKey;

/// An app with a database of its own, and recording stand-ins for Firebase and FCM.
pub struct TestApp {
    pub app: &'static App,
    pub firebase: RecordingFirebase,
    pub fcm: RecordingFcm,
    /// A connection outside the app's pool, for setup and checks.
    pub sql: Client,
    pub database_url: String,
}

/// A function's response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; null if there is none.
    pub body: Value,
}

impl TestApp {
    const JWT_SECRET: &str = "the secret of the tests, which is long enough";

    /// Creates an app without users.
    ///
    /// # Panics
    /// A server is missing.
    pub async fn new() -> Self {
        Self::with(|_, _| ()).await
    }

    /// Creates an app whose settings and secret are changed first.
    ///
    /// # Panics
    /// A server is missing.
    pub async fn with(change: impl FnOnce(&mut Settings, &mut Secret)) -> Self {
        let database_url = database::create().await;
        let firebase = RecordingFirebase::start().await;
        let fcm = RecordingFcm::start().await;
        let credentials = std::env::var("FIREBASE_CREDENTIALS_PATH").expect(
            "FIREBASE_CREDENTIALS_PATH names a service account for tests; `make test` makes one",
        );
        let credentials = std::fs::read_to_string(credentials).expect("the tests' service account");
        let pooled = database::pooled(&database_url);
        let mut credentials: Value =
            serde_json::from_str(&credentials).expect("the tests' service account");
        credentials["token_uri"] = json!(format!("{}/token", fcm.url()));
        let mut secret = Secret {
            direct_database_url: (pooled != database_url).then(|| database_url.clone()),
            database_url: pooled,
            jwt_keys: vec![
                JwtKey::parse(Algorithm::HS256, Self::JWT_SECRET).expect("the tests' key"),
            ],
            service_account: Some(
                ServiceAccount::parse(&credentials).expect("the tests' service account"),
            ),
            redis_url: None,
            cloudinary: None,
            webhook_keys: Vec::new(),
        };
        let mut settings = Settings {
            secret_source: SecretSource::Environment,
            token_rules: TokenRules::default(),
            firebase: Some(FirebaseSettings {
                database_urls: vec![
                    Url::parse("https://relais-test.firebaseio.com").expect("a URL"),
                ],
                emulator_host: Some(firebase.host()),
            }),
            fcm_url: Some(Url::parse(&fcm.url()).expect("a URL")),
            webhooks: None,
            cors_origin: Some(HeaderValue::from_static("https://relais.example")),
            image_hosts: ImageHosts::default(),
            send_limits: SendLimits::default(),
            person_limits: PersonLimits::default(),
            rooms_without_delivery: RoomsWithoutDelivery::default(),
            disclosure: Disclosure::default(),
            statement_cache: None,
            room_grace: GracePeriod::default(),
            response_time: ResponseTime::default(),
            edit_window: EditWindow::default(),
            retention: None,
            connect_timeout: Settings::ENDPOINT_CONNECT_TIMEOUT,
            concurrency: NonZeroUsize::new(16).expect("not zero"),
        };
        change(&mut settings, &mut secret);
        let app = App::assemble(&settings, Arc::new(SecretStore::fixed(secret))).expect("the app");
        let sql = database::connect(&database_url).await;
        Self {
            app: Box::leak(Box::new(app)),
            firebase,
            fcm,
            sql,
            database_url,
        }
    }

    /// Creates an app with webhooks, and their endpoint.
    ///
    /// # Panics
    /// A server is missing.
    pub async fn with_webhooks() -> (Self, RecordingWebhooks) {
        let endpoint = RecordingWebhooks::start().await;
        let test = Self::with(|settings, secret| {
            settings.webhooks = Some(endpoint.settings());
            let key = WebhookKey::parse(RecordingWebhooks::SECRET);
            secret.webhook_keys.push(key.expect("the tests' key"));
        })
        .await;
        webhooks::switch(&test.sql, true)
            .await
            .expect("the triggers");
        (test, endpoint)
    }

    /// Inserts a user.
    ///
    /// # Panics
    /// The insert fails.
    pub async fn user(&self, user_type: &str, full_name: &str) -> Viewer {
        let id = Uuid::new_v4();
        let insert = "INSERT INTO users (id, full_name, phone_number, user_type) VALUES ($1, $2, '+2250701020304', $3)";
        self.sql
            .execute(insert, &[&id, &full_name, &user_type])
            .await
            .expect("a user");
        Viewer(id)
    }

    /// Returns the user's number of unread messages.
    ///
    /// # Panics
    /// The query fails.
    pub async fn unread(&self, viewer: Viewer) -> i64 {
        let count = rooms::unread_count(&self.app.database, viewer).await;
        count.expect("a count")
    }

    /// Inserts a delivery of the driver and the client.
    ///
    /// # Panics
    /// The insert fails.
    pub async fn delivery(&self, tracking_number: &str, driver: Viewer, client: Viewer) -> Uuid {
        let id = Uuid::new_v4();
        let insert =
            "INSERT INTO deliveries (id, tracking_number, pickup_address, delivery_address, driver_id, client_id)
                      VALUES ($1, $2, 'Cocody', 'Yopougon', $3, $4)";
        self.sql
            .execute(insert, &[&id, &tracking_number, &driver.0, &client.0])
            .await
            .expect("a delivery");
        id
    }

    /// Creates a driver, a client, and their room without a delivery.
    ///
    /// # Panics
    /// The room cannot be created.
    pub async fn room(&self) -> (Viewer, Viewer, Uuid) {
        let (driver, client) = (
            self.user("driver", "Awa Koné").await,
            self.user("client", "Jean Dupont").await,
        );
        (driver, client, self.room_between(driver, client).await.id)
    }

    /// Creates the room of a driver and a client without a delivery.
    ///
    /// # Panics
    /// The room cannot be created.
    pub async fn room_between(&self, driver: Viewer, client: Viewer) -> RoomDetail {
        let new = rooms::NewRoom {
            other_user_id: client.0,
            delivery_id: None,
            room_type: RoomType::Delivery,
            initial_message: None,
        };
        rooms::create(&self.app.database, driver, &new, &OpeningRules::default())
            .await
            .expect("a room")
            .room
    }

    /// Sends a text message.
    ///
    /// # Panics
    /// The message is rejected.
    pub async fn say(&self, sender: Viewer, room_id: Uuid, text: &str) -> Message {
        let content = Content::Text(Text::parse(text).expect("a text"));
        let new = messages::NewMessage {
            room_id,
            content,
            client_message_id: None,
        };
        messages::send(&self.app.database, sender, &new, &SendLimits::default())
            .await
            .expect("a message")
            .message
    }

    /// Indexes the words of all new messages.
    ///
    /// # Panics
    /// The statement fails.
    pub async fn index_words(&self) {
        let index = async || messages::index_words(&self.app.database, 100_000).await;
        while index().await.expect("the indexed messages") > 0 {}
    }

    /// Opens another connection to the database.
    ///
    /// # Panics
    /// PostgreSQL does not respond.
    pub async fn connect(&self) -> Client {
        database::connect(&self.database_url).await
    }

    /// Creates a driver, a client, and the room about their delivery, where the driver has nearly arrived.
    ///
    /// # Panics
    /// An event is rejected.
    pub async fn arrived(&self) -> (Viewer, Viewer, Uuid) {
        let driver = self.user("driver", "Awa Koné").await;
        let client = self.user("client", "Jean Dupont").await;
        let delivery_id = self.delivery("LBN123456", driver, client).await;
        let mut rooms = vec![];
        for event in [DeliveryEvent::Assigned, DeliveryEvent::Arriving] {
            rooms = self.report(event, delivery_id).await;
        }
        (driver, client, rooms.pop().expect("a room"))
    }

    /// Reports an event of a delivery as the platform, and returns the rooms that got its message.
    ///
    /// # Panics
    /// The event is rejected.
    pub async fn report(&self, event: DeliveryEvent, delivery_id: Uuid) -> Vec<Uuid> {
        let new = events::NewEvent {
            event_id: Uuid::new_v4(),
            event,
            delivery_id,
            occurred_at: None,
        };
        let received = events::receive(&self.app.database, Platform, &new, GracePeriod::default());
        received.await.expect("an event").rooms
    }

    /// Moves the time of a message into the past.
    ///
    /// # Panics
    /// The update fails.
    pub async fn backdate(&self, message_id: Uuid, seconds: i32) {
        let update = "UPDATE chat_messages SET created_at = now() - make_interval(secs => $1::integer) WHERE id = $2";
        let updated = self.sql.execute(update, &[&seconds, &message_id]).await;
        assert_eq!(updated.expect("an update"), 1);
    }

    /// Registers a device for this user.
    ///
    /// # Panics
    /// The registration fails.
    pub async fn device(&self, viewer: Viewer, token: &str) {
        let token = DeviceToken::parse(token).expect("a token");
        devices::register(&self.app.database, viewer, &token)
            .await
            .expect("a device");
    }

    /// Closes all rooms, as an administrator does by hand.
    ///
    /// # Panics
    /// The update fails.
    pub async fn close_rooms(&self) {
        let close = "UPDATE chat_rooms SET is_active = false";
        self.sql.execute(close, &[]).await.expect("closed rooms");
    }

    /// Deactivates a user.
    ///
    /// # Panics
    /// The update fails.
    pub async fn deactivate(&self, viewer: Viewer) {
        let deactivate = "UPDATE users SET is_active = false WHERE id = $1";
        let updated = self.sql.execute(deactivate, &[&viewer.0]).await;
        assert_eq!(updated.expect("an update"), 1);
    }

    /// Calls a function as this user, and waits for its work after the reply.
    pub async fn call<H, C, F>(&self, handler: H, viewer: Viewer, call: Call) -> Reply
    where
        H: Fn(&'static App, C, Request) -> F,
        C: Caller,
        F: Future<Output = Result<ApiResponse>>,
    {
        let token = Self::token(&json!({
            "token_type": "access", "exp": 4_000_000_000_u64, "iat": 1_700_000_000, "jti": "test", "user_id": viewer.0,
        }));
        self.call_anonymously(handler, call.header("authorization", token))
            .await
    }

    /// Calls a function as the platform's backend, and waits for its work after the reply.
    pub async fn call_as_platform<H, C, F>(&self, handler: H, call: Call) -> Reply
    where
        H: Fn(&'static App, C, Request) -> F,
        C: Caller,
        F: Future<Output = Result<ApiResponse>>,
    {
        let token = Self::token(&json!({ "aud": "chat-events", "exp": 4_000_000_000_u64 }));
        self.call_anonymously(handler, call.header("authorization", token))
            .await
    }

    /// Calls a function without a token.
    ///
    /// # Panics
    /// The response is not JSON.
    pub async fn call_anonymously<H, C, F>(&self, handler: H, call: Call) -> Reply
    where
        H: Fn(&'static App, C, Request) -> F,
        C: Caller,
        F: Future<Output = Result<ApiResponse>>,
    {
        let request = lambda_http::request::from_str(&call.event().to_string())
            .expect("an event of API Gateway");
        let response = runtime::answer(self.app, handler, request).await;
        self.app.after_reply.idle().await;
        let (parts, body) = response.into_parts();
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).expect("a JSON body")
        };
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// Returns a signed token with these claims as a header value.
    fn token(claims: &Value) -> String {
        crypto::install();
        let key = EncodingKey::from_secret(Self::JWT_SECRET.as_bytes());
        let token = encode(&Header::default(), claims, &key).expect("a token");
        format!("Bearer {token}")
    }
}

impl Reply {
    /// Returns the body of a response with this status.
    ///
    /// # Panics
    /// The status is another.
    #[expect(
        clippy::must_use_candidate,
        reason = "often the status is all that is looked at"
    )]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}
