//! The reader of the headers in which proxies say where a request came from, under arbitrary headers.
//!
//! What must hold: no panic; a peer that is no trusted proxy is the client whatever it says; nothing that stands left of
//! the answer can change the answer; and what a proxy appends is the answer whatever it was given.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use runtime::client_ip::{client_ip, is_in};
use schemas::settings::ProxyHeader;

const FORGED: &[&str] = &["6.6.6.6", "10.6.6.6", "unknown", "[::1]:80", "for=6.6.6.6", "for=6.6.6.6;x=\"", "\"", "\\"];

/// One input: a byte for the header's name, one for how many lines there are, then the lines.
pub(crate) fn run(input: &[u8]) {
    let [name, count, rest @ ..] = input else { return };
    let name = if name & 1 == 0 { "x-forwarded-for" } else { "forwarded" };
    let Ok(header) = ProxyHeader::try_from(name.to_owned()) else { return };
    let name = HeaderName::from_static(name);
    let lines = rest.splitn(1 + usize::from(count % 4), |&byte| byte == b'\n');
    let lines: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let headers = |first: Option<&str>, last: Option<&str>| -> HeaderMap {
        let [first, last] = [first, last].map(|text| text.map(HeaderValue::from_str).and_then(Result::ok));
        first.into_iter().chain(lines.iter().cloned()).chain(last).map(|line| (name.clone(), line)).collect()
    };
    let networks: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].iter().filter_map(|text| text.parse().ok()).collect();
    let trusted = |address: IpAddr| is_in(&networks, address);
    let read = |peer, headers| client_ip(peer, &headers, |address| trusted(address).then_some(&header));

    let stranger = IpAddr::from([198, 51, 100, 7]);
    assert_eq!(read(stranger, headers(None, None)), Some(stranger));

    let proxy = IpAddr::from([10, 0, 0, 1]);
    let client = read(proxy, headers(None, None));
    assert_eq!(client, client.map(|client| client.to_canonical()));
    if client.is_some_and(|client| !trusted(client)) {
        for forged in FORGED {
            assert_eq!(read(proxy, headers(Some(forged), None)), client, "{forged} on the left");
        }
    }
    let appended: &[&str] = if header.is_forwarded() {
        &["for=8.8.4.4", "by=\"_x\\\"\";for=\"8.8.4.4:80\""]
    } else {
        &["8.8.4.4", "8.8.4.4:80"]
    };
    for appended in appended {
        assert_eq!(
            read(proxy, headers(None, Some(appended))),
            Some(IpAddr::from([8, 8, 4, 4])),
            "{appended} on the right"
        );
    }
}
