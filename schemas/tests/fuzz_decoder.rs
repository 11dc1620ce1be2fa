//! The decoder's fuzz target for a bounded time, without libFuzzer: the golden payloads, good and bad, changed at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../fuzz/bodies/decoder.rs"]
mod decoder;
#[path = "../../fuzz/bodies/mutate.rs"]
mod mutate;

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud83d",
    "null",
    "true",
    "-0",
    "1e999",
    "18446744073709551616",
    "\u{feff}",
    "\"type\":",
    "\"id\":",
    "\"unknown\":{}",
    "\"changes\":[{\"path\":\"p\"}],",
    "\"2026-11-20T10:00:00Z\"",
    "RFC 3339",
    "a time from",
    "\"occurred_at\":\"2200-01-01T00:00:00Z\",",
    "::ffff:1.2.3.4",
    "\"specversion\":\"1.0\",",
    "\"source\":\"/a\",",
    "\"data_base64\":\"e30=\",",
    "\"client_hints\":{\"brands\":[{\"brand\":\"x\"}]},",
    "undefined",
    "1200.0",
    "\"a.b\":1,",
    "\"data\":{",
];

/// Golden bodies under every kind of attribute, in the target's format: switches, lines for those switched on, body.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for folder in ["golden", "golden/bad"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.ends_with(".json") || name.ends_with(".headers.json") || name.ends_with(".rejection.json") {
                continue;
            }
            let body = std::fs::read(&path).unwrap();
            let all = "id-7\n89.24.56.7\nce-7\nclient.created\n2026-11-20T10:02:00.5+03:00\napplication/json\n";
            for (switches, lines) in [(0_u8, ""), (0x03, "id-7\n::1\n"), (0x40, ""), (0x3f, all)] {
                corpus.push([&[switches], lines.as_bytes(), &body].concat());
            }
        }
    }
    corpus.sort();
    corpus
}

/// P1: whatever comes is decoded within bounds or refused with its reason.
#[test]
fn the_decoder_takes_anything() {
    mutate::run(&corpus(), TOKENS, decoder::run);
}
