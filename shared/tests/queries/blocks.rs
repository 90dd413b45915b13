use std::time::Duration;

use shared::db::messages::{self, NewMessage, Sent};
use shared::db::rooms::{self, NewRoom, OpeningRules};
use shared::db::{blocks, pushes, uploads};
use shared::delivery::LeaseScope;
use shared::domain::{
    Content, DeliveryEvent, PageNumber, PageSize, RateLimit, RoomType, SendLimits, Text, Viewer,
};
use shared::error::{Error, Result, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

async fn block(test: &TestApp, viewer: Viewer, other: Viewer) -> bool {
    let blocked = blocks::block(&test.app.database, viewer, other.0).await;
    blocked.unwrap().created
}

async fn send(test: &TestApp, viewer: Viewer, room_id: Uuid, client_id: Uuid) -> Result<Sent> {
    send_content(test, viewer, room_id, client_id, Content::Text).await
}

async fn send_content(
    test: &TestApp,
    viewer: Viewer,
    room_id: Uuid,
    client_id: Uuid,
    content: fn(Text) -> Content,
) -> Result<Sent> {
    let new = NewMessage {
        room_id,
        content: content(Text::parse("Bonjour").unwrap()),
        client_message_id: Some(client_id),
    };
    let limits = SendLimits::default();
    messages::send(&test.app.database, viewer, &new, &limits).await
}

fn room_with(other: Viewer, delivery_id: Option<Uuid>) -> NewRoom {
    NewRoom {
        other_user_id: other.0,
        delivery_id,
        room_type: RoomType::Delivery,
        initial_message: None,
    }
}

#[tokio::test]
async fn a_blocked_user_cannot_write_and_the_blocker_can() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let before = Uuid::new_v4();
    assert!(send(&test, driver, room, before).await.unwrap().created);
    assert!(block(&test, client, driver).await);

    let sent = send(&test, driver, room, Uuid::new_v4()).await;
    assert!(matches!(sent, Err(Error::Blocked)), "{sent:?}");
    let database = &test.app.database;
    let typed = rooms::note_typing(database, driver, room, true).await;
    assert!(matches!(typed, Err(Error::Blocked)));
    let limit = RateLimit::parse("1/0.001").unwrap();
    let uploaded = uploads::authorize(database, driver, room, limit).await;
    assert!(matches!(uploaded, Err(Error::Blocked)));

    let repeat = send(&test, driver, room, before).await.unwrap();
    assert!(!repeat.created, "a repeat returns the first message");
    assert!(send(&test, client, room, Uuid::new_v4()).await.is_ok());
    assert!(
        rooms::note_typing(database, client, room, true)
            .await
            .is_ok()
    );
    assert!(
        uploads::authorize(database, client, room, limit)
            .await
            .is_ok()
    );

    blocks::unblock(database, client, driver.0).await.unwrap();
    assert!(send(&test, driver, room, Uuid::new_v4()).await.is_ok());
    let uploaded = uploads::authorize(database, driver, room, limit).await;
    assert!(uploaded.is_ok(), "the rejected upload took no token");
}

#[tokio::test]
async fn a_block_concerns_all_rooms_of_the_two_and_no_other() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let delivery = test.delivery("LBN1", driver, client).await;
    let second = test.report(DeliveryEvent::Assigned, delivery).await[0];
    let other = test.user("client", "Ali").await;
    let third = test.room_between(driver, other).await.id;
    block(&test, client, driver).await;
    for room in [room, second] {
        let sent = send(&test, driver, room, Uuid::new_v4()).await;
        assert!(matches!(sent, Err(Error::Blocked)));
    }
    assert!(send(&test, driver, third, Uuid::new_v4()).await.is_ok());
}

#[tokio::test]
async fn system_messages_of_a_blocked_admin_still_arrive() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let admin = test.user("admin", "Mariam").await;
    let new = NewRoom {
        room_type: RoomType::Support,
        ..room_with(admin, None)
    };
    let rules = OpeningRules::default();
    let opened = rooms::create(&test.app.database, driver, &new, &rules).await;
    let room = opened.unwrap().room.id;
    block(&test, driver, admin).await;
    let sent = send(&test, admin, room, Uuid::new_v4()).await;
    assert!(matches!(sent, Err(Error::Blocked)));
    let sent = send_content(&test, admin, room, Uuid::new_v4(), Content::System).await;
    assert!(sent.unwrap().created);
}

#[tokio::test]
async fn neither_opens_a_new_room_and_the_platform_does() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let delivery = test.delivery("LBN1", driver, client).await;
    block(&test, client, driver).await;
    let rules = OpeningRules::default();
    let create = async |viewer, other, delivery| {
        let new = room_with(other, delivery);
        rooms::create(&test.app.database, viewer, &new, &rules).await
    };
    for (viewer, other) in [(driver, client), (client, driver)] {
        let opened = create(viewer, other, Some(delivery)).await;
        assert!(matches!(opened, Err(Error::Blocked)), "{opened:?}");
        let existing = create(viewer, other, None).await.unwrap();
        assert_eq!((existing.room.id, existing.created), (room, false));
    }
    assert_eq!(
        test.report(DeliveryEvent::Assigned, delivery).await.len(),
        1
    );
    let opened = create(driver, client, Some(delivery)).await.unwrap();
    assert!(!opened.created);
    let sent = send(&test, driver, opened.room.id, Uuid::new_v4()).await;
    assert!(matches!(sent, Err(Error::Blocked)));
}

