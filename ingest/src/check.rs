//! Whether an event may pass, and what Kafka needs of it. Pure.

use std::collections::HashMap;

use bytes::Bytes;
use schemas::catalogue::Catalogue;
use schemas::decode::{ATTRIBUTE_PREFIX, Attributes, Rejection, Scratch, decode, is_cloud_event};
use schemas::event::{Class, Event};
use schemas::identity;
use schemas::settings::Tenant;
use schemas::sign_ins::partitioned_by;
use schemas::topics::event_key;

use crate::framing::Framing;
use crate::identity::Identity;

/// Everything that holds for all events of a request.
pub(crate) struct Context<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) catalogue: &'a Catalogue,
    /// What travels beside each event.
    pub(crate) attributes: Attributes<'a>,
    pub(crate) identity: &'a Identity,
    /// Id of the API key.
    pub(crate) key_id: &'a str,
}

/// What travels beside each event of a body.
pub(crate) fn attributes(framing: &Framing) -> Attributes<'_> {
    let attributes = framing.attributes().iter();
    let attributes =
        attributes.filter_map(|(name, value)| Some((name.strip_prefix(ATTRIBUTE_PREFIX)?.into(), value.as_str())));
    Attributes { content_type: framing.event_type(), cloud_event: attributes.collect(), ..Attributes::default() }
}

/// An event that may pass.
#[derive(Debug)]
pub(crate) struct Passed {
    /// Its place in the request.
    pub(crate) index: usize,
    /// Its bytes as sent.
    pub(crate) value: Bytes,
    /// Its key in Kafka.
    pub(crate) key: String,
    /// Its id.
    pub(crate) id: String,
    /// Whether the id is ours, so that it has to travel beside the bytes.
    pub(crate) id_is_ours: bool,
    /// What makes it the same event as another one, and what it holds ([`identity`]).
    pub(crate) same: (u128, u64),
    /// Whether the request has it before.
    pub(crate) repeated: bool,
    /// Whether its type is declared, by us or by the tenant.
    pub(crate) type_known: bool,
}

/// Checks one event.
pub(crate) fn check(context: &Context<'_>, index: usize, value: &Bytes) -> Result<Passed, Rejection> {
    let scratch = Scratch::default();
    let event = decode(value, &context.attributes, &scratch)?;
    check_tenant(context, &event)?;
    check_logging(context, &event)?;
    let tenant = context.tenant.id.as_str();
    let own = event.id.as_deref().filter(|id| !id.is_empty());
    let id = own.map_or_else(|| context.identity.id(tenant, context.key_id, index, value).to_string(), str::to_owned);
    let source = event.source.as_deref().unwrap_or_default();
    Ok(Passed {
        index,
        key: event_key(tenant, &partitioned_by(&event)),
        same: (identity::identity(tenant, context.key_id, source, &id), identity::content(value, &context.attributes)),
        id_is_ours: own.is_none(),
        id,
        value: value.clone(),
        repeated: false,
        type_known: is_known(context, event.kind.as_deref().unwrap_or_default()),
    })
}

/// Distinguishes what a request has twice under one id: the same event again, which is stored once, from another one, which is
/// refused: the enricher would have to.
pub(crate) fn compare(known: &mut HashMap<u128, u64>, mut event: Passed) -> Result<Passed, Rejection> {
    let (identity, content) = event.same;
    match known.insert(identity, content) {
        Some(first) if first != content => {
            known.insert(identity, first);
            let detail = "the request has another event with this id before; ids of different events differ";
            return Err(Rejection::new("conflict", "/id", detail));
        }
        first => event.repeated = first.is_some(),
    }
    Ok(event)
}

/// The tenant comes from the credential; an event that names another one was sent by mistake, or worse.
fn check_tenant(context: &Context<'_>, event: &Event<'_>) -> Result<(), Rejection> {
    match event.tenant.as_deref() {
        Some(claimed) if claimed != context.tenant.id => {
            let in_data = context.attributes.cloud_event.is_empty() && is_cloud_event(event);
            let pointer = if in_data { "/data/tenant" } else { "/tenant" };
            let detail = "the event names another tenant than the one that the API key belongs to";
            Err(Rejection::new("tenant_mismatch", pointer, detail))
        }
        _ => Ok(()),
    }
}

/// Whether a type is declared.
fn is_known(context: &Context<'_>, kind: &str) -> bool {
    context.catalogue.get(kind).is_some() || context.tenant.event_types.iter().any(|entry| entry.event_type == kind)
}

/// While logging is off, nothing is recorded but the change history of objects.
fn check_logging(context: &Context<'_>, event: &Event<'_>) -> Result<(), Rejection> {
    if context.tenant.logging || is_object_history(context, event) {
        return Ok(());
    }
    let detail = "activity logging is switched off for this tenant; an administrator can switch it on \
                  (only the change history of objects is recorded)";
    Err(Rejection::new("logging_off", "", detail))
}

