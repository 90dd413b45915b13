use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, delivery_columns, user_columns};
use crate::db::{Database, viewer};
use crate::domain::{
    Page, PageNumber, PageSize, RoomOrder, RoomSummary, RoomType, Search, Timestamp, Viewer,
};
use crate::error::Result;

/// Which of the viewer's rooms to list; nothing set means all that are not archived.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of this kind.
    pub room_type: Option<RoomType>,
    /// Only about this delivery.
    pub delivery_id: Option<Uuid>,
    /// Archived ones too.
    pub include_archived: bool,
    /// Only those whose other participant or tracking number has every word.
    pub search: Option<Search>,
}

/// Lists the viewer's active rooms; nothing where the page is out of range.
///
/// # Errors
/// An unknown or inactive viewer, or no answer from PostgreSQL.
pub async fn list(
    database: &Database,
    viewer: Viewer,
    filter: &Filter,
    order: RoomOrder,
    number: PageNumber,
    size: PageSize,
) -> Result<Option<Page<RoomSummary>>> {
    let words = filter.search.as_ref().map_or(&[][..], Search::words);
    // Null asks for the last page, which only the count can tell.
    let offset = match number {
        PageNumber::Number(number) => Some((number - 1).saturating_mul(size.get())),
        PageNumber::Last => None,
    };
    let rows = database
        .query(
            &statement(order, !words.is_empty()),
            &[
                (&viewer.0, Type::UUID),
                (&filter.room_type.map(RoomType::as_str), Type::TEXT),
                (&filter.delivery_id, Type::UUID),
                (&filter.include_archived, Type::BOOL),
                (&words, Type::TEXT_ARRAY),
                (&size.get(), Type::INT8),
                (&offset, Type::INT8),
            ],
        )
        .await?;
    let count = match rows.first() {
        None => 0,
        Some(row) => {
            viewer::check(row)?;
            row.get("count")
        }
    };
    Ok(Page::new(
        count,
        number,
        size,
        rows.iter().filter_map(summary).collect(),
    ))
}

/// The statement for one order. A search reads two more tables, and only then.
///
/// The rooms are found as driver and as other user, each by its own index, as no more than ids and sort keys; only
/// the page's rooms are read in full.
fn statement(order: RoomOrder, search: bool) -> String {
    let order = match order {
        RoomOrder::NewestMessage => "last_message_at DESC NULLS LAST, id",
        RoomOrder::OldestMessage => "last_message_at ASC NULLS LAST, id",
        RoomOrder::Newest => "created_at DESC, id",
        RoomOrder::Oldest => "created_at ASC, id",
    };
    let matching = |me: &str, other: &str| {
        let search = if search {
            format!(
                "AND NOT EXISTS (
                     SELECT FROM unnest($5) AS word
                     WHERE strpos(
                         chat_search_fold(concat_ws(E'\\n',
                             (SELECT full_name FROM users WHERE id = room.{other}_id),
                             (SELECT tracking_number FROM deliveries WHERE id = room.delivery_id))),
                         chat_search_fold(word)) = 0)"
            )
        } else {
            String::new()
        };
        format!(
            "SELECT room.id, room.last_message_at, room.created_at, room.{other}_id AS other_id,
                    room.{me}_unread_count AS unread_count, room.archived_by_{me} AS is_archived
             FROM chat_rooms AS room
             WHERE room.{me}_id = $1 AND room.is_active AND (room.closes_at <= clock_timestamp()) IS NOT TRUE
               AND ($2 IS NULL OR room.room_type = $2)
               AND ($3 IS NULL OR room.delivery_id = $3)
               AND ($4 OR NOT room.archived_by_{me})
               {search}"
        )
    };
    let (as_driver, as_other_user) = (
        matching("driver", "other_user"),
        matching("other_user", "driver"),
    );
    format!(
        "-- list_rooms
        WITH matching AS ({as_driver} UNION ALL {as_other_user}),
        total AS (SELECT count(*) FROM matching),
        page AS (
            SELECT *, row_number() OVER (ORDER BY {order}) AS position
            FROM matching ORDER BY {order}
            LIMIT $6 OFFSET coalesce($7, (SELECT greatest(count - 1, 0) / $6 * $6 FROM total))
        )
        SELECT viewer.is_active AS viewer_is_active, total.count,
               page.id AS room_id, page.unread_count, page.is_archived,
               room.room_type, room.last_message_text, room.last_message_at, room.created_at,
               {user}, {delivery}
        FROM total
        LEFT JOIN users AS viewer ON viewer.id = $1
        LEFT JOIN page ON true
        LEFT JOIN chat_rooms AS room ON room.id = page.id
        LEFT JOIN users AS other ON other.id = page.other_id
        LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id
        ORDER BY page.position",
        user = user_columns!("other"),
        delivery = delivery_columns!(),
    )
}

fn summary(row: &Row) -> Option<RoomSummary> {
    Some(RoomSummary {
        id: row.get::<_, Option<Uuid>>("room_id")?,
        room_type: row.get("room_type"),
        other_participant: columns::user(row, "other"),
        delivery_info: columns::delivery(row),
        last_message_text: row.get("last_message_text"),
        last_message_at: row.get::<_, Option<_>>("last_message_at").map(Timestamp),
        unread_count: row.get("unread_count"),
        is_archived: row.get("is_archived"),
        created_at: Timestamp(row.get("created_at")),
    })
}
