//! Migrations on the embedded engine.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use runtime::config::Config;
use storage::ddl::MIGRATIONS;
use storage::{MigrateError, migrate};

/// P7: applied once, recorded; safe twice and by two at once; an edited file is an error that names it. One test, because
/// a process has one engine.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_once() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::start(EngineConfig::new(engine_library(), dir.path())).await.unwrap();
    let mut config = Config::defaults().unwrap();
    config.clickhouse.url = engine.url();
    let all: Vec<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();

    assert_eq!(migrate(&config).await.unwrap(), all);
    assert!(migrate(&config).await.unwrap().is_empty());
    let client = runtime::clickhouse::client(&config.clickhouse);
    let recorded: Vec<String> =
        client.query("SELECT name FROM schema_migrations ORDER BY version").fetch_all().await.unwrap();
    assert_eq!(recorded, all);

    // Where one of them overtakes the other is another place each time.
    for database in ["by_two", "by_two_again", "by_two_more", "by_two_at_last"] {
        config.clickhouse.database = database.into();
        let (one, other) = tokio::join!(migrate(&config), migrate(&config));
        one.unwrap();
        other.unwrap();
        assert!(migrate(&config).await.unwrap().is_empty());
        let client = runtime::clickhouse::client(&config.clickhouse);
        let views = "SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, '^(violations|user_sessions|user_devices)_v')";
        let mut views: Vec<String> = client.query(views).fetch_all().await.unwrap();
        views.sort();
        assert_eq!(views, ["user_devices_v2", "user_sessions_v2", "violations_v2"]);
    }

    let client = runtime::clickhouse::client(&config.clickhouse);
    let edited = "INSERT INTO schema_migrations (version, name, checksum) VALUES (2, 'x', '0')";
    client.query(edited).execute().await.unwrap();
    let error = migrate(&config).await.unwrap_err();
    assert!(matches!(error, MigrateError::Changed { name: "0002_violations.sql" }), "{error}");
    engine.stop().await.unwrap();

    let error = migrate(&config).await.unwrap_err();
    assert!(error.to_string().starts_with("the database: "), "{error}");
}
