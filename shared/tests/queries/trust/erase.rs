use shared::db::trust::{self, Erasure, ErasureRequest};
use shared::db::{mirror, platform_messages, rooms};
use shared::domain::{DeliveryEvent, Platform, Text, Viewer};
use shared::testing::TestApp;
use uuid::Uuid;

use super::count;

const NAME: &str = "Wilhelmina Xanthopoulos";
/// Words of the person: in a name, messages, versions, reports, photos and tokens. The text search stores stems.
const WORDS: [&str; 9] = [
    "wilhelmin",
    "xanthopoulo",
    "quetzal",
    "zeppelin",
    "bratwurst",
    "kangourou",
    "photo-of-w",
    "token-of-w",
    "9.87654",
];

async fn erase(test: &TestApp, user: Viewer, request: ErasureRequest) -> Erasure {
    trust::erase(&test.app.database, Platform, user.0, &request)
        .await
        .unwrap()
}

async fn start(test: &TestApp, user: Viewer) -> Erasure {
    erase(test, user, ErasureRequest::default()).await
}

fn again() -> ErasureRequest {
    ErasureRequest {
        again: true,
        ..ErasureRequest::default()
    }
}

async fn work(test: &TestApp) {
    while trust::erase_due(&test.app.database, 2).await.unwrap().found {}
}

/// Returns the tables, other than the platform's, in which a row contains one of [`WORDS`].
async fn tables_with_traces(test: &TestApp) -> Vec<String> {
    let tables = "SELECT table_name::text FROM information_schema.tables
                  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
                    AND table_name NOT IN ('users', 'deliveries', 'refinery_schema_history')
                  ORDER BY table_name";
    let tables = test.sql.query(tables, &[]).await.unwrap();
    assert!(tables.len() > 25, "{}", tables.len());
    let mut found = Vec::new();
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        let sql = format!("SELECT any_row::text FROM {table} AS any_row");
        for row in test.sql.query(&sql, &[]).await.unwrap() {
            let values = row.get::<_, String>(0).to_lowercase();
            if let Some(word) = WORDS.iter().find(|word| values.contains(**word)) {
                found.push(format!("{table}: {word}"));
            }
        }
    }
    found
}

/// Creates a driver with data in every table, and returns the driver, the client and their room.
async fn person(test: &TestApp) -> (Viewer, Viewer, Uuid) {
    let driver = test.user("driver", NAME).await;
    let client = test.user("client", "Jean Dupont").await;
    let delivery = test.delivery("LBN123456", driver, client).await;
    let room = test.report(DeliveryEvent::Assigned, delivery).await[0];
    test.device(driver, "token-of-w").await;
    test.device(client, "token-of-jean").await;
    let new = platform_messages::NewPlatformMessage {
        message_id: Uuid::new_v4(),
        addressee: platform_messages::Addressee::Room(room),
        text: Text::parse(&format!("{NAME} a un nouveau numéro.")).unwrap(),
        push: true,
    };
    platform_messages::send(&test.app.database, Platform, &new)
        .await
        .unwrap();
    test.say(client, room, "Merci").await;
    let edited = test.say(driver, room, "Le quetzal chante").await;
    let deleted = test.say(driver, room, "Bratwurst").await;
    let photo = test.say(driver, room, "photo").await;
    test.say(driver, room, "Mon zeppelin").await;
    let version =
        "INSERT INTO chat_message_versions (message_id, revision, text, image_url, changed_at)
                   VALUES ($1, 1, 'Le kangourou', 'https://cdn.example/photo-of-w-0.jpg', now())";
    for id in [edited.id, deleted.id] {
        test.sql.execute(version, &[&id]).await.unwrap();
    }
    let delete = "UPDATE chat_messages SET text = '', deleted_at = now() WHERE id = $1";
    test.sql.execute(delete, &[&deleted.id]).await.unwrap();
    let image = "UPDATE chat_messages SET text = '', message_type = 'image',
                 image_url = 'https://cdn.example/photo-of-w-1.jpg', latitude = 9.87654, longitude = 1 WHERE id = $1";
    test.sql.execute(image, &[&photo.id]).await.unwrap();
    let counters =
        "UPDATE chat_rooms SET other_user_unread_count = other_user_unread_count - 1 WHERE id = $1";
    test.sql.execute(counters, &[&room]).await.unwrap();
    let report = "INSERT INTO chat_reports
                    (id, message_id, chat_room_id, reporter_id, reported_id, reason, comment, created_at, snapshot, note)
                  VALUES (gen_random_uuid(), $1, $2, $3, $4, 'spam', 'Wilhelmina m''agace', now(),
                          jsonb_build_object('text', $5::text), 'Voir Xanthopoulos')";
    for (reporter, reported, content) in [
        (driver, client, "Merci"),
        (client, driver, "Le quetzal chante"),
    ] {
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&Uuid::new_v4(), &room, &reporter.0, &reported.0, &content];
        test.sql.execute(report, &parameters).await.unwrap();
    }
    let settings = "INSERT INTO chat_notification_settings VALUES ($1, true, NULL, NULL, 'UTC')";
    test.sql.execute(settings, &[&driver.0]).await.unwrap();
    let block =
        "INSERT INTO chat_blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, now())";
    test.sql
        .execute(block, &[&driver.0, &client.0])
        .await
        .unwrap();
    (driver, client, room)
}

