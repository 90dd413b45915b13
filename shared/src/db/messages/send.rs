use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, message_columns};
use crate::db::conditions::is_open;
use crate::db::{Database, rate_limits, viewer};
use crate::domain::{Content, Message, RateLimit, RoomType, SendLimits, Viewer};
use crate::error::{Error, Result};

/// A message to send.
#[derive(Debug)]
pub struct NewMessage {
    /// Where to.
    pub room_id: Uuid,
    /// What it says.
    pub content: Content,
    /// The phone's own id of it: a repeat is known by it.
    pub client_message_id: Option<Uuid>,
}

/// A message that was sent.
#[derive(Debug)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// False: it is a repeat, and nothing was changed.
    pub created: bool,
}

/// Sends a message: numbers it, counts it as unread for the other, and makes it the room's last. Running it twice
/// sends it once.
///
/// # Errors
/// [`Error::NotFound`] where there is no such room for the viewer; [`Error::Rejected`] where the room is closed, or
/// for a system message that is not an admin's; [`Error::TooManyRequests`] where the viewer sends faster than `limits`,
/// which hold for neither repeats nor system messages; an unknown or inactive viewer; no answer from PostgreSQL.
pub async fn send(
    database: &Database,
    viewer: Viewer,
    new: &NewMessage,
    limits: &SendLimits,
) -> Result<Sent> {
    let message_id = Uuid::now_v7();
    let coordinates = new.content.coordinates();
    let latitude = coordinates.map(|place| place.latitude.degrees());
    let longitude = coordinates.map(|place| place.longitude.degrees());
    let limit = |room_type| match new.content {
        Content::System(_) => None,
        _ => limits.of(room_type),
    };
    let (delivery, support) = (limit(RoomType::Delivery), limit(RoomType::Support));
    let per_message = |it: Option<RateLimit>| it.map(|it| it.seconds_per_token());
    let slack = |it: Option<RateLimit>| it.map(|it| it.seconds_of_slack());
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&new.room_id as _, Type::UUID),
        (&message_id as _, Type::UUID),
        (&new.client_message_id as _, Type::UUID),
        (&new.content.message_type().as_str() as _, Type::TEXT),
        (&new.content.text() as _, Type::TEXT),
        (&new.content.image_url() as _, Type::TEXT),
        (&latitude as _, Type::FLOAT8),
        (&longitude as _, Type::FLOAT8),
        (&new.content.preview() as _, Type::TEXT),
        (&per_message(delivery) as _, Type::FLOAT8),
        (&slack(delivery) as _, Type::FLOAT8),
        (&per_message(support) as _, Type::FLOAT8),
        (&slack(support) as _, Type::FLOAT8),
    ];
    // A message that went through beside us may have taken the last of the bucket, or closed the room, after our
    // snapshot: then the row says neither why nor how long, and the next one does.
    for _ in 0..rate_limits::ATTEMPTS {
        let row = match database.query_one(SQL, &parameters).await {
            // The same message beside us, not yet in our snapshot: nothing of ours has stayed, and now it can be seen.
            Err(error) if REPEATS.iter().any(|name| error.violates(name)) => {
                database.query_one(SQL, &parameters).await?
            }
            row => row?,
        };
        viewer::check(&row)?;
        if let Some(message) = columns::message(&row) {
            return Ok(Sent {
                message,
                created: row.get("created"),
            });
        }
        rejected(&row)?;
    }
    Err(Error::TooManyRequests { retry_after: 1 })
}

/// Why a statement has sent nothing, if its snapshot shows it.
fn rejected(row: &Row) -> Result<()> {
    match row.get("room_is_open") {
        None => return Err(Error::NotFound),
        Some(false) => {
            return Err(Error::rejected(
                "chat_room_id",
                "Cette conversation est fermée.",
            ));
        }
        Some(true) => {}
    }
    if row.get::<_, Option<bool>>("may_send") != Some(true) {
        return Err(Error::rejected(
            "message_type",
            "Seuls les administrateurs et la plateforme envoient des messages système.",
        ));
    }
    rate_limits::check_wait(row)
}

