//! Reads YAML that strangers wrote. An alias (`*a`) stands for a copy, and copies of copies make gigabytes of a short
//! text; so what a text amounts to is counted before any of it is kept.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use yaml_serde::{Mapping, Value};

use super::problem::RuleProblem;

/// Most documents in a text: a correlation and its base rules.
const MAX_DOCUMENTS: usize = 32;
/// Most values in a text, after its aliases are followed; each [`TEXT`] bytes of a text count as one more.
const MAX_VALUES: usize = 20_000;
const TEXT: usize = 64;

/// The documents of a text.
pub(super) fn documents(yaml: &str) -> Result<Vec<Mapping>, RuleProblem> {
    let syntax = |error: yaml_serde::Error| RuleProblem::Parts(error.to_string());
    let left = Cell::new(MAX_VALUES);
    for (count, document) in yaml_serde::Deserializer::from_str(yaml).enumerate() {
        let counted = Budget(&left).deserialize(document);
        if count >= MAX_DOCUMENTS || left.get() == 0 {
            return Err(RuleProblem::TooLong(MAX_DOCUMENTS, MAX_VALUES));
        }
        counted.map_err(syntax)?;
    }
    yaml_serde::Deserializer::from_str(yaml)
        .map(|document| match Value::deserialize(document).map_err(syntax)? {
            Value::Mapping(mapping) => Ok(mapping),
            _ => Err(RuleProblem::Parts("a document is not a mapping".to_owned())),
        })
        .collect()
}

/// How many values may still come.
#[derive(Clone, Copy)]
struct Budget<'a>(&'a Cell<usize>);

impl Budget<'_> {
    fn spend<E: de::Error>(self, values: usize) -> Result<(), E> {
        self.0.set(self.0.get().saturating_sub(values));
        if self.0.get() == 0 { Err(E::custom("too many values")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Budget<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Budget<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("YAML")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.spend(1)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.spend(1)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.spend(1)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.spend(1)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.spend(1 + text.len() / TEXT)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.spend(1)
    }

    /// An empty document.
    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.spend(1)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.spend(1)?;
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.spend(1)?;
        while entries.next_entry_seed(self, self)?.is_some() {}
        Ok(())
    }

    /// A value with a tag.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let ((), content) = tagged.variant_seed(self)?;
        content.newtype_variant_seed(self)
    }
}
