//! At deploy time, and by the local stack: brings the schema up to date. Safe to repeat, also twice at once.

use serde::de::IgnoredAny;
use shared::db::migrate::{self, Report};
use shared::runtime::{App, StartError, serve_event};

async fn migrate_database(app: &'static App, _: IgnoredAny) -> Result<Report, StartError> {
    migrate::migrate(&app.database).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(migrate_database).await
}
