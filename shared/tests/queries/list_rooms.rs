use shared::db::rooms::{self, Filter, OpeningRules};
use shared::domain::{
    Page, PageNumber, PageSize, RoomOrder, RoomSummary, RoomType, Search, Viewer,
};
use shared::testing::TestApp;
use uuid::Uuid;

async fn list(test: &TestApp, viewer: Viewer, filter: Filter, order: RoomOrder) -> Vec<Uuid> {
    let list = rooms::list(viewer, &filter, order, PageNumber::FIRST, PageSize::DEFAULT);
    let page = list.run(&test.app.database).await;
    ids(&page.unwrap().unwrap())
}

fn ids(page: &Page<RoomSummary>) -> Vec<Uuid> {
    page.results.iter().map(|room| room.id).collect()
}

#[tokio::test]
async fn rooms_are_ordered_by_newest_message_and_rooms_without_one_come_last() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let mut rooms = Vec::new();
    for name in ["Jean", "Paul", "Ali"] {
        let client = test.user("client", name).await;
        rooms.push(test.room_between(driver, client).await.id);
    }
    let [silent, older, newer] = rooms[..] else {
        unreachable!()
    };
    test.say(driver, older, "1").await;
    test.say(driver, newer, "2").await;
    let ordered = async |order| list(&test, driver, Filter::default(), order).await;
    assert_eq!(
        ordered(RoomOrder::NewestMessage).await,
        [newer, older, silent]
    );
    assert_eq!(
        ordered(RoomOrder::OldestMessage).await,
        [older, newer, silent]
    );
    assert_eq!(ordered(RoomOrder::Oldest).await, [silent, older, newer]);
    assert_eq!(ordered(RoomOrder::Newest).await, [newer, older, silent]);
}

#[tokio::test]
async fn the_last_page_has_the_remaining_messages() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let orders = [
        RoomOrder::NewestMessage,
        RoomOrder::OldestMessage,
        RoomOrder::Newest,
        RoomOrder::Oldest,
    ];
    for count in 0..=4 {
        for order in orders {
            for search in [None, Search::parse("jean").ok()] {
                let page = async |number| {
                    let filter = Filter {
                        search: search.clone(),
                        ..Filter::default()
                    };
                    let list = rooms::list(driver, &filter, order, number, PageSize::parse("2"));
                    let page = list.run(&test.app.database).await.unwrap().unwrap();
                    (page.count, page.number, ids(&page))
                };
                let by_number = page(PageNumber::Number(((count + 1) / 2).max(1)));
                assert_eq!(
                    page(PageNumber::Last).await,
                    by_number.await,
                    "{count} {order:?}"
                );
            }
        }
        // Every second room has no message.
        let client = test.user("client", "Jean").await;
        let room = test.room_between(driver, client).await.id;
        if count % 2 == 0 {
            test.say(driver, room, "Bonjour").await;
        }
    }
}

#[tokio::test]
async fn only_the_viewers_open_rooms_are_listed_and_archived_ones_on_request() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let stranger = test.user("admin", "Mariam").await;
    assert_eq!(
        list(&test, client, Filter::default(), RoomOrder::default()).await,
        [room]
    );
    assert!(
        list(&test, stranger, Filter::default(), RoomOrder::default())
            .await
            .is_empty()
    );

    rooms::archive(&test.app.database, driver, room, true)
        .await
        .unwrap();
    assert!(
        list(&test, driver, Filter::default(), RoomOrder::default())
            .await
            .is_empty()
    );
    let archived = Filter {
        include_archived: true,
        ..Filter::default()
    };
    assert_eq!(
        list(&test, driver, archived, RoomOrder::default()).await,
        [room]
    );

    test.close_rooms().await;
    assert!(
        list(&test, client, Filter::default(), RoomOrder::default())
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn filters_select_by_type_and_delivery() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let delivery = test.delivery("LBN1", driver, client).await;
    let about_delivery = open_about(&test, driver, client, delivery).await;
    let filtered = async |filter| list(&test, driver, filter, RoomOrder::Oldest).await;
    let by_type = |room_type| Filter {
        room_type: Some(room_type),
        ..Filter::default()
    };
    assert_eq!(
        filtered(by_type(RoomType::Delivery)).await,
        [room, about_delivery]
    );
    assert!(filtered(by_type(RoomType::Support)).await.is_empty());
    assert_eq!(
        filtered(Filter {
            delivery_id: Some(delivery),
            ..Filter::default()
        })
        .await,
        [about_delivery]
    );
}

