use shared::db::messages;
use shared::domain::{Message, MessageOrder, Page, PageNumber, PageSize, Viewer};
use shared::error::{Error, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

fn seqs(page: Option<Page<Message>>) -> Option<Vec<i64>> {
    page.map(|page| page.results.iter().map(|message| message.seq).collect())
}

#[tokio::test]
async fn a_page_is_a_range_of_the_history() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for turn in 0..5 {
        test.say(if turn % 2 == 0 { driver } else { client }, room, "Bonjour")
            .await;
    }
    let page = async |order, number| {
        let size = PageSize::parse("2");
        seqs(
            messages::list(&test.app.database, client, room, order, number, size)
                .await
                .unwrap()
                .page,
        )
    };
    let number = PageNumber::Number;
    assert_eq!(
        page(MessageOrder::NewestFirst, number(1)).await,
        Some(vec![5, 4])
    );
    assert_eq!(
        page(MessageOrder::NewestFirst, number(3)).await,
        Some(vec![1])
    );
    assert_eq!(
        page(MessageOrder::NewestFirst, PageNumber::Last).await,
        Some(vec![1])
    );
    assert_eq!(
        page(MessageOrder::OldestFirst, number(2)).await,
        Some(vec![3, 4])
    );
    assert_eq!(
        page(MessageOrder::OldestFirst, PageNumber::Last).await,
        Some(vec![5])
    );
    for (order, beyond) in [
        (MessageOrder::NewestFirst, 4),
        (MessageOrder::OldestFirst, i64::MAX),
    ] {
        assert_eq!(page(order, number(beyond)).await, None);
    }
}

#[tokio::test]
async fn an_empty_history_an_unknown_room_and_an_unknown_viewer_are_distinguished() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let stranger = test.user("admin", "Mariam").await;
    let list = async |viewer, room| {
        let (order, size) = (MessageOrder::default(), PageSize::DEFAULT);
        messages::list(
            &test.app.database,
            viewer,
            room,
            order,
            PageNumber::FIRST,
            size,
        )
        .await
    };
    assert_eq!(list(driver, room).await.unwrap().page.unwrap().count, 0);
    assert!(matches!(list(stranger, room).await, Err(Error::NotFound)));
    assert!(matches!(
        list(driver, Uuid::new_v4()).await,
        Err(Error::NotFound)
    ));
    let unknown = list(Viewer(Uuid::new_v4()), room).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
}

#[tokio::test]
async fn a_backfill_returns_the_messages_after_a_seq() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for _ in 0..5 {
        test.say(driver, room, "Bonjour").await;
    }
    let after = async |viewer, seq| {
        messages::backfill(&test.app.database, viewer, room, seq, PageSize::parse("2"))
            .await
            .map(|missed| {
                let seqs: Vec<_> = missed.messages.iter().map(|it| it.seq).collect();
                (missed.count, seqs)
            })
    };
    assert_eq!(after(client, 0).await.unwrap(), (5, vec![1, 2]));
    assert_eq!(after(client, 4).await.unwrap(), (5, vec![5]));
    assert_eq!(after(client, i64::MAX).await.unwrap(), (5, vec![]));
    let stranger = test.user("client", "Ali").await;
    assert!(matches!(after(stranger, 0).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_message_of_a_deleted_sender_stays() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    test.sql
        .execute("DELETE FROM users WHERE id = $1", &[&driver.0])
        .await
        .unwrap();
    let messages = messages::backfill(&test.app.database, client, room, 0, PageSize::DEFAULT)
        .await
        .unwrap();
    assert_eq!(messages.messages[0].sender, None);
}
