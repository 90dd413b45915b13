use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::Database;
use crate::db::columns::api_time;
use crate::db::conditions::is_room_of_user;
use crate::domain::{ExportCursor, Platform};
use crate::error::{Error, Result};

/// The number of rooms, messages and receipts of a page.
const SIZE: usize = 1000;

/// A page of everything that the chat stores of a person.
#[derive(Debug, Serialize)]
pub struct ExportPage {
    pub user_id: Uuid,
    /// Devices, notification settings, blocks, and reports; null except on the first page.
    pub profile: Value,
    /// The rooms, each before its messages.
    pub rooms: Vec<Value>,
    /// The messages that the person sent, with their earlier versions.
    pub messages: Vec<Value>,
    /// The messages that the person received and has read.
    pub receipts: Vec<Value>,
    #[serde(skip)]
    pub continues: Option<ExportCursor>,
}

/// Returns the page of a person's data after the position. The first page is recorded in the audit log.
///
/// # Errors
/// 503 if PostgreSQL does not respond.
pub async fn export(
    database: &Database,
    _: Platform,
    user_id: Uuid,
    after: Option<ExportCursor>,
) -> Result<ExportPage> {
    let parameters = [
        (&user_id as _, Type::UUID),
        (&after.map(|it| it.room_id) as _, Type::UUID),
        (&after.map(|it| it.seq) as _, Type::INT8),
        (
            &i64::try_from(SIZE + 1).map_err(Error::internal)? as _,
            Type::INT8,
        ),
    ];
    let rows = database.query(SQL, &parameters).await?;
    let first = rows
        .first()
        .ok_or_else(|| Error::internal("export_user: a row was expected"))?;
    let mut page = ExportPage {
        user_id,
        profile: value(first, "profile")?,
        rooms: Vec::new(),
        messages: Vec::new(),
        receipts: Vec::new(),
        continues: None,
    };
    for row in rows.iter().take(SIZE) {
        let Some(kind) = row.get::<_, Option<&str>>("kind") else {
            break;
        };
        let list = match kind {
            "room" => &mut page.rooms,
            "message" => &mut page.messages,
            _ => &mut page.receipts,
        };
        list.push(value(row, "item")?);
    }
    let last = rows.get(SIZE - 1).filter(|_| rows.len() > SIZE);
    page.continues = last.map(|row| ExportCursor {
        room_id: row.get("room_id"),
        seq: row.get("seq"),
    });
    Ok(page)
}

fn value(row: &Row, name: &str) -> Result<Value> {
    let json: Option<&str> = row.get(name);
    json.map_or(Ok(Value::Null), serde_json::from_str)
        .map_err(Error::internal)
}

/// When the person has read a message.
macro_rules! own_read_at {
    () => {
        "CASE WHEN message.sender_id IS NOT NULL THEN message.read_at
              WHEN room.driver_id = $1 THEN coalesce(message.driver_read_at, message.read_at)
              ELSE coalesce(message.other_user_read_at, message.read_at) END"
    };
}

const SQL: &str = concat!(
    "-- export_user
    WITH audited AS (
        INSERT INTO chat_audit_log (action, subject_id) SELECT 'export_user', $1 WHERE $2 IS NULL
    ),
    room AS MATERIALIZED (
        SELECT * FROM chat_rooms AS room
        WHERE ",
    is_room_of_user!(),
    " AND id >= coalesce($2, '00000000-0000-0000-0000-000000000000')
        ORDER BY id LIMIT $4
    ),
    item AS MATERIALIZED (
        SELECT room.id AS room_id, item.*
        FROM room CROSS JOIN LATERAL (
            SELECT 'room' AS kind, 0::bigint AS seq, jsonb_build_object(
                'id', room.id, 'room_type', room.room_type, 'delivery_id', room.delivery_id,
                'role', CASE WHEN room.driver_id = $1 THEN 'driver' ELSE 'other_user' END,
                'created_at', ",
    api_time!("room.created_at"),
    ", 'is_active', room.is_active, 'closes_at', ",
    api_time!("room.closes_at"),
    ", 'is_archived', CASE WHEN room.driver_id = $1 THEN room.archived_by_driver ELSE room.archived_by_other_user END,
                'is_muted', CASE WHEN room.driver_id = $1 THEN room.muted_by_driver ELSE room.muted_by_other_user END,
                'unread_count',
                    CASE WHEN room.driver_id = $1 THEN room.driver_unread_count ELSE room.other_user_unread_count END,
                'delivered_seq',
                    CASE WHEN room.driver_id = $1 THEN room.driver_delivered_seq ELSE room.other_user_delivered_seq END
            ) AS item
            WHERE room.id IS DISTINCT FROM $2
            UNION ALL
            (SELECT CASE WHEN message.sender_id = $1 THEN 'message' ELSE 'receipt' END, message.seq,
                CASE WHEN message.sender_id = $1 THEN jsonb_build_object(
                    'id', message.id, 'chat_room', message.chat_room_id, 'seq', message.seq,
                    'message_type', message.message_type, 'text', message.text, 'image_url', message.image_url,
                    'latitude', message.latitude, 'longitude', message.longitude,
                    'created_at', ",
    api_time!("message.created_at"),
    ", 'edited_at', ",
    api_time!("message.edited_at"),
    ", 'deleted_at', ",
    api_time!("message.deleted_at"),
    ", 'versions', chat_versions_of(message.id))
                ELSE jsonb_build_object(
                    'message_id', message.id, 'chat_room', message.chat_room_id, 'seq', message.seq, 'read_at', ",
    api_time!(own_read_at!()),
    ") END
            FROM chat_messages AS message
            WHERE message.chat_room_id = room.id AND message.seq > CASE WHEN room.id = $2 THEN $3 ELSE 0 END
              AND (message.sender_id = $1 OR ",
    own_read_at!(),
    " IS NOT NULL)
            ORDER BY message.seq LIMIT $4)
        ) AS item
        ORDER BY room.id, item.seq LIMIT $4
    ),
    profile AS (
        SELECT jsonb_build_object(
            'devices', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('token', token, 'registered_at', ",
    api_time!("registered_at"),
    ") ORDER BY registered_at), '[]') FROM chat_devices WHERE user_id = $1),
            'notification_settings', (
                SELECT jsonb_build_object('push_enabled', push_enabled, 'quiet_from', quiet_from, 'quiet_to', quiet_to,
                    'time_zone', time_zone)
                FROM chat_notification_settings WHERE user_id = $1),
            'blocks', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('user_id', blocked_id, 'created_at', ",
    api_time!("created_at"),
    ") ORDER BY created_at), '[]') FROM chat_blocks WHERE blocker_id = $1),
            'reports', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'message_id', message_id, 'chat_room', chat_room_id,
                    'reason', reason, 'comment', comment, 'status', status, 'created_at', ",
    api_time!("created_at"),
    ") ORDER BY created_at), '[]') FROM chat_reports WHERE reporter_id = $1)
        ) AS profile
        WHERE $2 IS NULL
    )
    SELECT (SELECT profile::text FROM profile) AS profile, item.kind, item.room_id, item.seq, item.item::text AS item
    FROM (VALUES (1)) AS one LEFT JOIN item ON true
    ORDER BY item.room_id, item.seq"
);
