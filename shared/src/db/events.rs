//! Stores the delivery events that the platform's backend reports.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Database;
use super::conditions::is_open;
use crate::domain::{DeliveryEvent, GracePeriod, Platform, Timestamp};
use crate::error::{Error, Result};

/// A delivery event from the platform.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent {
    /// The platform's id of the event, which identifies repeats.
    pub event_id: Uuid,
    pub event: DeliveryEvent,
    pub delivery_id: Uuid,
    /// When it happened; `None` if the platform does not say. A future time counts as now.
    pub occurred_at: Option<Timestamp>,
}

/// The effect of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    /// The rooms that got a message, ordered by id.
    pub rooms: Vec<Uuid>,
    /// False if the event is a repeat, which changes nothing.
    pub created: bool,
}

/// Adds a platform message about the event to the delivery's rooms, and opens or closes them. Repeats have no effect.
///
/// Only the current driver's rooms get the message, except that the end of a delivery goes to all its rooms. `assigned`
/// creates the room with the client if there is none, and reopens rooms that an end has closed. Closed rooms get no
/// message.
///
/// # Errors
/// [`Error::Rejected`] if the delivery does not exist or the event id belongs to another event; 503 if PostgreSQL does
/// not respond.
pub async fn receive(
    database: &Database,
    _: Platform,
    new: &NewEvent,
    grace: GracePeriod,
) -> Result<Received> {
    // Every message id begins with this time. The last twelve digits are derived from the event and the room.
    let (room_id, message_id) = (Uuid::now_v7(), Uuid::now_v7());
    let occurred_at = new.occurred_at.map(|it| it.0);
    let parameters = [
        (&new.event_id as _, Type::UUID),
        (&new.event.as_str() as _, Type::TEXT),
        (&new.delivery_id as _, Type::UUID),
        (&occurred_at as _, Type::TIMESTAMPTZ),
        (&new.event.is_end() as _, Type::BOOL),
        (&grace.duration().as_secs_f64() as _, Type::FLOAT8),
        (&new.event.template(grace) as _, Type::TEXT),
        (&room_id as _, Type::UUID),
        (&message_id as _, Type::UUID),
    ];
    // A concurrent transaction may have inserted the same event, or the first message in the room that this statement
    // creates, after this snapshot. Then nothing was written, and the next run sees the other's rows.
    for _ in 0..3 {
        let row = match database.query_one(SQL, &parameters).await {
            Err(error) if error.violates("chat_rooms_participants_key") => continue,
            row => row?,
        };
        if let Some(received) = received(&row, new)? {
            return Ok(received);
        }
    }
    Err(Error::internal(
        "receive_event: the event is neither there nor to be kept",
    ))
}

/// Reads the result of a run; `None` if it lost to a concurrent transaction that its snapshot does not show.
fn received(row: &Row, new: &NewEvent) -> Result<Option<Received>> {
    let created: bool = row.get("accepted");
    match row.get::<_, Option<bool>>("is_repeat") {
        Some(false) => Err(Error::rejected(
            "event_id",
            "Cet identifiant a déjà servi pour un autre événement.",
        )),
        None if !row.get::<_, bool>("delivery_found") => Err(Error::rejected(
            "delivery_id",
            format!(
                "Clé primaire « {} » non valide - l'objet n'existe pas.",
                new.delivery_id
            ),
        )),
        None if !created => Ok(None),
        _ => Ok(Some(Received {
            rooms: row.get("rooms"),
            created,
        })),
    }
}

