use shared::db::platform_messages::{
    Addressee, NewPlatformMessage, Posted, delete_expired_ids, send,
};
use shared::db::rooms::{self, NewRoom, OpeningRules};
use shared::domain::{DeliveryEvent, Platform, RoomType, Text, Viewer};
use shared::error::{Error, Result};
use shared::testing::TestApp;
use uuid::Uuid;

fn message(addressee: Addressee) -> NewPlatformMessage {
    NewPlatformMessage {
        message_id: Uuid::new_v4(),
        addressee,
        text: Text::parse("Votre livreur a changé de véhicule.").unwrap(),
        push: true,
    }
}

async fn post(test: &TestApp, new: &NewPlatformMessage) -> Result<Posted> {
    send(&test.app.database, Platform, new).await
}

/// Returns the field that the rejection names.
async fn rejected(test: &TestApp, new: &NewPlatformMessage) -> &'static str {
    match post(test, new).await {
        Err(Error::Rejected(errors)) => errors.names().next().unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn number_of_messages(test: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM chat_messages";
    test.sql.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_message_to_a_room_is_unread_for_both_and_the_last_one() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let new = message(Addressee::Room(room));
    let posted = post(&test, &new).await.unwrap();
    let expected = Posted {
        rooms: vec![room],
        created: true,
    };
    assert_eq!(posted, expected);
    for viewer in [driver, client] {
        let seen = rooms::get(&test.app.database, viewer, room).await.unwrap();
        let seen = seen.unwrap();
        assert_eq!(seen.unread_count, 1);
        assert_eq!(seen.last_message_text, new.text.as_str());
    }
    let sql = "SELECT sender_id IS NULL AND message_type = 'system' AND client_message_id = $1 AND push_mode IS NULL
                   AND message.revision = room.revision AND seq = message_count AND message.created_at = last_message_at
               FROM chat_messages AS message JOIN chat_rooms AS room ON room.id = chat_room_id";
    let row = test.sql.query_one(sql, &[&new.message_id]).await.unwrap();
    assert!(row.get::<_, bool>(0));
}

#[tokio::test]
async fn a_message_about_a_delivery_goes_to_the_open_rooms_of_its_current_driver() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let client = test.user("client", "Jean").await;
    let merchant = test.user("merchant", "Maquis").await;
    let delivery = test.delivery("LBN1", driver, client).await;
    let set = "UPDATE deliveries SET merchant_id = $1";
    test.sql.execute(set, &[&merchant.0]).await.unwrap();
    let new = message(Addressee::Delivery(delivery));
    let nobody = post(&test, &new).await.unwrap();
    assert_eq!((nobody.rooms.len(), nobody.created), (0, true));

    let mut open = vec![];
    for other in [client, merchant] {
        open.push(room_about(&test, driver, other, delivery).await);
    }
    test.room_between(driver, client).await;
    open.sort();
    let posted = post(&test, &message(Addressee::Delivery(delivery))).await;
    assert_eq!(posted.unwrap().rooms, open);
    assert_eq!(number_of_messages(&test).await, 2);
    let repeat = post(&test, &new).await.unwrap();
    assert_eq!(
        (repeat.rooms.len(), repeat.created),
        (0, false),
        "the first result"
    );

    let close = "UPDATE chat_rooms SET is_active = false WHERE id = $1";
    test.sql.execute(close, &[&open[0]]).await.unwrap();
    let posted = post(&test, &message(Addressee::Delivery(delivery))).await;
    assert_eq!(posted.unwrap().rooms, open[1..]);

    let next = test.user("driver", "Zié").await;
    let set = "UPDATE deliveries SET driver_id = $1";
    test.sql.execute(set, &[&next.0]).await.unwrap();
    let of_next = test.report(DeliveryEvent::Assigned, delivery).await;
    let posted = post(&test, &message(Addressee::Delivery(delivery))).await;
    assert_eq!(posted.unwrap().rooms, of_next);
}

