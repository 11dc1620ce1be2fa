//! Addresses and networks that rules name, brought into the one form that events have.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaRule, SigmaString, SigmaValue};
use schemas::address;

/// Fields that are no addresses, and what stands for them where they are compared with a network: their first addresses. No
/// event has a field of such a name; it is what an explanation shows.
const FIRST: &[(&str, &str)] = &[
    ("context.ip_prefix", "context.ip_prefix (first address)"),
    ("context.network", "context.network (first address)"),
];

/// Rewrites the values that are compared with an address or a network as they stand. Patterns and all else keep their text.
pub(super) fn in_one_form(rule: &mut SigmaRule) {
    rule.detection.named.values_mut().for_each(walk);
}

/// The field of an event that a field of a compiled rule is made of.
pub(super) fn made_of(field: &str) -> &str {
    FIRST.iter().find(|(_, first)| *first == field).map_or(field, |(field, _)| field)
}

/// What stands for the field of this name, made of an event's address; nothing for a field that is the event's own.
pub(super) fn first_address(field: &str, ip: impl FnOnce() -> Option<IpAddr>) -> Option<Option<IpAddr>> {
    let written: fn(IpAddr) -> String = match made_of(field) {
        same if same == field => return None,
        "context.ip_prefix" => address::prefix,
        _ => |ip| address::network(ip, 0),
    };
    let first = |written: String| written.split('/').next().and_then(|first| first.parse().ok());
    Some(ip().and_then(|ip| first(written(ip))))
}

fn walk(detection: &mut Detection) {
    match detection {
        Detection::AllOf(items) => items.iter_mut().for_each(rewrite),
        Detection::AnyOf(parts) | Detection::And(parts) => parts.iter_mut().for_each(walk),
        Detection::Conditional { named, .. } => named.values_mut().for_each(walk),
        Detection::Keywords(_) | Detection::ArrayMatch { .. } => {}
    }
}

fn rewrite(item: &mut DetectionItem) {
    let Some(field) = item.field.name.as_deref() else { return };
    let one_form: fn(&str) -> Option<String> = match (field, item.field.modifiers.as_slice()) {
        ("context.ip", []) => |text| Some(address::read_one(text)?.to_string()),
        ("context.ip_prefix", []) => |text| Some(address::prefix(address::read_one(text.trim_end_matches("/64"))?)),
        ("context.network", []) => network,
        ("context.ip", [Modifier::Cidr]) => |text| Some(net(text, [32, 128])?.to_string()),
        ("context.ip_prefix", [Modifier::Cidr]) => |text| Some(net(text, [32, 64])?.to_string()),
        ("context.network", [Modifier::Cidr]) => |text| Some(net(text, [24, 48])?.to_string()),
        _ => return,
    };
    for value in &mut item.values {
        if let SigmaValue::String(text) = value
            && let Some(written) = one_form(&text.original)
        {
            *text = SigmaString::new(&written);
        }
    }
    if item.field.modifiers.contains(&Modifier::Cidr)
        && let Some((_, first)) = FIRST.iter().find(|(known, _)| *known == field)
    {
        item.field.name = Some((*first).to_owned());
    }
}

/// A network that events may have, from any spelling of it or from an address in it.
fn network(text: &str) -> Option<String> {
    let ip = match text.parse::<IpNet>() {
        Ok(net) if [24, 48][usize::from(net.addr().is_ipv6())] == net.prefix_len() => net.addr(),
        Ok(_) => return None,
        Err(_) => address::read_one(text)?,
    };
    Some(address::network(ip, 0))
}

/// A network in its one form, IPv4 out of `::ffff:0:0/96`. One that is narrower than what it is compared with is as wide as
/// that: else it would match nothing.
fn net(text: &str, [longest_v4, longest_v6]: [u8; 2]) -> Option<IpNet> {
    let net = text.parse::<IpNet>().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))?;
    let net = match net {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => IpNet::V4(Ipv4Net::new(v4, v6.prefix_len() - 96).ok()?),
            None => net,
        },
        IpNet::V4(_) | IpNet::V6(_) => net,
    };
    let longest = if net.addr().is_ipv4() { longest_v4 } else { longest_v6 };
    IpNet::new(net.addr(), net.prefix_len().min(longest)).ok().map(|net| net.trunc())
}
