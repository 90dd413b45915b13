use serde_json::{Value, json};
use shared::db::rooms::{self, Filter};
use shared::domain::{
    DeliveryEvent, Disclosure, PageNumber, PageSize, PhoneDisclosure, RoomOrder, Viewer,
};
use shared::testing::TestApp;
use uuid::Uuid;

const PHONE: &str = "+2250701020304";

fn in_delivery_rooms(delivery: PhoneDisclosure) -> Disclosure {
    Disclosure {
        delivery,
        support: PhoneDisclosure::Always,
    }
}

/// Returns both phone numbers and both addresses of the room's detail.
async fn shown(test: &TestApp, viewer: Viewer, room: Uuid, policy: PhoneDisclosure) -> Value {
    let room = rooms::get(&test.app.database, viewer, room).await.unwrap();
    let room = room.unwrap().disclose(in_delivery_rooms(policy), viewer);
    let room = serde_json::to_value(room).unwrap();
    json!([
        room["driver"]["phone_number"],
        room["other_participant"]["phone_number"],
        room["delivery_info"]["pickup_address"],
        room["delivery_info"]["delivery_address"],
    ])
}

#[tokio::test]
async fn the_detail_shows_what_the_policy_discloses() {
    use PhoneDisclosure::{Always, Never, WhileOpen};
    let test = TestApp::new().await;
    let (driver, client) = (
        test.user("driver", "Awa").await,
        test.user("client", "Jean").await,
    );
    let delivery = test.delivery("LBN1", driver, client).await;
    let room = test.report(DeliveryEvent::Assigned, delivery).await[0];
    let addresses = "SELECT pickup_address, delivery_address FROM deliveries";
    let row = test.sql.query_one(addresses, &[]).await.unwrap();
    let (from, to): (String, String) = (row.get(0), row.get(1));
    assert!(!from.is_empty() && !to.is_empty());
    let all = json!([PHONE, PHONE, from, to]);
    let no_phones = json!(["", "", from, to]);
    let nothing = json!(["", "", "", ""]);
    for viewer in [driver, client] {
        assert_eq!(shown(&test, viewer, room, Always).await, all);
        assert_eq!(shown(&test, viewer, room, WhileOpen).await, all);
        assert_eq!(shown(&test, viewer, room, Never).await, no_phones);
    }
    // The room is past its closing time, and maintain-rooms has not closed it yet.
    let over = "UPDATE chat_rooms SET closes_at = now() - interval '1 second'";
    test.sql.execute(over, &[]).await.unwrap();
    for policy in [WhileOpen, Never] {
        assert_eq!(shown(&test, driver, room, policy).await, nothing);
        assert_eq!(shown(&test, client, room, policy).await, no_phones);
    }
    assert_eq!(shown(&test, driver, room, Always).await, all);
}

#[tokio::test]
async fn the_list_shows_what_the_policy_discloses() {
    let test = TestApp::new().await;
    let (driver, _, _) = test.room().await;
    for (policy, phone) in [
        (PhoneDisclosure::Always, PHONE),
        (PhoneDisclosure::WhileOpen, PHONE),
        (PhoneDisclosure::Never, ""),
    ] {
        let (order, first) = (RoomOrder::default(), PageNumber::FIRST);
        let list = rooms::list(driver, &Filter::default(), order, first, PageSize::DEFAULT);
        let page = list.run(&test.app.database).await.unwrap().unwrap();
        let page = page.map(|room| room.disclose(in_delivery_rooms(policy)));
        let shown = serde_json::to_value(&page).unwrap();
        assert_eq!(
            shown["results"][0]["other_participant"]["phone_number"],
            phone
        );
    }
}
