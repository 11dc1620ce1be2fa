//! Sessions: who is signed in, kept by the browser as a sealed cookie and by nobody else. What they may is looked up at each
//! request, so that a key that is revoked and a table that is changed hold at once.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use runtime::config::Console;
use runtime::oidc::{Oidc, ProviderIdentity};
use runtime::principal::Principal;
use runtime::problem::Problem;
use runtime::seal::SealKeys;
use runtime::settings::Settings;
use schemas::settings::hex;
use serde::{Deserialize, Serialize};

use super::cookie::{Cookie, MAX_VALUE};
use super::own::is_own;
use super::site::Site;

/// A session ends when nothing was asked by it for so long, seconds.
pub(crate) const IDLE: i64 = 3600;
/// It ends after so long whatever was asked, seconds.
pub(crate) const LONGEST: i64 = 12 * 3600;
/// Between two notes of when it was last used, seconds.
const RESEAL: i64 = 300;
/// What its cookie is sealed for.
const PURPOSE: &str = "session";

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    /// Whoever has an API key, by the key's id.
    #[serde(rename = "k")]
    Key(String),
    /// A person, as their provider has identified them.
    #[serde(rename = "p")]
    Person(ProviderIdentity),
}

/// A session as its cookie holds it. Times are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    id: String,
    #[serde(rename = "w")]
    who: Who,
    #[serde(rename = "b")]
    begun: i64,
    #[serde(rename = "u")]
    used: i64,
}

impl Session {
    /// Its id, which is no secret.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// When it ends at the latest.
    pub(crate) fn ends(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.begun.saturating_add(LONGEST), 0).unwrap_or_default()
    }

    fn holds(&self, now: i64) -> bool {
        // One of the future is none of ours, or of a clock that was set back.
        let since = |at: i64| now.checked_sub(at).filter(|since| *since >= -RESEAL);
        since(self.begun).is_some_and(|age| age < LONGEST) && since(self.used).is_some_and(|idle| idle < IDLE)
    }
}

/// A cookie that a request came with.
#[derive(Debug)]
pub(crate) struct Found {
    site: Site,
    values: Vec<String>,
}

/// What becomes of the browser's cookie with the answer.
#[derive(Debug, Default)]
pub(crate) struct Kept(Option<HeaderValue>);

impl Kept {
    /// Puts it into an answer, which nobody but this browser's page may keep.
    pub(crate) fn put(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cookie) = self.0 {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// The sessions of an installation. Clones share everything.
#[derive(Clone)]
pub(crate) struct Sessions(Arc<Inner>);

struct Inner {
    console: Console,
    keys: SealKeys,
    settings: Settings,
    oidc: Oidc,
}

impl Sessions {
    pub(crate) fn new(console: Console, keys: SealKeys, settings: Settings, oidc: Oidc) -> Self {
        Self(Arc::new(Inner { console, keys, settings, oidc }))
    }

    /// Where people reach the console by such a request; none where it is off, or not reached safely.
    pub(crate) fn site(&self, headers: &HeaderMap) -> Option<Site> {
        Site::of(&self.0.console, headers).filter(|_| self.0.console.enabled)
    }

    /// The keys that cookies are sealed with.
    pub(crate) fn keys(&self) -> &SealKeys {
        &self.0.keys
    }

    /// The cookie of a request that comes without a credential of its own.
    pub(crate) fn found(&self, headers: &HeaderMap) -> Option<Found> {
        if headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        let site = self.site(headers)?;
        let values = Cookie::Session.values(headers, &site);
        (!values.is_empty()).then_some(Found { site, values })
    }

    /// Who asks by a cookie, and what becomes of it.
    pub(crate) fn enter(
        &self,
        found: &Found,
        method: &Method,
        headers: &HeaderMap,
    ) -> (Result<Principal, Problem>, Kept) {
        if !is_own(method, headers, &found.site) {
            return (Err(of_another_site()), Kept::default());
        }
        let now = self.0.oidc.now().timestamp();
        let Some((session, principal)) = self.open(found, now) else {
            return (Err(session_over()), Kept(Cookie::Session.clear(&found.site)));
        };
        let used = if now - session.used >= RESEAL {
            self.sealed(&Session { used: now, ..session }, &found.site)
        } else {
            None
        };
        (Ok(principal), Kept(used))
    }

    /// The session of a cookie, if it holds and whoever it is of may still be here.
    pub(crate) fn current(&self, found: &Found) -> Option<(Session, Principal)> {
        self.open(found, self.0.oidc.now().timestamp())
    }

    fn open(&self, found: &Found, now: i64) -> Option<(Session, Principal)> {
        let snapshot = self.0.settings.snapshot();
        found.values.iter().find_map(|value| {
            let session: Session = serde_json::from_slice(&self.0.keys.open(PURPOSE, value)?).ok()?;
            let holds = session.holds(now) && !snapshot.has_ended(&session.id);
            Some((session.clone(), self.principal(&session.who)?)).filter(|_| holds)
        })
    }

    /// What somebody may now.
    pub(crate) fn principal(&self, who: &Who) -> Option<Principal> {
        match who {
            Who::Key(id) => self.0.settings.principal_of_key(id).ok(),
            Who::Person(identity) => self.0.oidc.principal_of(identity).ok(),
        }
    }

    /// Begins a session: its id, and the header that gives its cookie to the browser.
    ///
    /// # Errors
    /// When what is known of a person is more than a cookie holds.
    pub(crate) fn begin(&self, who: Who, site: &Site) -> Result<(String, HeaderValue), Problem> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(Problem::internal)?;
        let now = self.0.oidc.now().timestamp();
        let session = Session { id: hex(&random), who, begun: now, used: now };
        let too_long = || Problem::forbidden(format!("what your provider says of you is more than {MAX_VALUE} bytes"));
        let cookie = self.sealed(&session, site).ok_or_else(too_long)?;
        Ok((session.id, cookie))
    }

    fn sealed(&self, session: &Session, site: &Site) -> Option<HeaderValue> {
        let text = serde_json::to_vec(session).ok()?;
        Cookie::Session.set(site, &self.0.keys.seal(PURPOSE, &text).ok()?, None)
    }
}

/// 401 that says what to do.
fn session_over() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "the session has ended; sign in again")
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"usertrail\""))
}

/// 403 for what a page of another site has a browser send.
pub(crate) fn of_another_site() -> Problem {
    Problem::forbidden(
        "this comes from a page of another site; with the console's cookie, only its own pages are answered",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// C2: a session holds for an hour after it was used, and for twelve in all; never before it began.
        #[test]
        fn a_session_has_its_time(begun in 0_i64..2_000_000_000, used in 0_i64..60_000, after in -4000_i64..60_000) {
            let session = Session { id: String::new(), who: Who::Key(String::new()), begun, used: begun + used };
            let now = begun + after;
            let idle = after - used;
            let expected = (-RESEAL..LONGEST).contains(&after) && (-RESEAL..IDLE).contains(&idle);
            prop_assert_eq!(session.holds(now), expected);
            prop_assert_eq!(session.ends().timestamp(), begun + LONGEST);
        }

        /// C2: whatever a cookie says of its times, it makes nobody fail.
        #[test]
        fn odd_times_hold_nothing(begun: i64, used: i64, now in 1_700_000_000_i64..1_900_000_000) {
            let session = Session { id: String::new(), who: Who::Key(String::new()), begun, used };
            let _ = (session.holds(now), session.ends());
        }
    }
}
