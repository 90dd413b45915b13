use chrono::{DateTime, TimeDelta, Utc};
use shared::db::firebase_users::{self, Revocation};
use shared::domain::Viewer;
use shared::error::{Error, Unauthorized};
use shared::testing::World;

async fn note(world: &World, viewer: Viewer) {
    firebase_users::note(&world.app.database, viewer)
        .await
        .unwrap();
}

async fn check(world: &World, since: DateTime<Utc>, limit: i64) -> i64 {
    firebase_users::check(&world.app.database, since, limit)
        .await
        .unwrap()
}

async fn deactivate_all(world: &World) {
    let sql = "UPDATE users SET is_active = false";
    world.sql.execute(sql, &[]).await.unwrap();
}

async fn pending(world: &World) -> Vec<Revocation> {
    firebase_users::pending(&world.app.database, 100)
        .await
        .unwrap()
}

fn never() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(1)
}

#[tokio::test]
async fn only_an_active_user_is_noted_and_only_a_noted_one_is_checked() {
    let world = World::new().await;
    let (driver, client, _) = world.room().await;
    note(&world, driver).await;
    note(&world, driver).await;
    deactivate_all(&world).await;
    let rejected = firebase_users::note(&world.app.database, client).await;
    let inactive = Error::Unauthorized(Unauthorized::UserInactive);
    assert_eq!(rejected.unwrap_err().to_string(), inactive.to_string());
    assert_eq!(check(&world, never(), 10).await, 1);
    let expected = Revocation {
        user_id: driver.0,
        is_revoked: true,
    };
    assert_eq!(pending(&world).await, [expected]);
}

#[tokio::test]
async fn the_round_looks_at_all_users_some_at_a_time_and_begins_again() {
    let world = World::new().await;
    for _ in 0..5 {
        let viewer = world.user("client", "Aya").await;
        note(&world, viewer).await;
    }
    deactivate_all(&world).await;
    let mut changed = Vec::new();
    for _ in 0..3 {
        changed.push(check(&world, never(), 2).await);
    }
    assert_eq!(changed, [2, 2, 1]);
    let activate = "UPDATE users SET is_active = true";
    world.sql.execute(activate, &[]).await.unwrap();
    assert_eq!(check(&world, never(), 2).await, 2, "from the first on");
}

#[tokio::test]
async fn participants_of_a_room_with_new_messages_are_checked_out_of_turn() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    note(&world, driver).await;
    note(&world, client).await;
    world.say(driver, room, "Bonjour").await;
    deactivate_all(&world).await;
    assert_eq!(check(&world, never(), 0).await, 0);
    let a_minute_ago = Utc::now() - TimeDelta::minutes(1);
    assert_eq!(check(&world, a_minute_ago, 0).await, 2);
}

#[tokio::test]
async fn a_revocation_is_settled_unless_it_has_changed_meanwhile() {
    let world = World::new().await;
    let driver = world.user("driver", "Awa").await;
    note(&world, driver).await;
    deactivate_all(&world).await;
    check(&world, never(), 10).await;
    let revoked = pending(&world).await;
    let activate = "UPDATE users SET is_active = true";
    world.sql.execute(activate, &[]).await.unwrap();
    check(&world, never(), 10).await;
    let settle = async |written: &[Revocation]| {
        let settled = firebase_users::settle(&world.app.database, written);
        settled.await.unwrap();
    };
    settle(&revoked).await;
    let restored = pending(&world).await;
    assert!(!restored[0].is_revoked);
    settle(&restored).await;
    assert!(pending(&world).await.is_empty());

    firebase_users::reset(&world.app.database).await.unwrap();
    assert!(pending(&world).await.is_empty(), "nobody is revoked");
}