async fn room_about(test: &TestApp, driver: Viewer, other: Viewer, delivery: Uuid) -> Uuid {
    let new = NewRoom {
        other_user_id: other.0,
        delivery_id: Some(delivery),
        room_type: RoomType::Delivery,
        initial_message: None,
    };
    let opened = rooms::create(&test.app.database, driver, &new, &OpeningRules::default()).await;
    opened.unwrap().room.id
}

#[tokio::test]
async fn an_unknown_addressee_or_a_closed_room_is_rejected_and_may_be_repeated() {
    let test = TestApp::new().await;
    let (.., room) = test.room().await;
    let unknown = Uuid::new_v4();
    let to_nobody = message(Addressee::Delivery(unknown));
    assert_eq!(rejected(&test, &to_nobody).await, "delivery_id");
    let to_no_room = message(Addressee::Room(unknown));
    assert_eq!(rejected(&test, &to_no_room).await, "chat_room_id");

    let new = message(Addressee::Room(room));
    test.close_rooms().await;
    assert_eq!(rejected(&test, &new).await, "chat_room_id");
    let open = "UPDATE chat_rooms SET is_active = true";
    test.sql.execute(open, &[]).await.unwrap();
    assert!(post(&test, &new).await.unwrap().created);
    test.close_rooms().await;
    let repeat = post(&test, &new).await.unwrap();
    assert_eq!((repeat.rooms, repeat.created), (vec![room], false));
    assert_eq!(number_of_messages(&test).await, 1);
}

#[tokio::test]
async fn a_repeat_with_another_content_is_rejected() {
    let test = TestApp::new().await;
    let (.., room) = test.room().await;
    let (.., other_room) = test.room().await;
    let new = message(Addressee::Room(room));
    post(&test, &new).await.unwrap();
    for other in [
        NewPlatformMessage {
            text: Text::parse("Autre chose").unwrap(),
            ..new.clone()
        },
        NewPlatformMessage {
            push: false,
            ..new.clone()
        },
        NewPlatformMessage {
            addressee: Addressee::Room(other_room),
            ..new.clone()
        },
        NewPlatformMessage {
            addressee: Addressee::Delivery(Uuid::new_v4()),
            ..new.clone()
        },
    ] {
        assert_eq!(rejected(&test, &other).await, "message_id");
    }
    assert_eq!(number_of_messages(&test).await, 1);
}

#[tokio::test]
async fn twenty_concurrent_repeats_store_one_message() {
    let test = TestApp::new().await;
    for addressee in [true, false] {
        let driver = test.user("driver", "Awa").await;
        let client = test.user("client", "Jean").await;
        let delivery = test.delivery("LBN1", driver, client).await;
        let room = room_about(&test, driver, client, delivery).await;
        let new = message(if addressee {
            Addressee::Delivery(delivery)
        } else {
            Addressee::Room(room)
        });
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (database, new) = (&test.app.database, new.clone());
            tasks.spawn(async move { send(database, Platform, &new).await.unwrap() });
        }
        let all = tasks.join_all().await;
        assert_eq!(all.iter().filter(|it| it.created).count(), 1);
        assert!(all.iter().all(|it| it.rooms == [room]));
        assert_eq!(test.unread(client).await, 1);
    }
}

#[tokio::test]
async fn an_id_is_forgotten_after_180_days_and_its_message_stays() {
    let test = TestApp::new().await;
    let (.., room) = test.room().await;
    let database = &test.app.database;
    let (old, recent) = (
        message(Addressee::Room(room)),
        message(Addressee::Room(room)),
    );
    for new in [&old, &recent] {
        post(&test, new).await.unwrap();
    }
    let age = "UPDATE chat_platform_messages SET received_at = now() - interval '181 days' WHERE message_id = $1";
    test.sql.execute(age, &[&old.message_id]).await.unwrap();
    assert_eq!(delete_expired_ids(database, 10).await.unwrap(), 1);
    assert_eq!(delete_expired_ids(database, 10).await.unwrap(), 0);
    assert_eq!(number_of_messages(&test).await, 2);
    assert!(!post(&test, &recent).await.unwrap().created);
}
