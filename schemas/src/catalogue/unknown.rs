//! Types that nobody declared are filed by their name, so that they are stored, found and kept like any other (J10).

use super::{Category, Class, Classification};

/// The sentence of such a type; its name stands in for the reason.
pub(super) const SENTENCE: &str = "{actor}: {reason}[ · {object}]";

/// What the last word of a type's name tells.
const VERBS: &[(&str, Class, Category, &str)] = &[
    ("created", Class::Create, Category::Changes, "create"),
    ("added", Class::Create, Category::Changes, "create"),
    ("attached", Class::Create, Category::Changes, "create"),
    ("imported", Class::Create, Category::Changes, "import"),
    ("deleted", Class::Delete, Category::Changes, "delete"),
    ("removed", Class::Delete, Category::Changes, "delete"),
    ("detached", Class::Delete, Category::Changes, "delete"),
    ("changed", Class::Change, Category::Changes, "update"),
    ("updated", Class::Change, Category::Changes, "update"),
    ("edited", Class::Change, Category::Changes, "update"),
    ("renamed", Class::Change, Category::Changes, "update"),
    ("moved", Class::Change, Category::Changes, "update"),
    ("completed", Class::Change, Category::Changes, "update"),
    ("closed", Class::Change, Category::Changes, "close"),
    ("reopened", Class::Change, Category::Changes, "reopen"),
    ("restored", Class::Create, Category::Changes, "restore"),
    ("viewed", Class::Other, Category::Views, "view"),
    ("opened", Class::Other, Category::Views, "view"),
    ("exported", Class::Other, Category::Views, "export"),
    ("downloaded", Class::Other, Category::Views, "export"),
    ("printed", Class::Other, Category::Views, "print"),
    ("signed_in", Class::Other, Category::SignIns, "sign_in"),
    ("sign_in_failed", Class::Other, Category::SignIns, "sign_in_failed"),
    ("signed_out", Class::Other, Category::SignIns, "sign_out"),
];

/// Files an event of an undeclared type: by its own class and action where it has them, or else by the last words of the
/// type's name (`invoice.line_added` creates, `invoice.viewed` is a view); what neither tells is `other`.
///
/// The object's type is the part of the name before the last dot, if there is one.
#[must_use]
pub fn classify_unknown<'a>(event_type: &'a str, class: Option<Class>, action: Option<&'a str>) -> Classification<'a> {
    let (object_type, verb) = event_type.rsplit_once('.').unwrap_or(("", event_type));
    let told = VERBS
        .iter()
        .find(|(name, ..)| verb.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('_')));
    let by_name = told
        .map_or((Class::Other, Category::Other, "other"), |&(_, class, category, action)| (class, category, action));
    let action = action.filter(|action| !action.is_empty());
    let category = match action {
        Some("view" | "export") => Category::Views,
        Some("sign_in" | "sign_in_failed" | "sign_out") => Category::SignIns,
        _ if by_name.1 == Category::Other && class.is_some_and(|class| class != Class::Other) => Category::Changes,
        _ => by_name.1,
    };
    Classification {
        class: class.unwrap_or(by_name.0),
        category,
        action: action.unwrap_or(by_name.2),
        module: "",
        object_type,
        channel: "",
        known: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J10: an unknown type is stored, never lost; J2: with one of the four classes.
    #[test]
    fn names_tell() {
        for (name, class, category, action, object_type) in [
            ("invoice.created", Class::Create, Category::Changes, "create", "invoice"),
            ("invoice.line_added", Class::Create, Category::Changes, "create", "invoice"),
            ("crm.lead.owner_changed", Class::Change, Category::Changes, "update", "crm.lead"),
            ("lead.viewed", Class::Other, Category::Views, "view", "lead"),
            ("user.sign_in_failed", Class::Other, Category::SignIns, "sign_in_failed", "user"),
            ("lead.reviewed", Class::Other, Category::Other, "other", "lead"),
            ("boom", Class::Other, Category::Other, "other", ""),
            ("", Class::Other, Category::Other, "other", ""),
        ] {
            let got = classify_unknown(name, None, None);
            assert_eq!(
                (got.class, got.category, got.action, got.object_type),
                (class, category, action, object_type),
                "{name}"
            );
        }
    }

    #[test]
    fn the_event_itself_wins() {
        let got = classify_unknown("lead.touched", Some(Class::Delete), Some("purge"));
        assert_eq!((got.class, got.category, got.action), (Class::Delete, Category::Changes, "purge"));
        let got = classify_unknown("lead.list", None, Some("export"));
        assert_eq!((got.class, got.category, got.action), (Class::Other, Category::Views, "export"));
    }
}
