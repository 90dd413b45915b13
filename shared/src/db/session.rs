//! A connection of the pool and the statements that are prepared on it.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use deadpool::managed::{self, Metrics, RecycleResult};
use deadpool_postgres::{ClientWrapper, Manager};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Error, Statement};

/// A connection that remembers what it has prepared.
pub struct Session {
    client: ClientWrapper,
    statements: Mutex<HashMap<String, Statement>>,
}

impl Session {
    /// The statement, if it has been prepared here.
    pub fn prepared(&self, sql: &str) -> Option<Statement> {
        let statements = self.statements.lock();
        statements
            .unwrap_or_else(PoisonError::into_inner)
            .get(sql)
            .cloned()
    }

    /// Prepares a statement for the next time: planning it costs PostgreSQL more than running it.
    pub async fn prepare(&self, sql: String, types: &[Type]) {
        match self.client.prepare_typed(&sql, types).await {
            Ok(statement) => {
                let statements = self.statements.lock();
                statements
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(sql, statement);
            }
            Err(error) => tracing::debug!(code = ?error.code(), "a statement was not prepared"),
        }
    }
}

impl Deref for Session {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

/// Whether the server refuses a statement only because it was prepared: a migration has changed what it returns, or a
/// pooler has handed us a server that does not know it. Nothing of it has run.
pub fn is_stale(code: &SqlState) -> bool {
    [
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ]
    .contains(code)
}

/// Opens the pool's sessions.
pub struct Sessions(pub Manager);

impl managed::Manager for Sessions {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        Ok(Session {
            client: self.0.create().await?,
            statements: Mutex::default(),
        })
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<Error> {
        self.0.recycle(&mut session.client, metrics).await
    }

    fn detach(&self, session: &mut Session) {
        self.0.detach(&mut session.client);
    }
}
