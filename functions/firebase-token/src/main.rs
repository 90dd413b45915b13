//! `POST /api/v1/chat/firebase_token/`: a Firebase custom token for the viewer, with which a phone may listen.
//!
//! For every user. Answers the token, its life in seconds, and the database's URL; 503 where there is no mirror.

use serde::Serialize;
use shared::db::viewer;
use shared::domain::Viewer;
use shared::error::Result;
use shared::firebase::CustomToken;
use shared::http::{Answer, Request};
use shared::runtime::{App, StartError, serve};

#[derive(Serialize)]
struct FirebaseToken<'a> {
    #[serde(flatten)]
    token: CustomToken,
    database_url: &'a str,
}

async fn firebase_token(app: &'static App, viewer: Viewer, _: Request) -> Result<Answer> {
    viewer::require(&app.database, viewer).await?;

    let database_url = app.require_firebase()?.database_url();
    Answer::ok(&FirebaseToken {
        token: app.custom_token(viewer)?,
        database_url,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(firebase_token).await
}
