//! How an event is rendered: in the words of the catalogue, with links into the tenant's application.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemas::bidi::plain;
use schemas::catalogue::{Catalogue, Lang, Values, names_outcome, system};
use schemas::decode::MAX_URL_BYTES;
use schemas::event::Outcome;
use schemas::ids::is_blank;
use schemas::json::Value;
use schemas::settings::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

use crate::log::edits::edits_but;
use crate::log::named_change::{ChangedEvent, named_change};
use crate::log::rows::EventRow;
use crate::log::{object_state, own, type_names, words};
use crate::restore::refusal::Refusal;
use crate::rules::titles::Titles;

/// Unreserved characters of RFC 3986, section 2.3: all else in an id is encoded, so that it stays one part of an address.
const IN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Longest text of a message beside an event, in bytes. The payload has the whole.
const MAX_TEXT: usize = 4096;
/// Longest list of changed fields in a sentence, in bytes.
const MAX_FIELDS: usize = 4096;
/// Fields of a payload that are shown as media.
const MEDIA: &[(&str, MediaKind)] = &[
    ("recording_url", MediaKind::Recording),
    ("transcript_url", MediaKind::Transcript),
    ("transcript", MediaKind::Transcript),
    ("text", MediaKind::Message),
    ("message", MediaKind::Message),
];

/// An event in words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Words {
    /// What its type is called.
    #[schema(example = "Task deadline changed")]
    pub name: String,
    /// What happened, as a sentence.
    #[schema(example = "Jana Nováková changed the deadline of the task “Call back” from “2026-03-05” to “2026-03-09”")]
    pub text: String,
    /// What else is known: reason, number of records, duration, location and channel, as far as there are.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Location: Brno")]
    pub details: String,
    /// Whether what was deleted can be restored. False for a deletion that failed, or was only asked for.
    pub restorable: bool,
    /// Why not, for deletions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_restorable_reason: Option<String>,
    /// Recordings and texts, from the fields `recording_url`, `transcript_url`, `transcript`, `text` and `message` of the
    /// payload.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub media: Vec<Media>,
}

/// A recording or a text of an event: one of `url` and `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is; http or https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The text itself, at most 4096 bytes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a medium is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Of a call.
    Recording,
    /// What was said, in writing.
    Transcript,
    /// The text of a message.
    Message,
}

/// The change that a sentence is about, with its values in words.
struct ShownChange {
    at: usize,
    old: Option<String>,
    new: Option<String>,
}

/// Renders the events of a tenant for one caller.
#[derive(Clone)]
pub struct EventRenderer {
    tenant: Arc<Tenant>,
    catalogue: Catalogue,
    /// The language.
    pub lang: Lang,
    /// Whether the caller sees violations and signals.
    pub violations: bool,
    titles: Option<Arc<Titles>>,
}

impl EventRenderer {
    /// Makes a renderer in a language, with the tenant's own types of events.
    pub fn new(catalogue: &Catalogue, tenant: &Arc<Tenant>, lang: Lang, violations: bool) -> Self {
        let catalogue = catalogue.with_tenant_types(&tenant.event_types);
        Self { tenant: Arc::clone(tenant), catalogue, lang, violations, titles: None }
    }

    /// With what rules are called.
    pub(crate) fn with_titles(self, titles: Titles) -> Self {
        Self { titles: Some(Arc::new(titles)), ..self }
    }

    /// What a rule is called.
    pub(crate) fn title(&self, rule: &str) -> String {
        self.titles.as_ref().map_or_else(|| rule.to_owned(), |titles| titles.of(rule))
    }

