//! PostgreSQL: the connection, the server, the role's privileges, the platform's tables, the migrations.

use chrono::{DateTime, Utc};
use shared::db::inspect::{self, Column, Server};
use shared::db::{Database, describe};
use tokio_postgres::{Client, Error};

use crate::clock::{self, Reading};
use crate::report::Check;

/// The oldest server version that the migrations support.
const OLDEST: i32 = 150_000;
/// At least one per function, and one for an operator.
const FEWEST_CONNECTIONS: i32 = 30;
/// The extensions that migrations create.
const EXTENSIONS: [&str; 1] = ["unaccent"];

pub async fn checks(database: &Database) -> Vec<Check> {
    const NAME: &str = "PostgreSQL connection";
    let client = match database.dedicated().await {
        Ok(client) => client,
        Err(error) => {
            let fix = "check host, port, user, password and sslmode of database_url; from a VPC, its subnets and \
                       security groups have to lead to the database";
            return vec![Check::failed(NAME, describe(&*error), fix)];
        }
    };
    let mut checks = vec![Check::ok(NAME, "the server accepts the role's password")];
    checks.push(pool(database).await);
    let sent_at = Utc::now();
    match inspect::server(&client).await {
        Ok(server) => checks.extend(server_checks(&server, sent_at)),
        Err(error) => checks.push(unreadable("PostgreSQL server", &error)),
    }
    checks.push(rights(&client).await);
    checks.push(extensions(&client).await);
    for (table, columns) in inspect::PLATFORM {
        let name = match table {
            "users" => "users: columns",
            _ => "deliveries: columns",
        };
        checks.push(columns_check(&client, name, table, columns).await);
    }
    checks.push(rows(&client).await);
    checks.push(migrations(&client).await);
    checks
}

fn unreadable(name: &'static str, error: &Error) -> Check {
    let fix = "the log of PostgreSQL has the statement, by its name inspect_…";
    Check::failed(name, describe(error), fix)
}

/// Checks the connection of requests: `database_url`, which may lead to a pooler.
async fn pool(database: &Database) -> Check {
    const NAME: &str = "PostgreSQL pool";
    match database.query("-- preflight\nSELECT 1", &[]).await {
        Ok(_) => Check::ok(NAME, "database_url serves a statement"),
        Err(error) => Check::failed(
            NAME,
            error.to_string(),
            "direct_database_url works and database_url does not: check the pooler's address, user and password",
        ),
    }
}

fn server_checks(server: &Server, sent_at: DateTime<Utc>) -> Vec<Check> {
    let (major, minor) = (server.version / 10_000, server.version % 10_000);
    let tls = match &server.tls {
        Some(version) => Check::ok("PostgreSQL TLS", version.clone()),
        None if server.is_local => Check::skipped(
            "PostgreSQL TLS",
            "the server is on this machine, without TLS",
        ),
        None => Check::failed(
            "PostgreSQL TLS",
            "the connection is not encrypted",
            "write sslmode=verify-full into database_url",
        ),
    };
    let reading = DateTime::from_timestamp_millis(server.clock_ms).map(|theirs| Reading {
        theirs,
        ours: (sent_at, Utc::now()),
    });
    vec![
        tls,
        Check::that(
            "PostgreSQL version",
            server.version >= OLDEST,
            format!("{major}.{minor}"),
            "upgrade the server to PostgreSQL 15 or newer",
        ),
        Check::that(
            "PostgreSQL writes",
            !server.is_read_only,
            if server.is_read_only {
                "the server is read-only"
            } else {
                "the server accepts writes"
            },
            "give database_url the writer's endpoint, not a replica's",
        ),
        Check::that(
            "PostgreSQL encoding",
            server.encoding == "UTF8",
            server.encoding.clone(),
            "create the database with ENCODING 'UTF8'",
        ),
        Check::that(
            "PostgreSQL connections",
            server.connections >= FEWEST_CONNECTIONS,
            format!(
                "{} of {} in use",
                server.open_connections, server.connections
            ),
            "raise max_connections, or put RDS Proxy or PgBouncer in front: docs/operations.md has the arithmetic",
        ),
        Check::that(
            "PostgreSQL time zones",
            server.has_time_zones,
            if server.has_time_zones {
                "known"
            } else {
                "Africa/Abidjan is unknown"
            },
            "install the server's time zone data: quiet hours and analytics need it",
        ),
        clock::check("clock of PostgreSQL", reading),
    ]
}

