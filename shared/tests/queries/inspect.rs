use shared::db::inspect::{self, Migrations};
use shared::db::migrate;
use shared::testing::TestApp;

#[tokio::test]
async fn the_servers_settings_are_read() {
    let test = TestApp::new().await;
    let server = inspect::server(&test.sql).await.unwrap();
    assert!(server.version >= 150_000, "{server:?}");
    assert_eq!((server.tls, server.is_local), (None, true));
    assert_eq!(
        (server.encoding.as_str(), server.is_read_only),
        ("UTF8", false)
    );
    assert!(server.has_time_zones && server.open_connections > 0);
    let read_only = "SET default_transaction_read_only = on";
    test.sql.batch_execute(read_only).await.unwrap();
    assert!(inspect::server(&test.sql).await.unwrap().is_read_only);
}

#[tokio::test]
async fn migrations_are_applied_pending_divergent_or_newer() {
    let test = TestApp::new().await;
    let all = migrate::all();
    let applied = Migrations {
        applied: all.len(),
        ..Migrations::default()
    };
    assert_eq!(inspect::migrations(&test.sql).await.unwrap(), applied);
    test
        .sql
        .batch_execute(
            "DELETE FROM refinery_schema_history WHERE version = 3;
             UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2;
             INSERT INTO refinery_schema_history VALUES (9000, 'of_tomorrow', '2026-11-22T17:00:00Z', '1')",
        )
        .await
        .unwrap();
    let state = inspect::migrations(&test.sql).await.unwrap();
    assert_eq!(state.pending, [all[2].to_string()]);
    assert_eq!(state.divergent, [all[1].to_string()]);
    assert_eq!((state.applied, state.newer), (all.len() - 2, 1));
    let drop = "DROP TABLE refinery_schema_history";
    test.sql.batch_execute(drop).await.unwrap();
    let state = inspect::migrations(&test.sql).await.unwrap();
    assert_eq!(state.pending.len(), all.len());
}

#[tokio::test]
async fn extensions_are_installed_installable_or_neither() {
    let test = TestApp::new().await;
    let read = async || {
        let names = ["citext", "no_such_extension"];
        let found = inspect::extensions(&test.sql, &names).await.unwrap();
        let state = |it: &inspect::Extension| (it.is_installed, it.is_installable);
        (state(&found[0]), state(&found[1]))
    };
    assert_eq!(read().await, ((false, true), (false, false)));
    test.sql
        .batch_execute("CREATE EXTENSION citext")
        .await
        .unwrap();
    assert_eq!(read().await, ((true, true), (false, false)));
}

#[tokio::test]
async fn unknown_user_types_are_counted() {
    let test = TestApp::new().await;
    test.user("driver", "Awa").await;
    assert_eq!(inspect::unknown_user_types(&test.sql).await.unwrap(), 0);
    test
        .sql
        .batch_execute(
            "ALTER TABLE users DROP CONSTRAINT users_user_type_check, ALTER user_type DROP NOT NULL;
             INSERT INTO users (id, user_type) SELECT gen_random_uuid(), unnest(ARRAY['livreur', 'livreur', NULL])",
        )
        .await
        .unwrap();
    assert_eq!(inspect::unknown_user_types(&test.sql).await.unwrap(), 2);
}