    /// What the actor is called; "System" for the product itself.
    pub fn actor<'a>(&self, row: &'a EventRow) -> &'a str {
        if row.actor_kind == "system" {
            return system(self.lang);
        }
        first(&[&row.actor_name, &row.actor_email, &row.actor_id]).unwrap_or("—")
    }

    /// Where the object is in the tenant's application: as the event says, or else by the tenant's template.
    pub fn url(&self, row: &EventRow) -> String {
        if is_web(&row.object_url) {
            return row.object_url.clone();
        }
        match self.tenant.url_templates.get(&row.object_type) {
            Some(template) if !row.object_id.is_empty() => {
                template.replace("{id}", &utf8_percent_encode(&row.object_id, IN_ADDRESS).to_string())
            }
            _ => String::new(),
        }
    }

    /// The event in words.
    pub fn words(&self, row: &EventRow) -> Words {
        let entry = self.catalogue.get(&row.event_type);
        let refusal = Refusal::check(row, entry).err();
        Words {
            name: type_names::name(&self.catalogue, &row.event_type, self.lang).into_owned(),
            text: self.sentence(row),
            details: self.details(row),
            restorable: refusal.is_none(),
            not_restorable_reason: refusal
                .filter(|refusal| *refusal != Refusal::NoDeletion)
                .map(|refusal| refusal.reason(self.lang).to_owned()),
            media: media(&row.payload),
        }
    }

    fn sentence(&self, row: &EventRow) -> String {
        let name = own::object_name(row, self.lang);
        let reason = own::reason(row, self.lang);
        let of_type = match self.catalogue.get(&row.event_type) {
            Some(_) => row.event_type.as_str().into(),
            None => type_names::name(&self.catalogue, &row.event_type, self.lang),
        };
        let with = |change: Option<&ShownChange>| {
            let values = Values {
                actor: Some(self.actor(row)),
                object: name.as_deref().or_else(|| first(&[&row.object_name, &row.object_id])),
                old: change.and_then(|change| change.old.as_deref()),
                new: change.and_then(|change| change.new.as_deref()),
                reason: Some(&*reason),
                records: Some(row.records).filter(|records| *records > 0),
            };
            self.catalogue.describe(&of_type, self.lang, &values)
        };
        let without = with(None);
        // A sentence may have no place for the only value that there is.
        let change =
            self.shown_change(row).map(|change| (with(Some(&change)), change.at)).filter(|(text, _)| *text != without);
        let (mut sentence, change) = change.map_or((without, None), |(text, at)| (text, Some(at)));
        self.name_fields(row, change, &mut sentence);
        self.say_outcome(row, &mut sentence);
        sentence
    }

    fn shown_change(&self, row: &EventRow) -> Option<ShownChange> {
        let entry = self.catalogue.get(&row.event_type)?;
        let about =
            ChangedEvent { event_type: &row.event_type, object_type: &row.object_type, paths: &row.changes_path };
        let at = named_change(about, entry.sentence.get(self.lang))?;
        // What moved has positions for values.
        if row.changes_op.get(at).is_some_and(|op| op == "move") {
            return None;
        }
        let path = row.changes_path.get(at).filter(|_| own::is_own(row)).map(|path| object_state::keys(path));
        let value = |values: &[String]| {
            let value = object_state::value(values.get(at).map_or("", String::as_str));
            path.as_ref().map_or(value.clone(), |path| own::value(path, value, self.lang))
        };
        let (old, new) = (value(&row.changes_old), value(&row.changes_new));
        let [mut before, mut after] = [&old, &new].map(|value| words::shown(value, self.lang));
        if let (Some(one), Some(other)) = (&before, &after)
            && let Some(apart) = words::disambiguated((&old, one), (&new, other), self.lang.into())
        {
            [before, after] = apart.map(Some);
        }
        Some(ShownChange { at, old: before, new: after })
    }

    /// That it failed, or that nobody knows; unless the type says so itself.
    fn say_outcome(&self, row: &EventRow, sentence: &mut String) {
        let Some(outcome) = Outcome::parse(&row.outcome) else { return };
        let words = match outcome {
            Outcome::Success => return,
            Outcome::Failure => [" — failed", " — не удалось", " — nezdařilo se"],
            Outcome::Unknown => [" — outcome unknown", " — исход неизвестен", " — výsledek neznámý"],
        };
        if !names_outcome(&row.event_type, outcome) {
            sentence.push_str(words::of(self.lang, words));
        }
    }

    /// Every field that changed beside the one that the sentence is about.
    fn name_fields(&self, row: &EventRow, change: Option<usize>, sentence: &mut String) {
        let edits = edits_but(row, change, self.lang.into());
        let end = sentence.len() + MAX_FIELDS;
        for (at, edit) in edits.iter().enumerate() {
            if sentence.len() + edit.text.len() > end {
                let more = words::of(self.lang, ["more changes", "ещё изменений", "dalších změn"]);
                sentence.push_str(&format!("; {more}: {}", edits.len() - at));
                break;
            }
            sentence.push_str(if at == 0 && change.is_none() { " — " } else { "; " });
            sentence.push_str(&edit.text);
        }
    }

    fn details(&self, row: &EventRow) -> String {
        let label = |texts, value: String| format!("{}: {value}", words::of(self.lang, texts));
        let mut all = Vec::new();
        if !is_blank(&row.reason) {
            all.push(label(["Reason", "Причина", "Důvod"], plain(&own::reason(row, self.lang)).into_owned()));
        }
        if row.records > 0 {
            all.push(label(["Records", "Записей", "Záznamů"], row.records.to_string()));
        }
        if row.duration_ms > 0 {
            let duration = words::duration(row.duration_ms, self.lang);
            all.push(label(["Duration", "Длительность", "Trvání"], duration));
        }
        if !is_blank(&row.location) {
            all.push(label(["Location", "Локация", "Pobočka"], plain(&row.location).into_owned()));
        }
        if !is_blank(&row.channel) {
            let channel = words::channel(&row.channel, self.lang).unwrap_or(&row.channel);
            all.push(label(["Channel", "Канал", "Kanál"], plain(channel).into_owned()));
        }
        all.join(" · ")
    }
}

