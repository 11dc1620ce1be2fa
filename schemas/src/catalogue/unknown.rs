//! Types that nobody declared are filed by the words of their names, so that they are stored, found and kept like any other,
//! whatever way of naming a sender has: `order.deleted`, `OrderDeleted`, `com.example.order.deleted.v1`,
//! `DELETE order`.
//!
//! The rule, which depends on the name alone:
//!
//! 1. The name falls into words at everything that is no letter or digit, and where small letters meet capital ones.
//! 2. Versions (`v1`, `2`), the word `event`, and what names an outcome (`succeeded`, `failed`) are taken off the end.
//! 3. Of what is left, the last words that are in the table decide. A word that can be a noun as well (`view`, `login`) counts
//!    as the first or last one alone.
//! 4. What failed did not happen: it is `other`, but for a sign-in or a step of one (`mfa_failed`), which is a failed one.
//! 5. What was asked for or begun (`export.started`, `delete_request`) is filed as the act, and how it ended is not known. A
//!    sign-in is none before it is done: it is `other`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Category, Class, Classification};
use crate::event::Outcome;
use crate::passive::SESSION_EXPIRED;

/// The sentence of such a type; its name stands in for the reason.
pub(super) const SENTENCE: &str = "{actor}: {reason}[ · {object}]";

/// Most words of a name that are looked at, from its end.
const MAX_WORDS: usize = 32;
/// Most words of an entry of the table.
const LONGEST: usize = 2;

/// What words mean, wherever they stand.
const DONE: &[(&str, Class, Category, &str)] = &[
    (
        "created added inserted registered uploaded posted cloned copied duplicated generated submitted invited issued",
        Class::Create,
        Category::Changes,
        "create",
    ),
    ("imported", Class::Create, Category::Changes, "import"),
    ("restored undeleted recovered", Class::Create, Category::Changes, "restore"),
    (
        "deleted removed destroyed purged erased discarded trashed wiped unregistered uninstalled",
        Class::Delete,
        Category::Changes,
        "delete",
    ),
    (
        "changed updated edited modified renamed moved replaced merged patched completed finished approved rejected assigned \
         reassigned unassigned enabled disabled activated deactivated suspended locked unlocked archived unarchived published \
         unpublished cancelled canceled resolved linked unlinked shared unshared rotated revoked granted converted scheduled \
         rescheduled adjusted saved",
        Class::Change,
        Category::Changes,
        "update",
    ),
    ("attached", Class::Other, Category::Changes, "attach"),
    ("detached", Class::Other, Category::Changes, "detach"),
    ("session_expired session_timeout", Class::Other, Category::SignIns, SESSION_EXPIRED),
    ("expired", Class::Other, Category::Other, "expire"),
    ("missed", Class::Other, Category::Other, "miss"),
    ("closed", Class::Change, Category::Changes, "close"),
    ("reopened", Class::Change, Category::Changes, "reopen"),
    (
        "viewed opened seen shown visited accessed fetched listed searched browsed",
        Class::Other,
        Category::Views,
        "view",
    ),
    ("exported downloaded", Class::Other, Category::Views, "export"),
    ("printed", Class::Other, Category::Views, "print"),
    (
        "signed_in logged_in logged_on sign_in log_in log_on signedin loggedin authenticated session_started session_start",
        Class::Other,
        Category::SignIns,
        "sign_in",
    ),
    (
        "signed_out logged_out logged_off sign_out sign_off log_out log_off signedout loggedout session_ended session_end",
        Class::Other,
        Category::SignIns,
        "sign_out",
    ),
];

/// What words mean that can be nouns as well: as the first word of a name or its last.
const DO: &[(&str, Class, Category, &str)] = &[
    (
        "create creates add adds insert inserts register registers registration upload uploads post new \
         submit clone copy duplicate signup",
        Class::Create,
        Category::Changes,
        "create",
    ),
    ("import imports", Class::Create, Category::Changes, "import"),
    ("restore restores undelete recover", Class::Create, Category::Changes, "restore"),
    (
        "delete deletes deletion remove removes removal destroy destroys purge erase discard trash wipe del unregister",
        Class::Delete,
        Category::Changes,
        "delete",
    ),
    (
        "update updates change changes edit edits modify modifies modification rename renames move moves replace merge patch \
         put set complete approve reject assign unassign enable disable activate deactivate suspend lock unlock archive \
         unarchive publish unpublish cancel resolve link unlink share unshare rotate revoke grant convert schedule save",
        Class::Change,
        Category::Changes,
        "update",
    ),
    ("attach attaches", Class::Other, Category::Changes, "attach"),
    ("detach detaches", Class::Other, Category::Changes, "detach"),
    ("close closes", Class::Change, Category::Changes, "close"),
    ("reopen reopens", Class::Change, Category::Changes, "reopen"),
    (
        "view views open opens read reads get show visit access fetch list search browse",
        Class::Other,
        Category::Views,
        "view",
    ),
    ("export exports download downloads", Class::Other, Category::Views, "export"),
    ("print prints", Class::Other, Category::Views, "print"),
    ("login logins signin logon authenticate authentication", Class::Other, Category::SignIns, "sign_in"),
    ("logout logouts signout logoff signoff", Class::Other, Category::SignIns, "sign_out"),
];

