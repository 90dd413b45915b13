//! Describes PostgreSQL's errors without quoting data.

use std::error::Error;

use refinery::error::Kind;
use tokio_postgres::error::{DbError, SqlState};

use super::certificate_error::certificate_error;
use super::query_error::message_without_values;

/// Describes an error and its causes. Of a `DbError` only names of the schema are kept: its details quote rows.
#[must_use]
pub fn describe(error: &(dyn Error + 'static)) -> String {
    let postgres = error.downcast_ref::<tokio_postgres::Error>();
    if let Some(rejection) = postgres.and_then(|error| error.as_db_error()) {
        return describe_db_error(rejection);
    }
    let text = match error
        .downcast_ref::<refinery::Error>()
        .map(refinery::Error::kind)
    {
        // The error's own text repeats the cause.
        Some(Kind::Connection(context, _)) => context.clone(),
        _ => error.to_string(),
    };
    if let Some(reason) = certificate_error(error) {
        return reason;
    }
    match error.source() {
        Some(cause) => format!("{text}: {}", describe(cause)),
        None => text,
    }
}

/// Returns whether the error may resolve itself within a minute: the server is unreachable or does not accept
/// connections.
#[must_use]
pub fn is_transient(error: &(dyn Error + 'static)) -> bool {
    if let Some(rejection) = error.downcast_ref::<DbError>() {
        return [
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
        ]
        .contains(rejection.code());
    }
    // rustls reports its errors as `io::Error` too. An invalid certificate stays invalid.
    let is_tls = |error: &(dyn Error + 'static)| error.is::<rustls::Error>();
    let io = error.downcast_ref::<std::io::Error>();
    if let Some(io) = io {
        return !io.get_ref().is_some_and(|inner| is_tls(inner));
    }
    error.source().is_some_and(is_transient)
}

fn describe_db_error(rejection: &DbError) -> String {
    let code = rejection.code().code();
    let hint = match code {
        "28P01" => "the password of database_url is rejected",
        "28000" => {
            "no such role, or pg_hba.conf admits no such connection: with rds.force_ssl it has to use TLS"
        }
        "3D000" => "there is no such database",
        _ => "",
    };
    if !hint.is_empty() {
        return format!("{hint} (SQLSTATE {code})");
    }
    if let Some(message) = message_without_values(rejection.code(), rejection.message()) {
        return format!("{message} (SQLSTATE {code})");
    }
    let parts = [
        ("table", rejection.table()),
        ("column", rejection.column()),
        ("constraint", rejection.constraint()),
    ];
    let named = parts
        .iter()
        .filter_map(|(what, name)| name.map(|name| format!(", {what} {name}")));
    format!("SQLSTATE {code}{}", named.collect::<String>())
}
