//! The versions of the users' room lists, which tell whether a cached response is current
//! (`V0019__room_list_versions.sql`).

use tokio_postgres::{Client, Error};

/// Starts a new version for all users, and renews it with each change from then on. `CREATE TRIGGER` waits for the
/// transactions that are changing rooms, so that none is missed.
const ON: &str = "
    BEGIN;
    SET LOCAL lock_timeout = '30s';
    CREATE OR REPLACE TRIGGER chat_rooms_version_created
        AFTER INSERT ON chat_rooms REFERENCING NEW TABLE AS rooms_after
        FOR EACH STATEMENT EXECUTE FUNCTION chat_room_list_versions_renew();
    CREATE OR REPLACE TRIGGER chat_rooms_version_changed
        AFTER UPDATE ON chat_rooms REFERENCING OLD TABLE AS rooms_before NEW TABLE AS rooms_after
        FOR EACH STATEMENT EXECUTE FUNCTION chat_room_list_versions_renew();
    INSERT INTO chat_room_list_versions (user_id) VALUES ('00000000-0000-0000-0000-000000000000') ON CONFLICT DO NOTHING;
    COMMIT";

/// Drops the triggers instead of disabling them: PostgreSQL collects the transition tables of a disabled trigger too.
const OFF: &str = "
    BEGIN;
    SET LOCAL lock_timeout = '30s';
    DROP TRIGGER IF EXISTS chat_rooms_version_created ON chat_rooms;
    DROP TRIGGER IF EXISTS chat_rooms_version_changed ON chat_rooms;
    DELETE FROM chat_room_list_versions;
    COMMIT";

/// Starts or stops the renewal of versions. Locks `chat_rooms` only if that is a change.
///
/// # Errors
/// The role does not own `chat_rooms`, a transaction keeps it locked for 30 s, or the connection is lost.
pub async fn switch(client: &Client, on: bool) -> Result<(), Error> {
    let is_on = "SELECT EXISTS (SELECT FROM chat_room_list_versions)";
    if client.query_one(is_on, &[]).await?.get::<_, bool>(0) != on {
        client.batch_execute(if on { ON } else { OFF }).await?;
    }
    Ok(())
}
