//! The maximum cost of a search, for any messages.

use shared::db::messages::{self, Scope};
use shared::domain::{PageSize, Viewer};
use shared::testing::TestApp;

/// Returns a user with a room of `count` messages, each with 2,500 different one-letter words, of which one is `ﷺ`.
async fn crowded(test: &TestApp, count: i32) -> Viewer {
    let (driver, _, _) = test.room().await;
    let insert = "INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
        SELECT gen_random_uuid(), room.id, n, driver_id, 'text', words.text, now() + n * interval '1 second', 1
        FROM chat_rooms AS room, generate_series(1, $1) AS n,
             (SELECT 'ﷺ ' || string_agg(chr(19968 + k), ' ') AS text FROM generate_series(1, 2499) AS k) AS words";
    test.sql.execute(insert, &[&count]).await.unwrap();
    driver
}

async fn search(test: &TestApp, viewer: Viewer, words: &str) -> usize {
    let found = messages::search(
        &test.app.database,
        viewer,
        words,
        &Scope::default(),
        PageSize::parse("100"),
        None,
    )
    .await;
    found.unwrap().messages.len()
}

#[tokio::test]
async fn a_run_that_indexes_words_takes_at_most_100_000_characters() {
    let test = TestApp::new().await;
    crowded(&test, 100).await;
    let run = async || {
        messages::index_words(&test.app.database, 1000)
            .await
            .unwrap()
    };
    for _ in 0..5 {
        assert_eq!(run().await, 20);
    }
    assert_eq!(run().await, 0);
}

/// With the tokenizer of V0005 this took 36 s of CPU time.
#[tokio::test]
async fn twelve_concurrent_searches_through_large_messages_all_succeed() {
    let test = TestApp::new().await;
    let driver = crowded(&test, 100).await;
    let pending: Vec<_> = (0..12).map(|_| search(&test, driver, "ﷺ")).collect();
    let newest = futures_util::future::join_all(pending).await;
    assert_eq!(newest, [10; 12], "50,000 characters");
    test.index_words().await;
    let searches: Vec<_> = (0..12).map(|_| search(&test, driver, "ﷺ")).collect();
    assert_eq!(futures_util::future::join_all(searches).await, [100; 12]);
}

#[tokio::test]
async fn a_search_with_the_maximum_number_of_words_succeeds() {
    let test = TestApp::new().await;
    let driver = crowded(&test, 100).await;
    test.index_words().await;
    let words: String = (19969..20096)
        .filter_map(char::from_u32)
        .flat_map(|c| [c, ' '])
        .collect();
    assert_eq!(search(&test, driver, words.trim_end()).await, 100);
}
