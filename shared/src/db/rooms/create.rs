use tokio_postgres::types::Type;
use uuid::Uuid;

use super::get::{detail, room_columns};
use crate::db::columns::{self, delivery_columns, user_columns};
use crate::db::rate_limits::{self, has_token, token_cte, wait_column};
use crate::db::{Database, QueryError, viewer};
use crate::domain::{Content, RateLimit, RoomDetail, RoomType, RoomsWithoutDelivery, Text, Viewer};
use crate::error::{Error, FieldErrors, Result};

/// The parameters of a new room.
#[derive(Debug)]
pub struct NewRoom {
    pub other_user_id: Uuid,
    pub delivery_id: Option<Uuid>,
    pub room_type: RoomType,
    /// The first message of the viewer.
    pub initial_message: Option<Text>,
}

/// The deployment's rules for new rooms.
#[derive(Debug, Default)]
pub struct OpeningRules {
    /// New rooms per viewer; `None` is no limit.
    pub limit: Option<RateLimit>,
    /// The conversations that need no delivery.
    pub without_delivery: RoomsWithoutDelivery,
}

/// The requested room.
#[derive(Debug)]
pub struct Opened {
    /// The room as the viewer sees it.
    pub room: RoomDetail,
    /// False if the room existed before.
    pub created: bool,
}

/// Returns the room of the viewer, the other user and the delivery, and creates it if it does not exist. Repeats create
/// one room and send one first message.
///
/// # Errors
/// [`Error::Rejected`] if these users may not talk about this delivery, or no longer; [`Error::Blocked`] if one has
/// blocked the other and they have no such room; [`Error::TooManyRequests`] above the limit of new rooms; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn create(
    database: &Database,
    viewer: Viewer,
    new: &NewRoom,
    rules: &OpeningRules,
) -> Result<Opened> {
    let (room_id, message_id) = (Uuid::now_v7(), Uuid::now_v7());
    let text = new.initial_message.as_ref().map(Text::as_str);
    let preview = new
        .initial_message
        .clone()
        .map_or(String::new(), |text| Content::Text(text).preview());
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&new.other_user_id as _, Type::UUID),
        (&new.delivery_id as _, Type::UUID),
        (&new.room_type.as_str() as _, Type::TEXT),
        (&room_id as _, Type::UUID),
        (&message_id as _, Type::UUID),
        (&text as _, Type::TEXT),
        (&preview as _, Type::TEXT),
        (
            &rules.limit.map(|it| it.seconds_per_token()) as _,
            Type::FLOAT8,
        ),
        (
            &rules.limit.map(|it| it.seconds_of_slack()) as _,
            Type::FLOAT8,
        ),
        (&rules.without_delivery.support_only() as _, Type::BOOL),
    ];
    for _ in 0..rate_limits::ATTEMPTS {
        let row = match database.query_one(SQL, &parameters).await {
            // A concurrent request has created the same room. This statement was rolled back with its token. The next
            // snapshot shows the room.
            Err(error) if opened_beside(&error) => continue,
            row => row?,
        };
        viewer::check(&row)?;
        if let Some(rejection) = row.get("rejection") {
            if rejection == "blocked" {
                return Err(Error::Blocked);
            }
            return Err(Error::Rejected(explain(rejection, new)));
        }
        let (me, other) = (columns::user(&row, "viewer"), columns::user(&row, "other"));
        let (driver, other_user) = if row.get("viewer_is_driver") {
            (me, other)
        } else {
            (other, me)
        };
        if let Some(room) = detail(&row, viewer, driver, other_user) {
            return Ok(Opened {
                room,
                created: row.get("created"),
            });
        }
        rate_limits::check_wait(&row)?;
    }
    if rules.limit.is_some() {
        return Err(Error::TooManyRequests { retry_after: 1 });
    }
    Err(Error::internal(
        "create_room: the room is neither there nor to be made",
    ))
}

fn opened_beside(error: &QueryError) -> bool {
    error.violates("chat_rooms_participants_key")
}

