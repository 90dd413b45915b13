use serde::Serialize;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::conditions::is_room_of_user;
use crate::db::{Database, QueryError};
use crate::domain::{MessageType, Platform};
use crate::error::Result;

/// The progress of the erasure of a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    pub user_id: Uuid,
    /// Whether nothing remains but the rooms under legal hold.
    pub is_finished: bool,
    /// Rooms that remain, without those under legal hold.
    pub rooms_remaining: i64,
    /// Messages that have become tombstones.
    pub messages_erased: i64,
    /// Rooms under legal hold, at most 1,000. Their erasure follows when the hold is lifted.
    pub rooms_on_hold: Vec<Uuid>,
    /// Photos that the platform has to delete, at most 1,000, until it confirms that it has.
    pub photos: Vec<String>,
    /// Whether the platform's own table still has a name, a number or a photo of the person. The chat then still shows
    /// the name.
    pub profile_remains: bool,
}

/// What the platform says beside the person.
#[derive(Debug, Default)]
pub struct ErasureRequest {
    /// Photos of earlier responses that the platform has deleted.
    pub deleted_photos: Vec<String>,
    /// Whether a finished erasure starts again.
    pub again: bool,
}

/// Starts the erasure of a person's data, and returns its progress. Devices, pushes, settings and blocks are erased at
/// once, reports keep their reason and time. [`erase_due`] erases the rest. A repeat while it lasts changes nothing; a
/// finished erasure starts again if the request says so. Each start is recorded.
///
/// # Errors
/// 503 if PostgreSQL does not respond.
pub async fn erase(
    database: &Database,
    _: Platform,
    user_id: Uuid,
    request: &ErasureRequest,
) -> Result<Erasure> {
    const SQL: &str = concat!(
        "-- erase_user
        WITH started AS (
            INSERT INTO chat_erasures AS erasure (user_id, requested_at) VALUES ($1, clock_timestamp())
            ON CONFLICT (user_id) DO UPDATE SET requested_at = EXCLUDED.requested_at, finished_at = NULL, messages = 0
            WHERE $3 AND erasure.finished_at IS NOT NULL
            RETURNING user_id
        ),
        queued AS (
            INSERT INTO chat_erasure_rooms (user_id, chat_room_id)
            SELECT $1, room.id FROM started, chat_rooms AS room WHERE ",
        is_room_of_user!(),
        "
            ON CONFLICT DO NOTHING
            RETURNING chat_room_id
        ),
        audited AS (
            INSERT INTO chat_audit_log (action, subject_id) SELECT 'erase_user', user_id FROM started
        ),
        devices AS (DELETE FROM chat_devices WHERE user_id IN (SELECT user_id FROM started) RETURNING token),
        pushes AS (DELETE FROM chat_pushes WHERE token IN (SELECT token FROM devices)),
        settings AS (DELETE FROM chat_notification_settings WHERE user_id IN (SELECT user_id FROM started)),
        limits AS (DELETE FROM chat_rate_limits WHERE user_id IN (SELECT user_id FROM started)),
        blocks AS (
            DELETE FROM chat_blocks WHERE EXISTS (SELECT FROM started) AND (blocker_id = $1 OR blocked_id = $1)
        ),
        reports AS (
            UPDATE chat_reports SET comment = '', note = '',
                snapshot = CASE WHEN reported_id = $1 THEN NULL ELSE snapshot END,
                reporter_id = nullif(reporter_id, $1), reported_id = nullif(reported_id, $1)
            WHERE EXISTS (SELECT FROM started) AND (reporter_id = $1 OR reported_id = $1)
              AND NOT EXISTS (SELECT FROM chat_rooms WHERE id = chat_room_id AND legal_hold)
        ),
        confirmed AS (DELETE FROM chat_erasure_photos WHERE user_id = $1 AND url = ANY ($2)),
        remaining AS MATERIALIZED (
            SELECT room.id, room.legal_hold
            FROM (
                SELECT chat_room_id FROM chat_erasure_rooms WHERE user_id = $1
                UNION SELECT chat_room_id FROM queued
            ) AS queue JOIN chat_rooms AS room ON room.id = queue.chat_room_id
        ),
        person AS (SELECT full_name::text, phone_number::text, profile_photo_url::text FROM users WHERE id = $1)
        SELECT NOT EXISTS (SELECT FROM started)
                   AND EXISTS (SELECT FROM chat_erasures WHERE user_id = $1 AND finished_at IS NOT NULL) AS is_finished,
               (SELECT count(*) FROM remaining WHERE NOT legal_hold) AS rooms_remaining,
               CASE WHEN EXISTS (SELECT FROM started) THEN 0
                    ELSE (SELECT messages FROM chat_erasures WHERE user_id = $1) END AS messages_erased,
               ARRAY(SELECT id FROM remaining WHERE legal_hold ORDER BY id LIMIT 1000) AS rooms_on_hold,
               ARRAY(SELECT url FROM chat_erasure_photos WHERE user_id = $1 AND url <> ALL ($2)
                     ORDER BY id LIMIT 1000) AS photos,
               EXISTS (
                   SELECT FROM person
                   WHERE coalesce(full_name, '') <> '' OR coalesce(phone_number, '') <> ''
                      OR coalesce(profile_photo_url, '') <> '') AS profile_remains"
    );
    let parameters = [
        (&user_id as _, Type::UUID),
        (&request.deleted_photos as _, Type::TEXT_ARRAY),
        (&request.again as _, Type::BOOL),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(Erasure {
        user_id,
        is_finished: row.get("is_finished"),
        rooms_remaining: row.get("rooms_remaining"),
        messages_erased: row.get::<_, Option<_>>("messages_erased").unwrap_or(0),
        rooms_on_hold: row.get("rooms_on_hold"),
        photos: row.get("photos"),
        profile_remains: row.get("profile_remains"),
    })
}

/// The work of one call of [`erase_due`].
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct ErasedBatch {
    /// Whether there was an erasure to work on.
    pub found: bool,
    pub messages: i64,
}

/// Continues the oldest erasure in progress: at most 50 rooms and `limit` messages. The person's messages become
/// tombstones without content or versions; previews, search texts and the platform's messages with the person's name
/// follow. An erasure without remaining rooms is finished. Rooms under legal hold are left.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn erase_due(database: &Database, limit: i64) -> Result<ErasedBatch, QueryError> {
    let parameters = [
        (&limit as _, Type::INT8),
        (&MessageType::DELETED as _, Type::TEXT),
    ];
    let row = database.query_one(SQL, &parameters).await?;
    Ok(ErasedBatch {
        found: row.get("found"),
        messages: row.get("messages"),
    })
}

