use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokio_postgres::{Client, NoTls};
use url::Url;
use uuid::Uuid;

/// Creates an empty, migrated database and returns its URL.
///
/// `TEST_DATABASE_URL` names a database on a server where tests may create databases and leave them; `make test` starts
/// such a server. The first test migrates a template, and every test copies it.
pub async fn create() -> String {
    let server = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL names a PostgreSQL server for tests; `make test` starts one");
    let maintenance = connect(&server).await;
    let template = template(&maintenance, &server).await;
    let name = format!("test_{}", Uuid::new_v4().simple());
    maintenance
        .batch_execute(&format!(
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
        ))
        .await
        .expect("a database for this test");
    url_of(&server, &name)
}

async fn template(maintenance: &Client, server: &str) -> String {
    let name = format!("relais_template_{:016x}", migrations_hash());
    // The lock lets one of the concurrent test processes create the template.
    maintenance
        .execute("SELECT pg_advisory_lock(1)", &[])
        .await
        .expect("the template's lock");
    let exists = maintenance
        .query("SELECT FROM pg_database WHERE datname = $1", &[&name])
        .await
        .expect("databases");
    if exists.is_empty() {
        let unfinished = format!("{name}_unfinished");
        for statement in [
            format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
            format!("CREATE DATABASE {unfinished}"),
        ] {
            maintenance
                .batch_execute(&statement)
                .await
                .expect("the template");
        }
        let mut client = connect(&url_of(server, &unfinished)).await;
        crate::db::migrate::run(&mut client)
            .await
            .expect("the migrations");
        drop(client);
        let rename = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{unfinished}';
             ALTER DATABASE {unfinished} RENAME TO {name}"
        );
        for statement in rename.split(';') {
            maintenance
                .batch_execute(statement)
                .await
                .expect("the template");
        }
    }
    maintenance
        .execute("SELECT pg_advisory_unlock(1)", &[])
        .await
        .expect("the template's lock");
    name
}

/// Returns the URL that the app uses for this database: through the pooler at `TEST_POOLER` (`host:port`) if it is set
/// (`make test-pooler`). A test's own statements go directly to the server, as migrations do.
pub fn pooled(database_url: &str) -> String {
    let Ok(pooler) = std::env::var("TEST_POOLER") else {
        return database_url.to_owned();
    };
    let mut url = Url::parse(database_url).expect("a postgres:// URL");
    let (host, port) = pooler.split_once(':').expect("TEST_POOLER is host:port");
    url.set_host(Some(host)).expect("TEST_POOLER has a host");
    url.set_port(port.parse().ok())
        .expect("TEST_POOLER has a port");
    url.into()
}

/// Opens a connection outside the pool, for a test's setup and checks.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the test server's PostgreSQL");
    tokio::spawn(connection);
    client
}

fn url_of(server: &str, database: &str) -> String {
    let mut url = Url::parse(server).expect("TEST_DATABASE_URL is a postgres:// URL");
    url.set_path(database);
    url.into()
}

fn migrations_hash() -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut all = String::new();
    for migration in crate::db::migrate::all() {
        let _ = write!(all, "{migration}{}", migration.sql().unwrap_or_default());
    }
    all.hash(&mut hasher);
    hasher.finish()
}
