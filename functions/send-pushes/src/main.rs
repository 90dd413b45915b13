//! Every minute: sends the pushes that are due, because a function was interrupted, FCM did not take them, or whoever
//! wrote the message sends none itself. Where this deployment sends none, those are forgotten that are too old. It may
//! run twice at once.

use serde::de::IgnoredAny;
use shared::db::pushes;
use shared::push::sweep::{Sweep, sweep};
use shared::runtime::{App, StartError, serve_event};

async fn send_pushes(app: &'static App, _: IgnoredAny) -> Result<Sweep, StartError> {
    let Some(fcm) = &app.fcm else {
        pushes::forget_expired(&app.database).await?;
        return Ok(Sweep::default());
    };
    Ok(sweep(&app.database, fcm).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(send_pushes).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::testing::World;

    async fn run(world: &World) -> serde_json::Value {
        let event = serde_json::from_str(r#"{"source": "aws.events"}"#).unwrap();
        serde_json::to_value(send_pushes(world.app, event).await.unwrap()).unwrap()
    }

    /// As if the time had passed that a push waits for.
    async fn let_time_pass(world: &World) {
        let sql = "UPDATE chat_pushes SET push_after = clock_timestamp()";
        world.sql.execute(sql, &[]).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_left_is_pushed_once() {
        let world = World::new().await;
        let (driver, client, room) = world.room().await;
        world.device(client, "phone").await;
        world.say(driver, room, "Bonjour").await;
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 1, "failed": 0, "backlog": 0 })
        );
        assert_eq!(run(&world).await["pushed"], 0);
        let messages = world.fcm.messages().await;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["notification"]["title"], "Awa Koné");
    }

    #[tokio::test]
    async fn what_fcm_does_not_take_is_sent_later() {
        let world = World::new().await;
        let (driver, client, room) = world.room().await;
        world.device(client, "phone").await;
        world.fcm.refuses("phone", 503, "UNAVAILABLE", 1).await;
        world.say(driver, room, "Bonjour").await;
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 0, "failed": 1, "backlog": 1 })
        );
        assert_eq!(run(&world).await["failed"], 0, "it waits");
        let_time_pass(&world).await;
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 1, "failed": 0, "backlog": 0 })
        );
    }

    #[tokio::test]
    async fn a_device_that_is_gone_is_forgotten() {
        let world = World::new().await;
        let (driver, client, room) = world.room().await;
        world.device(client, "gone").await;
        world.device(client, "phone").await;
        world.fcm.refuses("gone", 404, "UNREGISTERED", 9).await;
        world.say(driver, room, "Bonjour").await;
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 1, "failed": 1, "backlog": 0 })
        );
        world.say(driver, room, "Vous êtes là ?").await;
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 1, "failed": 0, "backlog": 0 })
        );
    }

    #[tokio::test]
    async fn after_an_hour_nobody_wants_to_hear_of_it() {
        let world = World::new().await;
        let (driver, client, room) = world.room().await;
        world.device(client, "phone").await;
        world.say(driver, room, "Bonjour").await;
        let sql = "UPDATE chat_pushes SET queued_at = queued_at - interval '1 hour'";
        world.sql.execute(sql, &[]).await.unwrap();
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 0, "failed": 1, "backlog": 0 })
        );
        assert!(world.fcm.messages().await.is_empty());
    }

    #[tokio::test]
    async fn without_pushes_there_is_nothing_to_do() {
        let world = World::with(|settings, _| settings.fcm_url = None).await;
        assert_eq!(
            run(&world).await,
            json!({ "pushed": 0, "failed": 0, "backlog": 0 })
        );
    }

    #[tokio::test]
    async fn where_no_pushes_are_sent_they_do_not_pile_up() {
        let world = World::with(|settings, _| settings.fcm_url = None).await;
        let (driver, client, room) = world.room().await;
        world.device(client, "phone").await;
        world.say(driver, room, "Bonjour").await;
        let waiting = async || {
            let count = "SELECT count(*) FROM chat_pushes";
            let row = world.sql.query_one(count, &[]).await.unwrap();
            row.get::<_, i64>(0)
        };
        run(&world).await;
        assert_eq!(waiting().await, 1);
        let an_hour_ago = "UPDATE chat_pushes SET queued_at = queued_at - interval '1 hour'";
        world.sql.execute(an_hour_ago, &[]).await.unwrap();
        run(&world).await;
        assert_eq!(waiting().await, 0);
    }
}
