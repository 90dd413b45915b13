//! Messages and names that were written before PostgreSQL's text search was used.

use refinery::{Runner, Target};
use shared::db::messages::{self, Scope};
use shared::db::migrate;
use shared::db::rooms;
use shared::domain::{PageSize, Viewer};
use shared::testing::TestApp;
use uuid::Uuid;

/// The last migration with the old tokenizer.
const BEFORE: i32 = 13;

#[tokio::test]
async fn messages_and_names_from_before_the_migration_are_found() {
    let test = TestApp::new().await;
    let mut sql = test.app.database.dedicated().await.unwrap();
    sql.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    Runner::new(&migrate::all())
        .set_target(Target::Version(BEFORE))
        .run_async(&mut sql)
        .await
        .unwrap();
    let client = Viewer(Uuid::from_u128(2));
    sql.batch_execute(
        "INSERT INTO users (id, full_name, phone_number, user_type) VALUES
             ('00000000-0000-0000-0000-000000000001', 'Øystein', '', 'driver'),
             ('00000000-0000-0000-0000-000000000002', 'Jean‑Marc N’Guessan', '', 'client');
         INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id)
             SELECT gen_random_uuid(), 'delivery', driver.id, client.id FROM users AS driver, users AS client
             WHERE driver.user_type = 'driver' AND client.user_type = 'client';
         INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id, delivery_id, is_active)
             SELECT gen_random_uuid(), room_type, driver_id, other_user_id, gen_random_uuid(), false FROM chat_rooms;
         INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
             SELECT gen_random_uuid(), room.id, seq, driver_id, 'text', text, now() + seq * interval '1 second', 1
             FROM (SELECT * FROM chat_rooms WHERE is_active) AS room,
                  (VALUES (1, 'Ma première livraison à Łódź'), (2, repeat(U&'\\FDFA', 62) || 'ب'), (3, 'D’accord')) AS it (seq, text)",
    )
    .await
    .unwrap();

    let report = migrate::run(&mut sql).await.unwrap();
    assert!(report.applied.len() >= 3, "{report:?}");

    let found = async |words: &str| -> Vec<i64> {
        let found = messages::search(
            &test.app.database,
            client,
            words,
            &Scope::default(),
            PageSize::DEFAULT,
            None,
        )
        .await;
        found
            .unwrap()
            .messages
            .iter()
            .map(|found| found.message.seq)
            .collect()
    };
    for (words, seq) in [
        ("premier lodz", 1),
        (&*"\u{fdfa}".repeat(62), 2),
        ("d'accord", 3),
    ] {
        assert_eq!(found(words).await, [seq], "{words}");
    }
    let stale = "SELECT count(*) FROM chat_message_search JOIN chat_messages ON id = message_id
                 WHERE terms::text::tsvector IS DISTINCT FROM chat_search_vector(text)";
    assert_eq!(
        test.sql
            .query_one(stale, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        0
    );
    let names = async |is_active: bool| -> (String, String) {
        let sql = "SELECT searched_by_driver, searched_by_other_user FROM chat_rooms WHERE is_active = $1";
        let row = test.sql.query_one(sql, &[&is_active]).await.unwrap();
        (row.get(0), row.get(1))
    };
    let folded = ("jean marc n guessan\n".to_owned(), "oystein\n".to_owned());
    assert_eq!(names(true).await, folded);
    assert_ne!(names(false).await, folded, "a closed room is not listed");

    test.sql
        .batch_execute("UPDATE chat_rooms SET is_active = NOT is_active")
        .await
        .unwrap();
    rooms::refresh_names(&test.app.database, 10).await.unwrap();
    assert_eq!(names(true).await, folded, "a room that opens again");
}

/// Runs the query of the previous release's search-messages for the words to highlight, on the schema of this release.
#[tokio::test]
async fn a_function_of_the_previous_release_still_finds_and_highlights() {
    let test = TestApp::new().await;
    let sql = "SELECT chat_search_vector(text) @@ query, ARRAY(
                   SELECT DISTINCT word FROM chat_search_words(text) AS word
                   WHERE array_to_tsvector(chat_search_terms(word)) @@ replace(query::text, '&', '|')::tsquery
                   ORDER BY word)
               FROM (SELECT 'J’ai livré la première, 62 \u{fdfa}' AS text, chat_search_query('livrer premier') AS query) AS it";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert!(row.get::<_, bool>(0));
    assert_eq!(row.get::<_, Vec<String>>(1), ["livré", "première"]);
}