/// Ends of names that say that it was tried in vain.
const FAILED: &[&str] = &["failed", "failure", "failures", "fail", "fails", "error", "errored", "unsuccessful"];
/// Ends that say of a verb that it did not happen, and are acts of their own elsewhere (`user.blocked`).
const REFUSED: &[&str] =
    &["denied", "refused", "unauthorized", "unauthorised", "forbidden", "invalid", "aborted", "blocked"];
/// Steps of a sign-in, which a name alone shows where they come to nothing: `mfa_failed`.
const STEPS: &[&str] =
    &["auth", "mfa", "2fa", "otp", "totp", "hotp", "passkey", "webauthn", "fido", "fido2", "sso", "saml"];
/// What is typed in at a sign-in, and what makes it come to nothing: `wrong_password`, `credentials.invalid`.
const SECRETS: &[&str] = &["password", "passcode", "passphrase", "pin", "credential", "credentials"];
const WRONG: &[&str] = &["wrong", "incorrect", "invalid", "bad", "mismatch", "mismatched", "rejected"];
/// Words that say the same before a verb.
const FAILED_BEFORE: &[&str] =
    &["failed", "fail", "fails", "failing", "invalid", "unsuccessful", "denied", "not", "never", "cannot", "unable"];
/// Words that may stand around those, before the verb: `failed_to_delete`, `could_not_be_deleted`.
const LINKS: &[&str] = &["to", "be", "been", "get", "yet", "could", "did", "was", "were", "is", "has"];
/// Those of them that only stand before verbs.
const NEGATIONS: &[&str] = &["not", "never", "cannot", "unable"];
/// Acts of their own (`order.rejected`) by which a sign-in came to nothing.
const UNDONE: &[&str] = &["rejected", "cancelled", "canceled"];
/// Ends of names that say that it was only asked for, or begun.
const ASKED: &[&str] =
    &["requested", "request", "started", "start", "initiated", "begun", "pending", "queued", "proposed", "required"];
/// Ends of names that say nothing more.
const PLAIN: &[&str] = &["event", "events", "succeeded", "success", "successful", "successfully", "ok"];
/// What names of domains begin with when they are written backwards.
const TOP_LEVEL: &[&str] = &[
    "com", "org", "net", "io", "dev", "app", "co", "eu", "de", "cz", "ru", "uk", "us", "fr", "pl", "gov", "edu",
    "cloud",
];

#[derive(Clone, Copy)]
struct Verb {
    class: Class,
    category: Category,
    action: &'static str,
    /// Whether it counts in the middle of a name.
    anywhere: bool,
}

static VERBS: LazyLock<HashMap<&'static str, Verb>> = LazyLock::new(|| {
    let mut verbs = HashMap::new();
    for (table, anywhere) in [(DONE, true), (DO, false)] {
        for &(words, class, category, action) in table {
            let verb = Verb { class, category, action, anywhere };
            verbs.extend(words.split_whitespace().map(|word| (word, verb)));
        }
    }
    verbs
});

