use std::time::Duration;

use tokio_postgres::types::Type;

use super::shard::is_of_shard;
use super::state::{mirrored_message, participant_columns, participant_joins, states};
use super::{RoomState, Shard};
use crate::db::columns::read_seqs;
use crate::db::delivery::{Lease, LeaseScope, channel_state, sweep_limit};
use crate::db::{Database, QueryError};

/// Leases rooms that Firebase is behind on for `life`, and reads their changes. The room of the scope belongs to `shard`.
///
/// A room that is leased, or was written less than 100 ms ago, is reserved instead: see
/// [`Lease::reserved`](crate::db::delivery::Lease). A room in back-off is not leased.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn lease(
    database: &Database,
    scope: LeaseScope,
    life: Duration,
    shard: &Shard,
) -> Result<Lease<RoomState>, QueryError> {
    let window = (&RoomState::WINDOW as _, Type::INT8);
    let circuit = (&shard.circuit as _, Type::TEXT);
    let buckets;
    let further = match scope {
        LeaseScope::Room { .. } => vec![circuit],
        LeaseScope::Due { .. } => {
            buckets = shard.buckets();
            vec![circuit, (&buckets as _, Type::BYTEA)]
        }
    };
    let rows = scope
        .query(database, [ROOM, DUE], life, window, &further)
        .await?;
    Ok(Lease {
        items: states(&rows),
        ..Lease::of(&rows)
    })
}

/// Whether a room may be leased now. `now()`, the time of the transaction's start, is the same in all conditions.
macro_rules! is_free {
    () => {
        "(mirror_leased_until IS NULL OR mirror_leased_until < now()) AND (mirror_paced_until IS NULL OR mirror_paced_until <= now())"
    };
}

/// Leases the rooms of `due`, or reserves its one room, and reads their state. The room is read from the snapshot, like
/// its messages, and not from the UPDATE: that may have waited for a sender, and then returns a newer revision than the
/// messages in the snapshot.
macro_rules! lease_and_read {
    () => {
        concat!(
            "leased AS (
            UPDATE chat_rooms
            SET mirror_leased_until = CASE WHEN (SELECT bool_and(is_free) FROM due)
                    THEN clock_timestamp() + $1 * interval '1 second' ELSE mirror_leased_until END,
                mirror_paced_until = CASE WHEN (SELECT bool_and(is_free) FROM due)
                    THEN clock_timestamp() + interval '100 milliseconds' ELSE mirror_paced_until END,
                mirror_reserved_until = (SELECT new_reservation FROM due WHERE NOT is_free)
            -- An array, so that the planner never expects so many rooms that it reads the whole table.
            WHERE id = ANY (ARRAY(SELECT id FROM due))
            RETURNING id, mirror_leased_until AS lease, mirror_reserved_until AS reservation,
                      extract(epoch FROM mirror_paced_until - clock_timestamp())::float8 AS wait
        )
        SELECT channel_failures, circuit_is_open, lease, reservation, wait, room.*, receipts.*, ",
            participant_columns!(),
            ", now() AS read_state_at,
               newest.changed = newest.total AS all_changed, evicted.ids AS evicted, ",
            mirrored_message!(),
            "
        FROM channel
        LEFT JOIN leased ON true
        LEFT JOIN LATERAL (
            SELECT * FROM chat_rooms WHERE id = leased.id AND reservation IS NULL OFFSET 0
        ) AS room ON true ",
            participant_joins!(),
            "
        ",
            read_seqs!(),
            "
        LEFT JOIN LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE revision > room.mirrored_revision) AS changed
            FROM chat_messages WHERE chat_room_id = room.id AND seq > room.message_count - $2
        ) AS newest ON true
        -- Not more messages can have been evicted since the last write than have changed among the newest.
        LEFT JOIN LATERAL (
            SELECT array_agg(id) AS ids FROM chat_messages
            WHERE chat_room_id = room.id AND seq <= room.message_count - $2
              AND seq > room.message_count - $2 - newest.changed
        ) AS evicted ON true
        LEFT JOIN LATERAL (
            SELECT * FROM chat_messages
            WHERE chat_room_id = room.id AND seq > room.message_count - $2 AND revision > room.mirrored_revision
            OFFSET 0
        ) AS message ON true
        ORDER BY room.id, message.seq"
        )
    };
}

const ROOM: &str = concat!(
    "-- lease_mirror
        WITH ",
    channel_state!("$5"),
    "due AS (
            SELECT id, ",
    is_free!(),
    " AS is_free, coalesce($4, now() + interval '2 seconds') AS new_reservation
            FROM chat_rooms
            WHERE id = $3 AND revision > mirrored_revision
              AND NOT (SELECT circuit_is_open FROM channel)
              -- A reset room that could not be removed from another shard is in back-off, but its own shard responds.
              AND (mirror_after IS NULL OR mirror_after <= now() OR mirrored_revision < 0)
              AND (",
    is_free!(),
    " OR CASE WHEN $4 IS NULL THEN mirror_reserved_until IS NULL OR mirror_reserved_until < now()
                        ELSE mirror_reserved_until = $4 END)
            FOR NO KEY UPDATE
        ),",
    lease_and_read!()
);

const DUE: &str = concat!(
    "-- lease_due_mirrors
        WITH ",
    channel_state!("$5"),
    sweep_limit!(probe "$5"),
    "due AS (
            SELECT id, true AS is_free, NULL::timestamptz AS new_reservation
            FROM chat_rooms
            WHERE revision > mirrored_revision AND (mirror_after IS NULL OR mirror_after <= now()) AND ",
    is_free!(),
    " AND ",
    is_of_shard!("$6"),
    "
            ORDER BY mirror_after NULLS FIRST
            LIMIT ",
    sweep_limit!("$3", "$4"),
    "
            FOR NO KEY UPDATE SKIP LOCKED
        ),",
    lease_and_read!()
);
