//! Which part of the address space an address belongs to (IANA's special-purpose registries).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The part of the address space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum IpKind {
    /// There is no address, or it could not be parsed.
    #[default]
    Unknown,
    /// Routed on the Internet.
    Public,
    /// Private, link-local, unique-local, or shared by a carrier's customers (100.64.0.0/10).
    Private,
    /// The machine itself.
    Loopback,
    /// Documentation, benchmarks, multicast, never assigned.
    Reserved,
}

impl IpKind {
    /// The word stored and seen by the rules (`geo.ip_kind`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Public => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::Reserved => "reserved",
        }
    }
}

/// Classifies an address that is [unwrapped](schemas::address::unwrapped).
pub(super) fn kind(ip: IpAddr) -> IpKind {
    match ip {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

fn kind_v4(ip: Ipv4Addr) -> IpKind {
    match ip.octets() {
        [127, ..] => IpKind::Loopback,
        [10, ..] | [192, 168, ..] | [169, 254, ..] => IpKind::Private,
        [172, b, ..] if b & 0xf0 == 16 => IpKind::Private,
        [100, b, ..] if b & 0xc0 == 64 => IpKind::Private,
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => IpKind::Reserved,
        _ => IpKind::Public,
    }
}

fn kind_v6(ip: Ipv6Addr) -> IpKind {
    if ip.is_loopback() {
        return IpKind::Loopback;
    }
    match ip.segments() {
        // fc00::/7 unique local; fe80::/10 link local and the old fec0::/10 site local.
        [first, ..] if first & 0xfe00 == 0xfc00 || first & 0xff80 == 0xfe80 => IpKind::Private,
        // Documentation, and Teredo and ORCHID among the 2001::/23 protocol assignments.
        [0x2001, 0xdb8, ..] | [0x2001, 0x0..=0x1ff, ..] | [0x3fff, 0x0..=0xfff, ..] => IpKind::Reserved,
        // Global unicast is 2000::/3; nothing else is routed.
        [first, ..] if first & 0xe000 == 0x2000 => IpKind::Public,
        _ => IpKind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use schemas::address::unwrapped;

    use super::*;

    fn of(text: &str) -> IpKind {
        kind(unwrapped(text.parse().unwrap()))
    }

    #[test]
    fn special_ranges_are_told_from_the_internet() {
        for (text, want) in [
            ("127.0.0.1", IpKind::Loopback),
            ("::1", IpKind::Loopback),
            ("10.1.2.3", IpKind::Private),
            ("172.16.0.1", IpKind::Private),
            ("172.31.255.255", IpKind::Private),
            ("172.32.0.0", IpKind::Public),
            ("192.168.1.1", IpKind::Private),
            ("100.64.0.1", IpKind::Private),
            ("100.128.0.1", IpKind::Public),
            ("169.254.1.1", IpKind::Private),
            ("fd00::1", IpKind::Private),
            ("fe80::1", IpKind::Private),
            ("fec0::1", IpKind::Private),
            ("0.0.0.0", IpKind::Reserved),
            ("192.0.2.1", IpKind::Reserved),
            ("198.51.100.7", IpKind::Reserved),
            ("203.0.113.9", IpKind::Reserved),
            ("198.19.0.1", IpKind::Reserved),
            ("239.1.1.1", IpKind::Reserved),
            ("255.255.255.255", IpKind::Reserved),
            ("::", IpKind::Reserved),
            ("ff02::1", IpKind::Reserved),
            ("2001:db8::1", IpKind::Reserved),
            ("2001:0:4136:e378::1", IpKind::Reserved),
            ("2001:67c:2e8:22::c100:68b", IpKind::Public),
            ("2a00:1450:4001::1", IpKind::Public),
            ("8.8.8.8", IpKind::Public),
            ("::ffff:10.0.0.1", IpKind::Private),
            ("::ffff:8.8.8.8", IpKind::Public),
            ("64:ff9b::7f00:1", IpKind::Loopback),
            ("2002:808:808::1", IpKind::Public),
            ("2002:a01:203::1", IpKind::Private),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }
}