/// The text `$text` of a message of the platform without the name of the person: of the driver in the message of an
/// assignment, and the name that the platform's table still has.
macro_rules! without_name {
    ($text:literal) => {
        concat!(
            "CASE WHEN rooms.names <> '' THEN replace(without_driver, rooms.names, 'cette personne') ELSE without_driver END
             FROM (SELECT CASE WHEN rooms.is_driver
                 THEN regexp_replace(",
            $text,
            ", '^(La livraison.* a été attribuée à ).*\\.$', '\\1un livreur.') ELSE ",
            $text,
            " END) AS it (without_driver)"
        )
    };
}

/// A room is complete, and leaves the queue, in the first run that finds no content of the person in it.
///
/// `mirrored_revision = -1` makes the mirror replace the room's whole list of messages, and so also removes what Firebase
/// should no longer have, on any shard.
const SQL: &str = concat!(
    "-- erase_batch
    WITH job AS MATERIALIZED (
        SELECT user_id FROM chat_erasures WHERE finished_at IS NULL
        ORDER BY requested_at LIMIT 1
        FOR UPDATE SKIP LOCKED
    ),
    rooms AS MATERIALIZED (
        SELECT room.id, room.revision + 1 AS revision, room.message_count, room.driver_id = job.user_id AS is_driver,
               coalesce((SELECT CASE WHEN length(full_name::text) > 2 THEN full_name::text END
                         FROM users WHERE id = job.user_id), '') AS names
        FROM job
        JOIN chat_erasure_rooms AS queued ON queued.user_id = job.user_id
        JOIN chat_rooms AS room ON room.id = queued.chat_room_id
        WHERE NOT room.legal_hold
        ORDER BY room.id LIMIT 50
        FOR NO KEY UPDATE OF room
    ),
    content AS MATERIALIZED (
        SELECT message.id, message.chat_room_id, message.seq, message.image_url,
               message.read_at IS NULL AND message.deleted_at IS NULL AS is_unread
        FROM rooms JOIN chat_messages AS message ON message.chat_room_id = rooms.id
        WHERE message.sender_id = (SELECT user_id FROM job)
          AND (message.deleted_at IS NULL
               OR EXISTS (SELECT FROM chat_message_versions WHERE message_id = message.id))
        LIMIT $1
        -- A message that was read or erased while this statement waited for the room is not subtracted from the counter.
        FOR NO KEY UPDATE OF message
    ),
    photos AS (
        INSERT INTO chat_erasure_photos (user_id, url)
        SELECT job.user_id, photo.image_url
        FROM job, (
            SELECT image_url FROM content
            UNION
            SELECT version.image_url FROM content JOIN chat_message_versions AS version ON version.message_id = content.id
        ) AS photo
        WHERE photo.image_url <> ''
    ),
    versions AS (DELETE FROM chat_message_versions WHERE message_id IN (SELECT id FROM content)),
    erased AS (
        UPDATE chat_messages AS message
        SET text = '', image_url = '', latitude = NULL, longitude = NULL, revision = rooms.revision,
            deleted_at = coalesce(message.deleted_at, greatest(clock_timestamp(), message.created_at))
        FROM content JOIN rooms ON rooms.id = content.chat_room_id
        WHERE message.chat_room_id = content.chat_room_id AND message.seq = content.seq
    ),
    renamed AS (
        UPDATE chat_messages AS message SET text = it.text, revision = it.revision
        FROM (
            SELECT platform.chat_room_id, platform.seq, rooms.revision, (SELECT ",
    without_name!("platform.text"),
    ") AS text, platform.text AS before
            FROM rooms JOIN chat_messages AS platform ON platform.chat_room_id = rooms.id
            WHERE platform.sender_id IS NULL
        ) AS it
        WHERE message.chat_room_id = it.chat_room_id AND message.seq = it.seq AND it.text <> it.before
    ),
    complete AS MATERIALIZED (
        SELECT id FROM rooms WHERE NOT EXISTS (SELECT FROM content WHERE chat_room_id = rooms.id)
          AND (SELECT count(*) < $1 FROM content)
          -- The snapshot lacks a message that was sent while this statement waited for the room.
          AND message_count = coalesce((SELECT max(seq) FROM chat_messages WHERE chat_room_id = rooms.id), message_count)
    ),
    updated AS (
        UPDATE chat_rooms AS room
        SET revision = room.revision + 1, mirrored_revision = -1,
            behind_since = coalesce(room.behind_since, clock_timestamp()),
            last_message_text = CASE
                WHEN room.last_message_sender_id = (SELECT user_id FROM job) THEN $2
                WHEN room.last_message_sender_id IS NULL THEN (SELECT ",
    without_name!("room.last_message_text"),
    ")
                ELSE room.last_message_text END,
            driver_unread_count = room.driver_unread_count
                - CASE WHEN rooms.is_driver THEN 0 ELSE coalesce(unread.number, 0) END,
            other_user_unread_count = room.other_user_unread_count
                - CASE WHEN rooms.is_driver THEN coalesce(unread.number, 0) ELSE 0 END,
            searched_by_driver = chat_room_search_text(
                (SELECT full_name::text FROM users WHERE id = room.other_user_id),
                (SELECT tracking_number::text FROM deliveries WHERE id = room.delivery_id)),
            searched_by_other_user = chat_room_search_text(
                (SELECT full_name::text FROM users WHERE id = room.driver_id),
                (SELECT tracking_number::text FROM deliveries WHERE id = room.delivery_id)),
            inbox_digest = chat_room_inbox_digest(room.driver_id, room.other_user_id, room.delivery_id)
        FROM rooms LEFT JOIN (
            SELECT chat_room_id, count(*) FILTER (WHERE is_unread) AS number FROM content GROUP BY chat_room_id
        ) AS unread ON unread.chat_room_id = rooms.id
        WHERE room.id = rooms.id
    ),
    reports AS (
        UPDATE chat_reports AS report
        SET comment = '', note = '',
            snapshot = CASE WHEN reported_id = job.user_id THEN NULL ELSE snapshot END,
            reporter_id = nullif(reporter_id, job.user_id), reported_id = nullif(reported_id, job.user_id)
        FROM job
        WHERE report.chat_room_id IN (SELECT id FROM complete) AND job.user_id IN (reporter_id, reported_id)
    ),
    left_queue AS (
        DELETE FROM chat_erasure_rooms
        WHERE user_id = (SELECT user_id FROM job) AND chat_room_id IN (SELECT id FROM complete)
    ),
    progress AS (
        UPDATE chat_erasures AS erasure
        SET messages = messages + (SELECT count(*) FROM content),
            finished_at = CASE WHEN NOT EXISTS (SELECT FROM rooms) THEN clock_timestamp() END
        FROM job WHERE erasure.user_id = job.user_id
    )
    SELECT EXISTS (SELECT FROM job) AS found, (SELECT count(*) FROM content) AS messages"
);