async fn anonymise(test: &TestApp, user: Viewer) {
    let sql = "UPDATE users SET full_name = '', phone_number = '', profile_photo_url = NULL, is_active = false WHERE id = $1";
    test.sql.execute(sql, &[&user.0]).await.unwrap();
}

#[tokio::test]
async fn no_table_has_a_trace_of_the_person_afterwards() {
    let test = TestApp::new().await;
    let (driver, client, room) = person(&test).await;
    test.index_words().await;
    let before = tables_with_traces(&test).await;
    for table in [
        "chat_devices",
        "chat_message_search",
        "chat_message_versions",
        "chat_messages",
        "chat_pushes",
        "chat_reports",
        "chat_rooms",
    ] {
        let found = before.iter().any(|it| it.starts_with(&format!("{table}:")));
        // Pushes to the person's own device come from the client's message.
        assert!(
            found,
            "{table} has no trace that could be erased: {before:?}"
        );
    }
    let mirrored = "UPDATE chat_rooms SET mirrored_revision = revision, behind_since = NULL";
    test.sql.execute(mirrored, &[]).await.unwrap();
    let started = start(&test, driver).await;
    assert_eq!((started.is_finished, started.rooms_remaining), (false, 1));
    work(&test).await;
    let ended = start(&test, driver).await;
    assert!(ended.is_finished && ended.profile_remains);
    assert_eq!(ended.messages_erased, 4);
    anonymise(&test, driver).await;
    erase(&test, driver, again()).await;
    work(&test).await;
    let ended = start(&test, driver).await;
    assert!(ended.is_finished && !ended.profile_remains);
    assert_eq!(
        ended.photos,
        [
            "https://cdn.example/photo-of-w-0.jpg",
            "https://cdn.example/photo-of-w-1.jpg"
        ]
    );
    let confirmed = ErasureRequest {
        deleted_photos: ended.photos,
        ..ErasureRequest::default()
    };
    assert_eq!(erase(&test, driver, confirmed).await.photos, [""; 0]);
    assert_eq!(tables_with_traces(&test).await, [""; 0]);

    for (table, left) in [
        ("chat_blocks", 0),
        ("chat_notification_settings", 0),
        ("chat_reports", 2),
    ] {
        assert_eq!(count(&test, table).await, left, "{table}");
    }
    let state = mirror::read(&test.app.database, room)
        .await
        .unwrap()
        .unwrap();
    let texts: Vec<_> = state
        .changed
        .iter()
        .map(|it| (it.seq, it.text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            (1, "La livraison LBN123456 a été attribuée à un livreur."),
            (2, "cette personne a un nouveau numéro."),
            (3, "Merci"),
            (4, ""),
            (5, ""),
            (6, ""),
            (7, ""),
        ]
    );
    let unread = rooms::unread_count(&test.app.database, client)
        .await
        .unwrap();
    assert_eq!(unread, 2, "the platform's messages");
    let mirror =
        "SELECT mirrored_revision, behind_since IS NULL, last_message_text FROM chat_rooms";
    let mirror = test.sql.query_one(mirror, &[]).await.unwrap();
    assert_eq!(
        (mirror.get::<_, i64>(0), mirror.get::<_, bool>(1)),
        (-1, false),
        "Firebase follows completely"
    );
    assert_eq!(mirror.get::<_, &str>(2), "Message supprimé");
}

