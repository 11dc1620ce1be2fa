//! What `up` writes once it is up: all that a person needs, and the next step.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::Path;

use schemas::settings::KeyText;

/// Printed once, to standard output.
pub(crate) struct Welcome<'a> {
    pub(crate) address: SocketAddr,
    /// A link that signs in to the console once.
    pub(crate) link: Option<&'a str>,
    pub(crate) sql: Option<SocketAddr>,
    pub(crate) kafka: &'a str,
    pub(crate) clickhouse: &'a str,
    pub(crate) data_dir: &'a Path,
    /// The administrator's key, if it was made just now.
    pub(crate) admin: Option<&'a KeyText>,
    /// The key of the demo's tenant.
    pub(crate) demo: Option<&'a KeyText>,
    /// Its past comes in from now on.
    pub(crate) has_past_to_load: bool,
}

impl Display for Welcome<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { address, link, sql, kafka, clickhouse, data_dir, admin, demo, has_past_to_load } = self;
        writeln!(f, "usertrail is up at http://{address}\n")?;
        if let Some(link) = link {
            writeln!(f, "  sign in to the console, once within ten minutes:\n  {link}\n")?;
        }
        if let Some(key) = admin {
            writeln!(f, "  administrator's key   {}   (shown once)", key.expose())?;
        }
        if let Some(key) = demo {
            writeln!(f, "  demo company's key    {}", key.expose())?;
        }
        if let Some(sql) = sql {
            writeln!(f, "  SQL for BI tools      http://{sql}")?;
        }
        writeln!(f, "  Kafka                 {kafka}")?;
        writeln!(f, "  ClickHouse            {clickhouse}")?;
        writeln!(f, "  data                  {}\n", data_dir.display())?;
        match (demo, admin) {
            (Some(key), _) => writeln!(
                f,
                "Next, watch events arrive:\n\n  curl -s -H 'Authorization: Bearer {}' 'http://{address}/v1/events?limit=5'",
                key.expose()
            )?,
            (None, Some(key)) => writeln!(
                f,
                "Next, make a tenant:\n\n  curl -s http://{address}/v1/tenants -H 'Authorization: Bearer {}' \
                 -H 'Content-Type: application/json' -d '{{\"id\": \"acme\", \"name\": \"Acme\", \"logging\": true}}'",
                key.expose()
            )?,
            (None, None) => writeln!(f, "Next, see what there is:\n\n  curl -s http://{address}/")?,
        }
        if *has_past_to_load {
            writeln!(f, "\nThe company's past comes in first, in about a minute; then people work live.")?;
        }
        writeln!(f, "\nCtrl-C stops it. From here on it writes warnings; with --verbose, all that it does.")
    }
}
