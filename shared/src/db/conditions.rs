//! SQL conditions that several statements share.

use tokio_postgres::Row;

use crate::error::{Error, Result};

/// Whether a room is open: it is active, and its closing time has not passed. `$room` is its alias with a dot, or
/// empty. The clock is compared as well, since `maintain-rooms` updates `is_active` with a delay of up to a minute. It
/// is read only if there is a closing time: for 10,000 rooms, reading it always took a sixth of the time of counting
/// them.
macro_rules! is_open {
    ($room:literal) => {
        concat!(
            $room,
            "is_active AND (",
            $room,
            "closes_at IS NULL OR ",
            $room,
            "closes_at > clock_timestamp())"
        )
    };
}

/// Whether the other participant of `$room`, an alias with a dot or empty, has blocked the user `$1`. It reads one entry
/// of an index.
macro_rules! is_blocked {
    ($room:literal) => {
        concat!(
            "EXISTS (
                SELECT FROM chat_blocks
                WHERE blocked_id = $1
                  AND blocker_id = CASE ",
            $room,
            "driver_id WHEN $1 THEN ",
            $room,
            "other_user_id ELSE ",
            $room,
            "driver_id END)"
        )
    };
}

/// Whether the user `$1` is a participant of the room with the alias `room`, open or closed. The two
/// conditions on `other_user_id` match one partial index each.
macro_rules! is_room_of_user {
    () => {
        "(room.driver_id = $1
              OR room.is_active AND room.other_user_id = $1 OR NOT room.is_active AND room.other_user_id = $1)"
    };
}

/// The time zone `$name` if it is an IANA name that this server knows, else `?`, which `AT TIME ZONE` rejects with
/// `invalid_parameter_value`. `AT TIME ZONE` alone also accepts abbreviations (`CEST`) and POSIX rules (`Etc/GMT+13`,
/// `XYZ-3`). A name with a slash and without digits is neither. Only other names need the view of time zones, which
/// takes 20 ms to read.
macro_rules! known_time_zone {
    ($name:literal) => {
        concat!(
            "CASE WHEN ",
            $name,
            " ~ '^[A-Za-z_-]+(/[A-Za-z_-]+)+$' OR ",
            $name,
            " = 'UTC'
                OR EXISTS (SELECT FROM pg_timezone_names WHERE name = ",
            $name,
            ") THEN ",
            $name,
            " ELSE '?' END"
        )
    };
}

/// The CTEs `viewer` and `room`: the viewer `$1`, and their room `$2` with `is_open` and `is_blocked`.
macro_rules! writable_room {
    () => {
        concat!(
            "viewer AS (SELECT is_active FROM users WHERE id = $1),
            room AS (
                SELECT ",
            $crate::db::conditions::is_open!(""),
            " AS is_open, ",
            $crate::db::conditions::is_blocked!(""),
            " AS is_blocked FROM chat_rooms
                WHERE id = $2 AND $1 IN (driver_id, other_user_id) AND (SELECT is_active FROM viewer)
            )"
        )
    };
}

/// The name of the last event of the delivery `$id`; null without one. An event counts from when it happened, as far as
/// the platform says so; a future time counts as the time of receipt.
macro_rules! last_event {
    ($id:literal) => {
        concat!(
            "(SELECT event FROM chat_events WHERE delivery_id = ",
            $id,
            " ORDER BY least(coalesce(occurred_at, received_at), received_at) DESC, received_at DESC LIMIT 1)"
        )
    };
}

/// The language of the user `$id`, `fr` or `en`; `$fallback` if the platform has another one or none. The column
/// `users.language` is optional: without it, the name refers to the outer `no_column`.
macro_rules! user_language {
    ($id:literal, $fallback:literal) => {
        concat!(
            "(SELECT coalesce(lower(substring((SELECT language::text FROM users WHERE users.id = ",
            $id,
            ") FROM '(?i)^(fr|en)(?![a-z])')), ",
            $fallback,
            ") FROM (VALUES (NULL::text)) AS no_column (language))"
        )
    };
}

/// Checks the column `room_is_open`: 404 if it is null, since the viewer has no such room, and 400 with `field` if the
/// room is closed.
pub(super) fn check_open(row: &Row, field: &'static str) -> Result<()> {
    match row.get("room_is_open") {
        Some(true) => Ok(()),
        Some(false) => Err(Error::rejected(field, "Cette conversation est fermée.")),
        None => Err(Error::NotFound),
    }
}

/// Checks the column `is_blocked`: 403 if the other participant has blocked the viewer.
pub(super) fn check_not_blocked(row: &Row) -> Result<()> {
    match row.get("is_blocked") {
        Some(true) => Err(Error::Blocked),
        _ => Ok(()),
    }
}

/// Checks the columns `room_is_open` and `is_blocked`: 404, 400 or 403 as [`check_open`] and [`check_not_blocked`].
pub(super) fn check_writable(row: &Row, field: &'static str) -> Result<()> {
    check_open(row, field)?;
    check_not_blocked(row)
}

pub(super) use {
    is_blocked, is_open, is_room_of_user, known_time_zone, last_event, user_language, writable_room,
};