#[tokio::test]
async fn a_room_under_legal_hold_is_left_and_named_until_the_hold_is_lifted() {
    let test = TestApp::new().await;
    let admin = test.user("admin", "Mariam").await;
    let (driver, _, room) = person(&test).await;
    let set = trust::set_legal_hold(&test.app.database, admin, room, true, "Plainte");
    set.await.unwrap();
    start(&test, driver).await;
    work(&test).await;
    let held = start(&test, driver).await;
    assert!(held.is_finished);
    assert_eq!((held.rooms_on_hold, held.messages_erased), (vec![room], 0));
    assert!(!tables_with_traces(&test).await.is_empty());

    let lift = trust::set_legal_hold(&test.app.database, admin, room, false, "");
    lift.await.unwrap();
    assert!(!start(&test, driver).await.is_finished);
    work(&test).await;
    let ended = start(&test, driver).await;
    assert!(ended.is_finished && ended.rooms_on_hold.is_empty());
    anonymise(&test, driver).await;
    erase(&test, driver, again()).await;
    work(&test).await;
    let confirmed = ErasureRequest {
        deleted_photos: ended.photos,
        ..ErasureRequest::default()
    };
    erase(&test, driver, confirmed).await;
    assert_eq!(tables_with_traces(&test).await, [""; 0]);
}

#[tokio::test]
async fn an_erasure_starts_once_is_recorded_and_starts_again_on_request() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    assert!(!start(&test, driver).await.is_finished);
    assert!(!erase(&test, driver, again()).await.is_finished);
    assert_eq!(count(&test, "chat_audit_log").await, 1);
    work(&test).await;
    assert!(start(&test, driver).await.is_finished);
    test.say(driver, room, "Encore").await;
    let repeated = erase(&test, driver, again()).await;
    assert_eq!((repeated.is_finished, repeated.rooms_remaining), (false, 1));
    assert!(repeated.profile_remains, "the platform still has the name");
    assert_eq!(count(&test, "chat_audit_log").await, 2);
    work(&test).await;
    let texts = "SELECT count(*) FROM chat_messages WHERE text <> ''";
    assert_eq!(
        test.sql
            .query_one(texts, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        0
    );
    assert_eq!(test.unread(driver).await, 0);
}

#[tokio::test]
async fn concurrent_erasures_and_sends_do_not_deadlock() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for _ in 0..20 {
        test.say(driver, room, "Bonjour").await;
    }
    start(&test, driver).await;
    start(&test, client).await;
    let sends = async {
        for _ in 0..10 {
            test.say(client, room, "Merci").await;
        }
    };
    let run = async || {
        loop {
            if !trust::erase_due(&test.app.database, 3).await.unwrap().found {
                break;
            }
        }
    };
    tokio::join!(sends, run(), run());
    work(&test).await;
    let own = "SELECT count(*) FROM chat_messages WHERE text <> '' AND sender_id = $1";
    let left = test.sql.query_one(own, &[&driver.0]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
    assert_eq!(test.unread(client).await, 0);
}
