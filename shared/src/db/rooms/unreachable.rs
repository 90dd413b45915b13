//! Calls to a customer who does not respond: `chat_unreachable_calls`.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::api_time;
use crate::db::conditions::{check_not_blocked, is_blocked, is_open, last_event};
use crate::db::{Database, QueryError, viewer};
use crate::domain::{ResponseTime, Timestamp, Viewer};
use crate::error::{Error, Result};

/// A call that lasts.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// The time until which the customer can respond.
    pub until: Timestamp,
    /// False if the call was made before.
    pub created: bool,
}

/// Calls the customer of the driver's room: adds a system message, pushes it also during the customer's quiet hours,
/// and sets `unreachable_until`. While a call lasts, a repeat changes nothing.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; [`Error::Forbidden`] if the viewer
/// is not its driver; [`Error::Blocked`] if the customer has blocked the driver; [`Error::NotNow`] if the driver has not arrived, has no message that is unanswered for two
/// minutes, or the room is closed; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn call(
    database: &Database,
    viewer: Viewer,
    room_id: Uuid,
    response_time: ResponseTime,
) -> Result<Call> {
    let message_id = Uuid::now_v7();
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&room_id as _, Type::UUID),
        (&message_id as _, Type::UUID),
        (&response_time.duration().as_secs_f64() as _, Type::FLOAT8),
        (&response_time.call() as _, Type::TEXT),
    ];
    // If a message was sent after this snapshot, it may be an answer: nothing was written, and the next run sees it.
    for _ in 0..ATTEMPTS {
        let row = database.query_one(CALL, &parameters).await?;
        viewer::check(&row)?;
        if let Some(call) = called(&row)? {
            return Ok(call);
        }
    }
    Err(Error::TooManyRequests { retry_after: 1 })
}

/// The number of runs that may each lose to a message sent concurrently.
const ATTEMPTS: usize = 5;

/// Reads the result of a run; `None` if the room has changed since its snapshot.
fn called(row: &Row) -> Result<Option<Call>> {
    let is_drivers: Option<bool> = row.get("is_drivers");
    if !is_drivers.ok_or(Error::NotFound)? {
        return Err(Error::Forbidden);
    }
    let time = |name| row.get::<_, Option<DateTime<Utc>>>(name).map(Timestamp);
    let calls = [("lasts_until", false), ("called_until", true)];
    if let Some(call) = calls
        .into_iter()
        .find_map(|(name, created)| time(name).map(|until| Call { until, created }))
    {
        return Ok(Some(call));
    }
    check_not_blocked(row)?;
    for (condition, reason) in [
        ("is_open", "Cette conversation est fermée."),
        (
            "is_current",
            "Cette conversation n'est pas celle du livreur actuel et du client d'une livraison.",
        ),
        (
            "is_arriving",
            "La livraison n'est pas à l'étape « arriving » : le livreur doit d'abord arriver à destination.",
        ),
        (
            "is_unanswered",
            "Aucun de vos messages n'attend une réponse du client depuis deux minutes.",
        ),
    ] {
        if !row.get::<_, bool>(condition) {
            return Err(Error::NotNow(reason));
        }
    }
    Ok(None)
}

/// The conditions are checked in the snapshot. The room's row is then locked and must have the same number of messages,
/// so that no answer was sent meanwhile.
///
/// The driver has read the system message, since the driver has caused it.
const CALL: &str = concat!(
    "-- call_unreachable
    WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
    asked AS MATERIALIZED (
        SELECT room.id, room.driver_id, room.other_user_id, room.delivery_id, room.message_count, room.unreachable_until,
               room.driver_id = $1 AS is_drivers, ",
    is_open!("room."),
    " AS is_open, ",
    is_blocked!("room."),
    " AS is_blocked,
               EXISTS (SELECT FROM deliveries AS delivery
                       WHERE delivery.id = room.delivery_id AND delivery.driver_id = room.driver_id
                         AND delivery.client_id = room.other_user_id) AS is_current,
               coalesce(",
    last_event!("room.delivery_id"),
    " = 'arriving', false) AS is_arriving,
               EXISTS (
                   SELECT FROM chat_messages AS message
                   WHERE message.chat_room_id = room.id AND message.sender_id = room.driver_id AND message.deleted_at IS NULL
                     AND message.created_at <= clock_timestamp() - interval '2 minutes'
                     AND message.seq > coalesce((
                         SELECT seq FROM chat_messages AS answer
                         WHERE answer.chat_room_id = room.id AND answer.sender_id = room.other_user_id
                         ORDER BY seq DESC LIMIT 1), 0)
               ) AS is_unanswered
        FROM chat_rooms AS room
        WHERE room.id = $2 AND $1 IN (room.driver_id, room.other_user_id) AND (SELECT is_active FROM viewer)
    ),
    room AS (
        UPDATE chat_rooms AS room
        SET message_count = room.message_count + 1,
            last_message_text = $5,
            last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_sender_id = NULL,
            other_user_unread_count = other_user_unread_count + 1,
            unreachable_until = clock_timestamp() + make_interval(secs => $4),
            revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        FROM asked
        WHERE room.id = $2 AND room.unreachable_until IS NULL AND room.message_count = asked.message_count
          AND asked.is_drivers AND NOT asked.is_blocked AND asked.is_current AND asked.is_arriving AND asked.is_unanswered AND ",
    is_open!("room."),
    "
        RETURNING room.id, room.delivery_id, room.driver_id, room.other_user_id, room.message_count, room.last_message_at,
                  room.revision, room.unreachable_until
    ),
    sent AS (
        INSERT INTO chat_messages
            (id, chat_room_id, seq, message_type, text, created_at, driver_read_at, revision, push_mode)
        SELECT $3, id, message_count, 'system', $5, last_message_at, last_message_at, revision, 'urgent' FROM room
    ),
    called AS (
        INSERT INTO chat_unreachable_calls
            (id, chat_room_id, delivery_id, driver_id, other_user_id, seq, called_at, until)
        SELECT $3, id, delivery_id, driver_id, other_user_id, message_count, last_message_at, unreachable_until FROM room
    )
    SELECT (SELECT is_active FROM viewer) AS viewer_is_active,
           asked.is_drivers, asked.unreachable_until AS lasts_until, room.unreachable_until AS called_until,
           asked.is_open, asked.is_blocked, asked.is_current, asked.is_arriving, asked.is_unanswered
    FROM (VALUES (1)) AS one LEFT JOIN asked ON true LEFT JOIN room ON true"
);

/// The calls that a run has ended, by outcome.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EndedCalls {
    /// The customer has not answered in time.
    pub unreachable: usize,
    /// All, including the answered and the void ones.
    pub all: usize,
}

