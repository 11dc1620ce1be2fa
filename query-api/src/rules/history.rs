//! Stored events as the rules see them: the same fields, from the columns that the enricher made of them.

use std::borrow::Cow;

use detect::findings::Subject;
use detect::rules::{EventFields, FieldValue};
use detect::signals::Signals;
use schemas::address;
use schemas::identity::identity;
use serde_json::value::RawValue;

use crate::log::rows::EventRow;
use crate::store::sql::{NamedQuery, query};

/// Events user by user, for trials of rules.
pub const HISTORY: NamedQuery = query!("history");

/// Words of the column `ip_flags` that tell an anonymiser; any other is the kind of the address.
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

    fn geo(&self, field: &str) -> Option<FieldValue<'_>> {
        let row = self.0;
        match field {
            "country" => word(&row.country),
            "region" => word(&row.region),
            "city" => word(&row.city),
            "asn" if row.asn != 0 => Some(FieldValue::Int(row.asn.into())),
            "as_org" => word(&row.as_org),
            "anonymous" => {
                let names: Vec<_> = flags(row).filter(|name| ANONYMISERS.contains(name)).filter_map(word).collect();
                (!names.is_empty()).then_some(FieldValue::Array(names))
            }
            "ip_kind" if row.ip.is_unspecified() => None,
            "ip_kind" => word(flags(row).find(|name| !ANONYMISERS.contains(name)).unwrap_or("public")),
            _ => None,
        }
    }

    fn device(&self, field: &str) -> Option<FieldValue<'_>> {
        let row = self.0;
        match field {
            "id" => word(&row.device_id),
            "browser" => word(&row.browser),
            "browser_version" => word(&row.browser_version),
            "os" => word(&row.os),
            "os_version" => word(&row.os_version),
            "kind" => word(&row.device_kind).filter(|_| row.device_kind != "unknown"),
            "bot" => Some(FieldValue::Bool(row.bot)),
            "confidence" => word(&row.device_confidence),
            _ => None,
        }
    }

    fn changes(&self, field: &str) -> Option<FieldValue<'_>> {
        let row = self.0;
        let texts = |column: &'_ [String]| -> Vec<FieldValue<'static>> {
            column.iter().filter(|text| !text.is_empty()).map(|text| json(text)).collect()
        };
        let values = match field {
            "path" => row.changes_path.iter().filter_map(|path| word(path)).collect(),
            "op" => row.changes_op.iter().filter_map(|op| word(op)).collect(),
            "old" => texts(&row.changes_old),
            "new" => texts(&row.changes_new),
            _ => return None,
        };
        (!values.is_empty()).then_some(FieldValue::Array(values))
    }

    fn each_change(&self) -> Option<FieldValue<'_>> {
        let row = self.0;
        let changes: Vec<_> = (0..row.changes_op.len())
            .map(|index| {
                let of = |column: &[String]| column.get(index).filter(|text| !text.is_empty()).map(|text| json(text));
                let mut fields: Vec<(Cow<'_, str>, FieldValue<'_>)> = Vec::new();
                fields.extend(row.changes_op.get(index).and_then(|op| word(op)).map(|op| ("op".into(), op)));
                fields
                    .extend(row.changes_path.get(index).and_then(|path| word(path)).map(|path| ("path".into(), path)));
                fields.extend(of(&row.changes_old).map(|old| ("old".into(), old)));
                fields.extend(of(&row.changes_new).map(|new| ("new".into(), new)));
                FieldValue::Map(fields)
            })
            .collect();
        (!changes.is_empty()).then_some(FieldValue::Array(changes))
    }

    fn signal(&self, field: &str) -> Option<FieldValue<'_>> {
        let index = self.0.signals_name.iter().position(|name| name == field)?;
        Some(Signals::stored(field, *self.0.signals_value.get(index)?))
    }
}

impl EventFields for Stored<'_> {
    fn field(&self, path: &str) -> Option<FieldValue<'_>> {
        let row = self.0;
        match path {
            "type" => word(&row.event_type),
            "class" => word(&row.class),
            "action" => word(&row.action),
            "category" => word(&row.category),
            "outcome" => word(&row.outcome),
            "reason" => word(&row.reason),
            "location" => word(&row.location),
            "channel" => word(&row.channel),
            // The table has no "not said": nothing and zero are one.
            "records" => positive(row.records),
            "duration_ms" => positive(row.duration_ms),
            "backfill" => Some(FieldValue::Bool(row.backfill)),
            "actor.kind" => word(&row.actor_kind),
            "actor.id" => word(&row.actor_id),
            "actor.email" => word(&row.actor_email),
            "actor.name" => word(&row.actor_name),
            "actor.account" => {
                [&row.actor_id, &row.actor_email, &row.actor_name].into_iter().find_map(|text| word(text))
            }
            "actor.active" if row.actor_kind == "system" => None,
            "actor.active" => Some(FieldValue::Bool(row.actor_active)),
            "object.type" => word(&row.object_type),
            "object.id" => word(&row.object_id),
            "object.module" => word(&row.module),
            "context.ip" | "context.ip_prefix" | "context.network" if row.ip.is_unspecified() => None,
            "context.ip" => Some(FieldValue::Str(row.ip.to_canonical().to_string().into())),
            "context.ip_prefix" => Some(FieldValue::Str(address::prefix(row.ip.to_canonical()).into())),
            "context.network" => Some(FieldValue::Str(address::network(row.ip.to_canonical(), row.asn).into())),
            "context.user_agent" => word(&row.user_agent),
            "context.session_id" => word(&row.session_id),
            "session.key" => word(&row.session_key),
            "changes" => self.each_change(),
            _ => match path.split_once('.')? {
                ("geo", field) => self.geo(field),
                ("device", field) => self.device(field),
                ("changes", field) => self.changes(field),
                ("signal", field) => self.signal(field),
                _ => None,
            },
        }
    }
}

fn flags(row: &EventRow) -> impl Iterator<Item = &str> {
    row.ip_flags.split(',').filter(|name| !name.is_empty())
}

fn word(text: &str) -> Option<FieldValue<'_>> {
    (!text.is_empty()).then_some(FieldValue::Str(Cow::Borrowed(text)))
}

fn positive(number: u64) -> Option<FieldValue<'static>> {
    (number != 0).then(|| FieldValue::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// The text of a JSON string, or else the JSON.
fn json(text: &str) -> FieldValue<'static> {
    let plain =
        serde_json::from_str::<&RawValue>(text).ok().and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    FieldValue::Str(Cow::Owned(plain.unwrap_or_else(|| text.to_owned())))
}
