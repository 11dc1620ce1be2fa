//! Golden payloads: what an event may look like on the wire (`golden/`), and what is refused with which code and pointer
//! (`golden/bad/`), held against the decoder and against the published JSON Schema, so that the two never part.
//!
//! `x.json` is the body; `x.headers.json` what travels beside it; `bad/x.rejection.json` the refusal, with
//! `beyond_schema` where JSON Schema can't express the rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use schemas::catalogue::{Catalogue, Category, Class};
use schemas::decode::{self, Attributes, Rejection, Scratch, decode};
use schemas::event::{Event, Millis};
use serde::Deserialize;
use serde_json::Value;

/// Types of the golden payloads that the catalogue doesn't have, on purpose.
const UNKNOWN_TYPES: &[&str] = &[
    "com.example.someevent",
    "lesson.booked",
    "spaceship.launched",
    "user.login",
    "UserLoginFailed",
    "com.example.order.deleted.v1",
];

struct Golden {
    name: String,
    bytes: Vec<u8>,
    headers: BTreeMap<String, String>,
    path: PathBuf,
}

impl Golden {
    fn attributes(&self) -> Attributes<'_> {
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        let attributes = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(decode::ATTRIBUTE_PREFIX)?.into(), value.as_str())));
        Attributes {
            id: header("id"),
            ip: header("ip"),
            written_at: header("written-at").map(|at| Millis(at.parse().unwrap())),
            content_type: header("content-type"),
            cloud_event: attributes.collect(),
        }
    }

    fn decode<'a>(&'a self, scratch: &'a Scratch) -> Result<Event<'a>, Rejection> {
        decode(&self.bytes, &self.attributes(), scratch)
    }

    /// The body, where it is JSON.
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(decode::without_bom(&self.bytes)).ok()
    }

    /// The definition of the schema that the body follows.
    fn definition(&self) -> Definition {
        let is_one = |kind: &String| decode::is_structured(kind);
        if self.headers.contains_key("ce_type") {
            Definition::Data
        } else if self.headers.get("content-type").is_some_and(is_one) || self.json().is_some_and(shows) {
            Definition::CloudEvent
        } else {
            Definition::Event
        }
    }
}

/// Whether plain JSON is meant as a CloudEvent.
fn shows(body: Value) -> bool {
    body.get("specversion").is_some() && (body.get("source").is_some() || body.get("time").is_some())
}

#[derive(Clone, Copy)]
enum Definition {
    Event,
    CloudEvent,
    Data,
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../event.schema.json")).unwrap()
}

/// One validator for each way to send an event.
struct Validators([jsonschema::Validator; 3]);

impl Validators {
    fn new() -> Self {
        Self([("Event", true), ("CloudEvent", false), ("Data", false)].map(|(definition, whole)| {
            let mut schema = schema();
            schema["$ref"] = format!("#/$defs/{definition}").into();
            if !whole {
                schema.as_object_mut().unwrap().remove("required");
                schema.as_object_mut().unwrap().remove("properties");
            }
            jsonschema::options().should_validate_formats(true).build(&schema).expect("a valid JSON Schema")
        }))
    }

    fn errors(&self, golden: &Golden, body: &Value) -> Vec<String> {
        self.0[golden.definition() as usize].iter_errors(body).map(|error| error.to_string()).collect()
    }
}

fn folder(name: &str) -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            let headers = path.with_extension("headers.json");
            let headers = std::fs::read(headers).map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
            (!name.contains('.')).then(|| Golden { name, bytes: std::fs::read(&path).unwrap(), headers, path })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// P1: each golden payload is accepted, by the decoder and by the schema.
#[test]
fn golden_payloads_are_accepted() {
    let validators = Validators::new();
    let golden = folder("golden");
    assert!(golden.len() >= 30);
    for golden in golden {
        let scratch = Scratch::default();
        let event = golden.decode(&scratch).unwrap_or_else(|rejection| panic!("{}: {rejection}", golden.name));
        assert!(event.kind.is_some(), "{}", golden.name);
        // Data of a CloudEvent may be of any kind.
        let Some(body) = golden.json() else { continue };
        assert_eq!(validators.errors(&golden, &body), Vec::<String>::new(), "{}", golden.name);
    }
}

