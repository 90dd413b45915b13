use tokio_postgres::types::Type;
use uuid::Uuid;

use super::locked::{changed_message, is_late, is_own, kept_version, locked_message};
use crate::db::columns;
use crate::db::conditions::{is_blocked, is_open};
use crate::db::{Database, rate_limits, viewer};
use crate::domain::{
    Content, EditWindow, Message, MessageType, RateLimit, RoomType, SendLimits, Text, Viewer,
};
use crate::error::{Error, Result};

/// A message after an edit or a deletion.
#[derive(Debug)]
pub struct Changed {
    pub message: Message,
    /// False for a repeat, which changes nothing.
    pub changed: bool,
}

/// The deployment's rules for edits.
#[derive(Debug, Default)]
pub struct EditRules {
    pub window: EditWindow,
    /// An edit takes a token of the bucket that messages into the room take theirs of.
    pub limits: SendLimits,
}

/// Replaces the text of the viewer's message. `None` removes a caption. The same text again changes nothing, also after
/// the window.
///
/// # Errors
/// [`Error::NotFound`] if the message does not exist or the viewer is not a participant; [`Error::Forbidden`] if the
/// viewer is not its sender, or if it is a system message; [`Error::NotNow`] if it is deleted, the window has
/// passed, or the room is closed; [`Error::Blocked`] if the other participant has blocked the viewer; [`Error::Rejected`] if a text message would have no text;
/// [`Error::TooManyRequests`] above the limits, which do not apply to repeats; 401 for an unknown or inactive viewer; 503
/// if PostgreSQL does not respond.
pub async fn edit(
    database: &Database,
    viewer: Viewer,
    message_id: Uuid,
    text: Option<&Text>,
    rules: &EditRules,
) -> Result<Changed> {
    let preview = text.map(|text| Content::Text(text.clone()).preview());
    let [delivery, support] = [RoomType::Delivery, RoomType::Support].map(|it| rules.limits.of(it));
    let per_edit = |it: Option<RateLimit>| it.map(|it| it.seconds_per_token());
    let slack = |it: Option<RateLimit>| it.map(|it| it.seconds_of_slack());
    let row = database
        .query_one(
            SQL,
            &[
                (&viewer.0, Type::UUID),
                (&message_id, Type::UUID),
                (&rules.window.duration().as_secs_f64(), Type::FLOAT8),
                (&text.map_or("", Text::as_str), Type::TEXT),
                (&preview, Type::TEXT),
                (&MessageType::Image.without_words(), Type::TEXT),
                (&MessageType::Location.without_words(), Type::TEXT),
                (&per_edit(delivery), Type::FLOAT8),
                (&slack(delivery), Type::FLOAT8),
                (&per_edit(support), Type::FLOAT8),
                (&slack(support), Type::FLOAT8),
            ],
        )
        .await?;
    viewer::check(&row)?;
    let message = columns::message(&row).ok_or(Error::NotFound)?;
    let verdict: &str = row.get("verdict");
    match verdict {
        "allowed" | "unchanged" => Ok(Changed {
            message,
            changed: verdict == "allowed",
        }),
        "foreign" => Err(Error::Forbidden),
        "blocked" => Err(Error::Blocked),
        "deleted" => Err(Error::NotNow("Ce message a été supprimé.")),
        "blank" => Err(Error::rejected("text", "Ce champ ne peut être vide.")),
        "closed" => Err(Error::NotNow("Cette conversation est fermée.")),
        "limited" => {
            rate_limits::check_wait(&row)?;
            // A token was refilled after the verdict.
            Err(Error::TooManyRequests { retry_after: 1 })
        }
        _ => Err(Error::NotNow(
            "Ce message ne peut plus être modifié : le délai est dépassé.",
        )),
    }
}

/// The verdict and the bucket are computed from the locked room. If there is no limit, the parameters are null, and so
/// are the comparisons with them.
const SQL: &str = concat!(
    "-- edit_message
    WITH ",
    locked_message!(),
    ",
    bucket AS MATERIALIZED (
        SELECT full_at, make_interval(secs => CASE room_type WHEN 'support' THEN $11 ELSE $9 END) AS slack,
               coalesce(greatest(full_at, clock_timestamp())
                        + make_interval(secs => CASE room_type WHEN 'support' THEN $10 ELSE $8 END), full_at) AS next_full_at
        FROM room, LATERAL (
            SELECT CASE WHEN driver_id = $1 THEN driver_sends_full_at ELSE other_user_sends_full_at END AS full_at
        ) AS own
    ),
    verdict AS MATERIALIZED (
        SELECT CASE
            WHEN NOT (",
    is_own!(),
    ") THEN 'foreign'
            WHEN before.deleted_at IS NOT NULL THEN 'deleted'
            WHEN $4 = '' AND before.message_type = 'text' THEN 'blank'
            WHEN before.text = $4 THEN 'unchanged'
            WHEN NOT (",
    is_open!("room."),
    ") THEN 'closed'
            WHEN ",
    is_blocked!("room."),
    " THEN 'blocked'
            WHEN ",
    is_late!(),
    " THEN 'late'
            WHEN bucket.full_at > clock_timestamp() + bucket.slack THEN 'limited'
            ELSE 'allowed'
        END AS verdict
        FROM before, room, bucket
    ),
    ",
    kept_version!(),
    ",
    changed AS (
        UPDATE chat_messages AS message
        SET text = $4, edited_at = greatest(clock_timestamp(), message.created_at), revision = room.revision + 1
        FROM room
        WHERE message.id = $2 AND (SELECT verdict = 'allowed' FROM verdict)
        RETURNING message.*
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET revision = room.revision + 1,
            behind_since = coalesce(room.behind_since, clock_timestamp()),
            driver_sends_full_at = CASE WHEN room.driver_id = $1 THEN next_full_at ELSE driver_sends_full_at END,
            other_user_sends_full_at = CASE WHEN room.driver_id = $1 THEN other_user_sends_full_at ELSE next_full_at END,
            last_message_text = CASE
                WHEN changed.seq < room.message_count THEN room.last_message_text
                ELSE coalesce($5, CASE changed.message_type WHEN 'image' THEN $6 ELSE $7 END)
            END
        FROM changed, bucket WHERE room.id = changed.chat_room_id
    )
    ",
    changed_message!(
        "(SELECT ceil(extract(epoch FROM full_at - slack - clock_timestamp()))::bigint FROM bucket) AS wait, "
    )
);
