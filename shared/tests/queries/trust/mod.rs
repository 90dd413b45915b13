mod access;
mod erase;
mod export;
mod legal_hold;
mod retention;

use shared::testing::TestApp;
use uuid::Uuid;

/// Returns the actions of the audit log about a room, oldest first.
async fn actions(test: &TestApp, room_id: Uuid) -> Vec<String> {
    let sql = "SELECT action FROM chat_audit_log WHERE room_id = $1 ORDER BY id";
    let rows = test.sql.query(sql, &[&room_id]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn count(test: &TestApp, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    test.sql.query_one(&sql, &[]).await.unwrap().get(0)
}
