//! What types of events are called.

use std::borrow::Cow;

use schemas::catalogue::{Catalogue, Lang};

use crate::export::values;

/// Verbs of types that say no more than an action that has words does.
const VERBS: &[(&str, &str)] = &[
    ("changed", "update"),
    ("created", "create"),
    ("deleted", "delete"),
    ("edited", "update"),
    ("exported", "export"),
    ("imported", "import"),
    ("modified", "update"),
    ("restored", "restore"),
    ("updated", "update"),
    ("viewed", "view"),
];

/// What a type is called: as the catalogue says, or else, where nobody declared it, by what was done to what (`order.updated`: `order: update`),
/// or else as it was sent.
pub(crate) fn name<'a>(catalogue: &'a Catalogue, event_type: &'a str, lang: Lang) -> Cow<'a, str> {
    match catalogue.get(event_type) {
        Some(entry) => entry.name.get(lang).into(),
        None => undeclared(event_type, lang).map_or_else(|| event_type.into(), Cow::Owned),
    }
}

fn undeclared(event_type: &str, lang: Lang) -> Option<String> {
    let (object, verb) = event_type.rsplit_once('.')?;
    let (_, action) = VERBS.iter().find(|(known, _)| *known == verb)?;
    let object = values::known("object_type", object, lang)?;
    Some(format!("{object}: {}", values::known("action", action, lang)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_names_as_far_as_there_are_words() {
        let catalogue = Catalogue::shipped().unwrap();
        for (event_type, names) in [
            ("order.status_changed", ["Order status changed", "Статус заказа изменён", "Stav zakázky změněn"]),
            ("order.updated", ["order: update", "заказ: изменение", "zakázka: změna"]),
            ("order.frobnicated", ["order.frobnicated"; 3]),
            ("loyalty_card.updated", ["loyalty_card.updated"; 3]),
            ("order.delete.failed", ["order.delete.failed"; 3]),
            ("updated", ["updated"; 3]),
        ] {
            assert_eq!(Lang::ALL.map(|lang| name(&catalogue, event_type, lang)), names, "{event_type}");
        }
        for (_, action) in VERBS {
            assert!(values::known("action", action, Lang::Cs).is_some(), "{action}");
        }
    }
}
