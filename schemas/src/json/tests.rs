use super::*;
use proptest::prelude::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn both(json: &str) -> (String, String) {
    let raw = raw(json);
    (kept(&raw).into_owned(), canonical(&raw).into_owned())
}

/// A1: what is kept is the value, not its spelling; numbers lose no digit.
#[test]
fn one_spelling() {
    for (sent, as_kept, as_canonical) in [
        (r#""\u041d\u043e\u0432\u0430\u044f""#, "\"Новая\"", "\"Новая\""),
        (
            r#""\ud83d\ude00\/\u0022\\\u005c\n\u0000\u007f""#,
            "\"😀/\\\"\\\\\\\\\\n\\u0000\u{7f}\"",
            "\"😀/\\\"\\\\\\\\\\n\\u0000\u{7f}\"",
        ),
        (r#""cut \ud83d""#, "\"cut \u{fffd}\"", "\"cut \u{fffd}\""),
        (r#""\ude00\ud83d\ud83d\ude00\ud83dx""#, "\"\u{fffd}\u{fffd}😀\u{fffd}x\"", "\"\u{fffd}\u{fffd}😀\u{fffd}x\""),
        ("[1, 2]", "[1,2]", "[1,2]"),
        ("[ ]", "[]", "[]"),
        ("{ \"b\" : 1.0 ,\r\n\t\"a\":{ } }", "{\"b\":1.0,\"a\":{}}", "{\"a\":{},\"b\":1}"),
        ("{\"b\":1,\"a\":2,\"\\u0061\":3}", "{\"b\":1,\"a\":2,\"a\":3}", "{\"a\":3,\"b\":1}"),
        ("1.0", "1.0", "1"),
        ("-0.0", "-0.0", "0"),
        ("-0", "-0", "0"),
        ("10.50", "10.50", "10.5"),
        ("105e-1", "105e-1", "10.5"),
        ("1E+2", "1E+2", "100"),
        ("12345678901234567890123", "12345678901234567890123", "12345678901234567890123"),
        (
            "0.1000000000000000055511151231257827",
            "0.1000000000000000055511151231257827",
            "0.1000000000000000055511151231257827",
        ),
        ("1e400", "\"1e400\"", "\"1e400\""),
        (
            "{\"a\":[-1.5E999,1e308,1e-999]}",
            "{\"a\":[\"-1.5E999\",1e308,1e-999]}",
            "{\"a\":[\"-1.5e999\",1e308,1e-999]}",
        ),
        ("10.0e399", "\"10.0e399\"", "\"1e400\""),
        ("1e23", "1e23", "100000000000000000000000"),
        ("1e40", "1e40", "1e40"),
        ("10000000000000000000000000000000000000000", "10000000000000000000000000000000000000000", "1e40"),
        ("1.25e-40", "1.25e-40", "1.25e-40"),
        ("0.00001", "0.00001", "0.00001"),
        ("-0e99999999999", "-0e99999999999", "0"),
        ("1e99999999999999999999", "\"1e99999999999999999999\"", "\"1e99999999999999999999\""),
        ("true", "true", "true"),
        ("null", "null", "null"),
        ("\"1.0 [1, 2]\"", "\"1.0 [1, 2]\"", "\"1.0 [1, 2]\""),
    ] {
        assert_eq!(both(sent), (as_kept.to_owned(), as_canonical.to_owned()), "{sent}");
        assert_eq!(well_formed(sent).len(), sent.len());
    }
}

/// What is as it is kept already costs no copy.
#[test]
fn nothing_is_copied_without_need() {
    for plain in ["\"Новая\"", "17", "-5", "true", "{\"b\":\"x y\",\"a\":[1.0]}"] {
        assert!(matches!(kept(&raw(plain)), Cow::Borrowed(_)), "{plain}");
    }
    for plain in ["\"Новая\"", "17", "-5", "true"] {
        assert!(matches!(canonical(&raw(plain)), Cow::Borrowed(_)), "{plain}");
    }
}

/// A1: half of a surrogate pair is U+FFFD; whole pairs, escaped backslashes and what is no JSON stay.
#[test]
fn halves_of_pairs() {
    for (sent, whole) in [
        (r#"{"\ud800":"\\ud800 \uD800\u0041 \uDFFF"}"#, r#"{"\ufffd":"\\ud800 \ufffd\u0041 \ufffd"}"#),
        (r#""\ud83d\ude00 \ud83d\ud83d\ude00""#, r#""\ud83d\ude00 \ufffd\ud83d\ude00""#),
        ("\"\\", "\"\\"),
        ("\"\\é\\u12", "\"\\é\\u12"),
        (r#""\ud8""#, r#""\ud8""#),
    ] {
        assert_eq!(well_formed(sent), whole, "{sent}");
    }
}

#[test]
fn values() {
    let value = Value::parse("{\"n\": 12345678901234567890.10, \"t\": \"\\u0416\", \"l\": [null, true]}").unwrap();
    assert_eq!(value.to_string(), "{\"l\":[null,true],\"n\":12345678901234567890.1,\"t\":\"Ж\"}");
    assert_eq!(serde_json::to_string(&value).unwrap(), value.to_string());
    assert_eq!(value.get("t").and_then(Value::as_str), Some("Ж"));
    assert_eq!(Value::parse("7.0").unwrap().as_u64(), Some(7));
    for nothing in ["", "{", "nul", "1 2", "\"\u{1}\""] {
        assert_eq!(Value::parse(nothing), None, "{nothing}");
    }
    let long = "9".repeat(400);
    assert_eq!(both(&format!("[{long}]")), (format!("[\"{long}\"]"), format!("[\"{long}\"]")));
    assert_eq!(Value::parse(&long), Some(Value::String(long)));
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(Value::parse(&deep(MAX)).is_some() && Value::parse(&deep(MAX + 2)).is_none());
}

const MAX: usize = 128;

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,6}".prop_map(Into::into),
        "[\"\\\\\u{0}-\u{20}]{0,4}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-c\"\\\\ž]{0,2}", inner, 0..4)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every letter as an escape, white space wherever it may be.
fn respelled(json: &str) -> String {
    let (mut out, mut in_text) = (String::new(), false);
    let mut letters = json.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                in_text = !in_text;
                out.push_str(if in_text { " \"" } else { "\" " });
            }
            '\\' => {
                let escape = letters.next().unwrap();
                out.extend([letter, escape]);
                out.extend(letters.by_ref().take(if escape == 'u' { 4 } else { 0 }));
            }
            _ if in_text => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
            ',' | ':' | '[' | '{' | ']' | '}' => out.push_str(&format!("\t{letter}\n")),
            _ => out.push(letter),
        }
    }
    out
}

proptest! {
    /// Any value, however it is spelled, is the same text, and still that value.
    #[test]
    fn spelling_does_not_matter(value in json_value()) {
        let (plain, respelled) = (value.to_string(), respelled(&value.to_string()));
        let (as_kept, as_canonical) = both(&plain);
        prop_assert_eq!(both(&respelled), (as_kept.clone(), as_canonical.clone()));
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&as_kept).unwrap(), value.clone());
        prop_assert_eq!(both(&as_canonical), (as_canonical.clone(), as_canonical.clone()));
        prop_assert_eq!(Value::parse(&respelled).unwrap().to_string(), as_canonical);
        prop_assert_eq!(Value::parse(&plain).unwrap(), Value::from(value));
    }

    /// No text whatever makes it panic.
    #[test]
    fn never_panics(text in "([\"\\\\\\[\\]{}:,u0-9aedf-]|\\PC){0,40}") {
        prop_assert_eq!(well_formed(&text).len(), text.len());
        if let Ok(raw) = RawValue::from_string(text.clone()) {
            let canonical = canonical(&raw).into_owned();
            prop_assert!(serde_json::from_str::<&RawValue>(&canonical).is_ok());
        }
        let _ = Value::parse(&text);
    }
}
