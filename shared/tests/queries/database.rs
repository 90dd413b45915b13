use shared::db::rooms;
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
