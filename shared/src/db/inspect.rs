//! Reads what `preflight` checks in a database: the server, the platform's tables, the role's rights, the migrations.

use tokio_postgres::{Client, Error};

use super::migrate;

/// The server as seen by this session.
#[derive(Debug)]
pub struct Server {
    /// `server_version_num`, such as 170002.
    pub version: i32,
    /// The TLS version of this session; `None` without TLS.
    pub tls: Option<String>,
    /// Whether the server is on this machine.
    pub is_local: bool,
    /// Whether the server is a standby, which accepts no writes.
    pub is_read_only: bool,
    /// `server_encoding`.
    pub encoding: String,
    /// Connections that the role may open: `max_connections` without reserved ones.
    pub connections: i32,
    /// Currently open connections.
    pub open_connections: i32,
    /// Whether the server knows time zone names.
    pub has_time_zones: bool,
    /// The clock in milliseconds since 1970.
    pub clock_ms: i64,
}

/// Reads the server's settings and state.
///
/// # Errors
/// The server rejects the statement or closes the connection.
pub async fn server(client: &Client) -> Result<Server, Error> {
    let sql = "-- inspect_server
        SELECT current_setting('server_version_num')::int AS version,
               (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls,
               coalesce(inet_server_addr() <<= inet '127.0.0.0/8' OR inet_server_addr() = inet '::1', true) AS is_local,
               pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS is_read_only,
               current_setting('server_encoding') AS encoding,
               current_setting('max_connections')::int
                   - current_setting('superuser_reserved_connections')::int AS connections,
               (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS open_connections,
               EXISTS (SELECT FROM pg_timezone_names WHERE name = 'Africa/Abidjan') AS has_time_zones,
               (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms";
    let row = client.query_one(sql, &[]).await?;
    Ok(Server {
        version: row.try_get("version")?,
        tls: row.try_get("tls")?,
        is_local: row.try_get("is_local")?,
        is_read_only: row.try_get("is_read_only")?,
        encoding: row.try_get("encoding")?,
        connections: row.try_get("connections")?,
        open_connections: row.try_get("open_connections")?,
        has_time_zones: row.try_get("has_time_zones")?,
        clock_ms: row.try_get("clock_ms")?,
    })
}

/// A column and its accepted types, as named by `format_type`.
pub type Column = (&'static str, &'static [&'static str]);

/// The platform's tables or views, with the columns that the chat reads.
pub const PLATFORM: [(&str, &[Column]); 2] = [
    (
        "users",
        &[
            ("id", &["uuid"]),
            ("full_name", TEXT),
            ("phone_number", TEXT),
            ("user_type", TEXT),
            ("profile_photo_url", TEXT),
            ("is_active", &["boolean"]),
        ],
    ),
    (
        "deliveries",
        &[
            ("id", &["uuid"]),
            ("tracking_number", TEXT),
            ("pickup_address", TEXT),
            ("delivery_address", TEXT),
            ("driver_id", &["uuid"]),
            ("client_id", &["uuid"]),
            ("merchant_id", &["uuid"]),
        ],
    ),
];

const TEXT: &[&str] = &["text", "character varying", "character"];

/// Returns the faults in the columns of a platform table.
///
/// # Errors
/// The server rejects the statement or closes the connection.
pub async fn column_faults(
    client: &Client,
    table: &str,
    expected: &[Column],
) -> Result<Vec<String>, Error> {
    let sql = "-- inspect_columns
        SELECT attname::text AS name, format_type(atttypid, NULL) AS type
        FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
    let rows = client.query(sql, &[&table]).await?;
    if rows.is_empty() {
        return Ok(vec![format!("{table} does not exist")]);
    }
    let mut faults = Vec::new();
    for (name, types) in expected {
        let found = rows
            .iter()
            .find(|row| row.get::<_, String>("name") == *name);
        let found = found.map(|row| row.get::<_, String>("type"));
        match found {
            None => faults.push(format!("{table}.{name} is missing")),
            Some(found) if !types.contains(&found.as_str()) => {
                faults.push(format!("{table}.{name} is {found}, not {}", types[0]));
            }
            Some(_) => (),
        }
    }
    Ok(faults)
}

/// Counts the unknown user types among the first thousand users.
///
/// # Errors
/// The role may not read `users`, the view fails, or the server closes the connection.
pub async fn unknown_user_types(client: &Client) -> Result<i64, Error> {
    let sql = "-- inspect_user_types
        SELECT count(DISTINCT coalesce(user_type, '')) AS unknown FROM (SELECT user_type FROM users LIMIT 1000) AS sample
        WHERE user_type IS NULL OR user_type NOT IN ('driver', 'client', 'merchant', 'admin')";
    client.query_one(sql, &[]).await?.try_get("unknown")
}

/// Reads one delivery with all columns, which checks the role's rights and the view.
///
/// # Errors
/// The role may not read `deliveries`, the view fails, or the server closes the connection.
pub async fn read_delivery(client: &Client) -> Result<(), Error> {
    let sql = "-- inspect_deliveries
        SELECT id, tracking_number, pickup_address, delivery_address, driver_id, client_id, merchant_id
        FROM deliveries LIMIT 1";
    client.query(sql, &[]).await.map(drop)
}

/// Returns the rights that the role lacks.
///
/// # Errors
/// The server rejects the statement or closes the connection.
pub async fn missing_rights(client: &Client) -> Result<Vec<String>, Error> {
    let sql = "-- inspect_rights
        SELECT format('CREATE on schema %s', coalesce(current_schema(), '(no schema of search_path exists)')) AS missing
        WHERE NOT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
        UNION ALL
        SELECT format('%s on %I', wanted, relname)
        FROM pg_class CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname LIKE 'chat\\_%'
          AND NOT has_table_privilege(oid, wanted)";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| row.try_get("missing")).collect()
}

/// An extension of PostgreSQL, and whether this role can use it.
#[derive(Debug)]
pub struct Extension {
    pub name: String,
    pub is_installed: bool,
    /// Whether a migration can install it.
    pub is_installable: bool,
}

/// Looks up extensions by name.
///
/// # Errors
/// The server rejects the statement or closes the connection.
pub async fn extensions(client: &Client, names: &[&str]) -> Result<Vec<Extension>, Error> {
    let sql = "-- inspect_extensions
        SELECT wanted AS name, e.oid IS NOT NULL AS is_installed,
               coalesce(bool_or(v.name IS NOT NULL AND (v.trusted OR current_setting('is_superuser')::bool))
                   AND has_database_privilege(current_database(), 'CREATE'), false) AS is_installable
        FROM unnest($1::text[]) AS wanted
        LEFT JOIN pg_extension e ON e.extname = wanted
        LEFT JOIN pg_available_extension_versions v ON v.name = wanted
        GROUP BY wanted, e.oid ORDER BY wanted";
    let rows = client.query(sql, &[&names]).await?;
    let extension = |row: &tokio_postgres::Row| {
        Ok(Extension {
            name: row.try_get("name")?,
            is_installed: row.try_get("is_installed")?,
            is_installable: row.try_get("is_installable")?,
        })
    };
    rows.iter().map(extension).collect()
}

/// The difference between the schema's migrations and this release's.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// The number of migrations that are applied unchanged.
    pub applied: usize,
    /// Not applied yet.
    pub pending: Vec<String>,
    /// The migrations that were applied with other content than in this release.
    pub divergent: Vec<String>,
    /// The number of migrations that a newer release has applied.
    pub newer: usize,
}

/// Compares the applied migrations with this release's.
///
/// # Errors
/// The server rejects the statement or closes the connection.
pub async fn migrations(client: &Client) -> Result<Migrations, Error> {
    let exists = "-- inspect_history
        SELECT to_regclass('refinery_schema_history') IS NOT NULL AS exists";
    let mut history = Vec::new();
    if client.query_one(exists, &[]).await?.try_get("exists")? {
        let sql = "-- inspect_migrations
            SELECT version, checksum FROM refinery_schema_history";
        history = client.query(sql, &[]).await?;
    }
    let mut state = Migrations::default();
    for migration in migrate::all() {
        let mut rows = history.iter();
        match rows.find(|row| row.get::<_, i32>("version") == migration.version()) {
            None => state.pending.push(migration.to_string()),
            Some(row) if row.get::<_, String>("checksum") == migration.checksum().to_string() => {
                state.applied += 1;
            }
            Some(_) => state.divergent.push(migration.to_string()),
        }
    }
    state.newer = history.len() - state.applied - state.divergent.len();
    Ok(state)
}