/// `verdict` comes first and names the reason for a rejection. The rest of the statement only checks that there is
/// none.
const SQL: &str = concat!(
    "-- create_room
    WITH pair AS (
        SELECT viewer.is_active AS viewer_is_active, viewer.user_type = 'driver' AS viewer_is_driver,
               CASE WHEN viewer.user_type = 'driver' THEN $1 ELSE $2 END AS driver_id,
               CASE WHEN viewer.user_type = 'driver' THEN $2 ELSE $1 END AS other_user_id,
               CASE WHEN viewer.user_type = 'driver' THEN other.user_type ELSE viewer.user_type END AS other_user_type,
               other.id IS NULL AS other_is_unknown,
               (viewer.user_type = 'driver') = (other.user_type = 'driver') AS not_one_driver
        FROM (VALUES (1)) AS one
        LEFT JOIN users AS viewer ON viewer.id = $1
        LEFT JOIN users AS other ON other.id = $2 AND other.is_active
    ),
    verdict AS (
        SELECT pair.*, CASE
            WHEN other_is_unknown THEN 'unknown_user'
            WHEN not_one_driver THEN 'not_one_driver'
            WHEN $4 = 'support' AND other_user_type <> 'admin' THEN 'support_needs_admin'
            WHEN $4 = 'delivery' AND other_user_type NOT IN ('client', 'merchant') THEN 'delivery_needs_client'
            WHEN $3 IS NOT NULL AND NOT EXISTS (
                SELECT FROM deliveries WHERE id = $3 AND deliveries.driver_id = pair.driver_id
                   AND CASE other_user_type WHEN 'client' THEN client_id ELSE merchant_id END = pair.other_user_id
            ) THEN 'foreign_delivery'
            WHEN $3 IS NULL AND $4 = 'delivery' AND $11 AND NOT EXISTS (
                SELECT FROM chat_rooms AS room
                WHERE room.driver_id = pair.driver_id AND room.other_user_id = pair.other_user_id AND room.delivery_id IS NULL
            ) THEN 'delivery_required'
            WHEN over.closes_at <= clock_timestamp() AND NOT EXISTS (
                SELECT FROM chat_rooms AS room
                WHERE room.driver_id = pair.driver_id AND room.other_user_id = pair.other_user_id AND room.delivery_id = $3
            ) THEN 'delivery_over'
            WHEN EXISTS (
                SELECT FROM chat_blocks
                WHERE (blocker_id = $1 AND blocked_id = $2) OR (blocker_id = $2 AND blocked_id = $1)
            ) AND NOT EXISTS (
                SELECT FROM chat_rooms AS room
                WHERE room.driver_id = pair.driver_id AND room.other_user_id = pair.other_user_id
                  AND room.delivery_id IS NOT DISTINCT FROM $3
            ) THEN 'blocked'
        END AS rejection, over.closes_at
        FROM pair LEFT JOIN chat_deliveries AS over ON over.delivery_id = $3
    ),
    allowed AS (SELECT * FROM verdict WHERE viewer_is_active AND rejection IS NULL),
    existing AS (
        SELECT room.* FROM chat_rooms AS room, allowed
        WHERE room.driver_id = allowed.driver_id AND room.other_user_id = allowed.other_user_id
          AND (room.delivery_id = $3 OR (room.delivery_id IS NULL AND $3 IS NULL))
    ),
    missing AS (SELECT * FROM allowed WHERE NOT EXISTS (SELECT FROM existing)),
    ",
    token_cte!("rooms", "$9", "$10", "missing"),
    ",
    created AS (
        INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id, delivery_id, created_at,
            last_message_text, last_message_at, last_message_sender_id, message_count,
            driver_unread_count, other_user_unread_count, closes_at)
        SELECT $5, $4, driver_id, other_user_id, $3, now(),
            $8, CASE WHEN $7 IS NOT NULL THEN now() END, CASE WHEN $7 IS NOT NULL THEN $1 END,
            ($7 IS NOT NULL)::int, ($7 IS NOT NULL AND NOT viewer_is_driver)::int,
            ($7 IS NOT NULL AND viewer_is_driver)::int, closes_at
        FROM missing WHERE ",
    has_token!("$9"),
    "
        RETURNING *
    ),
    first_message AS (
        INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
        SELECT $6, id, 1, $1, 'text', $7, created_at, revision FROM created WHERE $7 IS NOT NULL
    )
    SELECT verdict.viewer_is_active, verdict.rejection, verdict.viewer_is_driver, room.created, ",
    wait_column!("rooms", "$10"),
    ", ",
    room_columns!(),
    ", ",
    user_columns!("viewer"),
    ", ",
    user_columns!("other"),
    ", ",
    delivery_columns!(),
    " FROM verdict
    LEFT JOIN (SELECT *, true AS created FROM created UNION ALL SELECT *, id = $5 FROM existing) AS room ON true
    LEFT JOIN users AS viewer ON viewer.id = $1
    LEFT JOIN users AS other ON other.id = $2
    LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id"
);

fn explain(rejection: &str, new: &NewRoom) -> FieldErrors {
    match rejection {
        "unknown_user" => FieldErrors::one(
            "other_user_id",
            format!(
                "Clé primaire « {} » non valide - l'objet n'existe pas.",
                new.other_user_id
            ),
        ),
        "not_one_driver" => FieldErrors::one(
            "other_user_id",
            "Une conversation réunit un livreur et une personne qui n'est pas livreur.",
        ),
        "support_needs_admin" => FieldErrors::one(
            "other_user_id",
            "Une conversation de support réunit un livreur et un administrateur.",
        ),
        "delivery_needs_client" => FieldErrors::one(
            "other_user_id",
            "Une conversation de livraison réunit un livreur et un client ou un commerçant.",
        ),
        "delivery_required" => FieldErrors::one("delivery_id", "Ce champ est obligatoire."),
        "delivery_over" => FieldErrors::one("delivery_id", "Cette livraison est terminée."),
        _ => FieldErrors::one(
            "delivery_id",
            "Cette livraison n'existe pas ou ne concerne pas ces deux participants.",
        ),
    }
}