/// An edit of one object.
fn is_object_history(context: &Context<'_>, event: &Event<'_>) -> bool {
    let object = event.object.as_ref().and_then(|object| object.id.as_deref());
    if object.is_none_or(str::is_empty) {
        return false;
    }
    let kind = event.kind.as_deref().unwrap_or_default();
    let claimed = event.class.as_deref().and_then(Class::parse);
    let of_tenant =
        || context.tenant.event_types.iter().find(|entry| entry.event_type == kind).map(|entry| entry.class);
    let class = match claimed.or_else(|| context.catalogue.get(kind).map(|entry| entry.class)).or_else(of_tenant) {
        Some(class) => class,
        None => context.catalogue.classify(kind, None, event.action.as_deref()).class,
    };
    matches!(class, Class::Create | Class::Delete | Class::Change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(tenant: &Tenant, framing: &Framing, json: &str) -> Result<Passed, (&'static str, String)> {
        let catalogue = Catalogue::shipped().unwrap();
        let (identity, attributes) = (Identity::Fresh, attributes(framing));
        let context = Context { tenant, catalogue: &catalogue, attributes, identity: &identity, key_id: "k" };
        check(&context, 0, &Bytes::copy_from_slice(json.as_bytes()))
            .map_err(|rejection| (rejection.code, rejection.pointer))
    }

    fn tenant(logging: bool) -> Tenant {
        Tenant { logging, ..Tenant::new("acme", "Acme") }
    }

    /// L1: refused while off; L16: the history of objects is kept regardless.
    #[test]
    fn logging_off_keeps_object_history_alone() {
        let kept = [
            r#"{"type":"task.deadline_changed","actor":{"id":"u"},"object":{"type":"task","id":"7"}}"#,
            r#"{"type":"x.y","class":"delete","actor":{"id":"u"},"object":{"id":"7"}}"#,
        ];
        let refused = [
            r#"{"type":"task.deadline_changed","actor":{"id":"u"}}"#,
            r#"{"type":"user.signed_in","actor":{"id":"u"},"object":{"id":"7"}}"#,
            r#"{"type":"contact.viewed","actor":{"id":"u"},"object":{"id":"7"}}"#,
        ];
        for json in kept {
            passes(&tenant(false), &Framing::Json, json).unwrap();
        }
        for json in refused {
            let code = passes(&tenant(false), &Framing::Json, json).unwrap_err().0;
            assert_eq!(code, "logging_off", "{json}");
            passes(&tenant(true), &Framing::Json, json).unwrap();
        }
    }

    /// P11: the tenant in the body is never believed.
    #[test]
    fn another_tenant_in_the_body_is_refused() {
        let own = r#"{"type":"a.b","actor":{"id":"u"},"tenant":"acme"}"#;
        passes(&tenant(true), &Framing::Json, own).unwrap();
        let other = own.replace("acme", "rival");
        let refused = passes(&tenant(true), &Framing::Json, &other).unwrap_err();
        assert_eq!(refused, ("tenant_mismatch", "/tenant".to_owned()));
        let structured = format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"a.b","data":{other}}}"#);
        let refused = passes(&tenant(true), &Framing::CloudEvent, &structured).unwrap_err();
        assert_eq!(refused, ("tenant_mismatch", "/data/tenant".to_owned()));
    }

    /// P1: an id of the sender's is kept; without one, it gets ours.
    #[test]
    fn ids_are_the_senders_or_ours() {
        let json = r#"{"type":"a.b","actor":{"id":"u"},"id":"mine"}"#;
        let passed = passes(&tenant(true), &Framing::Json, json).unwrap();
        assert_eq!((passed.id.as_str(), passed.id_is_ours, passed.key.as_str()), ("mine", false, "acme/u"));
        let passed = passes(&tenant(true), &Framing::Json, &json.replace("mine", "")).unwrap();
        assert!(passed.id_is_ours && passed.id.len() == 36);

        let attributes = [("specversion", "1.0"), ("id", "from-header"), ("source", "/"), ("type", "a.b")];
        let attributes = attributes.map(|(name, value)| (format!("ce_{name}"), value.to_owned())).to_vec();
        let binary = Framing::CloudEventBinary { attributes, content_type: None };
        let passed = passes(&tenant(true), &binary, r#"{"actor":{"id":"u"}}"#).unwrap();
        assert_eq!((passed.id.as_str(), passed.id_is_ours), ("from-header", false));
    }

    /// P1: in one request, an id belongs to one event of its source.
    #[test]
    fn what_a_request_has_twice_is_told() {
        let mut known = HashMap::new();
        let mut outcome = |json: &str| {
            let passed = passes(&tenant(true), &Framing::Json, json).unwrap();
            compare(&mut known, passed).map(|event| event.repeated).map_err(|rejection| rejection.code)
        };
        let one = r#"{"type":"a.b","id":"7","source":"/shop-a"}"#;
        assert_eq!(outcome(one), Ok(false));
        assert_eq!(outcome(one), Ok(true));
        assert_eq!(outcome(&one.replace("a.b", "c.d")), Err("conflict"));
        assert_eq!(outcome(&one.replace("shop-a", "shop-b")), Ok(false));
        assert_eq!(outcome(one), Ok(true));
        // Without an id, two events are two.
        assert_eq!(outcome(r#"{"type":"a.b"}"#), Ok(false));
        assert_eq!(outcome(r#"{"type":"a.b"}"#), Ok(false));
    }

    /// P1: what is wrong is reported by code and pointer.
    #[test]
    fn rejections_point_to_the_field() {
        for (json, code, pointer) in [
            (r#"{"type":"a.b","actor":{"id":[]}}"#, "invalid_type", "/actor/id"),
            (r#"{"actor":{"id":"u"}}"#, "missing_field", "/type"),
            ("{", "malformed_json", ""),
        ] {
            let refused = passes(&tenant(true), &Framing::Json, json).unwrap_err();
            assert_eq!(refused.0, code, "{json}");
            assert!(refused.1 == pointer || pointer.is_empty(), "{refused:?}");
        }
    }
}
