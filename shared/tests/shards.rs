//! Tests the mirror on two Realtime Databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up is a failed test"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::config::FirebaseSettings;
use shared::db::mirror;
use shared::delivery::LeaseScope;
use shared::delivery::sweep::{Sweep, sweep_all};
use shared::domain::Viewer;
use shared::firebase::Shards;
use shared::firebase::revoke::revoke_users;
use shared::testing::TestApp;
use url::Url;
use uuid::Uuid;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// An app with two databases, and a room of each.
struct TwoShards {
    test: TestApp,
    databases: [MockServer; 2],
    rooms: [(Viewer, Uuid); 2],
}

impl TwoShards {
    async fn new() -> Self {
        let databases = [MockServer::start().await, MockServer::start().await];
        for database in &databases {
            responds(database, ResponseTemplate::new(204)).await;
        }
        let urls = databases.each_ref().map(MockServer::uri);
        let test = TestApp::with(|settings, _| {
            settings.firebase = Some(FirebaseSettings {
                database_urls: urls.map(|url| Url::parse(&url).unwrap()).into(),
                emulator_host: None,
            });
        })
        .await;
        let mut rooms = [None, None];
        while rooms.contains(&None) {
            let (driver, _, room) = test.room().await;
            rooms[shard_of(&test, room)] = Some((driver, room));
        }
        let rooms = rooms.map(Option::unwrap);
        let others = "DELETE FROM chat_rooms WHERE NOT id = ANY ($1)";
        let ids = rooms.map(|(_, room)| room).to_vec();
        test.sql.execute(others, &[&ids]).await.unwrap();
        Self {
            test,
            databases,
            rooms,
        }
    }

    /// Sends a message to the room of a shard, and waits for the work after the reply. Returns how long that took.
    async fn send(&self, shard: usize) -> Duration {
        let (driver, room) = self.rooms[shard];
        self.test.say(driver, room, "Bonjour").await;
        let began = Instant::now();
        self.test.app.mirror_after_reply(vec![room]);
        self.test.app.after_reply.idle().await;
        began.elapsed()
    }

    async fn sweep(&self, budget: Duration) -> Sweep {
        sweep_all(self.test.app.mirrors(), budget).await.unwrap()
    }

    /// Returns the bodies of the writes that a database has received.
    async fn writes(&self, shard: usize) -> Vec<Value> {
        let requests = self.databases[shard].received_requests().await.unwrap();
        let writes = requests.iter().filter(|it| it.method == "PATCH");
        writes.map(|it| it.body_json().unwrap()).collect()
    }

    async fn open_circuits(&self) -> Vec<String> {
        let sql = "SELECT name FROM chat_delivery_channels WHERE open_since IS NOT NULL";
        let rows = self.test.sql.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

async fn responds(database: &MockServer, response: ResponseTemplate) {
    database.reset().await;
    Mock::given(any())
        .respond_with(response)
        .mount(database)
        .await;
}

fn shards(test: &TestApp) -> &'static Shards {
    test.app.firebase.as_ref().unwrap()
}

/// Returns the position of a room's shard.
fn shard_of(test: &TestApp, room: Uuid) -> usize {
    let url = shards(test).of(room).firebase.database_url();
    shards(test)
        .urls()
        .iter()
        .position(|it| *it == url)
        .unwrap()
}

fn has_room(write: &Value, room: Uuid) -> bool {
    let paths = write.as_object().unwrap().keys();
    paths
        .into_iter()
        .any(|path| path.contains(&room.to_string()))
}

#[tokio::test]
async fn a_room_and_its_inbox_entries_are_written_to_its_shard_in_one_request() {
    let two = TwoShards::new().await;
    for shard in [0, 1] {
        two.send(shard).await;
    }
    for shard in [0, 1] {
        let (driver, room) = two.rooms[shard];
        let writes = two.writes(shard).await;
        let [write] = &writes[..] else {
            panic!("{writes:?}")
        };
        assert_eq!(
            write[format!("chats/{room}/metadata")]["id"],
            room.to_string()
        );
        assert_eq!(write[format!("inboxes/{}/{room}", driver.0)]["revision"], 2);
        assert!(!has_room(write, two.rooms[1 - shard].1));
    }
}

#[tokio::test]
async fn postgresql_finds_the_rooms_of_a_shard_as_the_functions_do() {
    let two = TwoShards::new().await;
    // A room of each bucket.
    let sql = "WITH others AS (DELETE FROM chat_rooms)
        INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id)
        SELECT overlay(gen_random_uuid()::text PLACING to_hex(4096 + bucket + bucket % 2 * 2048) FROM 33)::uuid,
               'delivery', gen_random_uuid(), gen_random_uuid()
        FROM generate_series(0, 2047) AS bucket";
    two.test.sql.execute(sql, &[]).await.unwrap();
    let database = &two.test.app.database;
    let mut count = 0;
    for (index, shard) in shards(&two.test).all().iter().enumerate() {
        let backlog = mirror::backlog(database, &shard.rooms).await.unwrap();
        let scope = LeaseScope::Due {
            limit: 2_048,
            ignore_circuit: false,
        };
        let life = Duration::from_mins(1);
        let lease = mirror::lease(database, scope, life, &shard.rooms);
        let rooms = lease.await.unwrap().items;
        assert_eq!(backlog.items, i64::try_from(rooms.len()).unwrap());
        for state in &rooms {
            assert_eq!(shard_of(&two.test, state.room.id), index);
        }
        count += rooms.len();
    }
    assert_eq!(count, 2_048);
}

