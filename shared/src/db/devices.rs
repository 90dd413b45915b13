//! The devices on which users are signed in.

use tokio_postgres::types::Type;

use super::{Database, viewer};
use crate::domain::{DeviceToken, Viewer};
use crate::error::Result;

/// Registers a device for the viewer and returns whether it is new to the viewer. If another user had the device, it
/// moves to the viewer, who has signed in on it. A trigger keeps a user's ten newest devices. Repeats have no further
/// effect.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn register(database: &Database, viewer: Viewer, token: &DeviceToken) -> Result<bool> {
    const SQL: &str = "-- register_device
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        known AS (SELECT FROM chat_devices WHERE token = $2 AND user_id = $1),
        registered AS (
            INSERT INTO chat_devices (token, user_id, registered_at)
            SELECT $2, $1, clock_timestamp() WHERE (SELECT is_active FROM viewer)
            ON CONFLICT (token) DO UPDATE SET user_id = EXCLUDED.user_id, registered_at = EXCLUDED.registered_at
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, NOT EXISTS (SELECT FROM known) AS is_new";
    let row = database
        .query_one(
            SQL,
            &[(&viewer.0, Type::UUID), (&token.as_str(), Type::TEXT)],
        )
        .await?;
    viewer::check(&row)?;
    Ok(row.get("is_new"))
}

/// Removes a device if it belongs to the viewer.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn remove(database: &Database, viewer: Viewer, token: &DeviceToken) -> Result<()> {
    const SQL: &str = "-- remove_device
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        removed AS (
            DELETE FROM chat_devices WHERE token = $2 AND user_id = $1 AND (SELECT is_active FROM viewer)
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active";
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&token.as_str() as _, Type::TEXT),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(viewer::check(&row)?)
}
