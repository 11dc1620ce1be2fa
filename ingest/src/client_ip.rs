//! The client's address: the connection's peer, or what trusted proxies say of it.
//!
//! Each proxy appends the address it was called from, so the chain is read from its right end, and only as far as the
//! proxies are trusted: what stands left of the first address that is not a trusted proxy's may be forged by anybody.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The right-most address that is not a trusted proxy's.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let mut hops = chain(headers);
    while let Some(hop) = hops.pop() {
        // Not an address ("unknown", a made-up name): the proxy that wrote it down is the last that is known.
        let Some(address) = hop.as_deref().and_then(address) else { return client };
        client = address;
        if !is_trusted(client) {
            return client;
        }
    }
    client
}

/// Whether an address lies in one of the networks.
pub fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// The hops as written, left to right. `X-Forwarded-For` where there is one, else the `for=` of `Forwarded` (RFC 7239).
fn chain(headers: &HeaderMap) -> Vec<Option<String>> {
    if headers.contains_key(&X_FORWARDED_FOR) {
        return elements(headers, &X_FORWARDED_FOR).into_iter().map(Some).collect();
    }
    elements(headers, &header::FORWARDED)
        .into_iter()
        .map(|element| {
            split_unquoted(&element, ';').into_iter().find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"').to_owned())
            })
        })
        .collect()
}

/// The elements of all lines of a header. A line that is not text counts as one that is no address.
fn elements(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?"));
    lines.flat_map(|line| split_unquoted(line, ',')).map(|element| element.trim().to_owned()).collect()
}

fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|symbol| {
        quoted ^= symbol == '"';
        symbol == separator && !quoted
    })
    .collect()
}

/// `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`; IPv4 in IPv6 becomes IPv4.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    parsed.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        client_ip(peer.parse().unwrap(), &map, |address| is_in(&trusted, address)).to_string()
    }

    /// P1: only trusted proxies are believed.
    #[test]
    fn a_stranger_can_say_what_it_likes() {
        for name in ["x-forwarded-for", "forwarded"] {
            assert_eq!(resolve("198.51.100.7", &[(name, "for=1.1.1.1")]), "198.51.100.7");
        }
    }

    /// P1: the right-most hop that is not a trusted proxy; all forms in which one is written.
    #[test]
    fn the_chain_is_read_from_the_right() {
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], &'a str);
        let cases: [Case<'_>; 16] = [
            ("10.0.0.1", &[], "10.0.0.1"),
            ("::ffff:10.0.0.1", &[("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            ("::ffff:1.2.3.4", &[], "1.2.3.4"),
            ("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.9.9.9")], "1.2.3.4"),
            ("10.0.0.1", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4,10.2.2.2")], "1.2.3.4"),
            ("10.0.0.1", &[("x-forwarded-for", "10.3.3.3, 10.2.2.2")], "10.3.3.3"),
            ("10.0.0.1", &[("x-forwarded-for", "1.2.3.4:5678")], "1.2.3.4"),
            ("10.0.0.1", &[("x-forwarded-for", "[2001:db8::1]:443")], "2001:db8::1"),
            ("fd00::1", &[("x-forwarded-for", "::ffff:1.2.3.4")], "1.2.3.4"),
            ("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, unknown, 10.2.2.2")], "10.2.2.2"),
            ("10.0.0.1", &[("x-forwarded-for", "")], "10.0.0.1"),
            ("10.0.0.1", &[("forwarded", "for=6.6.6.6, For=\"[2001:db8::2]:80\";proto=https")], "2001:db8::2"),
            ("10.0.0.1", &[("forwarded", "proto=https;by=x;for=1.2.3.4, for=10.4.4.4")], "1.2.3.4"),
            ("10.0.0.1", &[("forwarded", "for=1.2.3.4, for=\"_a,b\", for=10.4.4.4")], "10.4.4.4"),
            ("10.0.0.1", &[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
        ];
        for (peer, headers, expected) in cases {
            assert_eq!(resolve(peer, headers), expected, "{peer} {headers:?}");
        }
    }

    proptest! {
        /// Whatever is written left of it, the address that the trusted proxy wrote down is the client.
        #[test]
        fn nothing_to_the_left_can_change_the_answer(forged in "[ -~]{0,60}", client in any::<u32>()) {
            let client = IpAddr::from(client.to_be_bytes());
            prop_assume!(!is_in(&["10.0.0.0/8".parse().unwrap()], client));
            let forged = forged.replace('"', "");
            let found = resolve("10.0.0.1", &[("x-forwarded-for", &format!("{forged},{client}"))]);
            prop_assert_eq!(found, client.to_string());
        }

        #[test]
        fn no_header_makes_it_panic(value in "\\PC{0,60}", line in "[ -~]{0,60}") {
            let _ = address(&value);
            let _ = resolve("10.0.0.1", &[("forwarded", &line)]);
            let _ = resolve("10.0.0.1", &[("x-forwarded-for", &line)]);
        }
    }
}
