//! Failed sign-ins, recognised alike wherever it matters. They are the only events that may have an actor without an id: who
//! guesses names hits some that nobody has.

use std::borrow::Cow;

use crate::catalogue::{Classification, classify_unknown};
use crate::event::{Actor, Category, Class, Event, Outcome, Text};
use crate::passive::SESSION_EXPIRED;

/// The action of a sign-in, which its outcome may make a failed one.
pub const SIGN_IN: &str = "sign_in";
/// The action of a failed sign-in.
pub const SIGN_IN_FAILED: &str = "sign_in_failed";
/// The action of what nothing else is known of.
const OTHER: &str = "other";

/// Whether an event says of itself that a sign-in failed: by the name of its type, its action or its category, and its
/// outcome. What a tenant's own type stands for is not known here.
#[must_use]
pub fn says_failed(event: &Event<'_>) -> bool {
    let named = |text: Option<&Text<'_>>| by_name(text.map_or("", |text| &**text));
    let actions = [named(event.kind.as_ref()), named(event.action.as_ref())];
    actions.contains(&SIGN_IN_FAILED)
        || (event.outcome.as_deref() == Some(Outcome::Failure.as_str())
            && (actions.contains(&SIGN_IN) || event.category.as_deref() == Some(Category::SignIns.as_str())))
}

/// Whether a filed event is a failed sign-in.
#[must_use]
pub fn has_failed(action: &str, outcome: &str) -> bool {
    action == SIGN_IN_FAILED || (action == SIGN_IN && outcome == Outcome::Failure.as_str())
}

/// Whether a filed event is an attempt to sign in, or about a sign-in, that came to nothing, or of which nobody knows what it came to:
/// it may be anybody's, so nothing becomes known of the user by it.
#[must_use]
pub fn makes_nothing_known(action: &str, category: &str, outcome: &str) -> bool {
    let of_sign_ins = category == Category::SignIns.as_str();
    has_failed(action, outcome)
        || (action == SIGN_IN && outcome != Outcome::Success.as_str())
        || (of_sign_ins && outcome == Outcome::Failure.as_str())
}

/// Files a failure among the sign-ins as a failed sign-in, if its action is one by another name (`login`), or it has none. Of a
/// type that nobody declared, the category that was sent says more than the words of its name (`session.created`).
pub fn file_failure(filed: &mut Classification<'_>, event: &Event<'_>) {
    if filed.category != Category::SignIns || [SIGN_IN, SIGN_IN_FAILED].contains(&filed.action) {
        return;
    }
    let named = by_name(filed.action);
    let is_the_end = ["sign_out", SESSION_EXPIRED].contains(&filed.action);
    let has_none = !filed.known && !is_the_end && event.action.as_deref().is_none_or(str::is_empty);
    let may_be_one = named == SIGN_IN || filed.action == OTHER || has_none;
    let has_failed = event.outcome.as_deref() == Some(Outcome::Failure.as_str());
    if named == SIGN_IN_FAILED || (may_be_one && has_failed) {
        filed.action = SIGN_IN_FAILED;
        filed.class = event.class.as_deref().and_then(Class::parse).unwrap_or(Class::Other);
    }
}

/// Returns what a name says was done.
fn by_name(name: &str) -> &'static str {
    match classify_unknown(name, None, None).action {
        SIGN_IN => SIGN_IN,
        SIGN_IN_FAILED => SIGN_IN_FAILED,
        _ => OTHER,
    }
}

/// The account that an actor stands for: its id, or else its e-mail address or its name, for a name that nobody has.
#[must_use]
pub fn account<'a>(actor: &'a Actor<'_>) -> Option<&'a str> {
    let texts = [&actor.id, &actor.email, &actor.name];
    texts.into_iter().find_map(|text| text.as_deref().filter(|text| !text.is_empty()))
}

