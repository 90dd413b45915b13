use shared::db::rooms::{self, NewRoom, Opened, OpeningRules};
use shared::domain::{RateLimit, RoomType, RoomsWithoutDelivery, Text, Viewer};
use shared::error::{Error, Result, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

fn with(other: Viewer) -> NewRoom {
    NewRoom {
        other_user_id: other.0,
        delivery_id: None,
        room_type: RoomType::Delivery,
        initial_message: None,
    }
}

async fn create(test: &TestApp, viewer: Viewer, new: &NewRoom) -> Result<Opened> {
    rooms::create(&test.app.database, viewer, new, &OpeningRules::default()).await
}

fn rejected_field(result: Result<Opened>) -> String {
    match result {
        Err(Error::Rejected(errors)) => serde_json::to_value(errors)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn either_participant_can_open_the_room_and_both_get_the_same() {
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let first = create(&test, client, &with(driver)).await.unwrap();
    let second = create(&test, driver, &with(client)).await.unwrap();
    assert!(first.created && !second.created);
    assert_eq!(first.room.id, second.room.id);
    assert_eq!(first.room.driver.unwrap().id, driver.0);
    assert_eq!(first.room.other_participant.unwrap().id, driver.0);
    assert_eq!(second.room.other_participant.unwrap().id, client.0);
}

#[tokio::test]
async fn two_users_have_one_room_per_delivery_and_one_without() {
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let mut rooms = vec![create(&test, driver, &with(client)).await.unwrap().room.id];
    for tracking in ["LBN1", "LBN2"] {
        let delivery = test.delivery(tracking, driver, client).await;
        let opened = create(
            &test,
            driver,
            &NewRoom {
                delivery_id: Some(delivery),
                ..with(client)
            },
        )
        .await
        .unwrap();
        assert_eq!(opened.room.delivery_info.unwrap().tracking_number, tracking);
        rooms.push(opened.room.id);
    }
    rooms.dedup();
    assert_eq!(rooms.len(), 3);
}

#[tokio::test]
async fn the_first_message_is_sent_by_the_viewer_and_unread_for_the_other_participant() {
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let new = NewRoom {
        initial_message: Some(Text::parse("Bonjour").unwrap()),
        ..with(driver)
    };
    let room = create(&test, client, &new).await.unwrap().room;
    assert_eq!(
        (room.last_message_text.as_str(), room.unread_count),
        ("Bonjour", 0)
    );
    assert_eq!(
        rooms::get(&test.app.database, driver, room.id)
            .await
            .unwrap()
            .unwrap()
            .unread_count,
        1
    );
    let again = create(&test, driver, &new_for(client)).await.unwrap();
    assert!(!again.created);
    let messages: i64 = test
        .sql
        .query_one("SELECT count(*) FROM chat_messages", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(messages, 1, "an existing room takes no first message");
}

fn new_for(other: Viewer) -> NewRoom {
    NewRoom {
        initial_message: Some(Text::parse("Encore").unwrap()),
        ..with(other)
    }
}

#[tokio::test]
async fn a_room_has_exactly_one_driver() {
    let test = TestApp::new().await;
    let (awa, ali) = (
        test.user("driver", "Awa").await,
        test.user("driver", "Ali").await,
    );
    let (jean, admin) = (
        test.user("client", "Jean").await,
        test.user("admin", "Mariam").await,
    );
    assert_eq!(
        rejected_field(create(&test, awa, &with(ali)).await),
        "other_user_id"
    );
    assert_eq!(
        rejected_field(create(&test, jean, &with(admin)).await),
        "other_user_id"
    );
    assert_eq!(
        rejected_field(create(&test, jean, &with(Viewer(Uuid::new_v4()))).await),
        "other_user_id"
    );
}

#[tokio::test]
async fn support_rooms_need_an_admin_and_delivery_rooms_reject_one() {
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let (merchant, admin) = (
        test.user("merchant", "Chez Tantie").await,
        test.user("admin", "Mariam").await,
    );
    let support = |other| NewRoom {
        room_type: RoomType::Support,
        ..with(other)
    };
    assert_eq!(
        rejected_field(create(&test, driver, &with(admin)).await),
        "other_user_id"
    );
    assert_eq!(
        rejected_field(create(&test, driver, &support(client)).await),
        "other_user_id"
    );
    assert!(create(&test, driver, &support(admin)).await.is_ok());
    assert!(create(&test, merchant, &with(driver)).await.is_ok());
}

#[tokio::test]
async fn a_delivery_must_belong_to_both_participants() {
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let (other_driver, merchant) = (
        test.user("driver", "Ali").await,
        test.user("merchant", "Tantie").await,
    );
    let delivery = test.delivery("LBN1", driver, client).await;
    for (viewer, other, delivery) in [
        (other_driver, client, delivery),
        (driver, merchant, delivery),
        (driver, client, Uuid::new_v4()),
    ] {
        let new = NewRoom {
            delivery_id: Some(delivery),
            ..with(other)
        };
        assert_eq!(
            rejected_field(create(&test, viewer, &new).await),
            "delivery_id"
        );
    }
}

#[tokio::test]
async fn an_unknown_or_inactive_viewer_cannot_open_a_room() {
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let unknown = create(&test, Viewer(Uuid::new_v4()), &with(driver)).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    test.deactivate(client).await;
    let inactive = create(&test, client, &with(driver)).await;
    assert!(matches!(
        inactive,
        Err(Error::Unauthorized(Unauthorized::UserInactive))
    ));
    assert!(
        test.sql
            .query("SELECT FROM chat_rooms", &[])
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn twenty_concurrent_requests_for_a_room_open_one_with_one_token() {
    const LIMITED: OpeningRules = OpeningRules {
        limit: Some(RateLimit::ROOMS),
        without_delivery: RoomsWithoutDelivery::Allow,
    };
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..20 {
        let (viewer, other) = if turn % 2 == 0 {
            (driver, client)
        } else {
            (client, driver)
        };
        let database = &test.app.database;
        tasks.spawn(async move {
            rooms::create(database, viewer, &new_for(other), &LIMITED)
                .await
                .unwrap()
        });
    }
    let opened = tasks.join_all().await;
    assert_eq!(opened.iter().filter(|opened| opened.created).count(), 1);
    assert!(opened.iter().all(|it| it.room.id == opened[0].room.id));
    let messages: i64 = test
        .sql
        .query_one("SELECT count(*) FROM chat_messages", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(messages, 1);
    let used =
        "SELECT ceil(extract(epoch FROM sum(full_at - now())) / 60)::int FROM chat_rate_limits";
    let tokens: i32 = test.sql.query_one(used, &[]).await.unwrap().get(0);
    assert_eq!(tokens, 1);
}
