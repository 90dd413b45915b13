use std::time::Duration;

use shared::db::messages::{Activity, activity_since};
use shared::domain::Timestamp;
use shared::testing::TestApp;

#[tokio::test]
async fn messages_since_a_time_are_counted_over_all_rooms() {
    let test = TestApp::new().await;
    let began = Timestamp::now().0;
    let (driver, client, room) = test.room().await;
    let other = test.user("client", "Ali").await;
    let other_room = test.room_between(driver, other).await.id;
    test.say(driver, room, "1").await;
    test.say(client, room, "2").await;
    test.say(driver, other_room, "3").await;
    let since = async |moment| activity_since(&test.app.database, moment).await.unwrap();
    let all = Activity {
        messages: 3,
        rooms: 2,
    };
    assert_eq!(since(began).await, all);
    let none = Activity {
        messages: 0,
        rooms: 0,
    };
    assert_eq!(
        since(Timestamp::now().0 + Duration::from_secs(1)).await,
        none
    );
}