/// J10, J2, L2: the golden payloads are of the catalogue's types, and show every class and category of it.
#[test]
fn golden_payloads_use_the_catalogue() {
    let catalogue = Catalogue::shipped().unwrap();
    let (mut classes, mut categories, mut unknown) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for golden in folder("golden") {
        let scratch = Scratch::default();
        let event = golden.decode(&scratch).unwrap();
        let filed = catalogue.classify(event.kind.as_deref().unwrap(), None, None);
        classes.insert(filed.class);
        categories.insert(filed.category);
        if !filed.known {
            unknown.insert(event.kind.as_deref().unwrap().to_owned());
        }
    }
    assert_eq!(unknown, UNKNOWN_TYPES.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(classes.len(), Class::ALL.len());
    assert_eq!(categories.len(), Category::ALL.len());
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    code: String,
    pointer: String,
    #[serde(default)]
    beyond_schema: bool,
}

/// P1: each bad payload is refused with its code and pointer, and by the schema where that can express it.
#[test]
fn bad_payloads_are_refused() {
    let validators = Validators::new();
    let mut wrong = Vec::new();
    for golden in folder("golden/bad") {
        let expected = std::fs::read(golden.path.with_extension("rejection.json")).unwrap();
        let expected: Expected = serde_json::from_slice(&expected).unwrap();
        match golden.decode(&Scratch::default()) {
            Ok(_) => wrong.push(format!("{}: accepted", golden.name)),
            Err(got) if (got.code, got.pointer.as_str()) != (expected.code.as_str(), expected.pointer.as_str()) => {
                wrong.push(format!("{}: {got}", golden.name));
            }
            Err(_) => {}
        }
        let Some(body) = golden.json() else { continue };
        let refused = !validators.errors(&golden, &body).is_empty();
        if refused == expected.beyond_schema {
            wrong.push(format!("{}: refused by the schema: {refused}", golden.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The bounds that the schema publishes are the decoder's.
#[test]
fn the_schema_has_the_decoders_bounds() {
    let schema = schema();
    for (pointer, bound) in [
        ("/$defs/Event/properties/id/maxLength", decode::MAX_ID_BYTES),
        ("/$defs/Actor/properties/id/maxLength", decode::MAX_NAME_BYTES),
        ("/$defs/Object/properties/id/maxLength", decode::MAX_NAME_BYTES),
        ("/$defs/Context/properties/session_id/maxLength", decode::MAX_NAME_BYTES),
        ("/$defs/CloudEvent/properties/source/maxLength", decode::MAX_SOURCE_BYTES),
        ("/$defs/Event/properties/type/maxLength", decode::MAX_ID_BYTES),
        ("/$defs/Event/properties/action/maxLength", decode::MAX_ID_BYTES),
        ("/$defs/Event/properties/channel/maxLength", decode::MAX_ID_BYTES),
        ("/$defs/Event/properties/reason/maxLength", decode::MAX_REASON_BYTES),
        ("/$defs/Event/properties/changes/maxItems", decode::MAX_CHANGES),
        ("/$defs/Object/properties/url/maxLength", decode::MAX_URL_BYTES),
        ("/$defs/Object/properties/type/maxLength", decode::MAX_ID_BYTES),
        ("/$defs/Change/properties/path/maxLength", decode::MAX_NAME_BYTES),
        ("/$defs/Name/maxLength", decode::MAX_NAME_BYTES),
    ] {
        assert_eq!(schema.pointer(pointer).and_then(Value::as_u64), Some(bound as u64), "{pointer}");
    }
    let description = schema["description"].as_str().unwrap();
    assert!(description.contains(&decode::MAX_EVENT_BYTES.to_string()));
    assert!(description.contains(&format!("{} levels", decode::MAX_DEPTH)));
}

/// The examples that the schema gives are of the catalogue, and the schema's own.
#[test]
fn the_schemas_examples_are_real() {
    let schema = schema();
    let catalogue = Catalogue::shipped().unwrap();
    for example in schema.pointer("/$defs/Event/properties/type/examples").unwrap().as_array().unwrap() {
        assert!(catalogue.get(example.as_str().unwrap()).is_some(), "{example}");
    }
    let channels: BTreeSet<_> = catalogue.entries().filter_map(|entry| entry.channel.as_deref()).collect();
    let examples = schema.pointer("/$defs/Event/properties/channel/examples").unwrap().as_array().unwrap();
    assert_eq!(examples.iter().map(|example| example.as_str().unwrap()).collect::<BTreeSet<_>>(), channels);
}
