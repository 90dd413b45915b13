use shared::db::migrate;
use shared::testing::World;

#[tokio::test]
async fn a_second_run_has_nothing_to_do_also_beside_another() {
    let world = World::new().await;
    let (one, two) = tokio::join!(
        migrate::migrate(&world.app.database),
        migrate::migrate(&world.app.database)
    );
    for report in [one.unwrap(), two.unwrap()] {
        assert!(report.applied.is_empty(), "{report:?}");
        assert!(report.version >= 3);
    }
}

#[tokio::test]
async fn two_first_runs_at_once_apply_each_migration_once() {
    let world = World::new().await;
    world
        .sql
        .batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    let (one, two) = tokio::join!(
        migrate::migrate(&world.app.database),
        migrate::migrate(&world.app.database)
    );
    let (one, two) = (one.unwrap().applied.len(), two.unwrap().applied.len());
    assert_eq!((one.min(two), one.max(two)), (0, migrate::all().len()));
}

#[tokio::test]
async fn a_schema_ahead_of_the_code_is_left_as_it_is() {
    let world = World::new().await;
    world
        .sql
        .batch_execute(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             VALUES (9000, 'of_a_release_that_was_rolled_back', '2026-11-22T17:00:00Z', '1')",
        )
        .await
        .unwrap();
    let report = migrate::migrate(&world.app.database).await.unwrap();
    assert!(report.applied.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_migration_that_was_passed_over_is_an_error() {
    let world = World::new().await;
    world
        .sql
        .batch_execute("DELETE FROM refinery_schema_history WHERE version = 2")
        .await
        .unwrap();
    let error = migrate::migrate(&world.app.database).await.unwrap_err();
    assert!(error.to_string().contains("V2__chat_tables"), "{error}");
}

#[tokio::test]
async fn the_platforms_own_tables_may_stand_behind_views() {
    let world = World::new().await;
    world
        .sql
        .batch_execute(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public;
             CREATE TABLE accounts_user (uid uuid PRIMARY KEY, name varchar(80), phone varchar(20), kind varchar(10), photo varchar(200));
             CREATE TABLE orders (uid uuid PRIMARY KEY, code varchar(20), courier uuid, customer uuid, shop uuid);
             CREATE VIEW users AS SELECT uid AS id, name AS full_name, phone AS phone_number, kind AS user_type,
                 photo AS profile_photo_url, true AS is_active FROM accounts_user;
             CREATE VIEW deliveries AS SELECT uid AS id, code AS tracking_number, 'Cocody'::varchar AS pickup_address,
                 'Yopougon'::varchar AS delivery_address, courier AS driver_id, customer AS client_id, shop AS merchant_id FROM orders;
             INSERT INTO accounts_user VALUES ('00000000-0000-4000-8000-000000000001', 'Awa', NULL, 'driver', NULL),
                 ('00000000-0000-4000-8000-000000000002', 'Jean', '+225', 'client', NULL)",
        )
        .await
        .unwrap();
    migrate::migrate(&world.app.database).await.unwrap();
    let id = |n: u128| {
        shared::domain::Viewer(uuid::Uuid::from_u128(
            0x0000_0000_0000_4000_8000_0000_0000_0000 + n,
        ))
    };
    let room = world.room_between(id(1), id(2)).await;
    assert_eq!(room.driver.unwrap().phone_number, "");
    world.say(id(2), room.id, "Bonjour").await;
}
