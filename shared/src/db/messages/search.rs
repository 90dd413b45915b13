use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::columns::{self, message_columns};
use crate::db::rate_limits::{self, has_token, token_cte, wait_column};
use crate::db::{Database, viewer};
use crate::domain::{Cursor, FoundMessage, Highlight, PageSize, RateLimit, Viewer};
use crate::error::{Error, Result};

/// The room and the position of a search.
#[derive(Debug, Default)]
pub struct Scope {
    /// Only this room; `None` is all rooms of the viewer.
    pub room_id: Option<Uuid>,
    /// Only messages before this position.
    pub before: Option<Cursor>,
}

/// A page of search results.
#[derive(Debug)]
pub struct Found {
    /// Newest first.
    pub messages: Vec<FoundMessage>,
    /// The position of the last message if more follow.
    pub continues_before: Option<Cursor>,
}

/// Searches the messages of the viewer's rooms, including archived and closed ones, newest first. A room of others to
/// which the viewer has access is searched only by its id, and the search is recorded. A message must
/// contain every word in any of its forms; the last word may be a prefix.
///
/// # Errors
/// [`Error::NotFound`] if the room does not exist or the viewer is not a participant; [`Error::TooManyRequests`] above
/// `limit`; 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn search(
    database: &Database,
    viewer: Viewer,
    words: &str,
    scope: &Scope,
    size: PageSize,
    limit: Option<RateLimit>,
) -> Result<Found> {
    let before = scope.before.as_ref();
    let every = limit.map(|it| it.seconds_per_token());
    let slack = limit.map(|it| it.seconds_of_slack());
    let sql = match scope.room_id {
        None => ALL_ROOMS,
        Some(_) => ONE_ROOM,
    };
    for _ in 0..rate_limits::ATTEMPTS {
        let rows = database
            .query(
                sql,
                &[
                    (&viewer.0, Type::UUID),
                    (&scope.room_id, Type::UUID),
                    (&words, Type::TEXT),
                    (&before.map(|it| it.created_at.0), Type::TIMESTAMPTZ),
                    (&before.map(|it| it.message_id), Type::UUID),
                    (&(size.get() + 1), Type::INT8),
                    (&WINDOW, Type::INT8),
                    (&every, Type::FLOAT8),
                    (&slack, Type::FLOAT8),
                    (&PENDING, Type::INT8),
                    (&PENDING_CHARACTERS, Type::INT8),
                ],
            )
            .await?;
        let row = rows
            .first()
            .ok_or_else(|| Error::internal("search_messages: a row was expected"))?;
        viewer::check(row)?;
        if scope.room_id.is_some() && !row.get::<_, bool>("room_found") {
            return Err(Error::NotFound);
        }
        if row.get("has_token") {
            return Ok(page(&rows, size));
        }
        rate_limits::check_wait(row)?;
    }
    Err(Error::TooManyRequests { retry_after: 1 })
}

/// Reads the page. The statement returns one row more if another page follows.
fn page(rows: &[Row], size: PageSize) -> Found {
    let mut messages: Vec<_> = rows.iter().filter_map(found).collect();
    let more = usize::try_from(size.get()).is_ok_and(|size| {
        let more = messages.len() > size;
        messages.truncate(size);
        more
    });
    let last = messages.last().map(|found| Cursor {
        created_at: found.message.created_at,
        message_id: found.message.id,
    });
    Found {
        messages,
        continues_before: last.filter(|_| more),
    }
}

fn found(row: &Row) -> Option<FoundMessage> {
    let message = columns::message(row)?;
    let marked: Vec<String> = row.get("marked");
    Some(FoundMessage {
        highlight: Highlight::new(&message.text, &marked),
        message,
    })
}

/// The number of newest messages that are scanned before the word index is used; see [`sql`].
const WINDOW: i64 = 4000;

/// The number of newest pending messages, and of their characters together, whose words are computed by the search itself;
/// see [`sql`]. The words of 50,000 characters take about 0.1 s.
const PENDING: i64 = 500;
const PENDING_CHARACTERS: i64 = 50_000;

/// Selects the newest messages before the cursor that fulfil one of the conditions, at most [`WINDOW`] for each of them,
/// from an index in this order.
macro_rules! newest {
    ($columns:literal, [$first:literal $(, $other:literal)?]) => {
        concat!(
            newest!($columns, $first),
            $("
             UNION ALL
             ", newest!($columns, $other),)?
        )
    };
    ($columns:literal, $condition:literal) => {
        concat!(
            "(SELECT ",
            $columns,
            " FROM chat_message_search
              WHERE ",
            $condition,
            "
                AND (created_at, message_id) < ((SELECT created_at FROM asked), (SELECT message_id FROM asked))
              ORDER BY created_at DESC, message_id DESC LIMIT $7)"
        )
    };
}

