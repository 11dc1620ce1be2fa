//! Stored events as the rules see them: the same fields, from the columns that the enricher made of them.

use std::net::IpAddr;

use detect::findings::Subject;
use detect::rules::{ChangeFacts, EventFacts, FieldValue};
use detect::signals::Signals;
use schemas::identity::identity;
use serde_json::value::RawValue;

use crate::log::rows::EventRow;
use crate::store::sql::{NamedQuery, query};

/// Events user by user, for trials of rules.
pub const HISTORY: NamedQuery = query!("history");

/// Words of the column `ip_flags` that mark an anonymiser; any other is the kind of the address.
const ANONYMISERS: &[&str] = &["vpn", "proxy", "tor", "hosting", "anonymous"];

/// A row of `events`, looked at by rules.
pub struct Stored<'a>(pub &'a EventRow);

impl Stored<'_> {
    /// Its id, and the time that rules go by.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        let row = self.0;
        let at = row.occurred_at.min(row.received_at).timestamp_millis();
        // History is tried in the order of time, so that it comes late doesn't matter to windows.
        let late = !row.backfill && row.signals_name.iter().any(|name| name == "late");
        let identity = identity("", &row.key_id, &row.source, &row.event_id) as u64;
        Subject { event_id: &row.event_id, identity, at, late }
    }
}

impl EventFacts for Stored<'_> {
    fn event_type(&self) -> &str {
        &self.0.event_type
    }

    fn class(&self) -> &str {
        &self.0.class
    }

    fn action(&self) -> &str {
        &self.0.action
    }

    fn category(&self) -> &str {
        &self.0.category
    }

    fn outcome(&self) -> &str {
        &self.0.outcome
    }

    fn reason(&self) -> &str {
        &self.0.reason
    }

    fn location(&self) -> &str {
        &self.0.location
    }

    fn channel(&self) -> &str {
        &self.0.channel
    }

    fn records(&self) -> u64 {
        self.0.records
    }

    fn duration_ms(&self) -> u64 {
        self.0.duration_ms
    }

    fn backfill(&self) -> bool {
        self.0.backfill
    }

    fn actor_kind(&self) -> &str {
        &self.0.actor_kind
    }

    fn actor_id(&self) -> &str {
        &self.0.actor_id
    }

    fn actor_name(&self) -> &str {
        &self.0.actor_name
    }

    fn actor_email(&self) -> &str {
        &self.0.actor_email
    }

    fn actor_active(&self) -> Option<bool> {
        (self.0.actor_kind != "system").then_some(self.0.actor_active)
    }

    fn object_type(&self) -> &str {
        &self.0.object_type
    }

    fn object_id(&self) -> &str {
        &self.0.object_id
    }

    fn module(&self) -> &str {
        &self.0.module
    }

    fn ip(&self) -> Option<IpAddr> {
        (!self.0.ip.is_unspecified()).then(|| self.0.ip.to_canonical())
    }

    fn user_agent(&self) -> &str {
        &self.0.user_agent
    }

    fn session_id(&self) -> &str {
        &self.0.session_id
    }

    fn session_key(&self) -> &str {
        &self.0.session_key
    }

    fn country(&self) -> &str {
        &self.0.country
    }

    fn region(&self) -> &str {
        &self.0.region
    }

    fn city(&self) -> &str {
        &self.0.city
    }

    fn asn(&self) -> u32 {
        self.0.asn
    }

    fn as_org(&self) -> &str {
        &self.0.as_org
    }

    fn anonymous(&self) -> impl Iterator<Item = &str> {
        flags(self.0).filter(|name| ANONYMISERS.contains(name))
    }

    fn ip_kind(&self) -> &str {
        if self.0.ip.is_unspecified() {
            return "";
        }
        flags(self.0).find(|name| !ANONYMISERS.contains(name)).unwrap_or("public")
    }

    fn device_id(&self) -> &str {
        &self.0.device_id
    }

    fn browser(&self) -> &str {
        &self.0.browser
    }

    fn browser_version(&self) -> &str {
        &self.0.browser_version
    }

    fn os(&self) -> &str {
        &self.0.os
    }

    fn os_version(&self) -> &str {
        &self.0.os_version
    }

    fn device_kind(&self) -> &str {
        if self.0.device_kind == "unknown" { "" } else { &self.0.device_kind }
    }

    fn bot(&self) -> bool {
        self.0.bot
    }

    fn device_confidence(&self) -> &str {
        &self.0.device_confidence
    }

    fn signal(&self, name: &str) -> Option<FieldValue<'_>> {
        let index = self.0.signals_name.iter().position(|stored| stored == name)?;
        Some(Signals::stored(name, *self.0.signals_value.get(index)?))
    }

    fn changes(&self) -> impl Iterator<Item = ChangeFacts<'_>> {
        let row = self.0;
        (0..row.changes_op.len()).map(move |index| ChangeFacts {
            op: row.changes_op.get(index).map_or("", String::as_str),
            path: row.changes_path.get(index).map_or("", String::as_str),
            old: json(&row.changes_old, index),
            new: json(&row.changes_new, index),
        })
    }
}

fn flags(row: &EventRow) -> impl Iterator<Item = &str> {
    row.ip_flags.split(',').filter(|name| !name.is_empty())
}

/// A value of a change; an empty text means that it is not known.
fn json(column: &[String], index: usize) -> Option<&RawValue> {
    serde_json::from_str(column.get(index)?).ok()
}
