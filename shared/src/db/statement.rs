use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::Database;
use super::database::Parameter;
use super::query_error::name_of;
use crate::error::Result;

pub(super) type Value = Box<dyn ToSql + Sync + Send>;
type Read<T> = Box<dyn FnOnce(&[Row]) -> Result<T> + Send>;

/// A statement about the rooms of the viewer `$1`, and the function that reads its rows. It returns at least one row.
pub struct Statement<T> {
    pub(super) sql: String,
    pub(super) parameters: Vec<(Value, Type)>,
    pub(super) read: Read<T>,
}

impl<T> Statement<T> {
    /// Runs the statement.
    ///
    /// # Errors
    /// 401 for an unknown or inactive viewer; 503 if PostgreSQL does not respond.
    pub async fn run(self, database: &Database) -> Result<T> {
        let rows = database.query(&self.sql, &self.parameters()).await?;
        (self.read)(&rows)
    }

    /// Runs the statement, unless `known` is still the version of the viewer's room list: then returns `None`. Returns
    /// the version beside the result, if the result may be cached.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub async fn run_unless_current(
        self,
        database: &Database,
        known: Option<Uuid>,
    ) -> Result<Option<(T, Option<Uuid>)>> {
        let mut parameters = self.parameters();
        parameters.push((&known, Type::UUID));
        // A room closes by the clock before `maintain-rooms` closes it and thereby renews the version: no version is
        // current until then.
        let sql = format!(
            "-- {name}_unless_current
            WITH viewer_version AS MATERIALIZED (
                SELECT coalesce(own.version, initial.version) AS version
                FROM chat_room_list_versions AS initial
                LEFT JOIN chat_room_list_versions AS own ON own.user_id = $1
                WHERE initial.user_id = '00000000-0000-0000-0000-000000000000'
                  AND EXISTS (SELECT FROM users WHERE id = $1 AND is_active)
                  AND NOT EXISTS (
                      SELECT FROM chat_rooms
                      WHERE is_active AND closes_at <= clock_timestamp() AND $1 IN (driver_id, other_user_id))
            )
            SELECT response.*, (SELECT version FROM viewer_version) AS room_list_version
            FROM ({sql}) AS response
            WHERE (SELECT version = ${known} FROM viewer_version) IS NOT TRUE",
            name = name_of(&self.sql),
            sql = self.sql,
            known = parameters.len(),
        );
        let rows = database.query(&sql, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let version = row.get("room_list_version");
        Ok(Some(((self.read)(&rows)?, version)))
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.parameters
            .iter()
            .map(|(value, it)| (&**value as &(dyn ToSql + Sync), it.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::room_list_versions;
    use crate::testing::TestApp;

    #[tokio::test]
    async fn nothing_is_computed_while_the_version_is_current() {
        let test = TestApp::new().await;
        let (driver, client, room) = test.room().await;
        room_list_versions::switch(&test.sql, true).await.unwrap();
        let run = async |known| {
            let statement = Statement {
                // Fails if it is executed after a message.
                sql: "-- fragile
                      WITH said AS MATERIALIZED (SELECT 1 / (1 - sum(message_count)) FROM chat_rooms WHERE driver_id = $1)
                      SELECT * FROM said"
                    .to_owned(),
                parameters: vec![(Box::new(driver.0), Type::UUID)],
                read: Box::new(|_| Ok(())),
            };
            let database = &test.app.database;
            statement.run_unless_current(database, known).await
        };
        let ((), before) = run(None).await.unwrap().unwrap();
        test.say(client, room, "1").await;
        assert!(run(before).await.is_err());

        let sql = "SELECT version FROM chat_room_list_versions WHERE user_id = $1";
        let row = test.sql.query_one(sql, &[&driver.0]).await.unwrap();
        assert!(run(row.get(0)).await.unwrap().is_none());
    }
}