/// If the event is a repeat, `accepted` is empty, and nothing changes. Otherwise the delivery's row is locked first, so
/// that openings and ends take turns, and then its rooms in the order of their ids, as in `mark_read`, so that no
/// deadlock arises. An opening or an end that is older than the last one adds its message but changes no state. A
/// closed room stays closed until it is opened.
///
/// A name or tracking number of more than 64 characters is shortened to its first whole words, which splits no grapheme
/// cluster. The text is then short enough for the room's preview.
const SQL: &str = concat!(
    "-- receive_event
    WITH delivery AS (
        SELECT delivery.id, delivery.driver_id, delivery.client_id, delivery.merchant_id,
               format($7, ' ' || substring(trim(delivery.tracking_number::text) FROM '^.{1,64}(?=\\s|$)'),
                      coalesce(substring(trim(driver.full_name::text) FROM '^.{1,64}(?=\\s|$)'), 'un livreur')) AS text
        FROM deliveries AS delivery LEFT JOIN users AS driver ON driver.id = delivery.driver_id
        WHERE delivery.id = $3
    ),
    accepted AS (
        INSERT INTO chat_events (event_id, event, delivery_id, occurred_at)
        SELECT $1, $2, id, $4 FROM delivery
        WHERE NOT EXISTS (SELECT FROM chat_events WHERE event_id = $1)
        ON CONFLICT (event_id) DO NOTHING
        RETURNING event_id
    ),
    decision AS (
        INSERT INTO chat_deliveries AS known (delivery_id, occurred_at, closes_at)
        SELECT $3, CASE WHEN $4 > clock_timestamp() THEN clock_timestamp() ELSE $4 END,
               CASE WHEN $5 THEN clock_timestamp() + make_interval(secs => $6) END
        FROM accepted WHERE $5 OR $2 = 'assigned'
        ON CONFLICT (delivery_id) DO UPDATE
            SET occurred_at = greatest(known.occurred_at, excluded.occurred_at),
                closes_at = CASE WHEN $5 AND known.closes_at <= clock_timestamp() THEN known.closes_at
                                 WHEN $5 THEN clock_timestamp() + make_interval(secs => $6) END
            WHERE (excluded.occurred_at < known.occurred_at) IS NOT TRUE
        RETURNING closes_at
    ),
    decided AS MATERIALIZED (
        SELECT decision.closes_at, $5 AND decides AS closes, $2 = 'assigned' AND decides AS opens
        FROM accepted
        LEFT JOIN decision ON true
        CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM decision) AS decides) AS it
    ),
    notified AS (
        SELECT room.id, decided.closes_at, decided.closes, decided.opens
        FROM decided, delivery, chat_rooms AS room
        WHERE room.delivery_id = $3
          AND ($5 OR room.driver_id = delivery.driver_id
                     AND room.other_user_id IN (delivery.client_id, delivery.merchant_id))
          AND (",
    is_open!("room."),
    " OR decided.opens AND room.closes_at IS NOT NULL)
        ORDER BY room.id
        FOR NO KEY UPDATE OF room
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET message_count = message_count + 1,
            last_message_text = (SELECT text FROM delivery),
            last_message_at = greatest(clock_timestamp(), last_message_at + interval '1 microsecond'),
            last_message_sender_id = NULL,
            driver_unread_count = driver_unread_count + 1,
            other_user_unread_count = other_user_unread_count + 1,
            closes_at = CASE WHEN notified.closes OR notified.opens THEN notified.closes_at ELSE room.closes_at END,
            unreachable_until = CASE WHEN notified.closes OR notified.opens THEN NULL ELSE room.unreachable_until END,
            is_active = CASE WHEN notified.closes THEN $6 > 0 WHEN notified.opens THEN true ELSE room.is_active END,
            revision = revision + 1,
            behind_since = coalesce(behind_since, clock_timestamp())
        FROM notified WHERE room.id = notified.id
        RETURNING room.id, message_count, last_message_at, revision
    ),
    opened AS (
        INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id, delivery_id, created_at,
            last_message_text, last_message_at, message_count, driver_unread_count, other_user_unread_count)
        SELECT $8, 'delivery', driver.id, client.id, delivery.id, now(), delivery.text, now(), 1, 1, 1
        FROM decided, delivery, users AS driver, users AS client
        WHERE decided.opens
          AND driver.id = delivery.driver_id AND driver.user_type::text = 'driver' AND driver.is_active
          AND client.id = delivery.client_id AND client.user_type::text = 'client' AND client.is_active
          AND NOT EXISTS (
              SELECT FROM chat_rooms AS room
              WHERE room.driver_id = driver.id AND room.other_user_id = client.id AND room.delivery_id = delivery.id)
        RETURNING id, message_count, last_message_at, revision
    ),
    sent AS (
        INSERT INTO chat_messages
            (id, chat_room_id, seq, message_type, text, created_at, client_message_id, revision)
        SELECT (left($9::text, 24) || left(md5(room.id::text || $1::text), 12))::uuid, room.id, room.message_count,
               'system', delivery.text, room.last_message_at, $1, room.revision
        FROM (SELECT * FROM updated UNION ALL SELECT * FROM opened) AS room, delivery
        -- The trigger queues pushes in this order, in which they are also settled.
        ORDER BY room.id
        RETURNING chat_room_id
    )
    SELECT EXISTS (SELECT FROM delivery) AS delivery_found,
           EXISTS (SELECT FROM accepted) AS accepted,
           (SELECT event = $2 AND delivery_id = $3 FROM chat_events WHERE event_id = $1) AS is_repeat,
           ARRAY(
               SELECT chat_room_id FROM sent
               UNION ALL
               SELECT message.chat_room_id FROM chat_rooms AS room
               JOIN chat_messages AS message
                 ON message.chat_room_id = room.id AND message.sender_id IS NULL AND message.client_message_id = $1
               WHERE room.delivery_id = $3
               ORDER BY chat_room_id
           ) AS rooms"
);