#[tokio::test]
async fn pending_pushes_of_a_blocked_user_are_not_sent() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.device(client, "phone").await;
    test.say(driver, room, "Bonjour").await;
    let lease = async || {
        let scope = LeaseScope::Room {
            room_id: room,
            reservation: None,
        };
        let life = Duration::from_mins(1);
        let lease = pushes::lease(&test.app.database, scope, life).await;
        let mut items = lease.unwrap().items;
        let free = "UPDATE chat_pushes SET leased_until = NULL, paced_until = NULL";
        test.sql.execute(free, &[]).await.unwrap();
        items.pop().unwrap().notice.is_some()
    };
    assert!(lease().await);
    block(&test, client, driver).await;
    assert!(!lease().await);
    blocks::unblock(&test.app.database, client, driver.0)
        .await
        .unwrap();
    assert!(lease().await);
}

#[tokio::test]
async fn only_the_blocker_sees_the_block() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let database = &test.app.database;
    let is_blocked = async |viewer| {
        let room = rooms::get(database, viewer, room).await.unwrap();
        room.unwrap().is_blocked
    };
    assert!(!is_blocked(client).await);
    block(&test, client, driver).await;
    assert!(is_blocked(client).await);
    assert!(!is_blocked(driver).await);
    let list = async |viewer| {
        let page = blocks::list(database, viewer, PageNumber::FIRST, PageSize::DEFAULT).await;
        page.unwrap().unwrap().results
    };
    assert_eq!(list(client).await[0].user_id, driver.0);
    assert!(list(driver).await.is_empty());
}

#[tokio::test]
async fn firebase_learns_of_each_change_once_and_of_active_rooms_only() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let delivery = test.delivery("LBN1", driver, client).await;
    let closed = test.report(DeliveryEvent::Assigned, delivery).await[0];
    let close = "UPDATE chat_rooms SET is_active = false WHERE id = $1";
    test.sql.execute(close, &[&closed]).await.unwrap();
    let database = &test.app.database;
    let revision = async || {
        let sql = "SELECT revision FROM chat_rooms WHERE id = $1";
        let row = test.sql.query_one(sql, &[&room]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let before = revision().await;
    for (rooms, created) in [(vec![room], true), (vec![], false)] {
        let blocked = blocks::block(database, client, driver.0).await.unwrap();
        assert_eq!((blocked.rooms, blocked.created), (rooms, created));
        assert_eq!(revision().await, before + 1);
    }
    let state = shared::db::mirror::read(database, room).await.unwrap();
    let participants = state.unwrap().room.participants;
    assert_eq!(participants.map(|it| it.is_blocked), [true, false]);
    for rooms in [vec![room], vec![]] {
        let unblocked = blocks::unblock(database, client, driver.0).await;
        assert_eq!(unblocked.unwrap(), rooms);
        assert_eq!(revision().await, before + 2);
    }
}

#[tokio::test]
async fn concurrent_blocks_of_each_other_all_succeed() {
    let test = TestApp::new().await;
    let (driver, client, _) = test.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        let database = &test.app.database;
        let (viewer, other) = if n % 2 == 0 {
            (driver, client)
        } else {
            (client, driver)
        };
        tasks.spawn(async move {
            if n % 5 == 4 {
                blocks::unblock(database, viewer, other.0).await.map(drop)
            } else {
                blocks::block(database, viewer, other.0).await.map(drop)
            }
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
}

#[tokio::test]
async fn blocks_are_for_known_users() {
    let test = TestApp::new().await;
    let (driver, client, _) = test.room().await;
    let database = &test.app.database;
    let blocked = async |viewer, user_id| blocks::block(database, viewer, user_id).await.err();
    assert!(matches!(
        blocked(driver, Uuid::new_v4()).await,
        Some(Error::NotFound)
    ));
    assert!(matches!(
        blocked(driver, driver.0).await,
        Some(Error::NotNow(_))
    ));
    test.deactivate(driver).await;
    assert!(matches!(
        blocked(driver, client.0).await,
        Some(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert!(matches!(
        blocked(Viewer(Uuid::new_v4()), client.0).await,
        Some(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    let blocks = test.sql.query("SELECT FROM chat_blocks", &[]).await;
    assert!(blocks.unwrap().is_empty());
}

/// The check reads one index entry and no row, whichever index the planner chooses.
#[tokio::test]
async fn the_check_reads_only_an_index() {
    let test = TestApp::new().await;
    let fill = "INSERT INTO chat_blocks SELECT gen_random_uuid(), gen_random_uuid(), now() FROM generate_series(1, 20000)";
    test.sql.execute(fill, &[]).await.unwrap();
    test.sql
        .batch_execute("VACUUM ANALYZE chat_blocks")
        .await
        .unwrap();
    let explain = "EXPLAIN SELECT EXISTS (
        SELECT FROM chat_blocks
        WHERE blocked_id = '00000000-0000-4000-8000-000000000001' AND blocker_id = CASE driver_id
            WHEN '00000000-0000-4000-8000-000000000001' THEN other_user_id ELSE driver_id END)
        FROM chat_rooms WHERE id = '00000000-0000-4000-8000-000000000002'";
    let rows = test.sql.query(explain, &[]).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(
        plan.contains("Index Only Scan using chat_blocks_"),
        "{plan}"
    );
}
