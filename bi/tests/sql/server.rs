//! What `migrate` does on a ClickHouse server. The embedded engine has no users; its parser is the server's.

use storage::ddl::bi::BiUser;

use crate::support::with_world;

#[test]
fn the_engine_reads_the_statements_that_make_the_user() {
    with_world("bi_server", async |world| {
        for cluster in [None, Some("main")] {
            let user = BiUser {
                name: "usertrail_bi",
                password: "it's",
                database: "bi_server",
                cluster,
                max_seconds: 60,
                max_memory_bytes: 1 << 30,
                max_rows_to_read: 1_000_000_000,
            };
            for statement in user.statements() {
                let literal = statement.replace('\\', "\\\\").replace('\'', "\\'");
                let sql = format!("SELECT formatQuerySingleLine('{literal}')");
                let read = world.client.query_raw(&sql).fetch_one::<String>().await;
                assert!(read.is_ok(), "{statement}: {read:?}");
            }
        }
    });
}
