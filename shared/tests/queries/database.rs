use std::num::NonZeroUsize;

use shared::db::{mirror, rooms};
use shared::testing::World;

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced_without_the_caller_noticing() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    for _ in 0..3 {
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
        world.sql.execute(ended, &[]).await.unwrap();
        assert!(
            rooms::get(&world.app.database, driver, room)
                .await
                .unwrap()
                .is_some()
        );
    }
}

async fn one_connection() -> World {
    World::with(|settings, _| settings.concurrency = NonZeroUsize::MIN).await
}

/// The names of the statements that are prepared on the app's only connection.
async fn prepared(world: &World) -> Vec<String> {
    let sql =
        "SELECT split_part(statement, E'\n', 1) AS name FROM pg_prepared_statements ORDER BY 1";
    let rows = world.app.database.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get("name")).collect()
}

#[tokio::test]
async fn a_statement_is_prepared_for_its_second_time_where_no_pooler_is_known_of() {
    let world = one_connection().await;
    let (driver, _, _) = world.room().await;
    world.unread(driver).await;
    let is_prepared = prepared(&world)
        .await
        .contains(&"-- unread_count".to_owned());
    let pooler = std::env::var("TEST_POOLER").is_ok();
    assert_eq!(is_prepared, !pooler);
    world.unread(driver).await;
}

#[tokio::test]
async fn the_statement_cache_can_be_switched_off() {
    let world = World::with(|settings, _| {
        settings.concurrency = NonZeroUsize::MIN;
        settings.statement_cache = Some(false);
    })
    .await;
    let (driver, _, _) = world.room().await;
    world.unread(driver).await;
    assert_eq!(prepared(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_migration_under_a_prepared_statement_is_not_noticed() {
    let world = one_connection().await;
    let (_, _, room) = world.room().await;
    for column in ["one", "two", "three"] {
        assert!(
            mirror::read(&world.app.database, room)
                .await
                .unwrap()
                .is_some()
        );
        let added = format!("ALTER TABLE chat_rooms ADD COLUMN {column} text");
        world.sql.batch_execute(&added).await.unwrap();
    }
}