async fn rights(client: &Client) -> Check {
    const NAME: &str = "PostgreSQL rights";
    match inspect::missing_rights(client).await {
        Ok(missing) if missing.is_empty() => {
            Check::ok(NAME, "the role owns the chat's schema, or may use it")
        }
        Ok(missing) => Check::failed(
            NAME,
            format!("missing: {}", missing.join(", ")),
            "make the role the owner of a schema and first in its search_path, or grant it these rights",
        ),
        Err(error) => unreadable(NAME, &error),
    }
}

async fn extensions(client: &Client) -> Check {
    const NAME: &str = "PostgreSQL extensions";
    let extensions = match inspect::extensions(client, &EXTENSIONS).await {
        Ok(extensions) => extensions,
        Err(error) => return unreadable(NAME, &error),
    };
    let mut unusable = extensions
        .iter()
        .filter(|it| !it.is_installed && !it.is_installable)
        .map(|it| it.name.as_str())
        .peekable();
    if unusable.peek().is_some() {
        let names = unusable.collect::<Vec<_>>().join(", ");
        let fix = "install the server's contrib package, and GRANT CREATE ON DATABASE to the role, or have an \
                   administrator CREATE EXTENSION";
        return Check::failed(NAME, format!("cannot be created: {names}"), fix);
    }
    let state = |installed| if installed { "installed" } else { "available" };
    let found = extensions
        .iter()
        .map(|it| format!("{} {}", it.name, state(it.is_installed)));
    Check::ok(NAME, found.collect::<Vec<_>>().join(", "))
}

async fn columns_check(
    client: &Client,
    name: &'static str,
    table: &str,
    columns: &[Column],
) -> Check {
    match inspect::column_faults(client, table, columns).await {
        Ok(faults) if faults.is_empty() => Check::ok(name, "all exist, with the expected types"),
        Ok(faults) => Check::failed(
            name,
            faults.join(", "),
            format!("put a view {table} over your own table: docs/own-tables.md has its columns"),
        ),
        Err(error) => unreadable(name, &error),
    }
}

async fn rows(client: &Client) -> Check {
    const NAME: &str = "users and deliveries: rows";
    let fix = "GRANT SELECT on users and deliveries to the role; a view's owner needs it on the tables below";
    if let Err(error) = inspect::read_delivery(client).await {
        return Check::failed(NAME, describe(&error), fix);
    }
    match inspect::unknown_user_types(client).await {
        Ok(0) => Check::ok(NAME, "readable, with known user types"),
        Ok(unknown) => Check::failed(
            NAME,
            format!("{unknown} values of users.user_type are unknown"),
            "map user_type to driver, client, merchant or admin in the view",
        ),
        Err(error) => Check::failed(NAME, describe(&error), fix),
    }
}

