//! At deploy time, and by the local stack: brings the schema up to date. Safe to repeat, also twice at once.

use shared::db::migrate::{self, Report};
use shared::runtime::{App, StartError, serve_schedule};

async fn migrate_database(app: &'static App) -> Result<Report, StartError> {
    migrate::migrate(&app.database).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_schedule(migrate_database).await
}
