//! The client of the store.

use clickhouse::{Client, Compression};

use crate::config::ClickHouse;

/// A client for the configured database. Clones share its connections.
///
/// - No compression: on one machine it costs more than it saves.
/// - No asynchronous inserts: an insert is done when it is answered, under its own token.
#[must_use]
pub fn client(config: &ClickHouse) -> Client {
    server(config).with_database(&config.database)
}

/// A client for the same server, of no database: for what has to be done before there is one.
#[must_use]
pub fn server(config: &ClickHouse) -> Client {
    let client = Client::default()
        .with_url(&config.url)
        .with_user(&config.user)
        .with_compression(Compression::None)
        .with_setting("async_insert", "0")
        .with_product_info("usertrail", env!("CARGO_PKG_VERSION"));
    match config.password.expose() {
        "" => client,
        password => client.with_password(password),
    }
}
