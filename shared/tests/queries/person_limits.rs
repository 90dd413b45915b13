use shared::db::messages::{self, Scope};
use shared::db::rooms::{self, NewRoom, Opened, OpeningRules};
use shared::db::uploads;
use shared::domain::{PageSize, RateLimit, RoomType, RoomsWithoutDelivery, Viewer};
use shared::error::{Error, Result, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

async fn open(
    test: &TestApp,
    viewer: Viewer,
    other: Viewer,
    rules: &OpeningRules,
) -> Result<Opened> {
    rooms::create(&test.app.database, viewer, &about_nothing(other), rules).await
}

fn about_nothing(other: Viewer) -> NewRoom {
    NewRoom {
        other_user_id: other.0,
        delivery_id: None,
        room_type: RoomType::Delivery,
        initial_message: None,
    }
}

fn limited(limit: &str) -> OpeningRules {
    OpeningRules {
        limit: RateLimit::parse(limit).unwrap(),
        ..OpeningRules::default()
    }
}

async fn clients(test: &TestApp, count: usize) -> Vec<Viewer> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(test.user("client", "Jean").await);
    }
    clients
}

/// Returns the seconds to wait of a rejected request.
fn wait<T: std::fmt::Debug>(result: Result<T>) -> u64 {
    match result {
        Err(Error::TooManyRequests { retry_after }) => retry_after,
        other => panic!("expected 429, got {other:?}"),
    }
}

/// Changes the buckets as if this time had passed.
async fn pass(test: &TestApp, seconds: f64) {
    let sql = "UPDATE chat_rate_limits SET full_at = full_at - make_interval(secs => $1)";
    test.sql.execute(sql, &[&seconds]).await.unwrap();
}

#[tokio::test]
async fn new_rooms_above_the_limit_wait_for_a_token() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let clients = clients(&test, 4).await;
    let rules = limited("2/1/h");
    for client in &clients[..2] {
        assert!(open(&test, driver, *client, &rules).await.unwrap().created);
    }
    let waits = wait(open(&test, driver, clients[2], &rules).await);
    assert!((3_500..=3_600).contains(&waits), "{waits}");
    let again = open(&test, driver, clients[0], &rules).await.unwrap();
    assert!(!again.created, "an existing room consumes no token");
    assert!(
        open(&test, clients[2], driver, &rules)
            .await
            .unwrap()
            .created,
        "each person has a bucket of their own"
    );
    pass(&test, 3_600.0).await;
    assert!(
        open(&test, driver, clients[3], &rules)
            .await
            .unwrap()
            .created
    );
}

#[tokio::test]
async fn of_twelve_concurrent_new_rooms_one_opens_per_token() {
    let test = TestApp::new().await;
    let driver = test.user("driver", "Awa").await;
    let mut tasks = tokio::task::JoinSet::new();
    for client in clients(&test, 12).await {
        let database = &test.app.database;
        tasks.spawn(async move {
            rooms::create(database, driver, &about_nothing(client), &limited("5/1/h")).await
        });
    }
    let (opened, held): (Vec<_>, Vec<_>) = tasks
        .join_all()
        .await
        .into_iter()
        .partition(std::result::Result::is_ok);
    assert_eq!((opened.len(), held.len()), (5, 7));
    for held in held {
        assert!(wait(held) > 0);
    }
    let rooms = test.sql.query("SELECT FROM chat_rooms", &[]).await;
    assert_eq!(rooms.unwrap().len(), 5);
}

#[tokio::test]
async fn a_rejected_room_consumes_no_token() {
    let test = TestApp::new().await;
    let (driver, admin) = (
        test.user("driver", "Awa").await,
        test.user("admin", "Mariam").await,
    );
    for _ in 0..3 {
        let rejected = open(&test, driver, admin, &limited("1/1/h")).await;
        assert!(matches!(rejected, Err(Error::Rejected(_))));
    }
    let unknown = open(&test, Viewer(Uuid::new_v4()), driver, &limited("1/1/h")).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    let buckets = test.sql.query("SELECT FROM chat_rate_limits", &[]).await;
    assert!(buckets.unwrap().is_empty());
}

