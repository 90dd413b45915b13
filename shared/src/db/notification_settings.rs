//! When users want push notifications.

use chrono::NaiveTime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::conditions::known_time_zone;
use super::{Database, QueryError, viewer};
use crate::domain::{NotificationSettings, QuietHours, TimeZone, Viewer};
use crate::error::{Error, Result};

/// Returns the viewer's settings.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn get(database: &Database, viewer: Viewer) -> Result<NotificationSettings> {
    const SQL: &str = "-- get_notification_settings
        SELECT viewer.is_active AS viewer_is_active,
               settings.push_enabled, settings.quiet_from, settings.quiet_to, settings.time_zone
        FROM (VALUES (1)) AS one
        LEFT JOIN users AS viewer ON viewer.id = $1
        LEFT JOIN chat_notification_settings AS settings ON settings.user_id = $1";
    let row = database.query_one(SQL, &[(&viewer.0, Type::UUID)]).await?;
    viewer::check(&row)?;
    let Some(push_enabled) = row.get("push_enabled") else {
        return Ok(NotificationSettings::default());
    };
    let time = |name| row.get::<_, Option<NaiveTime>>(name);
    let quiet_hours = time("quiet_from").zip(time("quiet_to"));
    Ok(NotificationSettings {
        push_enabled,
        quiet_hours: quiet_hours.map(|(from, to)| QuietHours {
            from: from.into(),
            to: to.into(),
        }),
        // The stored name was checked when it was written.
        time_zone: TimeZone::parse(row.get("time_zone")).unwrap_or_default(),
    })
}

/// Replaces the viewer's settings.
///
/// # Errors
/// [`Error::Rejected`] for an unknown time zone; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not
/// respond.
pub async fn put(
    database: &Database,
    viewer: Viewer,
    settings: &NotificationSettings,
) -> Result<()> {
    // The zone is checked on the row to be written. For an unknown viewer there is no row.
    const SQL: &str = concat!(
        "-- put_notification_settings
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        put AS (
            INSERT INTO chat_notification_settings AS settings (user_id, push_enabled, quiet_from, quiet_to, time_zone)
            SELECT $1, $2, $3, $4, $5 FROM viewer WHERE is_active AND now() AT TIME ZONE (",
        known_time_zone!("$5"),
        ") IS NOT NULL
            ON CONFLICT (user_id) DO UPDATE
            SET push_enabled = EXCLUDED.push_enabled, quiet_from = EXCLUDED.quiet_from, quiet_to = EXCLUDED.quiet_to,
                time_zone = EXCLUDED.time_zone
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active"
    );
    let quiet = settings.quiet_hours;
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&settings.push_enabled, Type::BOOL),
                (&quiet.map(|hours| hours.from.time()), Type::TIME),
                (&quiet.map(|hours| hours.to.time()), Type::TIME),
                (&settings.time_zone.as_str(), Type::TEXT),
            ],
        )
        .await
        .map_err(unknown_time_zone)?;
    Ok(viewer::check(&row)?)
}

fn unknown_time_zone(error: QueryError) -> Error {
    match &error {
        QueryError::Rejected { code, .. } if code == SqlState::INVALID_PARAMETER_VALUE.code() => {
            Error::rejected("time_zone", TimeZone::UNKNOWN)
        }
        _ => error.into(),
    }
}