/// Files an event of an undeclared type: by its own class and action where it has them, or else by the words of the type's
/// name (`invoice.line_added` creates, `InvoiceViewed` is a view); what neither shows is `other`.
///
/// The object's type is what stands before the word that decides, without a domain written backwards.
#[must_use]
pub fn classify_unknown<'a>(event_type: &'a str, class: Option<Class>, action: Option<&'a str>) -> Classification<'a> {
    let named = Named::read(event_type);
    let action = action.filter(|action| !action.is_empty());
    // A name that says nothing may come with an action that does.
    let verb = named.verb.or_else(|| Named::read(action?).verb);
    let by_name =
        verb.map_or((Class::Other, Category::Other, "other"), |verb| (verb.class, verb.category, verb.action));
    let category = match action {
        Some("view" | "export") => Category::Views,
        Some("sign_in" | "sign_in_failed" | "sign_out" | SESSION_EXPIRED) => Category::SignIns,
        _ if by_name.1 == Category::Other && class.is_some_and(|class| class != Class::Other) => Category::Changes,
        _ => by_name.1,
    };
    Classification {
        class: class.unwrap_or(by_name.0),
        category,
        action: action.unwrap_or(by_name.2),
        module: "",
        object_type: named.object_type,
        channel: "",
        presumed: named.presumed,
        known: false,
    }
}

/// Whether a type's name says by itself how such an event ended (`user.sign_in_failed`, `call.missed`, `export.started`), and so what it
/// is called.
#[must_use]
pub fn names_outcome(event_type: &str, outcome: Outcome) -> bool {
    let named = Named::read(event_type);
    named.presumed == outcome || outcome == Outcome::Failure && named.verb.is_some_and(|verb| verb.action == "miss")
}

/// What a name says.
struct Named<'a> {
    verb: Option<Verb>,
    object_type: &'a str,
    /// How it ended, for all that the name says.
    presumed: Outcome,
}

impl<'a> Named<'a> {
    fn read(name: &'a str) -> Self {
        let words = words(name);
        let lower: Vec<String> = words.iter().map(|&(from, to)| name[from..to].to_ascii_lowercase()).collect();
        let (mut end, mut failed, mut in_vain, mut asked) = (lower.len(), false, false, false);
        while let Some(last) = end.checked_sub(1).and_then(|at| lower.get(at)) {
            let last = last.as_str();
            let asks = ASKED.contains(&last) && !ends_with_verb(&lower[..end], |_| true);
            let fails = is_one_of(last, &[FAILED, REFUSED])
                || UNDONE.contains(&last) && ends_with_verb(&lower[..end - 1], Verb::is_sign_in);
            if !asks && !fails && !PLAIN.contains(&last) && !is_version(last) {
                break;
            }
            (end, failed, asked) = (end - 1, failed || fails, asked || asks);
            in_vain |= FAILED.contains(&last);
        }
        for to in (1..=end).rev() {
            for from in (to.saturating_sub(LONGEST)..to).map(|at| (at, lower[at..to].join("_"))) {
                let (from, phrase) = from;
                let Some(verb) = VERBS.get(phrase.as_str()) else { continue };
                let (before_verb, after) = (Before::of(&lower[..from]), &lower[to..end]);
                let is_failing =
                    after.first().is_some_and(|word| verb.is_sign_in() && is_one_of(word, &[FAILED, REFUSED]));
                let counts = verb.anywhere || from == 0 || to == end;
                if !counts && !before_verb.is_phrase && !is_failing {
                    continue;
                }
                let failed = failed || before_verb.fails || verb.is_undone(&lower[..from], after);
                let object_type = match before_verb.subject {
                    0 if to < end => &name[words[to].0..words[end - 1].1],
                    subject => before(name, words[subject].0),
                };
                let verb = match (failed, asked && verb.is_sign_in()) {
                    (true, _) => verb.failed(),
                    (false, true) => None,
                    (false, false) => Some(*verb),
                };
                let presumed = match (failed, asked) {
                    (true, _) => Outcome::Failure,
                    (false, true) => Outcome::Unknown,
                    (false, false) => Outcome::Success,
                };
                return Self { verb, object_type, presumed };
            }
        }
        let object_type = without_domain(name.rsplit_once('.').map_or("", |(before, _)| before));
        let is_step = (failed && lower[..end].iter().any(|word| STEPS.contains(&word.as_str()))) || ends_wrong(&lower);
        Self {
            verb: VERBS.get("sign_in").filter(|_| is_step).and_then(|sign_in| sign_in.failed()),
            object_type,
            presumed: if in_vain || is_step { Outcome::Failure } else { Outcome::Success },
        }
    }
}

/// What stands before a verb.
struct Before {
    /// How many words are its subject: what is left without `failed_to` and the like.
    subject: usize,
    /// Whether it is said that it failed.
    fails: bool,
    /// Whether that makes it a verb, wherever it stands: `failed_to_login_user`, beside `failed_login_counter`.
    is_phrase: bool,
}