/// What a repeat of a message violates: its phone's id, or, for our own second attempt, the message's.
const REPEATS: [&str; 2] = ["chat_messages_client_message_id_key", "chat_messages_pkey"];

/// The UPDATE holds the room's row from its lock to the commit: what it computes there from the row, the number, the
/// time and the bucket (`V0004__send_limits.sql`), no other message can have, and a room whose time is up meanwhile is
/// closed. `clock_timestamp()`, since `now()` is from before the wait for the lock. Where there is no limit, `every` and `slack` are null, and so is what is compared.
const SQL: &str = concat!(
    "-- send_message
    WITH viewer AS (SELECT id, user_type, is_active FROM users WHERE id = $1),
    repeated AS (
        SELECT * FROM chat_messages
        WHERE (id = $3 OR (chat_room_id = $2 AND sender_id = $1 AND client_message_id = $4))
          AND EXISTS (SELECT FROM chat_rooms WHERE id = $2 AND $1 IN (driver_id, other_user_id))
    ),
    asked AS (
        SELECT ",
    is_open!(""),
    " AS is_open,
               make_interval(secs => CASE room_type WHEN 'support' THEN $13 ELSE $11 END) AS every,
               make_interval(secs => CASE room_type WHEN 'support' THEN $14 ELSE $12 END) AS slack,
               CASE WHEN driver_id = $1 THEN driver_sends_full_at ELSE other_user_sends_full_at END AS full_at
        FROM chat_rooms
        WHERE id = $2 AND $1 IN (driver_id, other_user_id)
    ),
    room AS (
        UPDATE chat_rooms
        SET message_count = message_count + 1,
            last_message_text = $10,
            last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_sender_id = $1,
            driver_unread_count = driver_unread_count + (driver_id <> $1)::int,
            other_user_unread_count = other_user_unread_count + (other_user_id <> $1)::int,
            driver_sends_full_at = CASE WHEN driver_id <> $1 THEN driver_sends_full_at ELSE coalesce(
                greatest(driver_sends_full_at, clock_timestamp()) + (SELECT every FROM asked), driver_sends_full_at) END,
            other_user_sends_full_at = CASE WHEN other_user_id <> $1 THEN other_user_sends_full_at ELSE coalesce(
                greatest(other_user_sends_full_at, clock_timestamp()) + (SELECT every FROM asked), other_user_sends_full_at) END,
            revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        WHERE id = $2 AND $1 IN (driver_id, other_user_id)
          AND ",
    is_open!(""),
    "
          AND EXISTS (SELECT FROM viewer WHERE is_active AND ($5 <> 'system' OR user_type = 'admin'))
          AND NOT EXISTS (SELECT FROM repeated)
          AND (CASE WHEN driver_id = $1 THEN driver_sends_full_at ELSE other_user_sends_full_at END
               > clock_timestamp() + (SELECT slack FROM asked)) IS NOT TRUE
        RETURNING id, message_count, last_message_at, revision
    ),
    sent AS (
        INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, image_url,
            latitude, longitude, created_at, client_message_id, revision)
        SELECT $3, id, message_count, $1, $5, $6, $7, $8, $9, last_message_at, $4, revision FROM room
        RETURNING *
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active,
           (SELECT $5 <> 'system' OR user_type = 'admin' FROM viewer) AS may_send,
           (SELECT is_open FROM asked) AS room_is_open,
           (SELECT ceil(extract(epoch FROM full_at - slack - clock_timestamp()))::bigint FROM asked) AS wait,
           message.created, ",
    message_columns!(),
    " FROM (VALUES (1)) AS one
    LEFT JOIN (SELECT *, true AS created FROM sent UNION ALL SELECT *, id = $3 FROM repeated) AS message ON true
    LEFT JOIN users AS sender ON sender.id = message.sender_id"
);
