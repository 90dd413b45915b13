use shared::db::messages::{
    ChangeCursor, Changes, Receipt, Unread, changed_since, mark_delivered, mark_read,
};
use shared::domain::{ReceiptState, Viewer};
use shared::error::{Error, Result, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

use super::{delete, edit, history};

async fn since(test: &TestApp, viewer: Viewer, room: Uuid, revision: i64) -> Result<Changes> {
    changed_since(
        &test.app.database,
        viewer,
        room,
        ChangeCursor::after(revision),
    )
    .await
}

fn seqs(changes: &Changes) -> Vec<i64> {
    changes.messages.iter().map(|it| it.seq).collect()
}

#[tokio::test]
async fn what_has_changed_since_a_revision_comes_oldest_change_first() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let mut sent = Vec::new();
    for turn in 0..4 {
        sent.push(test.say(driver, room, &turn.to_string()).await.id);
    }
    let all = since(&test, client, room, 0).await.unwrap();
    assert_eq!((seqs(&all), all.count), (vec![1, 2, 3, 4], 4));
    let known = all.revision;
    assert_eq!(known, all.messages[3].revision);

    edit(&test, driver, sent[2], "deux").await.unwrap();
    delete(&test, driver, sent[0]).await.unwrap();
    mark_read(
        &test.app.database,
        client,
        &Unread::Messages(vec![sent[3], sent[1]]),
    )
    .await
    .unwrap();
    test.say(client, room, "4").await;
    let changes = since(&test, client, room, known).await.unwrap();
    assert_eq!(seqs(&changes), [3, 1, 2, 4, 5]);
    assert!(
        changes
            .messages
            .is_sorted_by_key(|it| (it.revision, it.seq))
    );
    let now = history(&test, client, room).await;
    for message in &changes.messages {
        assert!(now.contains(message));
    }
    assert_eq!(
        (changes.revision, changes.continues_after),
        (known + 4, None)
    );
    let receipt = |viewer: Viewer, read_seq| ReceiptState {
        user_id: viewer.0,
        delivered_seq: 0,
        read_seq,
    };
    assert_eq!(changes.receipts, [receipt(driver, 4), receipt(client, 2)]);
    let none = since(&test, client, room, changes.revision).await.unwrap();
    assert_eq!(
        (seqs(&none), none.count, none.revision),
        (vec![], 0, changes.revision)
    );
}

#[tokio::test]
async fn a_watermark_is_among_the_receipts_and_changes_no_message() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "1").await;
    let known = since(&test, driver, room, 0).await.unwrap().revision;
    let receipt = Receipt {
        room_id: room,
        seq: 1,
    };
    mark_delivered(&test.app.database, client, &[receipt])
        .await
        .unwrap();
    let changes = since(&test, driver, room, known).await.unwrap();
    assert_eq!((seqs(&changes), changes.revision), (vec![], known + 1));
    assert_eq!(changes.receipts[1].delivered_seq, 1);
}

#[tokio::test]
async fn only_the_newest_500_are_compared() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let sql = "WITH room AS (UPDATE chat_rooms SET message_count = 600, revision = 601 WHERE id = $1 RETURNING id)
        INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
        SELECT gen_random_uuid(), id, seq, $2, 'text', 'x', now(), seq + 1 FROM room, generate_series(1, 600) AS seq";
    test.sql.execute(sql, &[&room, &driver.0]).await.unwrap();
    let changes = since(&test, client, room, 0).await.unwrap();
    assert_eq!(seqs(&changes), (101..=600).collect::<Vec<_>>());
    assert_eq!((changes.count, changes.continues_after), (500, None));
}

#[tokio::test]
async fn long_texts_are_returned_in_several_slices_that_lose_nothing() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    // All changed by one revision, as by mark_read.
    let sql = "WITH room AS (UPDATE chat_rooms SET message_count = 500, revision = 2 WHERE id = $1 RETURNING id)
        INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
        SELECT gen_random_uuid(), id, seq, $2, 'text', repeat('😀', 5000), now(), 2 FROM room, generate_series(1, 500) AS seq";
    test.sql.execute(sql, &[&room, &driver.0]).await.unwrap();
    let mut found = Vec::new();
    let mut after = ChangeCursor::after(1);
    loop {
        let slice = changed_since(&test.app.database, client, room, after)
            .await
            .unwrap();
        assert!(
            (1..100).contains(&slice.messages.len()),
            "{}",
            slice.messages.len()
        );
        assert_eq!(slice.count, 500 - i64::try_from(found.len()).unwrap());
        found.extend(seqs(&slice));
        match slice.continues_after {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(found, (1..=500).collect::<Vec<_>>());
}

#[tokio::test]
async fn another_users_room_does_not_exist_for_the_viewer() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let admin = test.user("admin", "Mariam").await;
    assert!(matches!(
        since(&test, admin, room, 0).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        since(&test, driver, Uuid::new_v4(), 0).await,
        Err(Error::NotFound)
    ));
    let unknown = since(&test, Viewer(Uuid::new_v4()), room, 0).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    let empty = since(&test, driver, room, 0).await.unwrap();
    assert_eq!(
        (empty.messages.len(), empty.count, empty.revision),
        (0, 0, 1)
    );
    test.close_rooms().await;
    assert!(since(&test, driver, room, 0).await.is_ok());
}
