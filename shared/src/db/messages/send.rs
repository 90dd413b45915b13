use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, message_columns};
use crate::db::conditions::{check_not_blocked, check_open, is_blocked, is_open, user_language};
use crate::db::{Database, rate_limits, viewer};
use crate::domain::{
    Content, Coordinates, Language, Message, MessageType, RateLimit, RoomType, SendLimits, Viewer,
};
use crate::error::{Error, Result};

/// A message to send.
#[derive(Debug)]
pub struct NewMessage {
    pub room_id: Uuid,
    pub content: Content,
    /// The client's own id of the message, which identifies repeats.
    pub client_message_id: Option<Uuid>,
}

/// A quick reply to send as a text message.
#[derive(Debug)]
pub struct NewQuickReply {
    pub room_id: Uuid,
    /// The key in `chat_quick_replies`.
    pub key: String,
    /// The language of the text if the platform does not know the viewer's.
    pub language: Language,
    /// The client's own id of the message, which identifies repeats.
    pub client_message_id: Option<Uuid>,
}

/// A sent message.
#[derive(Debug)]
pub struct Sent {
    pub message: Message,
    /// False if the message is a repeat, which changes nothing.
    pub created: bool,
}

/// Stores a message: numbers it, counts it as unread for the other participant, and makes it the room's last message.
/// Repeats store it once.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; [`Error::Rejected`] if the room
/// is closed, or if a user who is not an admin sends a system message; [`Error::Blocked`] if the other participant has
/// blocked the viewer, except for system messages; [`Error::TooManyRequests`] above `limits`, which do not apply to
/// repeats and system messages; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not
/// respond.
pub async fn send(
    database: &Database,
    viewer: Viewer,
    new: &NewMessage,
    limits: &SendLimits,
) -> Result<Sent> {
    let draft = Draft {
        room_id: new.room_id,
        client_message_id: new.client_message_id,
        message_type: new.content.message_type(),
        text: new.content.text(),
        image_url: new.content.image_url(),
        coordinates: new.content.coordinates(),
        preview: &new.content.preview(),
        quick_reply: None,
    };
    store(database, viewer, &draft, limits).await
}

/// Stores a text message whose text is a quick reply, in the language of the viewer.
///
/// # Errors
/// As [`send`]; [`Error::Rejected`] if users of the viewer's type have no such quick reply.
pub async fn send_quick_reply(
    database: &Database,
    viewer: Viewer,
    new: &NewQuickReply,
    limits: &SendLimits,
) -> Result<Sent> {
    let draft = Draft {
        room_id: new.room_id,
        client_message_id: new.client_message_id,
        message_type: MessageType::Text,
        text: "",
        image_url: "",
        coordinates: None,
        preview: "",
        quick_reply: Some(new),
    };
    store(database, viewer, &draft, limits).await
}

/// The values of a message to store.
struct Draft<'a> {
    room_id: Uuid,
    client_message_id: Option<Uuid>,
    message_type: MessageType,
    text: &'a str,
    image_url: &'a str,
    coordinates: Option<Coordinates>,
    preview: &'a str,
    /// Its text replaces `text` and `preview`.
    quick_reply: Option<&'a NewQuickReply>,
}

