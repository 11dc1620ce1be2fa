//! The event catalogue: what each type of event is called, how it is classified, kept and worded.
//!
//! It is data: `schemas/catalogue/*.json`, compiled in, one file an area. A tenant layers types of its own on top
//! ([`Catalogue::with_tenant_types`]), and a type that nobody declared is classified by its name
//! ([`classify_unknown`]), so that it is stored like any other.

mod entry;
mod template;
mod unknown;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

pub use entry::{CatalogueEntry, Lang, Texts};
pub use template::{TemplateError, Values, system};
pub(crate) use unknown::words_of;
pub use unknown::{classify_unknown, names_outcome};

use crate::event::Outcome;
pub use crate::event::{Category, Class};

/// The shipped files: name (for error messages) and text.
const SHIPPED: &[(&str, &str)] = &[
    ("tasks.json", include_str!("../catalogue/tasks.json")),
    ("requests.json", include_str!("../catalogue/requests.json")),
    ("orders.json", include_str!("../catalogue/orders.json")),
    ("sales.json", include_str!("../catalogue/sales.json")),
    ("money.json", include_str!("../catalogue/money.json")),
    ("stock.json", include_str!("../catalogue/stock.json")),
    ("clients.json", include_str!("../catalogue/clients.json")),
    ("crm.json", include_str!("../catalogue/crm.json")),
    ("courses.json", include_str!("../catalogue/courses.json")),
    ("people.json", include_str!("../catalogue/people.json")),
    ("communication.json", include_str!("../catalogue/communication.json")),
    ("presence.json", include_str!("../catalogue/presence.json")),
    ("sign-ins.json", include_str!("../catalogue/sign-ins.json")),
    ("views-and-exports.json", include_str!("../catalogue/views-and-exports.json")),
    ("configuration-billing.json", include_str!("../catalogue/configuration-billing.json")),
    ("configuration-settings.json", include_str!("../catalogue/configuration-settings.json")),
    ("configuration-access.json", include_str!("../catalogue/configuration-access.json")),
    ("configuration-territories.json", include_str!("../catalogue/configuration-territories.json")),
    ("configuration-auto-assignment.json", include_str!("../catalogue/configuration-auto-assignment.json")),
    ("configuration-sales-sequences.json", include_str!("../catalogue/configuration-sales-sequences.json")),
    ("configuration-workflows.json", include_str!("../catalogue/configuration-workflows.json")),
    ("usertrail.json", include_str!("../catalogue/usertrail.json")),
];

/// Why a catalogue was refused.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file is not the JSON it should be.
    #[error("catalogue file {file}: {source}")]
    Json {
        /// The file.
        file: &'static str,
        /// What the parser found; names an unknown class or category too.
        source: serde_json::Error,
    },
    /// The same type twice, or a tenant's type with a shipped one's name.
    #[error("event type {0} is declared twice")]
    Duplicate(String),
    /// A type's name is not of the form `object.verb`.
    #[error("event type {0:?}: not a name of the form object.verb in lower case, up to 128 bytes")]
    TypeName(String),
    /// A field is empty, too long or contradicts another one.
    #[error("event type {event_type}: {field}: {problem}")]
    Field {
        /// The entry.
        event_type: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A text that is missing in a language.
    #[error("event type {event_type}: {field} is missing in {lang}")]
    Missing {
        /// The entry.
        event_type: String,
        /// The field.
        field: &'static str,
        /// The language.
        lang: Lang,
    },
    /// A sentence that can't be rendered.
    #[error("event type {event_type}: sentence in {lang}: {source}")]
    Sentence {
        /// The entry.
        event_type: String,
        /// The language.
        lang: Lang,
        /// What is wrong with it.
        source: TemplateError,
    },
}

/// How an event is filed: what the catalogue says of its type, overridden by what the event says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classification<'a> {
    /// Create, delete, change or other.
    pub class: Class,
    /// Decides how long the event is kept.
    pub category: Category,
    /// What was done: `view`, `create`, `export`, … (open set).
    pub action: &'a str,
    /// The part of the application; empty where unknown.
    pub module: &'a str,
    /// The type of the object, for an event that names none; empty where unknown.
    pub object_type: &'a str,
    /// The channel of communication, for an event that names none; empty for most.
    pub channel: &'a str,
    /// How it ended where the event doesn't say, by the name of its type.
    pub presumed: Outcome,
    /// Whether the type is declared, by us or by the tenant.
    pub known: bool,
}

type Map = HashMap<Box<str>, Arc<CatalogueEntry>, BuildHasherDefault<TypeHasher>>;

/// Every declared type of event: the shipped ones, and perhaps a tenant's. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue {
    shipped: Arc<Layer>,
    tenant: Option<Arc<Layer>>,
}

#[derive(Debug, Default)]
struct Layer {
    /// In the order of declaration, which is the order that users are shown.
    entries: Vec<Arc<CatalogueEntry>>,
    by_type: Map,
}

