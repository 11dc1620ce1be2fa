//! The reader of `X-Forwarded-For` and `Forwarded` under arbitrary headers.
//!
//! What must hold: no panic; a peer that is no trusted proxy is the client whatever it says; and nothing that stands left
//! of the answer can change the answer.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ingest::client_ip::{client_ip, is_in};
use ipnet::IpNet;

const FORGED: &[&str] = &["6.6.6.6", "10.6.6.6", "unknown", "[::1]:80", "for=6.6.6.6"];

/// One input: a byte for the header's name, one for how many lines there are, then the lines.
pub(crate) fn run(input: &[u8]) {
    let [name, count, rest @ ..] = input else { return };
    let name = HeaderName::from_static(if name & 1 == 0 { "x-forwarded-for" } else { "forwarded" });
    let lines = rest.splitn(1 + usize::from(count % 4), |&byte| byte == b'\n');
    let lines: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let headers = |first: Option<&str>| -> HeaderMap {
        let first = first.map(HeaderValue::from_str).and_then(Result::ok);
        first.into_iter().chain(lines.iter().cloned()).map(|line| (name.clone(), line)).collect()
    };
    let networks: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].iter().filter_map(|text| text.parse().ok()).collect();
    let trusted = |address: IpAddr| is_in(&networks, address);

    let stranger = IpAddr::from([198, 51, 100, 7]);
    assert_eq!(client_ip(stranger, &headers(None), trusted), stranger);

    let proxy = IpAddr::from([10, 0, 0, 1]);
    let client = client_ip(proxy, &headers(None), trusted);
    assert_eq!(client, client.to_canonical());
    if !trusted(client) {
        for forged in FORGED {
            assert_eq!(client_ip(proxy, &headers(Some(forged)), trusted), client, "{forged} on the left");
        }
    }
}
