//! Fields that this version doesn't know.

use serde_json::value::RawValue;

use super::Rejection;
use crate::event::{Event, Unknown, clip};

/// Every unknown field of the event with its dotted path, e.g. `actor.department`; and what was sent for an address, where that
/// says more than was read of it.
#[must_use]
pub fn unknown_fields<'a>(event: &Event<'a>) -> Vec<(String, &'a RawValue)> {
    fn add<'a>(fields: &mut Vec<(String, &'a RawValue)>, prefix: &str, unknown: &Unknown<'a>) {
        fields.extend(unknown.iter().map(|(name, value)| (format!("{prefix}{}", &**name), *value)));
    }
    let mut fields = Vec::new();
    add(&mut fields, "", &event.unknown);
    if let Some(actor) = &event.actor {
        add(&mut fields, "actor.", &actor.unknown);
    }
    if let Some(object) = &event.object {
        add(&mut fields, "object.", &object.unknown);
    }
    if let Some(context) = &event.context {
        add(&mut fields, "context.", &context.unknown);
        fields.extend(context.ip.as_ref().and_then(|ip| ip.sent).map(|sent| ("context.ip".to_owned(), sent)));
        if let Some(hints) = &context.client_hints {
            add(&mut fields, "context.client_hints.", &hints.unknown);
        }
    }
    for (index, change) in event.changes.iter().flatten().enumerate() {
        add(&mut fields, &format!("changes.{index}."), &change.unknown);
    }
    fields
}

/// Refuses an event of which two fields have one path: `actor.dep` beside `actor: {dep}`. One of them would be lost.
pub(super) fn check_paths(event: &Event<'_>) -> Result<(), Rejection> {
    if !has_dotted_name(event) {
        return Ok(());
    }
    let fields = unknown_fields(event);
    let mut paths: Vec<&str> = fields.iter().map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    match paths.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let detail = format!("two fields have the path `{}`; one of them would be lost", clip(pair[0]));
            Err(Rejection::new("duplicate_field", "", detail))
        }
        None => Ok(()),
    }
}

/// Only a name with a dot in it can look like the path to another field.
fn has_dotted_name(event: &Event<'_>) -> bool {
    let dotted = |unknown: &Unknown<'_>| unknown.iter().any(|(name, _)| name.contains('.'));
    let (actor, object, context) = (event.actor.as_ref(), event.object.as_ref(), event.context.as_ref());
    dotted(&event.unknown)
        || actor.is_some_and(|actor| dotted(&actor.unknown))
        || object.is_some_and(|object| dotted(&object.unknown))
        || context.is_some_and(|context| {
            dotted(&context.unknown) || context.client_hints.as_ref().is_some_and(|hints| dotted(&hints.unknown))
        })
        || event.changes.iter().flatten().any(|change| dotted(&change.unknown))
}
