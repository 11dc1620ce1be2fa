//! Whether a user may still work, as an event says it: of its actor by `actor.active`, of its object by its type,
//! `user.deactivated` and `user.reactivated` or the same in other words. What isn't said changes nothing.

use crate::catalogue::{Classification, words_of as words};
use crate::event::{ActorKind, Event, Outcome, Text};

/// What an event says of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// Nothing.
    #[default]
    Unsaid = 0,
    /// That the user may work.
    Active = 1,
    /// That the user may not any more.
    Deactivated = 2,
}

/// What people who use an application are called in it.
const PEOPLE: &[&str] = &["user", "employee", "member", "agent", "operator", "staff", "participant", "student"];
/// What takes the right to work.
const TAKES: &[&str] = &[
    "deactivate",
    "disable",
    "suspend",
    "block",
    "ban",
    "archive",
    "inactivate",
    "terminate",
    "offboard",
    "dismiss",
    "delete",
    "remove",
];
/// What gives it back.
const GIVES: &[&str] = &[
    "reactivate",
    "activate",
    "enable",
    "reenable",
    "unsuspend",
    "unblock",
    "unban",
    "unarchive",
    "reinstate",
    "restore",
    "undelete",
];
/// Words of a name that say that it did not happen, or not yet.
const NOT_DONE: &[&str] =
    &["failed", "failure", "fail", "error", "denied", "refused", "rejected", "requested", "scheduled", "pending"];

impl From<Option<bool>> for Standing {
    fn from(active: Option<bool>) -> Self {
        match active {
            None => Self::Unsaid,
            Some(true) => Self::Active,
            Some(false) => Self::Deactivated,
        }
    }
}

/// What an event says of its actor and of its object.
#[must_use]
pub fn said(event: &Event<'_>, filed: &Classification<'_>) -> (Standing, Standing) {
    let text = |text: Option<&Text<'_>>| text.map_or("", |text| &**text).to_owned();
    let actor = event.actor.as_ref();
    let said_of_actor = Standing::from(actor.and_then(|actor| actor.active));
    if event.outcome.as_deref() == Some(Outcome::Failure.as_str()) {
        return (said_of_actor, Standing::Unsaid);
    }
    let object = event.object.as_ref();
    let object_type = text(object.and_then(|object| object.kind.as_ref()));
    let object_type = if object_type.is_empty() { filed.object_type } else { &object_type };
    let said_of_object = by_name(&text(event.kind.as_ref()), filed.action, object_type);
    let has_object = object.is_some_and(|object| object.id.as_ref().is_some_and(|id| !id.is_empty()));
    let by_user = actor.is_some_and(|actor| actor.kind.as_deref() == Some(ActorKind::User.as_str()));
    match said_of_object {
        // Without an object it is about whoever did it.
        Standing::Unsaid => (said_of_actor, Standing::Unsaid),
        said if has_object => (said_of_actor, said),
        said if by_user => (said, Standing::Unsaid),
        _ => (said_of_actor, Standing::Unsaid),
    }
}

/// By a type that puts the two words beside one another, or by an action that is done to such an object.
fn by_name(event_type: &str, action: &str, object_type: &str) -> Standing {
    let is_person = |word: &String| PEOPLE.iter().any(|person| word.strip_suffix('s').unwrap_or(word) == *person);
    if !words(object_type).iter().any(is_person) {
        return Standing::Unsaid;
    }
    let mut named = words(event_type);
    if named.iter().any(|word| NOT_DONE.contains(&word.as_str())) {
        return Standing::Unsaid;
    }
    named.retain(|word| word != "account");
    let beside = named.windows(2).find_map(|pair| match (is_person(&pair[0]), is_person(&pair[1])) {
        (true, false) => standing_of(&pair[1]),
        (false, true) => standing_of(&pair[0]),
        _ => None,
    });
    // Other verbs may be about something of the user's: `user.two_factor_disabled` disables.
    let done = || ["deactivate", "reactivate"].contains(&action).then(|| standing_of(action)).flatten();
    beside.or_else(done).unwrap_or_default()
}

