//! One type of event, as the catalogue's files and a tenant's settings write it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::template;
use super::{CatalogueError, Category, Class};

/// Length limits, in bytes: the type's name as in the event, labels as in a ClickHouse dictionary, texts as on a page.
const MAX_TYPE: usize = 128;
const MAX_LABEL: usize = 256;
const MAX_TEXT: usize = 1024;

/// The languages of the catalogue and of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// English, which also stands in for a text that another language lacks.
    #[default]
    En,
    /// Russian.
    Ru,
    /// Czech.
    Cs,
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::En, Self::Ru, Self::Cs];

    /// The ISO 639-1 code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Cs => "cs",
        }
    }

    /// The language of a BCP 47 tag (`cs`, `ru-RU`, `en_GB`), if it is one of ours.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL.into_iter().find(|lang| lang.as_str().eq_ignore_ascii_case(primary))
    }

    /// The language that an `Accept-Language` header asks for most, if it asks for one of ours.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best = (None, 0.0_f32);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let Some(lang) = parts.next().and_then(Self::parse) else { continue };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if quality > best.1 {
                best = (Some(lang), quality);
            }
        }
        best.0
    }

    /// As [`accepted`](Self::accepted); English where the header asks for none of ours.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        Self::accepted(header).unwrap_or_default()
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One text in the three languages. Shipped entries have all; a tenant's may have one, which then stands in for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Texts {
    /// English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
    /// Russian.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ru: String,
    /// Czech.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cs: String,
}

impl Texts {
    /// The text in a language, or else in English, or else in any.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        [self.exact(lang), &self.en, &self.ru, &self.cs].into_iter().find(|text| !text.is_empty()).unwrap_or("")
    }

    /// The text in exactly this language; empty where there is none.
    #[must_use]
    pub fn exact(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Ru => &self.ru,
            Lang::Cs => &self.cs,
        }
    }
}

/// One type of event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueEntry {
    /// `<object>.<verb in the past>`, such as `task.deadline_changed`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What people call the type.
    pub name: Texts,
    /// `create`, `delete`, `change` or `other`.
    #[schema(value_type = String)]
    pub class: Class,
    /// `sign_ins`, `changes`, `views`, `configuration` or `other`.
    #[schema(value_type = String)]
    pub category: Category,
    /// `view`, `create`, `update`, `delete`, `export`, … (open set, snake case).
    pub action: String,
    /// The part of the application, snake case.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// The type of the object, snake case; empty where the event has no object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object_type: String,
    /// Whether what was deleted can be restored from the log.
    #[serde(default)]
    pub restorable: bool,
    /// Why not, where a user would ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_restorable_reason: Option<Texts>,
    /// The channel of communication: `call`, `sms`, `email` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The event in words, with the placeholders `{actor} {object} {old} {new} {reason} {records}`. A part in square
    /// brackets is left out when a value of its is missing.
    pub sentence: Texts,
}

impl CatalogueEntry {
    /// Whether the entry can be used: its names well formed, its sentences renderable, its fields not at odds.
    pub fn validate(&self) -> Result<(), CatalogueError> {
        if !is_type_name(&self.event_type) {
            return Err(CatalogueError::TypeName(self.event_type.clone()));
        }
        for (field, value, optional) in [
            ("action", self.action.as_str(), false),
            ("module", self.module.as_str(), true),
            ("object_type", self.object_type.as_str(), true),
            ("channel", self.channel.as_deref().unwrap_or(""), true),
        ] {
            if !(is_label(value) || optional && value.is_empty()) {
                return Err(self.field(field, "not a snake_case name of up to 256 bytes"));
            }
        }
        for (field, texts) in self.texts() {
            if texts.get(Lang::En).is_empty() {
                return Err(self.field(field, "no text in any language"));
            }
            if Lang::ALL.into_iter().any(|lang| texts.exact(lang).len() > MAX_TEXT) {
                return Err(self.field(field, "longer than 1024 bytes"));
            }
        }
        if self.restorable && self.class != Class::Delete {
            return Err(self.field("restorable", "only what was deleted can be restored"));
        }
        if self.restorable && self.not_restorable_reason.is_some() {
            return Err(self.field("not_restorable_reason", "the type is restorable"));
        }
        for lang in Lang::ALL {
            template::check(self.sentence.exact(lang)).map_err(|source| CatalogueError::Sentence {
                event_type: self.event_type.clone(),
                lang,
                source,
            })?;
        }
        Ok(())
    }

    /// Whether every text is there in all three languages, and a module is named, as shipped entries must have it.
    pub fn validate_complete(&self) -> Result<(), CatalogueError> {
        if self.module.is_empty() {
            return Err(self.field("module", "missing"));
        }
        for (field, texts) in self.texts() {
            if let Some(lang) = Lang::ALL.into_iter().find(|lang| texts.exact(*lang).is_empty()) {
                return Err(CatalogueError::Missing { event_type: self.event_type.clone(), field, lang });
            }
        }
        Ok(())
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &Texts)> {
        let reason = self.not_restorable_reason.iter().map(|texts| ("not_restorable_reason", texts));
        [("name", &self.name), ("sentence", &self.sentence)].into_iter().chain(reason)
    }

    fn field(&self, field: &'static str, problem: &'static str) -> CatalogueError {
        CatalogueError::Field { event_type: self.event_type.clone(), field, problem }
    }
}

fn is_type_name(name: &str) -> bool {
    name.len() <= MAX_TYPE && name.contains('.') && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let mut bytes = label.bytes();
    label.len() <= MAX_LABEL
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