impl Layer {
    fn add(&mut self, entry: CatalogueEntry) {
        let entry = Arc::new(entry);
        self.by_type.insert(entry.event_type.as_str().into(), Arc::clone(&entry));
        self.entries.push(entry);
    }
}

impl Catalogue {
    /// The catalogue that comes with the product, checked as a whole: unique names, known classes and categories, every text
    /// in all three languages, only known placeholders.
    pub fn shipped() -> Result<Self, CatalogueError> {
        let mut layer = Layer::default();
        for &(file, text) in SHIPPED {
            let entries: Vec<CatalogueEntry> =
                serde_json::from_str(text).map_err(|source| CatalogueError::Json { file, source })?;
            for entry in entries {
                entry.validate()?;
                entry.validate_complete()?;
                if layer.by_type.contains_key(entry.event_type.as_str()) {
                    return Err(CatalogueError::Duplicate(entry.event_type));
                }
                layer.add(entry);
            }
        }
        Ok(Self { shipped: Arc::new(layer), tenant: None })
    }

    /// This catalogue with a tenant's own types on top (replacing those of another tenant, if it had any).
    ///
    /// An entry that [`Self::check_tenant_types`] would refuse is left out: settings are checked where they are written, and
    /// one bad entry must not stop a tenant's events.
    #[must_use]
    pub fn with_tenant_types(&self, types: &[CatalogueEntry]) -> Self {
        let mut layer = Layer::default();
        for entry in types {
            let name = entry.event_type.as_str();
            let taken = self.shipped.by_type.contains_key(name) || layer.by_type.contains_key(name);
            if !taken && entry.validate().is_ok() {
                layer.add(entry.clone());
            }
        }
        let tenant = (!layer.entries.is_empty()).then(|| Arc::new(layer));
        Self { shipped: Arc::clone(&self.shipped), tenant }
    }

    /// Whether a tenant may declare these types: each valid, none twice, none with a shipped type's name (whose retention and
    /// meaning must be the same for everybody) but those that it has in `current` just so, which mean nothing any more. One language
    /// suffices.
    pub fn check_tenant_types(
        &self,
        types: &[CatalogueEntry],
        current: &[CatalogueEntry],
    ) -> Result<(), CatalogueError> {
        let mut seen = std::collections::HashSet::new();
        for entry in types {
            entry.validate()?;
            let name = entry.event_type.as_str();
            let is_shipped = self.shipped.by_type.contains_key(name) && !current.contains(entry);
            if is_shipped || !seen.insert(name) {
                return Err(CatalogueError::Duplicate(entry.event_type.clone()));
            }
        }
        Ok(())
    }

    /// The entry of a type, if it is declared.
    #[must_use]
    pub fn get(&self, event_type: &str) -> Option<&CatalogueEntry> {
        let shipped = self.shipped.by_type.get(event_type);
        let entry = shipped.or_else(|| self.tenant.as_ref().and_then(|layer| layer.by_type.get(event_type)));
        entry.map(Arc::as_ref)
    }

    /// Every entry, the shipped ones first, each layer in its order of declaration.
    pub fn entries(&self) -> impl Iterator<Item = &CatalogueEntry> {
        let tenant = self.tenant.iter().flat_map(|layer| layer.entries.iter());
        self.shipped.entries.iter().chain(tenant).map(Arc::as_ref)
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shipped.entries.len() + self.tenant.as_ref().map_or(0, |layer| layer.entries.len())
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Files an event by its type and by what it says of itself, which wins; undeclared types by their name.
    #[must_use]
    pub fn classify<'a>(
        &'a self,
        event_type: &'a str,
        class: Option<Class>,
        action: Option<&'a str>,
    ) -> Classification<'a> {
        let Some(entry) = self.get(event_type) else {
            return classify_unknown(event_type, class, action);
        };
        Classification {
            class: class.unwrap_or(entry.class),
            category: entry.category,
            action: action.unwrap_or(&entry.action),
            module: &entry.module,
            object_type: &entry.object_type,
            channel: entry.channel.as_deref().unwrap_or(""),
            presumed: Outcome::Success,
            known: true,
        }
    }

    /// The sentence of an event, for declared and undeclared types alike.
    #[must_use]
    pub fn describe(&self, event_type: &str, lang: Lang, values: &Values<'_>) -> String {
        match self.get(event_type) {
            Some(entry) => sentence(entry, lang, values),
            None => template::render(unknown::SENTENCE, lang, &Values { reason: Some(event_type), ..*values }),
        }
    }
}

/// The sentence of an event of a declared type. What the event lacks drops out of the sentence; an actor that
/// is missing is the system.
#[must_use]
pub fn sentence(entry: &CatalogueEntry, lang: Lang, values: &Values<'_>) -> String {
    template::render(entry.sentence.get(lang), lang, values)
}

/// Type names are short and looked up once an event: a one-shot xxh3 beats SipHash, and since lookups never insert, nobody
/// can grow a bucket.
#[derive(Debug, Default)]
struct TypeHasher(u64);

impl Hasher for TypeHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u8(&mut self, byte: u8) {
        // `str` ends with an 0xff, which needs no second round.
        self.0 ^= u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