async fn migrations(client: &Client) -> Check {
    const NAME: &str = "migrations";
    let state = match inspect::migrations(client).await {
        Ok(state) => state,
        Err(error) => return unreadable(NAME, &error),
    };
    if !state.divergent.is_empty() {
        let detail = format!("applied in another form: {}", state.divergent.join(", "));
        return Check::failed(
            NAME,
            detail,
            "deploy the release that applied them, or restore the database",
        );
    }
    if !state.pending.is_empty() {
        let detail = format!("not applied: {}", state.pending.join(", "));
        return Check::failed(
            NAME,
            detail,
            "invoke migrate-database with {}: its report or its error says why",
        );
    }
    let newer = match state.newer {
        0 => String::new(),
        newer => format!(", and {newer} of a newer release"),
    };
    Check::ok(NAME, format!("all {} applied{newer}", state.applied))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;
    use shared::db::migrate;
    use shared::testing::TestApp;

    /// Returns the failed checks after `change` to a valid database.
    async fn failures_after(change: &str) -> Vec<(String, String)> {
        let test = TestApp::new().await;
        test.sql.batch_execute(change).await.unwrap();
        let checks = checks(&test.app.database).await;
        assert!(checks.len() > 10, "one failure does not stop the others");
        let failed = checks.into_iter().filter(|it| it.status == Status::Failed);
        failed.map(|it| (it.name.into_owned(), it.detail)).collect()
    }

    #[tokio::test]
    async fn nothing_fails_on_a_migrated_database() {
        assert_eq!(failures_after("").await, []);
    }

    #[test]
    fn the_extensions_are_those_that_the_migrations_create() {
        let created = migrate::all().into_iter().flat_map(|migration| {
            let sql = migration.sql().unwrap_or_default().to_owned();
            let names = sql.split("CREATE EXTENSION IF NOT EXISTS ").skip(1);
            names
                .filter_map(|rest| Some(rest.split_once(';')?.0.to_owned()))
                .collect::<Vec<_>>()
        });
        assert_eq!(created.collect::<Vec<_>>(), EXTENSIONS);
    }

    #[tokio::test]
    async fn each_fault_is_found_and_named() {
        for (change, name, detail) in [
            (
                "DELETE FROM refinery_schema_history WHERE version = 13",
                "migrations",
                "V13__",
            ),
            (
                "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2",
                "migrations",
                "V2__",
            ),
            (
                "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id::text, full_name, phone_number, \
                 user_type, profile_photo_url, is_active FROM people",
                "users: columns",
                "users.id is text, not uuid",
            ),
            (
                "ALTER TABLE deliveries DROP merchant_id",
                "deliveries: columns",
                "merchant_id is missing",
            ),
            (
                "DROP TABLE deliveries",
                "deliveries: columns",
                "deliveries does not exist",
            ),
            (
                "ALTER TABLE users DROP CONSTRAINT users_user_type_check; INSERT INTO users (id, user_type) \
                 VALUES (gen_random_uuid(), 'livreur')",
                "users and deliveries: rows",
                "1 values",
            ),
        ] {
            let failures = failures_after(change).await;
            let found = failures.iter().find(|(failed, _)| *failed == name);
            let (_, found) = found.unwrap_or_else(|| panic!("{name} after {change}: {failures:?}"));
            assert!(found.contains(detail), "{found}");
            assert!(!found.contains("livreur"), "{found}");
        }
    }

    #[tokio::test]
    async fn missing_privileges_are_named() {
        let test = TestApp::new().await;
        let role = format!("preflight_{}", uuid::Uuid::new_v4().simple());
        let sql =
            format!("CREATE ROLE {role}; GRANT USAGE ON SCHEMA public TO {role}; SET ROLE {role}");
        test.sql.batch_execute(&sql).await.unwrap();
        let check = rights(&test.sql).await;
        assert_eq!(check.status, Status::Failed);
        assert!(
            check.detail.contains("CREATE on schema public"),
            "{check:?}"
        );
        assert!(
            check.detail.contains("INSERT on chat_messages"),
            "{check:?}"
        );
        assert_eq!(rows(&test.sql).await.status, Status::Failed);
        let clean_up = format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}");
        test.sql.batch_execute(&clean_up).await.unwrap();
    }

    #[tokio::test]
    async fn an_unreachable_server_is_one_failure() {
        let test = TestApp::with(|_, secret| {
            secret.database_url = "postgres://u:hunter2@127.0.0.1:1/d".to_owned();
            secret.direct_database_url = None;
        })
        .await;
        let checks = checks(&test.app.database).await;
        let [check] = &checks[..] else {
            panic!("{checks:?}")
        };
        assert_eq!(check.status, Status::Failed);
        assert!(check.detail.contains("Connection refused"), "{check:?}");
        assert!(!check.detail.contains("hunter2"), "{check:?}");
    }

    #[test]
    fn a_server_is_compared_with_the_requirements_of_the_chat() {
        let server = Server {
            version: 140_012,
            tls: None,
            is_local: false,
            is_read_only: true,
            encoding: "SQL_ASCII".to_owned(),
            connections: 17,
            open_connections: 3,
            has_time_zones: false,
            clock_ms: 0,
        };
        let checks = server_checks(&server, Utc::now());
        assert!(
            checks.iter().all(|it| it.status == Status::Failed),
            "{checks:?}"
        );
    }
}