impl Before {
    fn of(words: &[String]) -> Self {
        let is_around = |word: &String| is_one_of(word, &[LINKS, FAILED_BEFORE]);
        let subject = words.iter().rposition(|word| !is_around(word)).map_or(0, |at| at + 1);
        let around = &words[subject..];
        let fails = around.iter().any(|word| is_one_of(word, &[FAILED_BEFORE]));
        Self { subject, fails, is_phrase: fails && around.iter().any(|word| is_one_of(word, &[LINKS, NEGATIONS])) }
    }
}

impl Verb {
    /// The same, tried in vain.
    fn failed(self) -> Option<Self> {
        self.is_sign_in().then_some(Self { action: "sign_in_failed", ..self })
    }

    fn is_sign_in(&self) -> bool {
        self.action == "sign_in"
    }

    /// Whether the words around say of a sign-in that it did not happen: `login_failed_twice`, `failed_user_login`. Elsewhere
    /// they may be about something else: `failed_jobs.deleted`.
    fn is_undone(&self, before: &[String], after: &[String]) -> bool {
        self.is_sign_in()
            && before.iter().chain(after).any(|word| is_one_of(word, &[FAILED, REFUSED, FAILED_BEFORE, UNDONE]))
    }
}

/// Whether the last two words say that what was typed in was wrong.
fn ends_wrong(words: &[String]) -> bool {
    let named = words.iter().rposition(|word| !PLAIN.contains(&word.as_str()) && !is_version(word));
    let [.., one, other] = &words[..named.map_or(0, |at| at + 1)] else { return false };
    let said = |secret: &str, wrong: &str| SECRETS.contains(&secret) && WRONG.contains(&wrong);
    said(one, other) || said(other, one)
}

fn is_one_of(word: &str, lists: &[&[&str]]) -> bool {
    lists.iter().any(|words| words.contains(&word))
}

/// Whether the last words are a verb, and one that is asked for.
fn ends_with_verb(words: &[String], is_asked_for: impl Fn(&Verb) -> bool) -> bool {
    let starts = words.len().saturating_sub(LONGEST)..words.len();
    starts.into_iter().any(|from| VERBS.get(words[from..].join("_").as_str()).is_some_and(&is_asked_for))
}

/// The words of a name, in small letters.
pub(crate) fn words_of(name: &str) -> Vec<String> {
    words(name).into_iter().map(|(from, to)| name[from..to].to_lowercase()).collect()
}

/// Where the words of a name begin and end.
fn words(name: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut letters = name.char_indices().peekable();
    let (mut from, mut last) = (None, ' ');
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map_or(' ', |(_, next)| *next);
        let is_part = letter.is_alphanumeric();
        // `OrderDeleted`, `order2Deleted`, `APIKey`.
        let begins = letter.is_uppercase() && (!last.is_uppercase() || next.is_lowercase());
        if let Some(begun) = from.filter(|_| !is_part || begins) {
            words.push((begun, at));
            from = None;
        }
        if is_part && from.is_none() {
            from = Some(at);
        }
        last = letter;
    }
    words.extend(from.map(|from| (from, name.len())));
    let most = words.len().saturating_sub(MAX_WORDS);
    words.split_off(most)
}

/// `v1`, `2`.
fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a name says before a place: the parts before the one that the place is in, or within the only part.
fn before(name: &str, at: usize) -> &str {
    let before = &name[..at];
    let parts = before.rfind(['.', ':', '/', ' ']).map_or(before, |end| &before[..end]);
    without_domain(parts.trim_end_matches(|letter: char| !letter.is_alphanumeric()))
}

