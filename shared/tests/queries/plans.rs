//! No statement of a request or a delivery reads a large table or an index completely, neither itself nor in its triggers.
//! Plans differ between versions of PostgreSQL: `make test-plans` repeats these tests on the system's.

use std::sync::Arc;
use std::time::Duration;

use shared::db::messages::{self, EditRules, Receipt, Unread};
use shared::db::mirror::{self, RoomState};
use shared::db::trust::{self, ErasureRequest};
use shared::db::{Database, pushes, rooms};
use shared::delivery::{DeliveryOutcome, LeaseScope};
use shared::domain::{
    EditWindow, MessageOrder, PageNumber, PageSize, Platform, RoomOrder, Text, Viewer,
};
use shared::testing::TestApp;
use uuid::Uuid;

/// 4,000 rooms of different users, each with a message that has been delivered. Every user has a device.
const LARGE_TABLES: &str = "
    INSERT INTO users (id, full_name, user_type)
    SELECT gen_random_uuid(), 'Personne ' || n, CASE WHEN n % 2 = 0 THEN 'driver' ELSE 'client' END
    FROM generate_series(1, 8000) AS n;
    INSERT INTO chat_devices (token, user_id, registered_at) SELECT id::text, id, now() FROM users;
    INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id,
        message_count, other_user_unread_count, last_message_at)
    SELECT gen_random_uuid(), 'delivery', driver.id, client.id, 1, 1, now()
    FROM (SELECT id, row_number() OVER () AS n FROM users WHERE user_type = 'driver') AS driver
    JOIN (SELECT id, row_number() OVER () AS n FROM users WHERE user_type = 'client') AS client USING (n)
    WHERE NOT EXISTS (SELECT FROM chat_rooms WHERE driver_id = driver.id OR other_user_id = client.id);
    INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
    SELECT gen_random_uuid(), id, 1, driver_id, 'text', 'Bonjour', now(), 1 FROM chat_rooms WHERE message_count = 1;
    UPDATE chat_rooms SET mirrored_revision = revision WHERE message_count = 1;
    UPDATE chat_pushes SET first_seq = last_seq + 1";

/// The tables that were read completely, with the number of the rows that were read.
const READ_COMPLETELY: &str = "
    SELECT relname || ': ' || seq_tup_read FROM pg_stat_user_tables WHERE seq_tup_read >= 4000 ORDER BY relname";

/// Indexes whose scans read more than a quarter of them on average, because no condition restricts the first column. Up to
/// four blocks per write, and some for planning, are allowed.
const INDEXES_READ_COMPLETELY: &str = "
    SELECT indexrelname || ': ' || idx_blks_read + idx_blks_hit || ' blocks in ' || scans.idx_scan || ' scans'
    FROM pg_statio_user_indexes AS blocks
    JOIN pg_stat_user_indexes AS scans USING (indexrelid, indexrelname)
    JOIN pg_stat_user_tables AS writes ON writes.relid = blocks.relid
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relpages >= 20
      AND idx_blks_read + idx_blks_hit > (scans.idx_scan + 1) * relpages / 4 + (n_tup_ins + n_tup_upd) * 4
    ORDER BY 1";

/// The prepared statements that PostgreSQL still plans for each execution after the first five, which can take longer than
/// the execution. It does so if it expects the parameters to change the costs.
const PLANNED_AGAIN: &str = "
    SELECT split_part(statement, chr(10), 1) || ': ' || custom_plans FROM pg_prepared_statements
    WHERE custom_plans > 5 ORDER BY 1";

/// Ends the other connections, which publishes their statistics.
const PUBLISH: &str = "
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn no_statement_reads_a_large_table_completely() {
    let (test, driver, client, room) = with_large_tables().await;
    requests(&test, driver, client, room).await;
    deliveries(&test, room).await;

    let planned_again = test.app.database.query(PLANNED_AGAIN, &[]).await.unwrap();
    let statements: Vec<String> = planned_again.iter().map(|row| row.get(0)).collect();
    assert!(statements.is_empty(), "{statements:?}");

    test.sql.batch_execute(PUBLISH).await.unwrap();
    let used =
        "SELECT sum(idx_tup_fetch)::bigint FROM pg_stat_user_tables WHERE relname = 'chat_rooms'";
    let used: i64 = test.sql.query_one(used, &[]).await.unwrap().get(0);
    assert!(used > 10, "the statistics are published: {used}");
    let rows = test.sql.query(READ_COMPLETELY, &[]).await.unwrap();
    let tables: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(tables.is_empty(), "{tables:?}");
}

