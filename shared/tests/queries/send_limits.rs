use std::fmt::Debug;

use shared::db::messages::{self, Changed, EditRules, NewMessage, Sent};
use shared::db::rooms::{self, OpeningRules};
use shared::domain::{Content, EditWindow, RateLimit, RoomType, SendLimits, Text, Viewer};
use shared::error::{Error, Result};
use shared::testing::TestApp;
use uuid::Uuid;

fn limits(delivery: &str, support: &str) -> SendLimits {
    SendLimits {
        delivery: RateLimit::parse(delivery).unwrap(),
        support: RateLimit::parse(support).unwrap(),
    }
}

fn text(room_id: Uuid, client_message_id: Option<Uuid>) -> NewMessage {
    NewMessage {
        room_id,
        content: Content::Text(Text::parse("Bonjour").unwrap()),
        client_message_id,
    }
}

async fn send(test: &TestApp, viewer: Viewer, new: &NewMessage, limit: &str) -> Result<Sent> {
    messages::send(&test.app.database, viewer, new, &limits(limit, limit)).await
}

/// Returns an admin and the room of the driver with the admin.
async fn support(test: &TestApp, driver: Viewer) -> (Viewer, Uuid) {
    let admin = test.user("admin", "Mariam").await;
    let new = rooms::NewRoom {
        other_user_id: admin.0,
        delivery_id: None,
        room_type: RoomType::Support,
        initial_message: None,
    };
    let opened = rooms::create(&test.app.database, driver, &new, &OpeningRules::default()).await;
    (admin, opened.unwrap().room.id)
}

async fn edit(
    test: &TestApp,
    viewer: Viewer,
    message: Uuid,
    words: &str,
    limits: SendLimits,
) -> Result<Changed> {
    let (words, window) = (Text::parse(words).unwrap(), EditWindow::default());
    let rules = EditRules { window, limits };
    messages::edit(&test.app.database, viewer, message, Some(&words), &rules).await
}

/// Returns the seconds to wait of a rejected message or edit.
fn wait(result: Result<impl Debug>) -> u64 {
    match result {
        Err(Error::TooManyRequests { retry_after }) => retry_after,
        other => panic!("expected 429, got {other:?}"),
    }
}

/// Returns whether the wait is about `expected` seconds, allowing for the duration of the test.
fn about(expected: u64, seconds: u64) -> bool {
    (expected - 100..=expected).contains(&seconds)
}

/// Changes the buckets as if this time had passed.
async fn pass(test: &TestApp, seconds: f64) {
    let sql = "UPDATE chat_rooms SET driver_sends_full_at = driver_sends_full_at - make_interval(secs => $1),
                   other_user_sends_full_at = other_user_sends_full_at - make_interval(secs => $1)";
    test.sql.execute(sql, &[&seconds]).await.unwrap();
}

#[tokio::test]
async fn a_burst_is_accepted_and_the_next_message_waits_for_a_token() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let send = async || send(&test, driver, &text(room, None), "3/0.001").await;
    for _ in 0..3 {
        send().await.unwrap();
    }
    assert!(about(1_000, wait(send().await)));
    pass(&test, 800.0).await;
    assert!(about(200, wait(send().await)));
    pass(&test, 200.0).await;
    send().await.unwrap();
    assert!(
        about(1_000, wait(send().await)),
        "one has refilled, and no more"
    );
    pass(&test, 1_000_000.0).await;
    for _ in 0..3 {
        send().await.unwrap();
    }
    assert!(
        about(1_000, wait(send().await)),
        "it is full at three, however long it stood"
    );
}

#[tokio::test]
async fn each_participant_has_a_bucket_per_room() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let other_client = test.user("client", "Ali").await;
    let other_room = test.room_between(driver, other_client).await.id;
    for (viewer, room) in [(driver, room), (client, room), (driver, other_room)] {
        send(&test, viewer, &text(room, None), "1/0.001")
            .await
            .unwrap();
        let held = send(&test, viewer, &text(room, None), "1/0.001").await;
        assert!(about(1_000, wait(held)));
    }
}

#[tokio::test]
async fn a_repeat_is_not_rate_limited() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let id = Some(Uuid::new_v4());
    assert!(
        send(&test, driver, &text(room, id), "2/0.001")
            .await
            .unwrap()
            .created
    );
    for _ in 0..5 {
        assert!(
            !send(&test, driver, &text(room, id), "2/0.001")
                .await
                .unwrap()
                .created
        );
    }
    send(&test, driver, &text(room, None), "2/0.001")
        .await
        .unwrap();
    wait(send(&test, driver, &text(room, None), "2/0.001").await);
    assert!(
        !send(&test, driver, &text(room, id), "2/0.001")
            .await
            .unwrap()
            .created
    );
    let unread = test.unread(client).await;
    assert_eq!(unread, 2, "what was held back has left nothing");
}

#[tokio::test]
async fn system_messages_of_an_admin_are_not_rate_limited() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let (admin, room) = support(&test, driver).await;
    let notice = NewMessage {
        content: Content::System(Text::parse("Avis").unwrap()),
        ..text(room, None)
    };
    for _ in 0..3 {
        send(&test, admin, &notice, "1/0.001").await.unwrap();
    }
    send(&test, admin, &text(room, None), "1/0.001")
        .await
        .unwrap();
    send(&test, admin, &notice, "1/0.001").await.unwrap();
    let held = send(&test, admin, &text(room, None), "1/0.001").await;
    assert!(
        about(1_000, wait(held)),
        "a notice does not empty the bucket, nor fill it"
    );
    let forged = send(&test, driver, &notice, "1/0.001").await;
    assert!(matches!(forged, Err(Error::Rejected(_))));
}

