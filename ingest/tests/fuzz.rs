//! The fuzz targets of what strangers send to ingest for a bounded time, without libFuzzer: bodies and their framing,
//! and the headers that state a client's address.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../fuzz/bodies/client_ip.rs"]
mod client_ip;
#[path = "../../fuzz/bodies/framing.rs"]
mod framing;
#[path = "../../fuzz/bodies/mutate.rs"]
mod mutate;

/// P1: whatever the body, it is split into events as documented, or it is refused.
#[test]
fn framing_takes_anything() {
    const TOKENS: &[&str] = &[
        "\n",
        "\r\n",
        "[",
        "]",
        ",",
        "{}",
        "{\"type\":\"a.b\"}",
        "[]",
        " ",
        "\t",
        "\u{feff}",
        "null",
        "\"",
        "\\",
        "1e999",
        "application/json",
        "%C4%9B",
        "%",
        "%zz",
        ";charset=utf-8",
    ];
    let bodies = [
        "",
        "{\"type\":\"a.b\"}",
        "[{\"type\":\"a.b\"},{\"type\":\"c.d\"}]",
        "{\"type\":\"a.b\"}\n{\"type\":\"c.d\"}\n\n",
        "{\n\"type\":\"a.b\"\n}\n",
        "bad\n{\"type\":\"a.b\"}\n{\"type\":\"c.d\"}",
        "[bad\n{\"type\":\"a.b\"}\n{\"type\":\"c.d\"}",
        "{\"specversion\":\"1.0\",\"type\":\"a.b\",\"id\":\"1\",\"data\":{\"actor\":{\"id\":\"u\"}}}",
        "[{\"specversion\":\"1.0\",\"type\":\"a.b\",\"data\":{}}]",
    ];
    let mut corpus = Vec::new();
    for body in bodies {
        for pick in 0_u8..6 {
            let kind = if pick == 5 { "application/vnd.acme+json\n" } else { "" };
            corpus.push([&[pick, 0x0f], kind.as_bytes(), body.as_bytes()].concat());
            corpus.push(
                [
                    &[pick, 0x82],
                    kind.as_bytes(),
                    b"id%20\xc4\x9b\na.b\n2026-11-20T10:00:00Z\n\"/a\"\n",
                    body.as_bytes(),
                ]
                .concat(),
            );
        }
    }
    mutate::run(&corpus, TOKENS, framing::run);
}

/// P1: only trusted proxies are believed, whatever the header.
#[test]
fn the_clients_address_can_not_be_forged() {
    const TOKENS: &[&str] = &[
        ",",
        ";",
        "=",
        "\"",
        "for=",
        "For=",
        "by=",
        "proto=https",
        "[",
        "]",
        ":",
        "::ffff:",
        "10.0.0.2",
        "1.2.3.4",
        "unknown",
        "\n",
        " ",
        "_hidden",
        "[2001:db8::1]:443",
        "65536",
    ];
    let lines = [
        "1.2.3.4",
        "6.6.6.6, 1.2.3.4, 10.9.9.9",
        "6.6.6.6\n1.2.3.4,10.2.2.2",
        "[2001:db8::1]:443",
        "::ffff:1.2.3.4",
        "for=6.6.6.6, For=\"[2001:db8::2]:80\";proto=https",
        "for=1.2.3.4, for=\"_a,b\", for=10.4.4.4",
        "proto=https;by=x;for=1.2.3.4, for=10.4.4.4",
        "for=1.1.1.1;x=\", for=8.8.4.4",
        "for=6.6.6.6, host=\"a\\\"b\";for=1.2.3.4",
        "\", 8.8.4.4,",
    ];
    let corpus: Vec<Vec<u8>> = lines
        .iter()
        .flat_map(|line| (0_u8..8).map(|switches| [&[switches & 1, switches >> 1], line.as_bytes()].concat()))
        .collect();
    mutate::run(&corpus, TOKENS, client_ip::run);
}