#[tokio::test]
async fn the_reads_of_a_person_s_rooms_read_no_index_completely() {
    let (test, driver, client, _) = with_large_tables().await;
    let database = &test.app.database;
    for _ in 0..8 {
        for user in [driver, client] {
            trust::export(database, Platform, user.0, None)
                .await
                .unwrap();
            rooms::unread_count(database, user).await.unwrap();
        }
        let request = ErasureRequest::default();
        trust::erase(database, Platform, Uuid::now_v7(), &request)
            .await
            .unwrap();
    }
    test.sql.batch_execute(PUBLISH).await.unwrap();
    let rows = test.sql.query(INDEXES_READ_COMPLETELY, &[]).await.unwrap();
    let indexes: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(indexes.is_empty(), "{indexes:?}");
}

async fn with_large_tables() -> (TestApp, Viewer, Viewer, Uuid) {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.sql.batch_execute(LARGE_TABLES).await.unwrap();
    for statement in [
        "ANALYZE",
        "SELECT pg_stat_force_next_flush()",
        "SELECT pg_stat_reset()",
    ] {
        test.sql.batch_execute(statement).await.unwrap();
    }
    (test, driver, client, room)
}

async fn requests(test: &TestApp, driver: Viewer, client: Viewer, room: Uuid) {
    let database = &test.app.database;
    let (first, size) = (PageNumber::FIRST, PageSize::DEFAULT);
    // More than five: from then on, PostgreSQL may use a plan that does not depend on the parameters.
    for turn in 0..8 {
        let message = test.say(driver, room, &format!("message {turn}")).await;
        let receipt = Receipt {
            room_id: room,
            seq: message.seq,
        };
        messages::mark_delivered(database, client, &[receipt])
            .await
            .unwrap();
        messages::mark_read(database, client, &Unread::Room(room))
            .await
            .unwrap();
        let corrected = Text::parse("corrigé").unwrap();
        messages::edit(
            database,
            driver,
            message.id,
            Some(&corrected),
            &EditRules::default(),
        )
        .await
        .unwrap();
        messages::delete(database, driver, message.id, EditWindow::default())
            .await
            .unwrap();
        messages::list(database, client, room, MessageOrder::default(), first, size)
            .await
            .unwrap();
        messages::backfill(database, client, room, 0, size)
            .await
            .unwrap();
        rooms::get(database, client, room).await.unwrap().unwrap();
        let list = rooms::list(
            client,
            &rooms::Filter::default(),
            RoomOrder::default(),
            first,
            size,
        );
        list.run(database).await.unwrap().unwrap();
        rooms::unread_count(database, client).await.unwrap();
        for room_id in [None, Some(room)] {
            let scope = messages::Scope {
                room_id,
                before: None,
            };
            messages::search(database, client, "corrigé", &scope, size, None)
                .await
                .unwrap();
        }
    }
}

async fn settle(database: &Database, leased: Vec<RoomState>) {
    let outcomes: Vec<_> = leased
        .into_iter()
        .map(|state| (state, DeliveryOutcome::Delivered))
        .collect();
    mirror::settle(database, &outcomes).await.unwrap();
}

async fn deliveries(test: &TestApp, room_id: Uuid) {
    let database = &test.app.database;
    let life = Duration::from_mins(1);
    for _ in 0..8 {
        let of_room = || LeaseScope::Room {
            room_id,
            reservation: None,
        };
        let due = || LeaseScope::Due {
            limit: 10,
            ignore_circuit: true,
        };
        let all = mirror::Shard::default();
        let urls = ["https://a.example", "https://b.example"].map(str::to_owned);
        let first_of_two = mirror::Shard {
            placement: Arc::new(mirror::Placement::new(urls.into())),
            ..all.clone()
        };
        for shard in [&all, &first_of_two] {
            let lease = mirror::lease(database, of_room(), life, shard);
            settle(database, lease.await.unwrap().items).await;
            let lease = mirror::lease(database, due(), life, shard);
            lease.await.unwrap();
        }
        pushes::lease(database, of_room(), life).await.unwrap();
        pushes::lease(database, due(), life).await.unwrap();
    }
}