#[tokio::test]
async fn each_room_type_has_its_own_limit_or_none() {
    let test = TestApp::new().await;
    let (driver, _, delivery) = test.room().await;
    let (_, support) = support(&test, driver).await;
    for (limits, limited, free) in [
        (limits("1/0.001", "0"), delivery, support),
        (limits("0", "1/0.001"), support, delivery),
    ] {
        let send = async |room| {
            messages::send(&test.app.database, driver, &text(room, None), &limits).await
        };
        send(limited).await.unwrap();
        wait(send(limited).await);
        for _ in 0..3 {
            send(free).await.unwrap();
        }
    }
}

#[tokio::test]
async fn of_sixty_concurrent_sends_exactly_the_burst_is_accepted() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let database = &test.app.database;
        tasks.spawn(async move {
            messages::send(
                database,
                driver,
                &text(room, None),
                &limits("10/0.001", "0"),
            )
            .await
        });
    }
    let (sent, held): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((sent.len(), held.len()), (10, 50));
    for held in held {
        assert!(about(1_000, wait(held)));
    }
}

#[tokio::test]
async fn two_hundred_concurrent_messages_pass_the_default_limit() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let limits = SendLimits {
        delivery: Some(RateLimit::MESSAGES),
        support: Some(RateLimit::MESSAGES),
    };
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..200 {
        let database = &test.app.database;
        let sender = if turn % 2 == 0 { driver } else { client };
        tasks.spawn(async move {
            messages::send(database, sender, &text(room, None), &limits)
                .await
                .is_ok()
        });
    }
    assert!(tasks.join_all().await.into_iter().all(|sent| sent));
}

#[tokio::test]
async fn a_closed_room_is_reported_before_the_rate_limit() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    send(&test, driver, &text(room, None), "1/0.001")
        .await
        .unwrap();
    test.close_rooms().await;
    let closed = send(&test, driver, &text(room, None), "1/0.001").await;
    assert!(matches!(closed, Err(Error::Rejected(_))));
}

#[tokio::test]
async fn edits_and_messages_take_their_tokens_of_one_bucket() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let limit = "3/0.001";
    let sent = send(&test, driver, &text(room, None), limit).await;
    let id = sent.unwrap().message.id;
    let edit = async |viewer, words| edit(&test, viewer, id, words, limits(limit, limit)).await;
    assert!(edit(driver, "un").await.unwrap().changed);
    assert!(edit(driver, "deux").await.unwrap().changed);
    assert!(about(1_000, wait(edit(driver, "trois").await)));
    assert!(about(
        1_000,
        wait(send(&test, driver, &text(room, None), limit).await)
    ));
    assert!(!edit(driver, "deux").await.unwrap().changed, "a repeat");

    pass(&test, 1_000.0).await;
    assert!(edit(driver, "trois").await.unwrap().changed);
    assert!(about(1_000, wait(edit(driver, "quatre").await)));

    // A rejected edit takes no token, and the other participant has a bucket of their own.
    assert!(matches!(edit(client, "x").await, Err(Error::Forbidden)));
    for _ in 0..3 {
        send(&test, client, &text(room, None), limit).await.unwrap();
    }
    wait(send(&test, client, &text(room, None), limit).await);
}

#[tokio::test]
async fn edits_have_the_limit_of_their_room_type_or_none() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let (_, support) = support(&test, driver).await;
    for (viewer, room, [delivery, support]) in [
        (driver, room, ["1/0.001", ""]),
        (client, room, ["1/0.001", ""]),
        (driver, support, ["", "1/0.001"]),
    ] {
        let id = test.say(viewer, room, "Bonjour").await.id;
        let edit = async |words, [one, two]: [_; 2]| {
            edit(&test, viewer, id, words, limits(one, two)).await
        };
        for words in ["un", "deux", "trois"] {
            edit(words, [support, delivery]).await.unwrap();
        }
        edit("quatre", [delivery, support]).await.unwrap();
        assert!(about(1_000, wait(edit("cinq", [delivery, support]).await)));
    }
}

#[tokio::test]
async fn concurrent_edits_never_share_a_token() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let message = test.say(driver, room, "0").await.id;
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 1..=30 {
        let (database, words) = (&test.app.database, Text::parse(&turn.to_string()).unwrap());
        tasks.spawn(async move {
            let (window, limits) = (EditWindow::default(), limits("10/0.001", ""));
            let rules = EditRules { window, limits };
            messages::edit(database, driver, message, Some(&words), &rules).await
        });
    }
    let (edited, held): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((edited.len(), held.len()), (10, 20));
    for held in held {
        assert!(about(1_000, wait(held)));
    }
}

#[tokio::test]
async fn an_edit_that_cannot_be_made_is_reported_before_the_rate_limit() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let sent = send(&test, driver, &text(room, None), "1/0.001").await;
    let id = sent.unwrap().message.id;
    let edit = async || edit(&test, driver, id, "Bonsoir", limits("1/0.001", "")).await;
    wait(edit().await);
    test.close_rooms().await;
    assert!(matches!(edit().await, Err(Error::NotNow(_))));
}
