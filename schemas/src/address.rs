//! Addresses of users: what is read of the spellings in which they are sent, the one form in which they are written, and
//! what counts as one address ([decision 29](../../docs/decisions/0029-addresses.md)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The address in a text that somebody sent, in its one form.
///
/// Read are addresses alone, with a port, in brackets, with a zone, in quotes, as the prefix of one host, as Java and gRPC
/// print them, and lists of proxies as `X-Forwarded-For` has them. What can be read in two ways (`010.0.0.1`, a number) or is
/// no address (`unknown`, a name) is none: unknown beats wrong.
#[must_use]
pub fn read(text: &str) -> Option<IpAddr> {
    match text.rsplit_once(',') {
        None => read_one(text),
        Some(_) => read_list(text),
    }
}

/// One address as it is written in a list of proxies or by a socket: with a port, brackets, quotes, or a zone.
#[must_use]
pub fn read_one(text: &str) -> Option<IpAddr> {
    let text = unquoted(text.trim());
    if let Ok(address) = text.parse::<IpAddr>() {
        return known(address);
    }
    let text = ["/", "ipv4:", "ipv6:"].iter().find_map(|before| text.strip_prefix(before)).unwrap_or(text);
    if let Some(inside) = text.strip_prefix('[') {
        let (address, port) = inside.split_once(']')?;
        let port = port.strip_prefix(':').map_or(port.is_empty(), is_port);
        return known(without_zone(address).parse().ok()?).filter(|_| port);
    }
    if let Some((address, port)) = text.split_once(':')
        && let Ok(address) = address.parse::<Ipv4Addr>()
    {
        return known(IpAddr::V4(address)).filter(|_| is_port(port));
    }
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address = match without_zone(address).parse::<IpAddr>().ok()? {
        address if length.is_empty() && !text.ends_with('/') => address,
        address if length == if address.is_ipv4() { "32" } else { "128" } => address,
        _ => return None,
    };
    known(address)
}

/// The last address before those of proxies inside. What can't be read hides what stands left of it.
fn read_list(text: &str) -> Option<IpAddr> {
    let mut inside = None;
    for element in text.rsplit(',').filter(|element| !element.trim().is_empty()) {
        let Some(address) = read_one(element) else { return inside };
        if !is_inside(address) {
            return Some(address);
        }
        inside = Some(address);
    }
    inside
}

/// Whether a proxy of somebody's own network may have the address.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || matches!(v4.octets(), [100, 64..=127, ..])
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// In the one form; `0.0.0.0` and `::` stand for "none".
fn known(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    (!address.is_unspecified()).then_some(address)
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text).trim()
}

/// A port, or a name that stands for one (RFC 7239 has `_` before those).
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        }
        None => matches!(text.len(), 1..=5) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// A zone names an interface of the machine that saw the address, and is of use to that machine alone.
fn without_zone(text: &str) -> &str {
    match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() && address.contains(':') => address,
        _ => text,
    }
}

/// The address that a user's machine or its NAT has on the Internet: IPv4 is taken out of `::ffff:0:0/96` (mapped),
/// `64:ff9b::/96` (NAT64) and `2002::/16` (6to4), which say the same address in other words.
///
/// Not for what is believed or compared: whoever has an IPv6 address can choose what is inside of it.
#[must_use]
pub fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else { return address.to_canonical() };
    let v4 = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

/// What is one address where addresses are counted: IPv4 itself, the first address of the /64 of IPv6. A subscriber has at
/// least a /64, and a machine takes another address of it every day, or for every connection. `::/64` is nobody's: each address
/// in it (`::1`) is one, and none is `::`, which stands for "none".
#[must_use]
pub fn counted(address: IpAddr) -> IpAddr {
    match unwrapped(address) {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) if is_nobodys(v6) => IpAddr::V6(v6),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

fn is_nobodys(address: Ipv6Addr) -> bool {
    address.to_bits() >> 64 == 0
}

/// [`counted`] as rules and groups see it: `203.0.113.9`, `2001:db8:1:2::/64`.
#[must_use]
pub fn prefix(address: IpAddr) -> String {
    match counted(address) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) if is_nobodys(v6) => v6.to_string(),
        IpAddr::V6(v6) => format!("{v6}/64"),
    }
}

/// The network as rules see it: the autonomous system where it is known (`AS64500`), or else the /24 or /48.
#[must_use]
pub fn network(address: IpAddr, asn: u32) -> String {
    match unwrapped(address) {
        _ if asn != 0 => format!("AS{asn}"),
        IpAddr::V4(v4) => format!("{}/24", Ipv4Addr::from_bits(v4.to_bits() >> 8 << 8)),
        IpAddr::V6(v6) => format!("{}/48", Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80)),
    }
}

/// As columns of the type `IPv6` have it: IPv4 mapped.
#[must_use]
pub fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

