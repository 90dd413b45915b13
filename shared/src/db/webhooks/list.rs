use serde::Serialize;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::event::{event, event_columns, event_joins};
use crate::db::{Database, QueryError};
use crate::domain::{PageSize, Platform, WebhookEvent};

/// An event in the list.
#[derive(Debug, PartialEq, Serialize)]
pub struct Listed {
    /// The `webhook-id`.
    pub id: Uuid,
    #[serde(flatten)]
    pub event: WebhookEvent,
    /// `pending`, `delivered`, or `given_up` after three days of attempts.
    pub state: String,
}

/// Returns the events after the event `after`, oldest first, and whether more follow. Without `after` the list begins
/// with the oldest event.
///
/// Transactions commit in another order than their events' ids. An event is therefore listed ten seconds after its
/// creation, when all older ones have been committed.
///
/// # Errors
/// PostgreSQL does not respond.
pub async fn list(
    database: &Database,
    _: Platform,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<(Vec<Listed>, bool), QueryError> {
    const SQL: &str = concat!(
        "-- list_webhook_events
        SELECT CASE WHEN event.gave_up_at IS NOT NULL THEN 'given_up'
                    WHEN event.created_at <= queue.settled_at THEN 'delivered' ELSE 'pending' END AS state, ",
        event_columns!(),
        " FROM (
            SELECT * FROM chat_webhook_events
            WHERE id > coalesce($1, '00000000-0000-0000-0000-000000000000')
              AND created_at < clock_timestamp() - interval '10 seconds'
            ORDER BY id LIMIT $2
        ) AS event
        LEFT JOIN chat_webhook_queues AS queue ON queue.order_key = event.order_key ",
        event_joins!(),
        " ORDER BY event.id"
    );
    let parameters = [
        (&after as _, Type::UUID),
        (&(size.get() + 1) as _, Type::INT8),
    ];
    let rows = database.query(SQL, &parameters).await?;
    let size = usize::try_from(size.get()).unwrap_or(usize::MAX);
    let listed = rows.iter().take(size).filter_map(|row| {
        let event = event(row)?;
        Some(Listed {
            id: event.id,
            event,
            state: row.get("state"),
        })
    });
    Ok((listed.collect(), rows.len() > size))
}
