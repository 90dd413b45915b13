//! Every minute: mirrors the rooms that Firebase is behind on, because a function was interrupted or Firebase did not
//! take them. Nobody calls it; it may run twice at once.

use serde::Serialize;
use shared::firebase::mirror::{self, Sweep};
use shared::runtime::{App, StartError, serve_schedule};

#[derive(Serialize)]
struct Report {
    mirrored: usize,
    failed: usize,
}

async fn mirror_rooms(app: &'static App) -> Result<Report, StartError> {
    let Some(firebase) = &app.firebase else {
        return Ok(Report {
            mirrored: 0,
            failed: 0,
        });
    };
    let Sweep { mirrored, failed } = mirror::sweep(&app.database, firebase).await?;
    Ok(Report { mirrored, failed })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_schedule(mirror_rooms).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::testing::World;

    #[tokio::test]
    async fn what_was_left_is_mirrored_once() {
        let world = World::new().await;
        let (driver, _, room) = world.room().await;
        world.say(driver, room, "Bonjour").await;
        let report = mirror_rooms(world.app).await.unwrap();
        assert_eq!((report.mirrored, report.failed), (1, 0));
        assert_eq!(world.firebase.writes().await.len(), 1);
        assert_eq!(mirror_rooms(world.app).await.unwrap().mirrored, 0);
    }
}