/// `com.example.order` is about an `order`.
fn without_domain(name: &str) -> &str {
    let mut parts = name.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(top), Some(_), Some(rest)) if TOP_LEVEL.contains(&top) => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J10: an unknown type is stored, never lost; J2: with one of the four classes.
    #[test]
    fn names_tell() {
        const CREATE: (Class, Category, &str) = (Class::Create, Category::Changes, "create");
        const DELETE: (Class, Category, &str) = (Class::Delete, Category::Changes, "delete");
        const UPDATE: (Class, Category, &str) = (Class::Change, Category::Changes, "update");
        const VIEW: (Class, Category, &str) = (Class::Other, Category::Views, "view");
        const EXPORT: (Class, Category, &str) = (Class::Other, Category::Views, "export");
        const SIGN_IN: (Class, Category, &str) = (Class::Other, Category::SignIns, "sign_in");
        const FAILED: (Class, Category, &str) = (Class::Other, Category::SignIns, "sign_in_failed");
        const SIGN_OUT: (Class, Category, &str) = (Class::Other, Category::SignIns, "sign_out");
        const OTHER: (Class, Category, &str) = (Class::Other, Category::Other, "other");
        for (name, expected, object_type) in [
            ("invoice.created", CREATE, "invoice"),
            ("invoice.line_added", CREATE, "invoice"),
            ("crm.lead.owner_changed", UPDATE, "crm.lead"),
            ("lead.viewed", VIEW, "lead"),
            ("user.sign_in_failed", FAILED, "user"),
            ("lead.reviewed", OTHER, "lead"),
            ("boom", OTHER, ""),
            ("", OTHER, ""),
            // As others name them.
            ("com.example.order.deleted.v1", DELETE, "order"),
            ("com.example.order.deleted", DELETE, "order"),
            ("order.deleted.v12", DELETE, "order"),
            ("order.deleted.2.0", DELETE, "order"),
            ("OrderDeleted", DELETE, "Order"),
            ("orderDeletedEvent", DELETE, "order"),
            ("OrderDeletedV2", DELETE, "Order"),
            ("APIKeyDeleted", DELETE, "APIKey"),
            ("ORDER_DELETED", DELETE, "ORDER"),
            ("order:deleted", DELETE, "order"),
            ("order/deleted", DELETE, "order"),
            ("order-deleted", DELETE, "order"),
            ("order deleted", DELETE, "order"),
            ("order.delete", DELETE, "order"),
            ("delete_order", DELETE, "order"),
            ("DELETE order", DELETE, "order"),
            ("DELETE /v1/orders", DELETE, "v1/orders"),
            ("order.deleted.by_admin", DELETE, "order"),
            ("POST orders", CREATE, "orders"),
            ("PATCH order", UPDATE, "order"),
            ("GET order", VIEW, "order"),
            ("createUser", CREATE, "User"),
            ("user.created.succeeded", CREATE, "user"),
            ("view.created", CREATE, "view"),
            ("export.template.updated", UPDATE, "export.template"),
            ("update.available", UPDATE, "available"),
            ("order.view.page", OTHER, "order.view"),
            ("order.delete.failed", OTHER, "order"),
            ("report.export_failed", OTHER, "report"),
            ("user.login", SIGN_IN, "user"),
            ("user.logged_in", SIGN_IN, "user"),
            ("UserLoggedIn", SIGN_IN, "User"),
            ("login", SIGN_IN, ""),
            ("LOGIN", SIGN_IN, ""),
            ("login.success", SIGN_IN, ""),
            ("user.login.v1", SIGN_IN, "user"),
            ("user.signin", SIGN_IN, "user"),
            ("auth.sign-in", SIGN_IN, "auth"),
            ("user.session.start", SIGN_IN, "user"),
            ("user.authenticated", SIGN_IN, "user"),
            ("login_failed", FAILED, ""),
            ("login.failed", FAILED, ""),
            ("user.login.failure", FAILED, "user"),
            ("LoginFailed", FAILED, ""),
            ("failed_login", FAILED, ""),
            ("user.failed_to_sign_in", FAILED, "user"),
            ("user.failed_to_login", FAILED, "user"),
            ("FailedToLogIn", FAILED, ""),
            ("UserFailedToSignIn", FAILED, "User"),
            ("failed_to_authenticate", FAILED, ""),
            ("failed_to_login_user", FAILED, "user"),
            ("app.could_not_login_user", FAILED, "app"),
            ("user.login_failed_wrong_password", FAILED, "user"),
            ("CouldNotSignIn", FAILED, ""),
            ("user.could_not_login", FAILED, "user"),
            ("user.not_signed_in", FAILED, "user"),
            ("login_unauthorized", FAILED, ""),
            ("login_rejected", FAILED, ""),
            ("user.login_cancelled", FAILED, "user"),
            ("login.failed.wrong_password", FAILED, "failed.wrong_password"),
            ("failed_user_login", FAILED, "failed_user"),
            ("user.login_blocked", FAILED, "user"),
            ("user.mfa_failed", FAILED, "user"),
            ("OtpInvalid", FAILED, ""),
            ("2fa.challenge.failed", FAILED, "2fa.challenge"),
            ("mfa.enabled", UPDATE, "mfa"),
            ("mfa.enable.failed", OTHER, "mfa"),
            ("user.blocked", OTHER, "user"),
            // What did not take place, or not yet.
            ("task.failed_to_delete", OTHER, "task"),
            ("task.not_deleted", OTHER, "task"),
            ("task.could_not_be_deleted", OTHER, "task"),
            ("user.sign_in_requested", OTHER, "user"),
            ("login_as.started", OTHER, "as"),
            ("login.required", OTHER, ""),
            // What was asked for or begun is the act.
            ("task.delete_requested", DELETE, "task"),
            ("delete_request", DELETE, ""),
            ("export.start", EXPORT, ""),
            ("report.download_started", EXPORT, "report"),
            ("export.pending", EXPORT, ""),
            ("user.create.request", CREATE, "user"),
            // And what did.
            ("failed_login_counter", OTHER, ""),
            ("export_request.approved", UPDATE, "export_request"),
            ("failed_jobs.deleted", DELETE, "failed_jobs"),
            ("order.rejected", UPDATE, "order"),
            ("order.cancelled", UPDATE, "order"),
            ("user.session_started", SIGN_IN, "user"),
            ("user.authentication.failed.v1", FAILED, "user"),
            ("user.auth.failed", FAILED, "user.auth"),
            ("auth.failure", FAILED, "auth"),
            ("auth_error", FAILED, ""),
            ("invalid_password", FAILED, ""),
            ("wrong_password", FAILED, ""),
            ("user.password.incorrect", FAILED, "user.password"),
            ("user.bad_credentials.v1", FAILED, "user.bad_credentials"),
            ("password.policy_invalid", OTHER, "password"),
            ("password_reset.failed", OTHER, "password_reset"),
            ("user.logout", SIGN_OUT, "user"),
            ("user.logged_out", SIGN_OUT, "user"),
            ("UserSignedOut", SIGN_OUT, "User"),
            ("session.logoff", SIGN_OUT, "session"),
            ("заказ.deleted", DELETE, "заказ"),
            (".deleted", DELETE, ""),
            ("...", OTHER, ".."),
            ("v1", OTHER, ""),
        ] {
            let got = classify_unknown(name, None, None);
            assert_eq!((got.class, got.category, got.action), expected, "{name}");
            assert_eq!(got.object_type, object_type, "{name}");
        }
    }

    /// J10: what failed or began is no success.
    #[test]
    fn names_tell_how_it_ended() {
        for (name, presumed) in [
            ("export.started", Outcome::Unknown),
            ("task.delete_requested.v1", Outcome::Unknown),
            ("user.sign_in_requested", Outcome::Unknown),
            ("order.delete.failed", Outcome::Failure),
            ("task.could_not_be_deleted", Outcome::Failure),
            ("user.update.denied", Outcome::Failure),
            ("payment.failed", Outcome::Failure),
            ("user.mfa_failed", Outcome::Failure),
            ("session_started", Outcome::Success),
            ("shift.started", Outcome::Success),
            ("request.deleted", Outcome::Success),
            ("user.blocked", Outcome::Success),
            ("order.deleted", Outcome::Success),
        ] {
            assert_eq!(classify_unknown(name, None, None).presumed, presumed, "{name}");
        }
    }

    /// No word is in the table twice, and none has more words than are looked for.
    #[test]
    fn the_table_is_unambiguous() {
        let all: Vec<&str> = DONE.iter().chain(DO).flat_map(|(words, ..)| words.split_whitespace()).collect();
        assert_eq!(all.len(), VERBS.len());
        assert!(all.iter().all(|word| word.split('_').count() <= LONGEST));
    }

    #[test]
    fn the_event_itself_wins() {
        let got = classify_unknown("lead.touched", Some(Class::Delete), Some("purge"));
        assert_eq!((got.class, got.category, got.action), (Class::Delete, Category::Changes, "purge"));
        let got = classify_unknown("lead.list_page", None, Some("export"));
        assert_eq!((got.class, got.category, got.action), (Class::Other, Category::Views, "export"));
        // A name that says nothing.
        let got = classify_unknown("lead.touched", None, Some("remove"));
        assert_eq!((got.class, got.category, got.action), (Class::Delete, Category::Changes, "remove"));
    }

    #[test]
    fn any_name_will_do() {
        for name in ["ÀÉ.Ü", "a\u{0}b", "💥.deleted💥", &"x.".repeat(64), &"aB".repeat(64), "İ.created"] {
            let _ = classify_unknown(name, None, Some(name));
        }
    }
}