async fn store(
    database: &Database,
    viewer: Viewer,
    new: &Draft<'_>,
    limits: &SendLimits,
) -> Result<Sent> {
    let message_id = Uuid::now_v7();
    let latitude = new.coordinates.map(|place| place.latitude.degrees());
    let longitude = new.coordinates.map(|place| place.longitude.degrees());
    let limit = |room_type| match new.message_type {
        MessageType::System => None,
        _ => limits.of(room_type),
    };
    let (delivery, support) = (limit(RoomType::Delivery), limit(RoomType::Support));
    let per_message = |it: Option<RateLimit>| it.map(|it| it.seconds_per_token());
    let slack = |it: Option<RateLimit>| it.map(|it| it.seconds_of_slack());
    let key = new.quick_reply.map(|reply| reply.key.as_str());
    let language = new.quick_reply.map(|reply| reply.language.as_str());
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&new.room_id as _, Type::UUID),
        (&message_id as _, Type::UUID),
        (&new.client_message_id as _, Type::UUID),
        (&new.message_type.as_str() as _, Type::TEXT),
        (&new.text as _, Type::TEXT),
        (&new.image_url as _, Type::TEXT),
        (&latitude as _, Type::FLOAT8),
        (&longitude as _, Type::FLOAT8),
        (&new.preview as _, Type::TEXT),
        (&per_message(delivery) as _, Type::FLOAT8),
        (&slack(delivery) as _, Type::FLOAT8),
        (&per_message(support) as _, Type::FLOAT8),
        (&slack(support) as _, Type::FLOAT8),
        (&key as _, Type::TEXT),
        (&language as _, Type::TEXT),
    ];
    let (sql, parameters) = match new.quick_reply {
        None => (SQL, &parameters[..14]),
        Some(_) => (QUICK_REPLY_SQL, &parameters[..]),
    };
    // A concurrent message may have taken the last token, or the room may have closed, after this snapshot. Then the
    // row shows no reason, and the next snapshot does.
    for _ in 0..rate_limits::ATTEMPTS {
        let row = match database.query_one(sql, parameters).await {
            // The same message was inserted concurrently. This statement was rolled back, and the next snapshot shows
            // the message.
            Err(error) if REPEATS.iter().any(|name| error.violates(name)) => {
                database.query_one(sql, parameters).await?
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

/// Returns the reason why nothing was sent, if the snapshot shows it.
fn rejected(row: &Row) -> Result<()> {
    check_open(row, "chat_room_id")?;
    check_not_blocked(row)?;
    if row.get::<_, Option<bool>>("may_send") != Some(true) {
        return Err(Error::rejected(
            "message_type",
            "Seuls les administrateurs et la plateforme envoient des messages système.",
        ));
    }
    if !row.get::<_, bool>("has_text") {
        return Err(Error::rejected(
            "quick_reply_key",
            "Cette réponse rapide n'existe pas.",
        ));
    }
    rate_limits::check_wait(row)
}

/// The constraints that a repeat violates: the client's id or, for this function's own second attempt, the message id.
const REPEATS: [&str; 2] = ["chat_messages_client_message_id_key", "chat_messages_pkey"];

/// The UPDATE locks the room's row until the commit. The number, the time and the rate limit (`V0004__send_limits.sql`)
/// are computed from the locked row, so that concurrent messages cannot share them, and a room whose closing time has
/// passed is closed. `clock_timestamp()` is used because `now()` is the time before the lock was granted. If there is
/// no limit, `every` and `slack` are null, and so are the comparisons with them.
///
/// A block that commits after the snapshot counts from the next message.
///
/// A message of the other user ends the driver's call to them (`unreachable_until`).
///
/// `$with` is a CTE before the others; `$text` and `$preview` are expressions, `$has_text` is whether they have a value.
macro_rules! sql {
    ($name:literal, $with:expr, $text:literal, $preview:literal, $has_text:literal) => {
        concat!(
            "-- ",
            $name,
            "
    WITH ",
            $with,
            "sender AS MATERIALIZED (
        SELECT id, full_name, profile_photo_url, is_active, $5 <> 'system' OR user_type = 'admin' AS may_send
        FROM users WHERE id = $1
    ),
    asked AS MATERIALIZED (
        SELECT driver_id, driver_delivered_seq, other_user_delivered_seq, ",
            is_open!(""),
            " AS is_open,
               $5 <> 'system' AND ",
            is_blocked!(""),
            " AS is_blocked,
               make_interval(secs => CASE room_type WHEN 'support' THEN $13 ELSE $11 END) AS every,
               make_interval(secs => CASE room_type WHEN 'support' THEN $14 ELSE $12 END) AS slack,
               CASE WHEN driver_id = $1 THEN driver_sends_full_at ELSE other_user_sends_full_at END AS full_at
        FROM chat_rooms
        WHERE id = $2 AND $1 IN (driver_id, other_user_id)
    ),
    repeated AS (
        SELECT * FROM chat_messages
        WHERE (id = $3 OR (chat_room_id = $2 AND sender_id = $1 AND client_message_id = $4))
          AND EXISTS (SELECT FROM asked)
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET message_count = message_count + 1,
            last_message_text = ",
            $preview,
            ",
            last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_sender_id = $1,
            driver_unread_count = driver_unread_count + (room.driver_id <> $1)::int,
            other_user_unread_count = other_user_unread_count + (room.other_user_id <> $1)::int,
            driver_sends_full_at = CASE WHEN room.driver_id <> $1 THEN driver_sends_full_at ELSE coalesce(
                greatest(driver_sends_full_at, clock_timestamp()) + asked.every, driver_sends_full_at) END,
            other_user_sends_full_at = CASE WHEN room.other_user_id <> $1 THEN other_user_sends_full_at ELSE coalesce(
                greatest(other_user_sends_full_at, clock_timestamp()) + asked.every, other_user_sends_full_at) END,
            unreachable_until = CASE WHEN room.other_user_id <> $1 THEN unreachable_until END,
            revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        FROM asked, sender
        WHERE room.id = $2 AND ",
            is_open!("room."),
            "
          AND sender.is_active AND sender.may_send AND NOT asked.is_blocked AND ",
            $has_text,
            "
          AND NOT EXISTS (SELECT FROM repeated)
          AND (CASE WHEN room.driver_id = $1 THEN driver_sends_full_at ELSE other_user_sends_full_at END
               > clock_timestamp() + asked.slack) IS NOT TRUE
        RETURNING room.id, message_count, last_message_at, revision
    ),
    sent AS (
        INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, image_url,
            latitude, longitude, created_at, client_message_id, revision)
        SELECT $3, id, message_count, $1, $5, ",
            $text,
            ", $7, $8, $9, last_message_at, $4, revision
        FROM updated
        RETURNING *
    )
    SELECT sender.is_active AS viewer_is_active, sender.may_send, ",
            $has_text,
            " AS has_text,
           room.is_open AS room_is_open, room.is_blocked,
           ceil(extract(epoch FROM full_at - slack - clock_timestamp()))::bigint AS wait,
           message.created, ",
            message_columns!(),
            " FROM (VALUES (1)) AS one
    LEFT JOIN sender ON true
    LEFT JOIN asked AS room ON true
    LEFT JOIN (SELECT *, true AS created FROM sent UNION ALL SELECT *, id = $3 FROM repeated) AS message ON true"
        )
    };
}

const SQL: &str = sql!("send_message", "", "$6", "$10", "true");

/// A quick reply's text is both the text and the preview.
const QUICK_REPLY_SQL: &str = sql!(
    "send_quick_reply",
    concat!(
        "reply AS MATERIALIZED (
        SELECT CASE ",
        user_language!("$1", "$16"),
        " WHEN 'en' THEN text_en ELSE text_fr END AS text
        FROM chat_quick_replies
        WHERE key = $15 AND (SELECT user_type::text FROM users WHERE id = $1) = ANY (senders)
    ),
    "
    ),
    "(SELECT text FROM reply)",
    "(SELECT text FROM reply)",
    "EXISTS (SELECT FROM reply)"
);
