//! What can be read: six documented views, each a subquery over the tables with the tenant and its retention in it.
//!
//! The files under `sql/` qualify every column with the alias of its table, so that no name of a caller's statement, which
//! stands around them, can take a column's place.

use schemas::settings::Permission;

/// The only database that clients see.
pub const DATABASE: &str = "usertrail";

/// The tenant's predicate, once for each table that a view reads.
pub const PREDICATE: &str = "WHERE t.tenant = {bi_tenant:String}";

/// A documented view.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub comment: &'static str,
    /// What it takes to read it, besides the permission to query: what it takes elsewhere.
    pub takes: Permission,
    /// Names and types of its columns, in their order.
    pub columns: &'static [(&'static str, &'static str)],
    sql: &'static str,
}

macro_rules! views {
    ($($name:literal $takes:ident $comment:literal { $($column:literal: $kind:literal),* $(,)? })*) => {
        /// Every view, by name.
        pub const VIEWS: &[View] = &[$(View {
            name: $name,
            comment: $comment,
            takes: Permission::$takes,
            columns: &[$(($column, $kind)),*],
            sql: include_str!(concat!("../sql/", $name, ".sql")),
        }),*];
    };
}

views! {
    "devices" SeeViolations "Devices of users, one row for a user and a device." {
        "actor_id": "String", "device_id": "String",
        "first_seen_at": "Nullable(DateTime64(3, 'UTC'))", "last_seen_at": "DateTime64(3, 'UTC')",
        "sign_ins": "UInt64", "failed_sign_ins": "UInt64",
        "first_sign_in_at": "Nullable(DateTime64(3, 'UTC'))", "last_sign_in_at": "Nullable(DateTime64(3, 'UTC'))",
        "browser": "String", "browser_version": "String", "os": "String", "os_version": "String",
        "device_kind": "String", "device_model": "String", "bot": "Bool", "device_confidence": "String",
        "ip": "IPv6", "country": "String", "city": "String",
    }
    "events" ReadLog "Events, enriched, one row each." {
        "event_id": "String", "type": "LowCardinality(String)", "class": "LowCardinality(String)",
        "category": "LowCardinality(String)", "action": "LowCardinality(String)", "module": "LowCardinality(String)",
        "outcome": "LowCardinality(String)", "reason": "LowCardinality(String)",
        "occurred_at": "DateTime64(3, 'UTC')", "received_at": "DateTime64(3, 'UTC')",
        "actor_kind": "LowCardinality(String)", "actor_id": "String", "actor_name": "LowCardinality(String)",
        "actor_email": "LowCardinality(String)", "actor_active": "Bool",
        "object_type": "LowCardinality(String)", "object_id": "String", "object_name": "String",
        "location": "LowCardinality(String)", "changed_fields": "Array(LowCardinality(String))",
        "old_values": "Array(String)", "new_values": "Array(String)", "channel": "LowCardinality(String)",
        "started_at": "DateTime64(3, 'UTC')", "duration_ms": "UInt64", "records": "UInt64", "backfill": "Bool",
        "ip": "IPv6", "ip_prefix": "IPv6", "user_agent": "LowCardinality(String)", "session_id": "String",
        "country": "LowCardinality(String)", "region": "LowCardinality(String)", "city": "LowCardinality(String)",
        "latitude": "Float32", "longitude": "Float32", "browser": "LowCardinality(String)",
        "os": "LowCardinality(String)", "device_kind": "LowCardinality(String)",
        "device_id": "LowCardinality(String)", "device_confidence": "LowCardinality(String)", "bot": "Bool",
        "violations": "Array(LowCardinality(String))",
        "extra": "String", "source": "LowCardinality(String)", "key_id": "LowCardinality(String)",
    }
    "sessions" SeeViolations "Sessions of users, one row each." {
        "actor_id": "String", "session_id": "String", "started_at": "Nullable(DateTime64(3, 'UTC'))",
        "last_activity_at": "DateTime64(3, 'UTC')", "signed_out_at": "Nullable(DateTime64(3, 'UTC'))", "events": "UInt64",
        "device_id": "String", "device_confidence": "String", "browser": "String", "os": "String",
        "device_kind": "String", "ip": "IPv6", "country": "String", "city": "String",
    }
    "user_hours" TraceUsers "What an actor did in an hour of UTC, counted. For hours of zones at half past or a quarter, count events." {
        "actor_id": "String", "hour": "DateTime('UTC')", "action": "LowCardinality(String)",
        "class": "LowCardinality(String)", "channel": "LowCardinality(String)",
        "object_type": "LowCardinality(String)", "country": "LowCardinality(String)",
        "device_kind": "LowCardinality(String)", "outcome": "LowCardinality(String)", "events": "UInt64",
        "duration_ms": "UInt64", "records": "UInt64", "violations": "UInt64",
    }
    "users" ReadLog "Users as their events show them, one row each." {
        "actor_id": "String", "name": "String", "email": "String", "active": "Bool",
        "first_seen_at": "Nullable(DateTime64(3, 'UTC'))", "last_activity_at": "Nullable(DateTime64(3, 'UTC'))",
        "events": "UInt64", "sign_ins": "UInt64",
    }
    "violations" SeeViolations "Violations with what staff said of them, one row each." {
        "violation_id": "String", "rule": "LowCardinality(String)", "window_at": "DateTime64(3, 'UTC')",
        "actor_id": "String", "actor_name": "String", "category": "LowCardinality(String)",
        "rule_version": "UInt32", "level": "UInt8", "action": "LowCardinality(String)",
        "first_at": "Nullable(DateTime64(3, 'UTC'))", "last_at": "Nullable(DateTime64(3, 'UTC'))",
        "received_at": "DateTime64(3, 'UTC')", "events": "UInt64", "seen": "Nullable(Float64)",
        "limit_value": "Nullable(Float64)",
        "device_id": "String", "device_confidence": "String", "ip": "IPv6", "country": "String", "city": "String",
        "reviewed": "Bool",
        "reviewer_name": "String", "reviewed_at": "Nullable(DateTime64(3, 'UTC'))", "note": "String",
        "reviewed_events": "UInt64",
    }
}