#[tokio::test]
async fn a_failing_shard_opens_its_own_circuit_and_delays_no_other_room() {
    for failing in [0, 1] {
        let two = TwoShards::new().await;
        let slow = ResponseTemplate::new(503).set_delay(Duration::from_millis(200));
        responds(&two.databases[failing], slow).await;
        let retry_now = "UPDATE chat_rooms SET mirror_after = NULL, mirror_paced_until = NULL";
        for _ in 0..5 {
            two.send(failing).await;
            two.test.sql.execute(retry_now, &[]).await.unwrap();
        }
        let circuit = ["mirror", "mirror-2"][failing];
        assert_eq!(two.open_circuits().await, [circuit]);

        let before = two.writes(failing).await.len();
        let took = two.send(failing).await;
        assert!(took < Duration::from_millis(100), "{took:?}");
        assert_eq!(two.writes(failing).await.len(), before);
        two.send(1 - failing).await;
        assert_eq!(two.writes(1 - failing).await.len(), 1);

        let (driver, healthy) = two.rooms[1 - failing];
        two.test.say(driver, healthy, "Au revoir").await;
        two.test.sql.execute(retry_now, &[]).await.unwrap();
        let swept = two.sweep(Duration::ZERO).await;
        assert_eq!((swept.delivered, swept.backlog), (1, 1));

        responds(&two.databases[failing], ResponseTemplate::new(204)).await;
        let swept = two.sweep(Duration::from_secs(20)).await;
        assert_eq!((swept.delivered, swept.backlog), (1, 0));
        assert_eq!(two.open_circuits().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_reset_room_is_removed_from_the_other_shards_once_it_is_written() {
    let two = TwoShards::new().await;
    two.send(0).await;
    let (driver, room) = two.rooms[0];
    assert!(!two.writes(1).await.iter().any(|it| has_room(it, room)));
    mirror::reset(&two.test.app.database, &[room])
        .await
        .unwrap();
    responds(&two.databases[1], ResponseTemplate::new(503)).await;
    let again = "UPDATE chat_rooms SET mirror_paced_until = NULL, mirror_after = NULL";
    two.test.sql.execute(again, &[]).await.unwrap();
    let swept = two.sweep(Duration::ZERO).await;
    assert_eq!(swept.delivered, 0, "it is still on the other one");
    assert_eq!(two.writes(0).await.len(), 2, "it is on its shard");
    let paced = "UPDATE chat_rooms SET mirror_paced_until = NULL";
    two.test.sql.execute(paced, &[]).await.unwrap();
    two.send(0).await;
    let written = two.writes(0).await.len();
    assert_eq!(
        written, 3,
        "its next message does not wait for the other one"
    );

    responds(&two.databases[1], ResponseTemplate::new(204)).await;
    two.test.sql.execute(again, &[]).await.unwrap();
    two.sweep(Duration::ZERO).await;
    let removals = two.writes(1).await;
    let removal = removals.iter().find(|it| has_room(it, room)).unwrap();
    for path in [
        format!("chats/{room}"),
        format!("inboxes/{}/{room}", driver.0),
    ] {
        assert_eq!(removal.get(path), Some(&Value::Null));
    }
    assert_eq!(removal.as_object().map(serde_json::Map::len), Some(3));
}

#[tokio::test]
async fn a_failing_shard_keeps_no_revocation_from_the_others() {
    let two = TwoShards::new().await;
    let sql = "INSERT INTO chat_firebase_users (user_id) SELECT gen_random_uuid() FROM generate_series(1, 120)";
    two.test.sql.execute(sql, &[]).await.unwrap();
    responds(&two.databases[1], ResponseTemplate::new(503)).await;
    let shards = two.test.app.firebase.as_ref().unwrap();
    let run = async || revoke_users(&two.test.app.database, shards).await.unwrap();
    assert_eq!(run().await.revoked, 0);
    let received = two.databases[0].received_requests().await.unwrap();
    let users: BTreeSet<_> = received.iter().map(|it| it.url.path().to_owned()).collect();
    assert_eq!(users.len(), 120);
    responds(&two.databases[1], ResponseTemplate::new(204)).await;
    assert_eq!(run().await.revoked, 120);
}

#[tokio::test]
async fn typing_is_shown_on_the_rooms_shard() {
    let two = TwoShards::new().await;
    for shard in [0, 1] {
        let (driver, room) = two.rooms[shard];
        two.test.app.type_after_reply(room, driver, true);
        two.test.app.after_reply.idle().await;
        let requests = two.databases[shard].received_requests().await.unwrap();
        let path = format!("/chats/{room}/typing/{}.json", driver.0);
        assert_eq!(
            requests.iter().filter(|it| it.url.path() == path).count(),
            1
        );
    }
}