#[tokio::test]
async fn uploads_above_the_limit_wait_for_a_token() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let limit = RateLimit::parse("3/1/min").unwrap();
    let authorize =
        async |viewer| uploads::authorize(&test.app.database, viewer, room, limit).await;
    for _ in 0..3 {
        authorize(driver).await.unwrap();
    }
    let waits = wait(authorize(driver).await);
    assert!((1..=60).contains(&waits), "{waits}");
    authorize(client).await.unwrap();
    pass(&test, 60.0).await;
    authorize(driver).await.unwrap();
    wait(authorize(driver).await);
    let unlimited = uploads::authorize(&test.app.database, driver, room, None).await;
    unlimited.unwrap();
}

#[tokio::test]
async fn only_participants_of_an_open_room_may_upload() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let stranger = test.user("client", "Ali").await;
    let limit = Some(RateLimit::UPLOADS);
    let authorize =
        async |viewer| uploads::authorize(&test.app.database, viewer, room, limit).await;
    assert!(matches!(authorize(stranger).await, Err(Error::NotFound)));
    assert!(matches!(
        authorize(Viewer(Uuid::new_v4())).await,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
    test.close_rooms().await;
    assert!(matches!(authorize(driver).await, Err(Error::Rejected(_))));
    let buckets = test.sql.query("SELECT FROM chat_rate_limits", &[]).await;
    assert!(buckets.unwrap().is_empty());
}

#[tokio::test]
async fn searches_above_the_limit_wait_for_a_token() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    let search = async |viewer, room_id| {
        let (scope, size) = (
            Scope {
                room_id,
                before: None,
            },
            PageSize::DEFAULT,
        );
        let limit = RateLimit::parse("2/1/min").unwrap();
        messages::search(&test.app.database, viewer, "bonjour", &scope, size, limit).await
    };
    for _ in 0..2 {
        assert_eq!(search(driver, None).await.unwrap().messages.len(), 1);
    }
    let waits = wait(search(driver, Some(room)).await);
    assert!((1..=60).contains(&waits), "{waits}");
    let foreign = search(driver, Some(Uuid::new_v4())).await;
    assert!(matches!(foreign, Err(Error::NotFound)), "this comes first");
    assert_eq!(search(client, None).await.unwrap().messages.len(), 1);
    pass(&test, 60.0).await;
    assert_eq!(search(driver, None).await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_room_needs_a_delivery_if_only_support_rooms_may_lack_one() {
    let test = TestApp::new().await;
    let rules = OpeningRules {
        limit: None,
        without_delivery: RoomsWithoutDelivery::SupportOnly,
    };
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let admin = test.user("admin", "Mariam").await;
    let Err(Error::Rejected(errors)) = open(&test, driver, client, &rules).await else {
        panic!("a room without a delivery was opened");
    };
    assert_eq!(
        serde_json::to_value(errors).unwrap(),
        serde_json::json!({ "delivery_id": ["Ce champ est obligatoire."] })
    );
    let support = NewRoom {
        room_type: RoomType::Support,
        ..about_nothing(admin)
    };
    let opened = rooms::create(&test.app.database, driver, &support, &rules).await;
    assert!(opened.unwrap().created);
    let about = NewRoom {
        delivery_id: Some(test.delivery("LBN1", driver, client).await),
        ..about_nothing(client)
    };
    let opened = rooms::create(&test.app.database, driver, &about, &rules).await;
    assert!(opened.unwrap().created);

    let earlier = test.room_between(driver, client).await;
    let found = open(&test, client, driver, &rules).await.unwrap();
    assert_eq!((found.created, found.room.id), (false, earlier.id));
}
