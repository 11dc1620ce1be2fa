//! Addresses that rules name, brought into the one form that events have.

use rsigma_parser::{Detection, DetectionItem, SigmaRule, SigmaString, SigmaValue};
use schemas::address;

/// Rewrites the values that are compared with an address as they stand. Patterns, networks and all else keep their text.
pub(super) fn in_one_form(rule: &mut SigmaRule) {
    rule.detection.named.values_mut().for_each(walk);
}

fn walk(detection: &mut Detection) {
    match detection {
        Detection::AllOf(items) => items.iter_mut().for_each(rewrite),
        Detection::AnyOf(parts) | Detection::And(parts) => parts.iter_mut().for_each(walk),
        Detection::Keywords(_) | Detection::ArrayMatch { .. } | Detection::Conditional { .. } => {}
    }
}

fn rewrite(item: &mut DetectionItem) {
    let one_form: fn(&str) -> Option<String> = match item.field.name.as_deref() {
        Some("context.ip") => |text| Some(address::read_one(text)?.to_string()),
        Some("context.ip_prefix") => |text| Some(address::prefix(address::read_one(text.trim_end_matches("/64"))?)),
        _ => return,
    };
    if !item.field.modifiers.is_empty() {
        return;
    }
    for value in &mut item.values {
        if let SigmaValue::String(text) = value
            && let Some(written) = one_form(&text.original)
        {
            *text = SigmaString::new(&written);
        }
    }
}
