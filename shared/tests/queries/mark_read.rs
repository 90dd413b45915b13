use shared::db::messages::{self, Marked, Unread, mark_read};
use shared::domain::{Content, PageSize, SendLimits, Text, Viewer};
use shared::error::Error;
use shared::testing::TestApp;
use uuid::Uuid;

async fn mark(test: &TestApp, viewer: Viewer, unread: Unread) -> Marked {
    mark_read(&test.app.database, viewer, &unread)
        .await
        .unwrap()
}

#[tokio::test]
async fn only_received_unread_messages_are_marked() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "1").await;
    test.say(client, room, "2").await;
    test.say(client, room, "3").await;
    assert_eq!(
        mark(&test, driver, Unread::Room(room)).await,
        Marked {
            count: 2,
            rooms: vec![room]
        }
    );
    assert_eq!(
        mark(&test, driver, Unread::Room(room)).await,
        Marked {
            count: 0,
            rooms: vec![]
        }
    );
    let history = messages::backfill(&test.app.database, driver, room, 0, PageSize::DEFAULT)
        .await
        .unwrap()
        .messages;
    assert_eq!(
        history
            .iter()
            .map(|message| message.is_read)
            .collect::<Vec<_>>(),
        [false, true, true]
    );
    assert!(history[1].read_at.unwrap() >= history[1].created_at);
    assert_eq!(test.unread(client).await, 1);
}

#[tokio::test]
async fn ids_of_several_rooms_are_marked_and_foreign_or_unknown_ones_ignored() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let other_client = test.user("client", "Ali").await;
    let other_room = test.room_between(driver, other_client).await.id;
    let (foreign_driver, foreign_client) = (
        test.user("driver", "Zié").await,
        test.user("client", "Luc").await,
    );
    let foreign_room = test.room_between(foreign_driver, foreign_client).await.id;
    let ids = vec![
        test.say(client, room, "1").await.id,
        test.say(other_client, other_room, "2").await.id,
        test.say(foreign_client, foreign_room, "3").await.id,
        test.say(driver, room, "4").await.id,
        Uuid::new_v4(),
    ];
    test.say(client, room, "5").await;
    let marked = mark(&test, driver, Unread::Messages(ids)).await;
    assert_eq!((marked.count, marked.rooms.len()), (2, 2));
    assert_eq!(test.unread(driver).await, 1);
    assert_eq!(test.unread(foreign_driver).await, 1);
    assert_eq!(mark(&test, driver, Unread::Messages(vec![])).await.count, 0);
}

#[tokio::test]
async fn another_users_room_does_not_exist_for_the_viewer() {
    let test = TestApp::new().await;
    let (_, client, room) = test.room().await;
    test.say(client, room, "1").await;
    let admin = test.user("admin", "Mariam").await;
    for room in [room, Uuid::new_v4()] {
        let marked = mark_read(&test.app.database, admin, &Unread::Room(room)).await;
        assert!(matches!(marked, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn concurrent_markings_and_sends_keep_the_counter_correct() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..120 {
        let database = &test.app.database;
        tasks.spawn(async move {
            if turn % 3 == 0 {
                return mark_read(database, driver, &Unread::Room(room))
                    .await
                    .unwrap()
                    .count;
            }
            let content = Content::Text(Text::parse("Bonjour").unwrap());
            let new = messages::NewMessage {
                room_id: room,
                content,
                client_message_id: None,
            };
            messages::send(database, client, &new, &SendLimits::default())
                .await
                .unwrap();
            0
        });
    }
    let marked: i64 = tasks.join_all().await.into_iter().sum();
    let unread = test
        .sql
        .query_one(
            "SELECT count(*) FROM chat_messages WHERE read_at IS NULL",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(test.unread(driver).await, unread.get::<_, i64>(0));
    assert_eq!(
        marked + unread.get::<_, i64>(0),
        80,
        "each message was counted once"
    );
}

#[tokio::test]
async fn concurrent_markings_of_several_rooms_neither_deadlock_nor_count_twice() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let mut ids = Vec::new();
    for turn in 0..4 {
        let client = test.user("client", &format!("Client {turn}")).await;
        let room = test.room_between(driver, client).await.id;
        for _ in 0..5 {
            ids.push(test.say(client, room, "Bonjour").await.id);
        }
    }
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..10 {
        let database = &test.app.database;
        let mut ids = ids.clone();
        if turn % 2 == 0 {
            ids.reverse();
        }
        tasks.spawn(async move {
            mark_read(database, driver, &Unread::Messages(ids))
                .await
                .unwrap()
                .count
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<i64>(), 20);
    assert_eq!(test.unread(driver).await, 0);
}