/// Ends at most `limit` calls whose time is up, and records their outcome. An unreachable customer's call gets the
/// evidence. Concurrent runs take different calls.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn end_calls(database: &Database, limit: i64) -> Result<EndedCalls, QueryError> {
    let rows = database.query(END, &[(&limit, Type::INT8)]).await?;
    let is_unreachable = |row: &&Row| row.get::<_, &str>("outcome") == "unreachable";
    Ok(EndedCalls {
        unreachable: rows.iter().filter(is_unreachable).count(),
        all: rows.len(),
    })
}

/// The room's row decides under its lock: while its `unreachable_until` is that of the call, the customer has not
/// answered. An answer that waits for the lock comes after the end of the call.
const END: &str = concat!(
    "-- end_unreachable_calls
    WITH due AS MATERIALIZED (
        SELECT call.id, call.chat_room_id, call.seq, call.until, room.driver_id, room.other_user_id,
               room.other_user_delivered_seq AS delivered_seq,
               room.unreachable_until IS NOT DISTINCT FROM call.until AS lasts, ",
    is_open!("room."),
    " AS is_open
        FROM chat_unreachable_calls AS call JOIN chat_rooms AS room ON room.id = call.chat_room_id
        WHERE call.outcome IS NULL AND call.until <= now()
        ORDER BY call.until
        LIMIT $1
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    ending AS MATERIALIZED (
        SELECT due.*, last_answer.created_at AS last_answer_at, first_answer.created_at AS answered_at, evidence.messages,
               CASE WHEN due.lasts AND due.is_open THEN 'unreachable'
                    WHEN first_answer.created_at IS NULL THEN 'void' ELSE 'answered' END AS outcome
        FROM due
        LEFT JOIN LATERAL (
            SELECT seq, created_at FROM chat_messages
            WHERE chat_room_id = due.chat_room_id AND sender_id = due.other_user_id
            ORDER BY seq DESC LIMIT 1
        ) AS last_answer ON true
        LEFT JOIN LATERAL (
            SELECT created_at FROM chat_messages
            WHERE chat_room_id = due.chat_room_id AND sender_id = due.other_user_id AND seq > due.seq AND NOT due.lasts
            ORDER BY seq LIMIT 1
        ) AS first_answer ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'id', id, 'seq', seq, 'sender_id', sender_id, 'message_type', message_type,
                       'created_at', ",
    api_time!("created_at"),
    ",
                       'is_deleted', deleted_at IS NOT NULL,
                       'is_delivered', seq <= due.delivered_seq OR read_at IS NOT NULL,
                       'is_read', read_at IS NOT NULL,
                       'read_at', ",
    api_time!("read_at"),
    "
                   ) ORDER BY seq), '[]') AS messages
            FROM (
                SELECT id, seq, sender_id, message_type, created_at, deleted_at,
                       CASE WHEN sender_id IS NULL THEN coalesce(other_user_read_at, read_at) ELSE read_at END AS read_at
                FROM chat_messages
                WHERE chat_room_id = due.chat_room_id AND seq > coalesce(last_answer.seq, 0)
                  AND (sender_id = due.driver_id OR seq = due.seq)
                ORDER BY seq DESC LIMIT 100
            ) AS message
            WHERE due.lasts AND due.is_open
        ) AS evidence ON true
    ),
    freed AS (
        UPDATE chat_rooms AS room
        SET unreachable_until = NULL, revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        FROM due
        WHERE room.id = due.chat_room_id AND room.id = ANY (ARRAY(SELECT chat_room_id FROM due))
          AND room.unreachable_until = due.until
    )
    UPDATE chat_unreachable_calls AS call
    SET outcome = ending.outcome,
        ended_at = CASE ending.outcome WHEN 'answered' THEN ending.answered_at ELSE clock_timestamp() END,
        messages = CASE ending.outcome WHEN 'unreachable' THEN ending.messages END,
        push_devices = CASE ending.outcome WHEN 'unreachable' THEN (
            SELECT count(*) FROM chat_push_recipients AS recipient
            WHERE recipient.chat_room_id = ending.chat_room_id AND recipient.is_other_user) END,
        last_answer_at = CASE ending.outcome WHEN 'unreachable' THEN ending.last_answer_at END
    FROM ending WHERE call.id = ending.id AND call.outcome IS NULL
    RETURNING call.outcome"
);
