use std::collections::BTreeSet;

use serde_json::json;
use shared::db::{messages, trust};
use shared::domain::{ExportCursor, Platform};
use shared::testing::TestApp;
use uuid::Uuid;

#[tokio::test]
async fn the_pages_have_every_room_message_and_receipt_once() {
    let test = TestApp::new().await;
    let (driver, client, _) = test.room().await;
    for _ in 0..2 {
        let other = test.user("client", "Paul").await;
        let room = test.room_between(driver, other).await.id;
        for _ in 0..3 {
            test.say(driver, room, "Bonjour").await;
            test.say(other, room, "Merci").await;
        }
        let rest = "INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
                    SELECT gen_random_uuid(), $1, seq, $2, 'text', 'x', now() + seq * interval '1 second', 1
                    FROM generate_series(7, 606) AS seq";
        test.sql.execute(rest, &[&room, &driver.0]).await.unwrap();
        let unread = messages::Unread::Room(room);
        messages::mark_read(&test.app.database, driver, &unread)
            .await
            .unwrap();
    }
    let mut seen = BTreeSet::new();
    let (mut pages, mut after) = (0, None::<ExportCursor>);
    let mut numbers = (0, 0, 0);
    loop {
        let page = trust::export(&test.app.database, Platform, driver.0, after)
            .await
            .unwrap();
        assert_eq!(page.profile.is_null(), after.is_some());
        let items = page
            .rooms
            .iter()
            .chain(&page.messages)
            .chain(&page.receipts);
        for item in items {
            assert!(seen.insert(item.to_string()), "{item}");
        }
        numbers.0 += page.rooms.len();
        numbers.1 += page.messages.len();
        numbers.2 += page.receipts.len();
        pages += 1;
        after = page.continues;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, numbers), (2, (3, 1206, 6)));
    let of_client = trust::export(&test.app.database, Platform, client.0, None)
        .await
        .unwrap();
    assert_eq!((of_client.rooms.len(), of_client.messages.len()), (1, 0));
}

#[tokio::test]
async fn the_first_page_has_the_profile_and_is_recorded() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let sent = test.say(driver, room, "Bonjour").await;
    test.sql
        .execute(
            "INSERT INTO chat_message_versions (message_id, revision, text, image_url, changed_at)
             VALUES ($1, 1, 'Avant', '', '2025-01-15 10:00:00Z')",
            &[&sent.id],
        )
        .await
        .unwrap();
    test.sql
        .execute(
            "INSERT INTO chat_blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, '2025-01-15Z')",
            &[&driver.0, &client.0],
        )
        .await
        .unwrap();
    let page = trust::export(&test.app.database, Platform, driver.0, None)
        .await
        .unwrap();
    assert_eq!(
        page.profile["blocks"],
        json!([{ "user_id": client.0, "created_at": "2025-01-15T00:00:00.000000Z" }])
    );
    assert_eq!(page.profile["notification_settings"], json!(null));
    assert_eq!(
        page.messages[0]["versions"],
        json!([{
            "revision": 1, "text": "Avant", "image_url": "", "latitude": null, "longitude": null,
            "changed_at": "2025-01-15T10:00:00.000000Z",
        }])
    );
    let log = "SELECT actor_id, subject_id FROM chat_audit_log WHERE action = 'export_user'";
    let log = test.sql.query_one(log, &[]).await.unwrap();
    assert_eq!(log.get::<_, Option<Uuid>>(0), None);
    assert_eq!(log.get::<_, Uuid>(1), driver.0);
}