/// By what an event finds its partition: its actor's id. Failed sign-ins of names that nobody has are spread by name, or
/// else by address, since an attack has any number of them.
#[must_use]
pub fn partitioned_by<'a>(event: &'a Event<'_>) -> Cow<'a, str> {
    let id = event.actor.as_ref().and_then(|actor| actor.id.as_deref()).unwrap_or_default();
    if !id.is_empty() || !says_failed(event) {
        return id.into();
    }
    let address = || Some(event.context.as_ref()?.ip.as_ref()?.ip?.to_string().into());
    event.actor.as_ref().and_then(account).map(Cow::from).or_else(address).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L5: however a failed sign-in is spelled, it is one; and nothing else is.
    #[test]
    fn failed_sign_ins_are_told_however_they_are_spelled() {
        for (json, says) in [
            (r#"{"type":"user.sign_in_failed"}"#, true),
            (r#"{"type":"sso.sign_in_failed","outcome":"success"}"#, true),
            (r#"{"type":"user.signed_in","outcome":"failure"}"#, true),
            (r#"{"type":"user.signed_in","outcome":"unknown"}"#, false),
            (r#"{"type":"user.signed_in"}"#, false),
            (r#"{"type":"sso.attempt","action":"sign_in_failed"}"#, true),
            (r#"{"type":"sso.attempt","action":"sign_in","outcome":"failure"}"#, true),
            (r#"{"type":"sso.attempt","category":"sign_ins","outcome":"failure"}"#, true),
            (r#"{"type":"sso.attempt","category":"sign_ins","outcome":"success"}"#, false),
            (r#"{"type":"user.login","outcome":"failure"}"#, true),
            (r#"{"type":"com.acme.LoginFailed.v1"}"#, true),
            (r#"{"type":"sso.attempt","action":"login","outcome":"failure"}"#, true),
            (r#"{"type":"user.login"}"#, false),
            (r#"{"type":"contact.viewed","outcome":"failure"}"#, false),
        ] {
            let event: Event<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(says_failed(&event), says, "{json}");
        }
    }

    /// L5: what is filed among the sign-ins and failed is a failed sign-in by its action as well, unless it is another.
    #[test]
    fn failures_are_filed_as_failed_sign_ins() {
        for (action, category, outcome, filed) in [
            ("login", Category::SignIns, Some("failure"), SIGN_IN_FAILED),
            ("login_failed", Category::SignIns, None, SIGN_IN_FAILED),
            ("other", Category::SignIns, Some("failure"), SIGN_IN_FAILED),
            ("other", Category::SignIns, Some("success"), "other"),
            ("update", Category::SignIns, Some("failure"), "update"),
            ("sign_out", Category::SignIns, Some("failure"), "sign_out"),
            ("sign_in", Category::SignIns, Some("failure"), SIGN_IN),
            ("login", Category::Other, Some("failure"), "login"),
        ] {
            let mut found = Classification { category, action, ..classify_unknown("x", None, None) };
            let sent = Event { action: Some(action.into()), outcome: outcome.map(Text::from), ..Event::default() };
            file_failure(&mut found, &sent);
            assert_eq!(found.action, filed, "{action} {category:?} {outcome:?}");
        }
    }

    /// L5: what is let in as a failed sign-in of a name that nobody has is filed as one.
    #[test]
    fn the_category_says_more_than_a_name() {
        for (kind, filed) in [
            ("session.created", SIGN_IN_FAILED),
            ("foo.bar", SIGN_IN_FAILED),
            ("user.logout", "sign_out"),
            ("session_expired", SESSION_EXPIRED),
        ] {
            let json = format!(r#"{{"type":"{kind}","category":"sign_ins","outcome":"failure"}}"#);
            let event: Event<'_> = serde_json::from_str(&json).unwrap();
            let mut found = Classification { category: Category::SignIns, ..classify_unknown(kind, None, None) };
            file_failure(&mut found, &event);
            assert_eq!((found.action, found.class), (filed, Class::Other), "{kind}");
        }
    }

    #[test]
    fn partitions_are_found_by_account() {
        for (json, by) in [
            (r#"{"type":"contact.viewed","actor":{"id":"u1","name":"n"}}"#, "u1"),
            (r#"{"type":"contact.viewed"}"#, ""),
            (r#"{"type":"user.sign_in_failed","actor":{"id":"u1","name":"n"}}"#, "u1"),
            (r#"{"type":"user.sign_in_failed","actor":{"id":"","name":"n"}}"#, "n"),
            (r#"{"type":"user.sign_in_failed","actor":{"name":"n","email":"e"}}"#, "e"),
            (r#"{"type":"user.sign_in_failed","context":{"ip":"192.0.2.1"}}"#, "192.0.2.1"),
            (r#"{"type":"user.sign_in_failed"}"#, ""),
        ] {
            let event: Event<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(partitioned_by(&event), by, "{json}");
        }
    }
}
