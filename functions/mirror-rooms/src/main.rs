//! Every minute: closes the rooms whose time is up, which nobody writes, and mirrors those that Firebase is behind on,
//! also because a function was interrupted or Firebase did not take them; then has rooms found by names that the platform
//! has changed. It may run twice at once.
//!
//! An operator may also invoke it with an `action`: `{"action": "rebuild"}` has every room mirrored anew and whole,
//! `{"action": "compare"}` reports where Firebase differs from PostgreSQL and changes nothing; both take a `room_id`,
//! and `compare` an `after` to go on from. docs/operations.md says when.

use serde::{Deserialize, Serialize};
use shared::db::{mirror, rooms};
use shared::firebase::compare::{Comparison, compare};
use shared::firebase::sweep::{Sweep, sweep};
use shared::runtime::{App, StartError, serve_event};
use uuid::Uuid;

/// The schedule's event has no action, and fields of its own.
#[derive(Default, Deserialize)]
struct Order {
    #[serde(default)]
    action: Action,
    room_id: Option<Uuid>,
    after: Option<Uuid>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    #[default]
    Sweep,
    Rebuild,
    Compare,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Report {
    Swept(Sweep),
    /// What could not be mirrored anew within the time is in the backlog, for the next runs.
    Rebuilt {
        rooms: usize,
        #[serde(flatten)]
        swept: Sweep,
    },
    Compared(Comparison),
}

/// Rooms that are closed at a time.
const BATCH: i64 = 500;

/// Rooms whose names are looked at in a run, which takes PostgreSQL some 25 ms.
const NAMES: i64 = 1000;

async fn mirror_rooms(app: &'static App, order: Order) -> Result<Report, StartError> {
    let database = &app.database;
    Ok(match (order.action, &app.firebase) {
        (Action::Sweep, _) => Report::Swept(every_minute(app).await?),
        (Action::Rebuild | Action::Compare, None) => Report::Swept(Sweep::default()),
        (Action::Rebuild, Some(firebase)) => {
            let rooms = match order.room_id {
                Some(room_id) => mirror::forget(database, &[room_id]).await?,
                None => mirror::forget_all(database).await?,
            };
            Report::Rebuilt {
                rooms,
                swept: sweep(database, firebase).await?,
            }
        }
        (Action::Compare, Some(firebase)) => {
            Report::Compared(compare(database, firebase, order.room_id, order.after).await?)
        }
    })
}

async fn every_minute(app: &'static App) -> Result<Sweep, StartError> {
    let database = &app.database;
    rooms::close_late(database).await?;
    while rooms::close_due(database, BATCH).await? > 0 {}
    let swept = match &app.firebase {
        Some(firebase) => sweep(database, firebase).await?,
        None => Sweep::default(),
    };
    // Last, and no reason to fail: it reads what belongs to the platform.
    if let Err(error) = rooms::refresh_search_texts(database, NAMES).await {
        tracing::error!(%error, "names that have changed are not found yet");
    }
    Ok(swept)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(mirror_rooms).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::{PageNumber, PageSize, RoomOrder, Search};
    use shared::testing::World;

    async fn run(world: &World, order: &str) -> serde_json::Value {
        let report = mirror_rooms(world.app, serde_json::from_str(order).unwrap())
            .await
            .unwrap();
        serde_json::to_value(report).unwrap()
    }

    const SCHEDULED: &str = r#"{"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}"#;

    #[tokio::test]
    async fn what_was_left_is_mirrored_once() {
        let world = World::new().await;
        let (driver, _, room) = world.room().await;
        world.say(driver, room, "Bonjour").await;
        let swept = run(&world, SCHEDULED).await;
        assert_eq!(
            swept,
            serde_json::json!({ "mirrored": 1, "failed": 0, "backlog": 0 })
        );
        assert_eq!(world.firebase.writes().await.len(), 1);
        assert_eq!(run(&world, SCHEDULED).await["mirrored"], 0);
    }

    #[tokio::test]
    async fn a_room_whose_time_is_up_is_closed_also_without_a_mirror() {
        for has_mirror in [true, false] {
            let world = World::with(|settings, _| {
                if !has_mirror {
                    settings.firebase = None;
                }
            })
            .await;
            world.room().await;
            let ends = "UPDATE chat_rooms SET mirrored_revision = revision, closes_at = now()";
            world.sql.execute(ends, &[]).await.unwrap();
            let swept = run(&world, SCHEDULED).await;
            assert_eq!(swept["mirrored"], i32::from(has_mirror));
            let room = "SELECT is_active FROM chat_rooms";
            let room = world.sql.query_one(room, &[]).await.unwrap();
            assert!(!room.get::<_, bool>("is_active"));
            for (_, _, body) in world.firebase.writes().await {
                assert_eq!(body["metadata"]["is_active"], false);
            }
            assert_eq!(run(&world, SCHEDULED).await["mirrored"], 0);
        }
    }

    #[tokio::test]
    async fn who_has_another_name_is_found_by_it_from_then_on() {
        let world = World::new().await;
        let (driver, client, room) = world.room().await;
        let rename = "UPDATE users SET full_name = 'Zoé Brûlé' WHERE id = $1";
        world.sql.execute(rename, &[&client.0]).await.unwrap();
        run(&world, SCHEDULED).await;
        let search = Search::parse("zoe brule").unwrap();
        let filter = rooms::Filter {
            search: Some(search),
            ..rooms::Filter::default()
        };
        let (order, size) = (RoomOrder::default(), PageSize::DEFAULT);
        let first = PageNumber::FIRST;
        let list = rooms::list(
            &world.app.database,
            driver,
            &filter,
            order,
            first,
            size,
            None,
        );
        let found = list.await.unwrap().value.unwrap().unwrap();
        assert_eq!(found.results[0].id, room);
        assert_eq!(run(&world, SCHEDULED).await["mirrored"], 0);
    }

    #[tokio::test]
    async fn names_that_cannot_be_read_keep_nothing_from_being_mirrored() {
        let world = World::new().await;
        let (driver, _, room) = world.room().await;
        world.say(driver, room, "Bonjour").await;
        let broken = "ALTER TABLE chat_rooms_search_progress RENAME TO gone";
        world.sql.batch_execute(broken).await.unwrap();
        assert_eq!(run(&world, SCHEDULED).await["mirrored"], 1);
    }

    #[tokio::test]
    async fn a_rebuild_mirrors_a_room_anew_and_whole() {
        let world = World::new().await;
        let (driver, _, room) = world.room().await;
        let message = world.say(driver, room, "Bonjour").await;
        run(&world, SCHEDULED).await;
        let rebuilt = run(
            &world,
            &format!(r#"{{"action": "rebuild", "room_id": "{room}"}}"#),
        )
        .await;
        assert_eq!(
            (&rebuilt["rooms"], &rebuilt["mirrored"]),
            (&1.into(), &1.into())
        );
        let (_, _, body) = world.firebase.writes().await.remove(1);
        assert_eq!(body["messages"][message.id.to_string()]["text"], "Bonjour");
        assert_eq!(body["metadata"]["revision"], 3);
    }

    #[tokio::test]
    async fn an_unknown_action_is_refused() {
        assert!(serde_json::from_str::<Order>(r#"{"action": "destroy"}"#).is_err());
    }
}
