//! Permission to upload photos, with a limit per user.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::conditions::{check_writable, writable_room};
use super::rate_limits::{self, has_token, token_cte, wait_column};
use super::{Database, viewer};
use crate::domain::{RateLimit, Viewer};
use crate::error::{Error, Result};

/// Checks that the viewer may upload a photo into a room, and counts the upload.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; [`Error::Rejected`] if it is
/// closed; [`Error::Blocked`] if the other participant has blocked the viewer; [`Error::TooManyRequests`] above `limit`;
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn authorize(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    limit: Option<RateLimit>,
) -> Result<()> {
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&limit.map(|it| it.seconds_per_token()) as _, Type::FLOAT8),
        (&limit.map(|it| it.seconds_of_slack()) as _, Type::FLOAT8),
    ];
    for _ in 0..rate_limits::ATTEMPTS {
        let row = database.query_one(SQL, &parameters).await?;
        viewer::check(&row)?;
        check_writable(&row, "chat_room_id")?;
        if row.get("has_token") {
            return Ok(());
        }
        rate_limits::check_wait(&row)?;
    }
    Err(Error::TooManyRequests { retry_after: 1 })
}

const SQL: &str = concat!(
    "-- authorize_upload
    WITH ",
    writable_room!(),
    ",
    open_room AS (SELECT FROM room WHERE is_open AND NOT is_blocked),
    ",
    token_cte!("uploads", "$3", "$4", "open_room"),
    "
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active, (SELECT is_open FROM room) AS room_is_open,
           (SELECT is_blocked FROM room) AS is_blocked,
           ",
    has_token!("$3"),
    " AS has_token, ",
    wait_column!("uploads", "$4")
);
