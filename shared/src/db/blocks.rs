//! Blocks between users. The statements that a block rejects read `chat_blocks` themselves (`conditions::is_blocked`).

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::columns::{self, user_columns};
use super::{Database, viewer};
use crate::domain::{Block, Page, PageNumber, PageSize, Timestamp, Viewer};
use crate::error::{Error, Result};

/// A block that exists now.
#[derive(Debug)]
pub struct Blocked {
    pub block: Block,
    /// False for a repeat.
    pub created: bool,
    /// The rooms that Firebase must show the block in.
    pub rooms: Vec<Uuid>,
}

/// Locks the active rooms of the viewer `$1` and the user `$2`, and increments their revision if the CTE `changed` has a
/// row with `is_change`. Firebase's rules read the block from the room. The locks come first, as in every statement that
/// writes rooms.
macro_rules! mirrored_change {
    ($change:literal) => {
        concat!(
            "locked AS MATERIALIZED (
            SELECT id FROM chat_rooms
            WHERE is_active AND (SELECT is_active FROM viewer)
              AND ((driver_id = $1 AND other_user_id = $2) OR (driver_id = $2 AND other_user_id = $1))
            ORDER BY id
            FOR NO KEY UPDATE
        ),
        changed AS (",
            $change,
            "),
        mirrored AS (
            UPDATE chat_rooms
            SET revision = revision + 1, behind_since = coalesce(behind_since, clock_timestamp())
            WHERE id IN (SELECT id FROM locked) AND EXISTS (SELECT FROM changed WHERE is_change)
            RETURNING id
        )"
        )
    };
}

/// Blocks a user for the viewer. A repeat changes nothing.
///
/// # Errors
/// [`Error::NotFound`] if the platform does not know the user; [`Error::NotNow`] for the viewer themselves; 401 for an
/// unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn block(database: &Database, viewer: Viewer, user_id: Uuid) -> Result<Blocked> {
    // The upsert returns the block also if a concurrent repeat has inserted it after this snapshot.
    const SQL: &str = concat!(
        "-- block_user
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        ",
        mirrored_change!(
            "INSERT INTO chat_blocks (blocker_id, blocked_id, created_at)
            SELECT $1, id, clock_timestamp() FROM users
            WHERE id = $2 AND $1 <> $2 AND (SELECT is_active FROM viewer)
              AND (SELECT count(*) FROM locked) >= 0
            ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET created_at = chat_blocks.created_at
            RETURNING blocked_id, created_at, xmax = 0 AS is_change"
        ),
        "
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active,
               changed.is_change AS created, ARRAY(SELECT id FROM mirrored ORDER BY id) AS rooms,
               changed.blocked_id, changed.created_at, ",
        user_columns!("other"),
        " FROM (VALUES (1)) AS one LEFT JOIN changed ON true LEFT JOIN users AS other ON other.id = $2"
    );
    let parameters = [(&viewer.0 as _, Type::UUID), (&user_id as _, Type::UUID)];
    let row = database.query_one(SQL, &parameters).await?;
    viewer::check(&row)?;
    if user_id == viewer.0 {
        return Err(Error::NotNow("Impossible de se bloquer soi-même."));
    }
    Ok(Blocked {
        block: read(&row).ok_or(Error::NotFound)?,
        created: row.get("created"),
        rooms: row.get("rooms"),
    })
}

/// Removes the viewer's block of a user, if there is one. Returns the rooms that Firebase must no longer show it in.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn unblock(database: &Database, viewer: Viewer, user_id: Uuid) -> Result<Vec<Uuid>> {
    const SQL: &str = concat!(
        "-- unblock_user
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        ",
        mirrored_change!(
            "DELETE FROM chat_blocks
            WHERE blocker_id = $1 AND blocked_id = $2 AND (SELECT is_active FROM viewer)
              AND (SELECT count(*) FROM locked) >= 0
            RETURNING true AS is_change"
        ),
        "
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, ARRAY(SELECT id FROM mirrored ORDER BY id) AS rooms"
    );
    let parameters = [(&viewer.0 as _, Type::UUID), (&user_id as _, Type::UUID)];
    let row = database.query_one(SQL, &parameters).await?;
    viewer::check(&row)?;
    Ok(row.get("rooms"))
}

/// Lists the users whom the viewer has blocked, the newest block first; no page if the page number is out of range.
///
/// # Errors
/// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
pub async fn list(
    database: &Database,
    viewer: Viewer,
    number: PageNumber,
    size: PageSize,
) -> Result<Option<Page<Block>>> {
    const SQL: &str = concat!(
        "-- list_blocks
        WITH viewer AS (SELECT is_active FROM users WHERE id = $1),
        block AS MATERIALIZED (
            SELECT blocked_id, created_at FROM chat_blocks WHERE blocker_id = $1 AND (SELECT is_active FROM viewer)
        ),
        total AS (SELECT count(*) FROM block),
        page AS (
            SELECT * FROM block ORDER BY created_at DESC, blocked_id
            LIMIT $2 OFFSET (SELECT coalesce($3, greatest(count - 1, 0) / $2 * $2) FROM total)
        )
        SELECT (SELECT is_active FROM viewer) AS viewer_is_active, total.count, page.blocked_id, page.created_at, ",
        user_columns!("other"),
        " FROM total
        LEFT JOIN page ON true
        LEFT JOIN users AS other ON other.id = page.blocked_id
        ORDER BY page.created_at DESC, page.blocked_id"
    );
    let parameters = [
        (&viewer.0 as _, Type::UUID),
        (&size.get() as _, Type::INT8),
        (&number.offset(size) as _, Type::INT8),
    ];
    let rows = database.query(SQL, &parameters).await?;
    let row = rows.first().ok_or(Error::internal("list_blocks: no row"))?;
    viewer::check(row)?;
    let results = rows.iter().filter_map(read).collect();
    Ok(Page::new(row.get("count"), number, size, results))
}

/// Reads a block; `None` if its columns are null.
fn read(row: &Row) -> Option<Block> {
    Some(Block {
        user_id: row.get::<_, Option<Uuid>>("blocked_id")?,
        created_at: row.get::<_, Option<_>>("created_at").map(Timestamp)?,
        user: columns::user(row, "other").map(Into::into),
    })
}