#[tokio::test]
async fn search_finds_parts_of_words_in_any_case_with_or_without_accents() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa Koné").await;
    let client = test.user("client", "Hélène N'Guessan 100%_sûr Cœur").await;
    let delivery = test.delivery("LBN-123456", driver, client).await;
    open_about(&test, driver, client, delivery).await;
    let found = async |viewer, words: &str| {
        let filter = Filter {
            search: Some(Search::parse(words).unwrap()),
            ..Filter::default()
        };
        !list(&test, viewer, filter, RoomOrder::default())
            .await
            .is_empty()
    };
    for words in [
        "helene",
        "HÉLÈNE",
        "guess",
        "n'g",
        "123",
        "lbn hele",
        "100%",
        "%_s",
        "sur",
        "coeur",
        "he\u{301}le",
        "",
    ] {
        assert!(found(driver, words).await, "{words}");
    }
    for words in [
        "paul",
        "helene paul",
        "%z",
        "h_l",
        "awa",
        "hele lbnx",
        "elenen",
    ] {
        assert!(!found(driver, words).await, "{words}");
    }
    assert!(
        found(client, "kone").await,
        "the other participant of the client is the driver"
    );
    assert!(
        !found(client, "helene").await,
        "one's own name is not searched"
    );
}

async fn open_about(test: &TestApp, driver: Viewer, client: Viewer, delivery: Uuid) -> Uuid {
    let new = rooms::NewRoom {
        other_user_id: client.0,
        delivery_id: Some(delivery),
        room_type: RoomType::Delivery,
        initial_message: None,
    };
    rooms::create(&test.app.database, driver, &new, &OpeningRules::default())
        .await
        .unwrap()
        .room
        .id
}

#[tokio::test]
async fn pages_contain_each_room_once() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    for turn in 0..5 {
        let client = test.user("client", &format!("Client {turn}")).await;
        test.room_between(driver, client).await;
    }
    let page = async |number| {
        let (filter, size) = (Filter::default(), PageSize::parse("2"));
        let list = rooms::list(driver, &filter, RoomOrder::Oldest, number, size);
        list.run(&test.app.database).await.unwrap()
    };
    let mut seen = Vec::new();
    for number in 1..=3 {
        let page = page(PageNumber::Number(number)).await.unwrap();
        assert_eq!(page.count, 5);
        seen.extend(ids(&page));
    }
    assert_eq!(
        seen,
        list(&test, driver, Filter::default(), RoomOrder::Oldest).await
    );
    assert_eq!(ids(&page(PageNumber::Last).await.unwrap()), seen[4..]);
    assert!(page(PageNumber::Number(4)).await.is_none());
    assert!(page(PageNumber::Number(i64::MAX)).await.is_none());
}

#[tokio::test]
async fn changed_names_are_found_after_their_rooms_were_refreshed() {
    let test = TestApp::new().await;
    let mut rooms = Vec::new();
    for _ in 0..3 {
        let (driver, _, room) = test.room().await;
        rooms.push((driver, room));
    }
    let found = async |driver, words| {
        let filter = Filter {
            search: Some(Search::parse(words).unwrap()),
            ..Filter::default()
        };
        list(&test, driver, filter, RoomOrder::default()).await
    };
    let refresh = async || rooms::refresh_names(&test.app.database, 1).await.unwrap();
    let rename = "UPDATE users SET full_name = 'Hélène Çelik' WHERE user_type = 'client'";
    test.sql.execute(rename, &[]).await.unwrap();

    // Each run refreshes the rooms of one driver. After the last driver, the next run starts again.
    assert_eq!([refresh().await, refresh().await, refresh().await], [1; 3]);
    for (driver, room) in &rooms {
        assert_eq!(found(*driver, "helene").await, [*room]);
    }
    assert_eq!([refresh().await, refresh().await], [0; 2]);

    let rename = "UPDATE users SET full_name = 'Awa Traoré' WHERE user_type = 'driver'";
    test.sql.execute(rename, &[]).await.unwrap();
    let mut all = 0;
    for _ in 0..4 {
        all += refresh().await;
    }
    assert_eq!(all, 3);
}

#[tokio::test]
async fn concurrent_runs_and_locked_rooms_do_not_block_a_run() {
    let test = TestApp::new().await;
    let (_, client, room) = test.room().await;
    let rename = "UPDATE users SET full_name = 'Hélène' WHERE id = $1";
    test.sql.execute(rename, &[&client.0]).await.unwrap();
    let refresh = async || rooms::refresh_names(&test.app.database, 9).await.unwrap();

    let other = test.app.database.dedicated().await.unwrap();
    other.batch_execute("BEGIN").await.unwrap();
    let writes = "UPDATE chat_rooms SET revision = revision + 1 WHERE id = $1";
    other.execute(writes, &[&room]).await.unwrap();
    assert_eq!(refresh().await, 0);
    let runs = "ROLLBACK; BEGIN; SELECT FROM chat_rooms_search_progress FOR UPDATE";
    other.batch_execute(runs).await.unwrap();
    assert_eq!(refresh().await, 0);
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(refresh().await, 1);
}
