use shared::db::messages::{Receipt, Unread, mark_delivered, mark_read};
use shared::db::mirror;
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{delete, history, room_row};

const NOTHING: [Uuid; 0] = [];

async fn report(test: &TestApp, viewer: Viewer, receipts: &[(Uuid, i64)]) -> Vec<Uuid> {
    let receipts: Vec<_> = receipts
        .iter()
        .map(|&(room_id, seq)| Receipt { room_id, seq })
        .collect();
    mark_delivered(&test.app.database, viewer, &receipts)
        .await
        .unwrap()
}

/// Returns the participants' watermarks in the mirror: delivered and read.
async fn receipts(test: &TestApp, room: Uuid) -> [(i64, i64); 2] {
    let state = mirror::read(&test.app.database, room)
        .await
        .unwrap()
        .unwrap();
    state
        .room
        .receipts
        .map(|it| (it.delivered_seq, it.read_seq))
}

#[tokio::test]
async fn a_watermark_only_grows_and_never_passes_the_last_message() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for turn in 0..3 {
        test.say(driver, room, &turn.to_string()).await;
    }
    let delivered = async || -> Vec<bool> {
        let messages = history(&test, driver, room).await;
        messages.iter().map(|it| it.is_delivered).collect()
    };
    let (revision, _) = room_row(&test, room).await;
    assert_eq!(report(&test, client, &[(room, 0)]).await, NOTHING);
    assert_eq!(delivered().await, [false; 3]);
    assert_eq!(
        report(&test, client, &[(room, 1), (room, 2), (room, 1)]).await,
        [room]
    );
    assert_eq!(delivered().await, [true, true, false]);
    assert_eq!(report(&test, client, &[(room, 1)]).await, NOTHING);
    assert_eq!(room_row(&test, room).await.0, revision + 1);
    assert_eq!(report(&test, client, &[(room, i64::MAX)]).await, [room]);
    assert_eq!(receipts(&test, room).await, [(0, 3), (3, 0)]);
    test.say(driver, room, "3").await;
    assert_eq!(delivered().await, [true, true, true, false]);
    let messages = history(&test, client, room).await;
    assert_eq!(
        messages
            .iter()
            .map(|it| it.is_delivered)
            .collect::<Vec<_>>(),
        [true, true, true, false],
        "the recipient sees the same"
    );
    assert!(messages.iter().all(|it| !it.is_read));
}

#[tokio::test]
async fn foreign_and_unknown_rooms_are_ignored() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let stranger = test.user("client", "Ali").await;
    test.say(driver, room, "1").await;
    assert_eq!(
        report(&test, stranger, &[(room, 1), (Uuid::new_v4(), 1)]).await,
        NOTHING
    );
    assert_eq!(receipts(&test, room).await, [(0, 1), (0, 0)]);
    let unknown = mark_delivered(&test.app.database, Viewer(Uuid::new_v4()), &[]).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    test.deactivate(client).await;
    let one = [Receipt {
        room_id: room,
        seq: 1,
    }];
    let inactive = mark_delivered(&test.app.database, client, &one).await;
    assert!(matches!(
        inactive,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert_eq!(receipts(&test, room).await, [(0, 1), (0, 0)]);
}

#[tokio::test]
async fn a_closed_room_still_takes_receipts() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "1").await;
    test.close_rooms().await;
    assert_eq!(report(&test, client, &[(room, 1)]).await, [room]);
}

#[tokio::test]
async fn what_is_read_is_delivered() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let (first, second) = (
        test.say(driver, room, "1").await.id,
        test.say(driver, room, "2").await.id,
    );
    let read = async |id| mark_read(&test.app.database, client, &Unread::Messages(vec![id])).await;
    read(second).await.unwrap();
    let messages = history(&test, driver, room).await;
    assert_eq!(
        [messages[0].is_delivered, messages[1].is_delivered],
        [false, true]
    );
    assert_eq!(receipts(&test, room).await, [(0, 2), (0, 0)]);
    read(first).await.unwrap();
    assert_eq!(receipts(&test, room).await, [(0, 2), (2, 2)]);
    assert_eq!(
        report(&test, client, &[(room, 2)]).await,
        NOTHING,
        "nothing is new"
    );
}

#[tokio::test]
async fn the_read_watermark_is_before_the_first_unread_message_that_is_not_deleted() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(client, room, "1").await;
    let second = test.say(driver, room, "2").await.id;
    test.say(client, room, "3").await;
    test.say(driver, room, "4").await;
    assert_eq!(receipts(&test, room).await, [(0, 0), (0, 1)]);
    delete(&test, driver, second).await.unwrap();
    assert_eq!(receipts(&test, room).await, [(0, 0), (0, 3)]);
    let read = mark_read(&test.app.database, driver, &Unread::Room(room)).await;
    assert_eq!(read.unwrap().count, 2);
    assert_eq!(receipts(&test, room).await, [(4, 4), (0, 3)]);
    // Each reads a message of the platform separately.
    let sql = "WITH room AS (
            UPDATE chat_rooms SET message_count = 5, driver_unread_count = 1, other_user_unread_count = 2 RETURNING id
        )
        INSERT INTO chat_messages (id, chat_room_id, seq, message_type, text, created_at, revision)
        SELECT $1, id, 5, 'system', 'Avis', now(), 9 FROM room";
    test.sql.execute(sql, &[&Uuid::new_v4()]).await.unwrap();
    assert_eq!(receipts(&test, room).await, [(4, 4), (0, 3)]);
    let read = mark_read(&test.app.database, driver, &Unread::Room(room)).await;
    assert_eq!(read.unwrap().count, 1);
    assert_eq!(receipts(&test, room).await, [(5, 5), (0, 3)]);
    let of_platform = |messages: Vec<shared::domain::Message>| messages[4].is_delivered;
    assert!(of_platform(history(&test, driver, room).await));
    assert!(!of_platform(history(&test, client, room).await));
}

#[tokio::test]
async fn concurrent_reports_of_many_rooms_neither_deadlock_nor_go_back() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let mut rooms = Vec::new();
    for turn in 0..5 {
        let client = test.user("client", &format!("Client {turn}")).await;
        let room = test.room_between(driver, client).await.id;
        for _ in 0..4 {
            test.say(client, room, "Bonjour").await;
        }
        rooms.push((room, client));
    }
    let mut tasks = JoinSet::new();
    for turn in 0..40_i64 {
        let database = &test.app.database;
        let mut receipts: Vec<_> = rooms
            .iter()
            .map(|&(room_id, _)| Receipt {
                room_id,
                seq: turn % 5,
            })
            .collect();
        if turn % 2 == 0 {
            receipts.reverse();
        }
        let (room, client) = rooms[usize::try_from(turn).unwrap() % 5];
        let reads = turn % 4 == 0;
        tasks.spawn(async move {
            if reads {
                mark_read(database, client, &Unread::Room(room))
                    .await
                    .unwrap();
            }
            mark_delivered(database, driver, &receipts)
                .await
                .unwrap()
                .len()
        });
    }
    let grown: usize = tasks.join_all().await.into_iter().sum();
    assert!((5..=20).contains(&grown), "{grown}");
    for (room, _) in rooms {
        assert_eq!(receipts(&test, room).await[0].0, 4);
    }
}