/// Tables that the views read.
pub use storage::ddl::bi::TABLES;

impl View {
    /// A view by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        VIEWS.iter().find(|view| view.name == name)
    }

    /// What `SHOW CREATE` shows of it: its columns.
    #[must_use]
    pub fn definition(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(name, kind)| format!("    `{name}` {kind}")).collect();
        format!("CREATE VIEW {DATABASE}.{}\n(\n{}\n)\nCOMMENT '{}'", self.name, columns.join(",\n"), self.comment)
    }

    /// Its rows as a subquery over the tables of a database, whose name is quoted already.
    #[must_use]
    pub fn subquery(&self, database: &str) -> String {
        let lines = self.sql.lines().filter(|line| !line.starts_with("--")).map(str::trim);
        format!("({})", lines.collect::<Vec<_>>().join(" ").replace("$database", database))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pitfall 25: every table that a view reads is narrowed to one tenant, explicitly.
    #[test]
    fn every_table_read_has_its_tenant_predicate() {
        let mut read = Vec::new();
        for view in VIEWS {
            let text = view.subquery("`x`");
            let tables: Vec<_> = text.match_indices("FROM `x`.`").map(|(at, mark)| &text[at + mark.len()..]).collect();
            assert!(!tables.is_empty(), "{}", view.name);
            assert_eq!(tables.len(), text.matches("`x`.").count(), "{}", view.name);
            assert_eq!(tables.len(), text.matches(PREDICATE).count(), "{}", view.name);
            read.extend(tables.into_iter().filter_map(|rest| rest.split('`').next()).map(str::to_owned));
        }
        read.sort_unstable();
        read.dedup();
        assert_eq!(read, TABLES);
    }

    /// K10: a view that names a device says how sure its id is.
    #[test]
    fn devices_are_named_with_their_confidence() {
        let has = |view: &View, wanted| view.columns.iter().any(|(column, _)| *column == wanted);
        let named: Vec<&View> = VIEWS.iter().filter(|view| has(view, "device_id")).collect();
        assert!(named.len() > 3);
        for view in named {
            assert!(has(view, "device_confidence"), "{}", view.name);
        }
    }

    /// Names around a view can't reach into it as long as all of its own are qualified.
    #[test]
    fn columns_of_tables_are_qualified() {
        for view in VIEWS {
            for (column, _) in view.columns {
                assert!(view.sql.contains(&format!(" AS {column}")), "{}.{column}", view.name);
            }
            assert!(!view.sql.contains('*'), "{}", view.name);
        }
    }
}
