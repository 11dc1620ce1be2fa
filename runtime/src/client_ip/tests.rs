use axum::http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

const XFF: &str = "x-forwarded-for";

fn header(name: &str) -> ProxyHeader {
    name.to_owned().try_into().unwrap()
}

/// With proxies at 10.0.0.0/8 and fd00::/8 that write `written`, and others at 172.16.0.0/12 that write `theirs`.
fn resolve_bytes(peer: &str, written: &str, theirs: &str, lines: &[(&'static str, &[u8])]) -> String {
    let ours: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
    let others: Vec<IpNet> = vec!["::ffff:172.16.0.0/108".parse().unwrap()];
    let (written, theirs) = (header(written), header(theirs));
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    let writes = |address| {
        let ours = is_in(&ours, address).then_some(&written);
        ours.or_else(|| is_in(&others, address).then_some(&theirs))
    };
    client_ip(peer.parse().unwrap(), &map, writes).map_or("none".to_owned(), |ip| ip.to_string())
}

fn resolve(peer: &str, written: &str, lines: &[(&'static str, &str)]) -> String {
    let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    resolve_bytes(peer, written, XFF, &lines)
}

/// P1: only trusted proxies are believed.
#[test]
fn a_stranger_can_say_what_it_likes() {
    for name in [XFF, "forwarded", "x-real-ip"] {
        for value in ["1.1.1.1", "for=1.1.1.1"] {
            assert_eq!(resolve("198.51.100.7", name, &[(name, value)]), "198.51.100.7");
        }
    }
}

/// P1: the right-most hop that is not a trusted proxy; all forms in which one is written.
#[test]
fn the_chain_is_read_from_the_right() {
    for (peer, value, expected) in [
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6\n1.2.3.4,10.2.2.2", "1.2.3.4"),
        ("10.0.0.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "\"[2001:db8::1]:443\"", "2001:db8::1"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("fd00::1", "::ffff:1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, unknown, 10.2.2.2", "none"),
        ("10.0.0.1", "1.2.3.4, _hidden", "none"),
        ("10.0.0.1", "1.2.3.4, unix:", "none"),
        ("10.0.0.1", "1.2.3.4,", "1.2.3.4"),
        ("10.0.0.1", ", ,1.2.3.4 ,, 10.2.2.2,\n,", "1.2.3.4"),
        ("10.0.0.1", ",,", "10.0.0.1"),
        ("10.0.0.1", "\", 8.8.4.4", "8.8.4.4"),
        ("10.0.0.1", "6.6.6.6, \"x, 8.8.4.4", "8.8.4.4"),
        // Inside of an IPv6 address stands what its owner likes: it is no proxy's.
        ("10.0.0.1", "6.6.6.6, 2002:a00:1::1", "2002:a00:1::1"),
        ("10.0.0.1", "6.6.6.6, 64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
        ("10.0.0.1", "6.6.6.6, 010.0.0.1", "none"),
        ("172.16.0.1", "1.2.3.4", "1.2.3.4"),
    ] {
        let lines: Vec<_> = value.split('\n').map(|line| (XFF, line)).collect();
        assert_eq!(resolve(peer, XFF, &lines), expected, "{peer} {value}");
        let other: Vec<_> = value.split('\n').map(|line| ("x-real-ip", line)).collect();
        assert_eq!(resolve("10.0.0.1", "x-real-ip", &other), resolve("10.0.0.1", XFF, &lines), "{value}");
    }
}

/// P1: RFC 7239, its examples among them, and what is appended to broken text.
#[test]
fn forwarded_is_read_from_the_right() {
    for (value, expected) in [
        ("for=\"_gazonk\"", "none"),
        ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
        ("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown", "none"),
        ("for=192.0.2.43, for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
        ("for=_hidden, for=_SEVKISEK", "none"),
        ("for=\"192.0.2.43:47011\"", "192.0.2.43"),
        ("for=\"192.0.2.43:_port\"", "192.0.2.43"),
        ("for=\"[2001:db8:cafe::17]:_port\"", "2001:db8:cafe::17"),
        ("for=6.6.6.6, For=\"[2001:db8::2]:80\";proto=https", "2001:db8::2"),
        ("proto=https;by=x;for=1.2.3.4, for=10.4.4.4", "1.2.3.4"),
        ("for=6.6.6.6\nproto=https;for=1.2.3.4\nfor=10.4.4.4", "1.2.3.4"),
        ("for=1.2.3.4, for=\"_a,b\", for=10.4.4.4", "none"),
        ("for=1.2.3.4 ; proto=https ,", "1.2.3.4"),
        (", for=1.2.3.4, , for=10.4.4.4;;", "1.2.3.4"),
        ("for=1.2.3.4:80", "1.2.3.4"),
        ("for=[2001:db8::2]:80", "2001:db8::2"),
        ("for=\"1.2.\\3.4\"", "1.2.3.4"),
        ("for=6.6.6.6, host=\"a\\\"b,c;for=7.7.7.7\";for=1.2.3.4", "1.2.3.4"),
        ("for=6.6.6.6, for=1.2.3.4;host=\"a\\\\\"", "1.2.3.4"),
        // Not closed, closed by an escape, no list, no pair, twice, without an address: nobody knows.
        ("for=1.1.1.1;x=\", for=8.8.4.4", "8.8.4.4"),
        ("for=1.1.1.1;x=\"\\, for=\"8.8.4.4\"", "8.8.4.4"),
        ("for=1.1.1.1;x=\"\nfor=\"[2001:db8::9]\";proto=https", "2001:db8::9"),
        ("\", for=8.8.4.4", "8.8.4.4"),
        ("for=6.6.6.6, for=8.8.4.4\"", "none"),
        ("for=6.6.6.6, for=\"8.8.4.4\\\"", "none"),
        ("for=6.6.6.6, for=8.8.4.4 x", "none"),
        ("for=6.6.6.6, 8.8.4.4", "none"),
        ("for=6.6.6.6, for=8.8.4.4;for=10.4.4.4", "none"),
        ("for=6.6.6.6, proto=https", "none"),
        ("for=6.6.6.6, ;", "none"),
        ("for=6.6.6.6, =8.8.4.4", "none"),
    ] {
        let lines: Vec<_> = value.split('\n').map(|line| ("forwarded", line)).collect();
        assert_eq!(resolve("10.0.0.1", "forwarded", &lines), expected, "{value}");
    }
}

/// P1: bytes beyond ASCII cost the element they stand in, and what is left of it.
#[test]
fn bytes_beyond_ascii() {
    for (name, line, expected) in [
        (XFF, b"6.6.6.6, \xe9, 8.8.4.4".as_slice(), "8.8.4.4"),
        (XFF, b"\xff\xfe, 8.8.4.4, 10.2.2.2", "8.8.4.4"),
        (XFF, b"6.6.6.6, 8.8.4.4\xe9", "none"),
        ("forwarded", b"for=6.6.6.6;x=\"\xe9, for=8.8.4.4", "8.8.4.4"),
        ("forwarded", b"for=6.6.6.6, for=\xe9", "none"),
    ] {
        assert_eq!(resolve_bytes("10.0.0.1", name, XFF, &[(name, line)]), expected, "{}", line.escape_ascii());
    }
}

/// P1: the header that the proxies write counts, and no other; each owner's proxies write their own.
#[test]
fn other_headers_are_the_clients() {
    let both = [("forwarded", "for=1.1.1.1"), (XFF, "2.2.2.2"), ("x-real-ip", "3.3.3.3")];
    for (written, expected) in
        [(XFF, "2.2.2.2"), ("forwarded", "1.1.1.1"), ("x-real-ip", "3.3.3.3"), ("cf-connecting-ip", "10.0.0.1")]
    {
        assert_eq!(resolve("10.0.0.1", written, &both), expected);
    }
    let chained: [(&'static str, &[u8]); 2] =
        [("forwarded", b"for=6.6.6.6, for=1.2.3.4"), (XFF, b"7.7.7.7, 172.16.9.9")];
    assert_eq!(resolve_bytes("10.0.0.1", XFF, "forwarded", &chained), "1.2.3.4");
    assert_eq!(resolve_bytes("172.16.9.9", XFF, "forwarded", &chained), "1.2.3.4");
    let same: [(&'static str, &[u8]); 1] = [(XFF, b"6.6.6.6, 1.2.3.4, 172.16.9.9")];
    assert_eq!(resolve_bytes("10.0.0.1", XFF, XFF, &same), "1.2.3.4");
}

proptest! {
    /// Whatever is written left of it, the address that the trusted proxy wrote down is the client.
    #[test]
    fn nothing_to_the_left_can_change_the_answer(
        forged in proptest::collection::vec(prop_oneof![9 => b' '..=b'~', 1 => 0x80_u8..], 0..60),
        client in any::<u32>(),
        own_line in any::<bool>(),
    ) {
        let client = IpAddr::from(client.to_be_bytes());
        prop_assume!(!is_in(&["10.0.0.0/8".parse().unwrap(), "172.16.0.0/12".parse().unwrap()], client));
        prop_assume!(!client.is_unspecified());
        for (name, written) in [
            (XFF, client.to_string()),
            ("forwarded", format!("for={client}")),
            ("forwarded", format!("by=x;For=\"{client}:80\";host=\"a\\\",for=7.7.7.7\"")),
        ] {
            let one = [&forged, b",".as_slice(), written.as_bytes()].concat();
            let lines: Vec<(&'static str, &[u8])> =
                if own_line { vec![(name, &forged), (name, written.as_bytes())] } else { vec![(name, &one)] };
            prop_assert_eq!(resolve_bytes("10.0.0.1", name, XFF, &lines), client.to_string(), "{}", name);
        }
    }

    #[test]
    fn no_header_makes_it_panic(line in proptest::collection::vec(prop_oneof![b' '..=b'~', 0x80_u8..], 0..60)) {
        for name in [XFF, "forwarded", "x-real-ip"] {
            let _ = resolve_bytes("10.0.0.1", name, "forwarded", &[(name, &line)]);
        }
    }
}