/// Neither a scan nor the word index is fast for every word, so both are used. A frequent word occurs in the newest
/// messages: the newest [`WINDOW`] are scanned until the page is full. If they do not fill it, either the viewer has no
/// more messages, or the word is rare enough for the word index to search the older ones. The cost is thus bounded
/// without an estimate.
///
/// The newest [`PENDING`] messages whose words are not indexed yet are compared as well ([`index_words`]).
///
/// [`index_words`]: super::index_words
///
/// The index contains the words, the room and the participants of a message; the participants are checked again in the
/// row. `chat_search_query` (`V0014__text_search.sql`) turns the query text, a parameter, into a `tsquery`. It is
/// called in a subquery so that the plan is the same for every word.
///
/// `$allowed` is a CTE `allowed` that has a row if the viewer may search, and `$audited` a CTE that records the search.
/// `$conditions` select the messages in `chat_message_search`, each by an index, and `$pending` those in
/// `chat_message_search_pending`. `$scope` is the id that the word index looks up, the viewer's or the room's,
/// and `$found` the condition for its rows.
macro_rules! sql {
    ($name:literal, $allowed:literal, $audited:literal, $scope:literal, $found:literal, $conditions:tt, $pending:literal) => {
        concat!(
    "-- ", $name, "
    WITH ", $allowed, ",
    ",
    token_cte!("searches", "$8", "$9", "allowed"),
    ",
    asked AS MATERIALIZED (
        SELECT chat_search_query($3) AS query, ", $scope, " AS scope,
               coalesce($4, 'infinity') AS created_at, coalesce($5, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AS message_id
        WHERE EXISTS (SELECT FROM allowed) AND ",
    has_token!("$8"),
    "
    ),
    ", $audited, "
    newest AS MATERIALIZED (
        SELECT created_at, message_id
        FROM (
            SELECT * FROM (",
    newest!("created_at, message_id, terms", $conditions),
    ") AS message ORDER BY created_at DESC, message_id DESC LIMIT $7
        ) AS message
        WHERE (SELECT query FROM asked) IS NOT NULL AND terms @@ (SELECT query FROM asked)
        ORDER BY created_at DESC, message_id DESC LIMIT $6
    ),
    -- Where the newest end, if something may lie beyond them that is wanted.
    edge AS MATERIALIZED (
        SELECT created_at, message_id FROM (",
    newest!("created_at, message_id", $conditions),
    ") AS message
        WHERE (SELECT query FROM asked) IS NOT NULL AND (SELECT count(*) < $6 FROM newest)
        ORDER BY created_at DESC, message_id DESC OFFSET $7 - 1 LIMIT 1
    ),
    -- OFFSET keeps the other conditions for later: an index would be asked for all of one person's messages, too.
    older AS MATERIALIZED (
        SELECT created_at, message_id
        FROM (
            SELECT * FROM chat_message_search
            WHERE ARRAY[chat_room_id, driver_id, other_user_id] @> ARRAY[(SELECT scope FROM asked)]
              AND terms @@ (SELECT query FROM asked)
            OFFSET 0
        ) AS message
        WHERE (SELECT true FROM edge)
          AND ", $found, "
          AND (created_at, message_id) < ((SELECT created_at FROM edge), (SELECT message_id FROM edge))
    ),
    pending AS MATERIALIZED (
        SELECT created_at, message_id
        FROM (
            SELECT pending.*, text, sum(length(text)) OVER (ORDER BY pending.created_at DESC, message_id DESC) AS characters
            FROM (
                SELECT * FROM (
                    ", $pending, "
                ) AS message
                WHERE (created_at, message_id) < ((SELECT created_at FROM asked), (SELECT message_id FROM asked))
                ORDER BY created_at DESC, message_id DESC LIMIT $10
            ) AS pending
            JOIN chat_messages AS message ON message.id = message_id
        ) AS message
        WHERE characters <= $11
          AND (SELECT query FROM asked) IS NOT NULL AND chat_search_vector(text) @@ (SELECT query FROM asked)
    ),
    page AS MATERIALIZED (
        SELECT created_at, message_id FROM pending
        UNION ALL
        SELECT created_at, message_id FROM newest
        UNION ALL
        SELECT created_at, message_id FROM older
        ORDER BY created_at DESC, message_id DESC LIMIT $6
    )
    SELECT (SELECT is_active FROM users WHERE id = $1) AS viewer_is_active, EXISTS (SELECT FROM allowed) AS room_found,
           ",
    has_token!("$8"),
    " AS has_token, ",
    wait_column!("searches", "$9"),
    ", ",
    message_columns!(),
    ", chat_search_marked(message.text, (SELECT query FROM asked)) AS marked
    FROM (VALUES (1)) AS one
    LEFT JOIN page ON true
    LEFT JOIN chat_messages AS message ON message.id = page.message_id
    LEFT JOIN chat_rooms AS room ON room.id = message.chat_room_id
    LEFT JOIN users AS sender ON sender.id = message.sender_id
    ORDER BY page.created_at DESC, page.message_id DESC"
)
    };
}

const ALL_ROOMS: &str = sql!(
    "search_messages",
    "allowed AS (SELECT FROM users WHERE id = $1 AND is_active)",
    "",
    "$1",
    "$1 IN (driver_id, other_user_id)",
    ["driver_id = $1", "other_user_id = $1"],
    "SELECT created_at, message_id FROM chat_message_search_pending WHERE driver_id = $1
                    UNION ALL
                    SELECT created_at, message_id FROM chat_message_search_pending WHERE other_user_id = $1"
);

const ONE_ROOM: &str = sql!(
    "search_messages_of_room",
    "allowed AS (
        SELECT id, driver_id, other_user_id FROM chat_rooms
        WHERE id = $2 AND ($1 IN (driver_id, other_user_id) OR chat_has_access($1, id))
          AND EXISTS (SELECT FROM users WHERE id = $1 AND is_active)
    )",
    "audited AS (
        INSERT INTO chat_audit_log (actor_id, action, room_id)
        SELECT $1, 'search_messages', id FROM allowed
        WHERE $1 NOT IN (driver_id, other_user_id) AND EXISTS (SELECT FROM asked)
    ),",
    "$2",
    "chat_room_id = $2",
    ["chat_room_id = $2"],
    "SELECT created_at, message_id FROM chat_message_search_pending
                    WHERE driver_id = (SELECT driver_id FROM allowed) AND chat_room_id = $2"
);
