//! The user of a ClickHouse server that reads for BI tools: rights to read, limits, and a policy for each table that shows
//! the rows of one tenant, the one that the request's setting `SQL_usertrail_tenant` names.
//!
//! Unlike the tables these are no numbered migration: they depend on the configuration, and are made anew each time.

use sha2::{Digest as _, Sha256};

use super::quote;

/// The setting that names the tenant. Its prefix is the one that a server's `custom_settings_prefixes` has by default.
pub const TENANT_SETTING: &str = "SQL_usertrail_tenant";

/// Tables that are read for BI tools.
pub const TABLES: &[&str] =
    &["events", "user_devices", "user_hours", "user_sessions", "users", "violation_reviews", "violations"];

/// What the user is like.
#[derive(Clone, Copy, Debug)]
pub struct BiUser<'a> {
    /// Letters, digits and `_`.
    pub name: &'a str,
    /// Its password. Only its hash is in the statements.
    pub password: &'a str,
    /// The database of the tables: letters, digits and `_`.
    pub database: &'a str,
    /// The cluster, if any.
    pub cluster: Option<&'a str>,
    /// Longest run of a query, seconds.
    pub max_seconds: u64,
    /// Most memory of a query, bytes.
    pub max_memory_bytes: u64,
    /// Most rows that a query reads.
    pub max_rows_to_read: u64,
}

impl BiUser<'_> {
    /// Statements that make the user, or bring it up to date. Safe twice.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        let Self { name, database, max_seconds, max_memory_bytes, max_rows_to_read, .. } = self;
        let hash = schemas::settings::hex(&Sha256::digest(self.password.as_bytes()));
        let on = self.cluster.map(|cluster| format!(" ON CLUSTER {}", quote(cluster))).unwrap_or_default();
        let identified = format!("IDENTIFIED WITH sha256_hash BY '{hash}'");
        let mut statements = vec![
            // `readonly = 2`: a request may give settings, but write nothing and not change this one.
            format!(
                "CREATE SETTINGS PROFILE OR REPLACE `{name}`{on} SETTINGS readonly = 2 CONST, allow_ddl = 0 CONST, \
                 allow_introspection_functions = 0 CONST, max_execution_time = {max_seconds} MAX {max_seconds}, \
                 max_memory_usage = {max_memory_bytes} MAX {max_memory_bytes}, \
                 max_rows_to_read = {max_rows_to_read} MAX {max_rows_to_read}"
            ),
            format!("CREATE USER IF NOT EXISTS `{name}`{on} {identified}"),
            format!("ALTER USER `{name}`{on} {identified} SETTINGS PROFILE `{name}`"),
            format!("REVOKE{on} ALL ON *.* FROM `{name}`"),
            // By the key that a request gives, which is the tenant: one tenant leaves the others theirs.
            format!(
                "CREATE QUOTA OR REPLACE `{name}`{on} KEYED BY client_key FOR INTERVAL 1 hour \
                 MAX execution_time = {}, read_rows = {} TO `{name}`",
                max_seconds.saturating_mul(600),
                max_rows_to_read.saturating_mul(600),
            ),
        ];
        let local: &[&str] = if self.cluster.is_some() { &["", "_local"] } else { &[""] };
        for table in TABLES.iter().flat_map(|table| local.iter().map(move |local| format!("{table}{local}"))) {
            let of = format!("`{database}`.`{table}`");
            statements.push(format!("GRANT{on} SELECT ON {of} TO `{name}`"));
            statements.push(format!(
                "CREATE ROW POLICY OR REPLACE `{name}`{on} ON {of} USING tenant = getSetting('{TENANT_SETTING}') \
                 TO `{name}`"
            ));
            // A table that has policies may show nothing to users that none mentions.
            statements.push(format!(
                "CREATE ROW POLICY OR REPLACE `{name}_others`{on} ON {of} USING 1 TO ALL EXCEPT `{name}`"
            ));
        }
        statements
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(cluster: Option<&str>) -> Vec<String> {
        let (name, password, database) = ("usertrail_bi", "hunter2", "usertrail");
        let (max_seconds, max_memory_bytes, max_rows_to_read) = (60, 1 << 30, 1_000_000_000);
        BiUser { name, password, database, cluster, max_seconds, max_memory_bytes, max_rows_to_read }.statements()
    }

    #[test]
    fn each_table_is_granted_with_a_policy_for_the_user_and_one_for_all_others() {
        let all = statements(None);
        for table in TABLES {
            let of = format!("`usertrail`.`{table}`");
            let found: Vec<_> = all.iter().filter(|statement| statement.contains(&of)).collect();
            assert_eq!(found.len(), 3, "{table}");
            assert!(found[0].starts_with("GRANT SELECT ON"), "{}", found[0]);
            assert!(found[1].ends_with("USING tenant = getSetting('SQL_usertrail_tenant') TO `usertrail_bi`"));
            assert!(found[2].ends_with("USING 1 TO ALL EXCEPT `usertrail_bi`"));
        }
        assert_eq!(all.iter().filter(|statement| statement.starts_with("GRANT")).count(), TABLES.len());
        // Rights of an earlier version are taken back before those of this one are given.
        let revoked = all.iter().position(|statement| statement.starts_with("REVOKE"));
        assert!(revoked < all.iter().position(|statement| statement.starts_with("GRANT")));
    }

    #[test]
    fn the_password_is_not_in_the_statements() {
        assert!(statements(None).iter().all(|statement| !statement.contains("hunter2")));
    }

    #[test]
    fn a_cluster_has_the_policies_on_its_local_tables_too() {
        let all = statements(Some("main"));
        assert!(all.iter().all(|statement| statement.contains(" ON CLUSTER 'main'")));
        assert!(all.iter().any(|statement| statement.contains("ROW POLICY") && statement.contains("`events_local`")));
    }
}