/// Reads networks that somebody set; an address is the network of it alone.
///
/// # Errors
/// Says what was expected where a text is neither.
pub fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    struct Network(IpNet);
    impl<'de> Deserialize<'de> for Network {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            let expected =
                |_| Error::custom("expected a network, such as 192.0.2.0/24 or 2001:db8::/32, or an address");
            network.map(Self).map_err(expected)
        }
    }
    Ok(Vec::<Network>::deserialize(deserializer)?.into_iter().map(|network| network.0).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// P2: every spelling of an address is that address, in one form.
    #[test]
    fn spellings_of_an_address() {
        for (text, want) in [
            ("8.8.8.8", "8.8.8.8"),
            (" 8.8.8.8\t", "8.8.8.8"),
            ("\"8.8.8.8\"", "8.8.8.8"),
            ("8.8.8.8:443", "8.8.8.8"),
            ("8.8.8.8:_hidden", "8.8.8.8"),
            ("8.8.8.8/32", "8.8.8.8"),
            ("/8.8.8.8:55123", "8.8.8.8"),
            ("ipv4:8.8.8.8:443", "8.8.8.8"),
            ("ipv6:[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:45.9.77.1", "45.9.77.1"),
            ("::ffff:2d09:4d01", "45.9.77.1"),
            ("0:0:0:0:0:FFFF:45.9.77.1", "45.9.77.1"),
            ("[::ffff:45.9.77.1]:80", "45.9.77.1"),
            ("2001:0db8:0::1", "2001:db8::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("[8.8.8.8]:80", "8.8.8.8"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25en0]:80", "fe80::1"),
            ("8.8.4.4, 10.0.0.1", "8.8.4.4"),
            ("1.1.1.1, 8.8.4.4:80, 10.0.0.1, 127.0.0.1", "8.8.4.4"),
            ("unknown, 8.8.4.4", "8.8.4.4"),
            ("8.8.4.4,", "8.8.4.4"),
            ("1.1.1.1, unknown, 10.0.0.1", "10.0.0.1"),
            ("10.0.0.2, 10.0.0.1", "10.0.0.2"),
            ("64:ff9b::808:808", "64:ff9b::808:808"),
        ] {
            assert_eq!(read(text).map(|address| address.to_string()).as_deref(), Some(want), "{text}");
        }
    }

    /// P2: what is no address, or may be two, is none.
    #[test]
    fn no_address() {
        for text in [
            "",
            " ",
            "-",
            "unknown",
            "null",
            "localhost",
            "crm-worker",
            "_hidden",
            "::",
            "0.0.0.0",
            "0.0.0.0:80",
            "999.1.1.1",
            "010.8.8.8",
            "8.8.8",
            "134744072",
            "0x08080808",
            "0x8.8.8.8",
            "8.8.8.8.8",
            "8.8.8.8:",
            "8.8.8.8:port",
            "8.8.8.8:123456",
            "8.8.8.0/24",
            "8.8.8.8/",
            "2001:db8::/64",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]x",
            "fe80::1%",
            "8.8.8.8%eth0",
            "::1::",
            "8.8.8.8 8.8.4.4",
            "8.8.4.4, unknown",
            ",",
            "８.8.8.8",
            "\"",
            "[]",
            "[]:80",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    /// P2: IPv6 is counted by /64; what carries an IPv4 address, as that address.
    #[test]
    fn what_counts_as_one_address() {
        for (text, unwraps, counts, lies) in [
            ("203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
            ("64:ff9b::203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
            ("2002:cb00:7109::1", "203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
            ("2002:cb00:7109:ffff:1::2", "203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("::1", "::1", "::1", "::/48"),
            ("::45.9.77.1", "::2d09:4d01", "::2d09:4d01", "::/48"),
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(unwrapped(address).to_string(), unwraps, "{text}");
            assert_eq!((prefix(address), network(address, 0)), (counts.to_owned(), lies.to_owned()), "{text}");
            assert_eq!(network(address, 64500), "AS64500");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_is_read_as_its_address(bits in any::<u128>(), four in any::<u32>(), port in any::<u16>()) {
            for address in [IpAddr::from(Ipv6Addr::from_bits(bits)), IpAddr::from(Ipv4Addr::from_bits(four))] {
                let socket = std::net::SocketAddr::from((address, port)).to_string();
                let want = known(address);
                for text in [address.to_string(), socket, format!("\"{address}\""), format!(" {address} ,")] {
                    prop_assert_eq!(read(&text), want, "{}", text);
                }
                prop_assert_eq!(counted(counted(address)), counted(address));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}", like in "[0-9a-f.:%/\\[\\], \"_]{0,60}") {
            for text in [text, like] {
                if let Some(address) = read(&text) {
                    prop_assert_eq!(address, address.to_canonical());
                    prop_assert!(!address.is_unspecified());
                }
            }
        }
    }
}