fn first<'a>(texts: &[&'a String]) -> Option<&'a str> {
    texts.iter().map(|text| text.as_str()).find(|text| !is_blank(text))
}

fn media(payload: &str) -> Vec<Media> {
    let Some(Value::Object(fields)) = Value::parse(payload) else { return Vec::new() };
    let one = |(name, kind): &(&str, MediaKind)| {
        let text = fields.get(*name)?.as_str().filter(|text| !text.is_empty())?;
        if name.ends_with("_url") {
            return is_web(text).then(|| Media { kind: *kind, url: Some(text.to_owned()), text: None });
        }
        let text = &text[..text.floor_char_boundary(MAX_TEXT)];
        Some(Media { kind: *kind, url: None, text: Some(text.to_owned()) })
    };
    MEDIA.iter().filter_map(one).collect()
}

/// Whether an address is one that a browser may be sent to: no `javascript:`, no `data:`.
fn is_web(address: &str) -> bool {
    let scheme = |name: &str| address.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let plain = !address.chars().any(|c| c.is_control() || c.is_whitespace());
    (scheme("https://") || scheme("http://")) && plain && address.len() <= MAX_URL_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J18: only addresses of the web, and no endless text.
    #[test]
    fn media_are_bounded() {
        let long = "ř".repeat(MAX_TEXT);
        let payload = serde_json::json!({
            "recording_url": "https://crm.example/r/1",
            "transcript_url": "javascript:alert(1)",
            "transcript": long,
            "text": "",
            "message": 7,
            "other": "https://crm.example/",
        });
        let found = media(&payload.to_string());
        let recording =
            Media { kind: MediaKind::Recording, url: Some("https://crm.example/r/1".to_owned()), text: None };
        assert_eq!(found[0], recording);
        assert_eq!((found.len(), found[1].kind), (2, MediaKind::Transcript));
        assert!(found[1].text.as_ref().is_some_and(|text| text.len() <= MAX_TEXT));
        for nothing in ["", "[]", "null", "{", "\"https://crm.example\""] {
            assert_eq!(media(nothing), [], "{nothing}");
        }
    }

    #[test]
    fn only_the_web() {
        for address in ["https://a.example/x", "HTTP://a.example"] {
            assert!(is_web(address), "{address}");
        }
        let others =
            ["", "ftp://a.example", "javascript:alert(1)//http://", " https://a.example", "https://a\n", "//a"];
        for address in others {
            assert!(!is_web(address), "{address}");
        }
    }
}
