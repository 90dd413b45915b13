use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, delivery_columns, user_columns};
use crate::db::conditions::is_open;
use crate::db::statement::Value;
use crate::db::{Statement, viewer};
use crate::domain::{
    Page, PageNumber, PageSize, RoomOrder, RoomSummary, RoomType, Search, Timestamp, Viewer,
};
use crate::error::Error;

/// A filter of the viewer's rooms. The default selects all rooms that are not archived.
#[derive(Debug, Default)]
pub struct Filter {
    pub room_type: Option<RoomType>,
    pub delivery_id: Option<Uuid>,
    pub include_archived: bool,
    /// Every word must occur in the other participant's name or the tracking number.
    pub search: Option<Search>,
}

/// Lists the viewer's open rooms; no page if the page number is out of range.
#[must_use]
pub fn list(
    viewer: Viewer,
    filter: &Filter,
    order: RoomOrder,
    number: PageNumber,
    size: PageSize,
) -> Statement<Option<Page<RoomSummary>>> {
    let words = filter.search.as_ref().map_or(&[][..], Search::words);
    let has_search = !words.is_empty();
    let mut parameters: Vec<(Value, Type)> = vec![
        (Box::new(viewer.0), Type::UUID),
        (Box::new(filter.room_type.map(RoomType::as_str)), Type::TEXT),
        (Box::new(filter.delivery_id), Type::UUID),
        (Box::new(filter.include_archived), Type::BOOL),
        (Box::new(words.to_vec()), Type::TEXT_ARRAY),
        (Box::new(size.get()), Type::INT8),
    ];
    let end = match number {
        PageNumber::Number(number) => {
            let offset = (number - 1).saturating_mul(size.get());
            // The statement adds the page size to the offset.
            let offset = offset.min(i64::MAX - size.get());
            parameters.push((Box::new(offset), Type::INT8));
            End::First
        }
        // The last page is read from the other end, since its offset is unknown.
        PageNumber::Last => End::Last,
    };
    Statement {
        sql: statement(order, end, has_search),
        parameters,
        read: Box::new(move |rows| {
            let row = rows
                .first()
                .ok_or_else(|| Error::internal("list_rooms: a row was expected"))?;
            viewer::check(row)?;
            let results = rows.iter().filter_map(summary).collect();
            Ok(Page::new(row.get("count"), number, size, results))
        }),
    }
}

/// The end of the list from which a page is read.
#[derive(Clone, Copy, PartialEq)]
enum End {
    First,
    Last,
}

/// Returns the statement for an order.
///
/// It finds the viewer's rooms as driver and as other user through one index each. These contain all columns for
/// filter, search and order (`V0012__list_search_of_all.sql`), so that counting and skipping read no rows except the
/// page's. The last page is read from the end. A search scans all of the viewer's index entries once.
fn statement(order: RoomOrder, from: End, search: bool) -> String {
    let (column, direction, backwards) = match order {
        RoomOrder::NewestMessage => ("last_message_at", "DESC NULLS LAST", "ASC NULLS FIRST"),
        RoomOrder::OldestMessage => ("last_message_at", "ASC NULLS LAST", "DESC NULLS FIRST"),
        RoomOrder::Newest => ("created_at", "DESC", "ASC"),
        RoomOrder::Oldest => ("created_at", "ASC", "DESC"),
    };
    let (order, limit, offset) = match from {
        End::First => (format!("{column} {direction}, id"), "$6", "$7"),
        End::Last => (
            format!("{column} {backwards}, id DESC"),
            "(SELECT count - greatest(count - 1, 0) / $6 * $6 FROM total)",
            "0",
        ),
    };
    let keys = format!("SELECT room.id, room.{column}");
    let driver = side("driver", search);
    let other_user = side("other_user", search);
    let (total, matching) = if search {
        let total = format!(
            "word AS MATERIALIZED (
                 SELECT array_agg('%' || regexp_replace(trim(chat_search_fold(word)), '([\\\\%_])', '\\\\\\1', 'g') || '%') AS patterns
                 FROM unnest($5) AS word
             ),
             matching AS MATERIALIZED ({keys} {driver} UNION ALL {keys} {other_user}),
             total AS MATERIALIZED (SELECT count(*) FROM matching)"
        );
        (total, "matching".to_owned())
    } else {
        let total = format!(
            "total AS MATERIALIZED (
                 SELECT (SELECT count(*) {driver}) + (SELECT count(*) {other_user}) AS count)"
        );
        // Read each side in index order, up to the end of the page.
        let ordered = format!("ORDER BY {order} LIMIT {limit} + {offset}");
        let matching = format!(
            "(({keys} {driver} {ordered}) UNION ALL ({keys} {other_user} {ordered})) AS matching"
        );
        (total, matching)
    };
    format!(
        "-- list_rooms
        WITH {total},
        page AS (SELECT * FROM {matching} ORDER BY {order} LIMIT {limit} OFFSET {offset})
        SELECT viewer.is_active AS viewer_is_active, total.count,
               room.id AS room_id, room.room_type, room.last_message_text, room.last_message_at, room.created_at,
               CASE $1 WHEN room.driver_id THEN room.driver_unread_count ELSE room.other_user_unread_count END AS unread_count,
               CASE $1 WHEN room.driver_id THEN room.archived_by_driver ELSE room.archived_by_other_user END AS is_archived,
               {user}, {delivery}
        FROM total
        LEFT JOIN users AS viewer ON viewer.id = $1
        LEFT JOIN page ON true
        LEFT JOIN chat_rooms AS room ON room.id = page.id
        LEFT JOIN users AS other
            ON other.id = CASE $1 WHEN room.driver_id THEN room.other_user_id ELSE room.driver_id END
        LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id
        ORDER BY page.{column} {direction}, page.id",
        user = user_columns!("other"),
        delivery = delivery_columns!(),
    )
}

/// Selects the rooms in which the viewer is `me`.
fn side(me: &str, search: bool) -> String {
    let has_every_word = if search {
        format!("AND room.searched_by_{me} LIKE ALL ((SELECT patterns FROM word)::text[])")
    } else {
        String::new()
    };
    format!(
        "FROM chat_rooms AS room
         WHERE room.{me}_id = $1 AND {is_open}
           AND ($2 IS NULL OR room.room_type = $2)
           AND ($3 IS NULL OR room.delivery_id = $3)
           AND ($4 OR NOT room.archived_by_{me})
           {has_every_word}",
        is_open = is_open!("room."),
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