/// Returns what a verb says of the user's standing, in its present or its past.
fn standing_of(word: &str) -> Option<Standing> {
    let is = |verb: &&str| {
        let stem = verb.strip_suffix('e').unwrap_or(verb);
        word == *verb || word.strip_prefix(stem).is_some_and(|end| ["ed", "es", "s", "ned"].contains(&end))
    };
    if TAKES.iter().any(is) {
        return Some(Standing::Deactivated);
    }
    GIVES.iter().any(is).then_some(Standing::Active)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn of(json: &str) -> (Standing, Standing) {
        let catalogue = Catalogue::shipped().unwrap();
        let event: Event<'_> = serde_json::from_str(json).unwrap();
        let filed = catalogue.classify(event.kind.as_deref().unwrap(), None, event.action.as_deref());
        said(&event, &filed)
    }

    /// T6: by the catalogue's types and by other spellings of them; what is done to something of a user is not done to the user.
    #[test]
    fn names_tell() {
        use Standing::{Active, Deactivated, Unsaid};
        for (event_type, expected) in [
            ("user.deactivated", Deactivated),
            ("user.reactivated", Active),
            ("User.Deactivated", Deactivated),
            ("UserDeactivated", Deactivated),
            ("user_deactivated", Deactivated),
            ("users.deactivate", Deactivated),
            ("com.example.user.deactivated.v1", Deactivated),
            ("USER_ACCOUNT_DISABLED", Deactivated),
            ("deactivate user", Deactivated),
            ("employee.suspended", Deactivated),
            ("member.banned", Deactivated),
            ("employee.deleted", Deactivated),
            ("user.activated", Active),
            ("UserReenabled", Active),
            ("user.role_removed", Unsaid),
            ("user.two_factor_disabled", Unsaid),
            ("user.deactivation_failed", Unsaid),
            ("user.deactivated.failed", Unsaid),
            ("user.disable_requested", Unsaid),
            ("user.created", Unsaid),
            ("task.deleted", Unsaid),
            ("user.viewed", Unsaid),
        ] {
            let json = format!(
                r#"{{"type":"{event_type}","actor":{{"kind":"user","id":"boss"}},"object":{{"type":"user","id":"u1"}}}}"#
            );
            assert_eq!(of(&json), (Unsaid, expected), "{event_type}");
        }
    }

    #[test]
    fn what_is_said_is_said_of_somebody() {
        use Standing::{Active, Deactivated, Unsaid};
        for (json, expected) in [
            (r#"{"type":"task.created","actor":{"kind":"user","id":"u1","active":false}}"#, (Deactivated, Unsaid)),
            (r#"{"type":"task.created","actor":{"kind":"user","id":"u1","active":true}}"#, (Active, Unsaid)),
            (r#"{"type":"task.created","actor":{"kind":"user","id":"u1"}}"#, (Unsaid, Unsaid)),
            // Of oneself.
            (r#"{"type":"user.deactivated","actor":{"kind":"user","id":"u1"}}"#, (Deactivated, Unsaid)),
            (r#"{"type":"user.deactivated","actor":{"kind":"system","id":"x"}}"#, (Unsaid, Unsaid)),
            // In a word of one's own, with the action that says it.
            (
                r#"{"type":"staff.let_go","action":"deactivate","actor":{"kind":"user","id":"u1"},"object":{"type":"employee","id":"u2"}}"#,
                (Unsaid, Deactivated),
            ),
            (
                r#"{"type":"user.deactivated","outcome":"failure","actor":{"kind":"user","id":"u1"},"object":{"type":"user","id":"u2"}}"#,
                (Unsaid, Unsaid),
            ),
            (
                r#"{"type":"user.deactivated","actor":{"kind":"user","id":"u1"},"object":{"type":"licence","id":"u2"}}"#,
                (Unsaid, Unsaid),
            ),
        ] {
            assert_eq!(of(json), expected, "{json}");
        }
    }
}
