use tokio_postgres::{Client, Error};

/// The triggers that write events: name and definition. A changed definition needs a new name.
///
/// They are row triggers: an update fires them only if it sets one of their columns, so that marking messages as read
/// costs nothing. A room's closing is the last event of its transaction.
const TRIGGERS: [(&str, &str); 8] = [
    (
        "chat_webhook_room_created",
        "CREATE TRIGGER chat_webhook_room_created AFTER INSERT ON chat_rooms
         FOR EACH ROW EXECUTE FUNCTION chat_webhook_of_room('room.created')",
    ),
    (
        "chat_webhook_room_closed",
        "CREATE CONSTRAINT TRIGGER chat_webhook_room_closed AFTER UPDATE OF is_active ON chat_rooms
         DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active)
         EXECUTE FUNCTION chat_webhook_of_room('room.closed')",
    ),
    (
        "chat_webhook_message_created",
        "CREATE TRIGGER chat_webhook_message_created AFTER INSERT ON chat_messages
         FOR EACH ROW EXECUTE FUNCTION chat_webhook_of_message('message.created')",
    ),
    (
        "chat_webhook_message_edited",
        "CREATE TRIGGER chat_webhook_message_edited AFTER UPDATE OF edited_at ON chat_messages
         FOR EACH ROW WHEN (NEW.edited_at IS DISTINCT FROM OLD.edited_at AND NEW.deleted_at IS NULL)
         EXECUTE FUNCTION chat_webhook_of_message('message.edited')",
    ),
    (
        "chat_webhook_message_deleted",
        "CREATE TRIGGER chat_webhook_message_deleted AFTER UPDATE OF deleted_at ON chat_messages
         FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
         EXECUTE FUNCTION chat_webhook_of_message('message.deleted')",
    ),
    (
        "chat_webhook_customer_unreachable",
        "CREATE TRIGGER chat_webhook_customer_unreachable AFTER UPDATE OF outcome ON chat_unreachable_calls
         FOR EACH ROW WHEN (OLD.outcome IS NULL AND NEW.outcome = 'unreachable')
         EXECUTE FUNCTION chat_webhook_of_message('customer.unreachable')",
    ),
    (
        "chat_webhook_message_reported",
        "CREATE TRIGGER chat_webhook_message_reported AFTER INSERT ON chat_reports
         FOR EACH ROW EXECUTE FUNCTION chat_webhook_of_report('message.reported')",
    ),
    (
        "chat_webhook_user_blocked",
        "CREATE TRIGGER chat_webhook_user_blocked AFTER INSERT ON chat_blocks
         FOR EACH ROW EXECUTE FUNCTION chat_webhook_of_block('user.blocked')",
    ),
];

/// Returns the names of all triggers.
pub(super) fn trigger_names() -> Vec<&'static str> {
    TRIGGERS.iter().map(|(name, _)| *name).collect()
}

/// Starts or stops the writing of events. Locks a table only if its triggers change, and then waits for the transactions
/// that are writing to it, so that no event is missed from then on.
///
/// # Errors
/// The role does not own the tables, a transaction keeps one locked for 30 s, or the connection is lost.
pub async fn switch(client: &Client, on: bool) -> Result<(), Error> {
    let existing =
        "SELECT tgname::text AS name, tgrelid::regclass::text AS of_table FROM pg_trigger
                    WHERE tgname LIKE 'chat\\_webhook\\_%' AND NOT tgisinternal";
    let existing = client.query(existing, &[]).await?;
    let is_wanted = |name: &str| on && TRIGGERS.iter().any(|(known, _)| *known == name);
    let mut changes = Vec::new();
    for row in &existing {
        let (name, table): (&str, &str) = (row.get("name"), row.get("of_table"));
        if !is_wanted(name) {
            changes.push(format!("DROP TRIGGER IF EXISTS {name} ON {table}"));
        }
    }
    for (name, definition) in TRIGGERS.iter().filter(|_| on) {
        if !existing
            .iter()
            .any(|row| row.get::<_, &str>("name") == *name)
        {
            changes.push((*definition).to_owned());
        }
    }
    for change in changes {
        // One table at a time: a transaction that locks several could deadlock with a writer.
        let change = format!("BEGIN; SET LOCAL lock_timeout = '30s'; {change}; COMMIT");
        if let Err(error) = client.batch_execute(&change).await {
            client.batch_execute("ROLLBACK").await?;
            return Err(error);
        }
    }
    Ok(())
}
