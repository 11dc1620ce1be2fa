//! One identity provider: its keys, kept in memory.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use tokio::sync::Mutex;

use super::fetch::{Endpoints, Published};
use super::token::Token;
use super::{Refusal, fetch};
use crate::config::Oidc;

/// Between two looks for a key that is not known. Anybody can make up names of keys, so they must not make us ask.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// How long keys are believed while the provider can't be asked: it may have withdrawn one.
const LONGEST_UNSEEN: TimeDelta = TimeDelta::hours(24);

/// A provider and what is known of it.
pub(super) struct Issuer {
    pub(super) rules: Oidc,
    pub(super) client: Client,
    known: ArcSwapOption<Known>,
    /// When it was asked last; held while it is asked, so that one asks and the others wait for the answer.
    asked: Mutex<Option<DateTime<Utc>>>,
}

struct Known {
    published: Published,
    at: DateTime<Utc>,
}

impl Issuer {
    pub(super) fn new(rules: Oidc) -> Result<Arc<Self>, reqwest::Error> {
        let client = fetch::client(&rules)?;
        Ok(Arc::new(Self { rules, client, known: ArcSwapOption::empty(), asked: Mutex::default() }))
    }

    /// Whether the token is signed by a key of this provider. Asks it only where the key's name was never seen.
    pub(super) async fn verify(self: &Arc<Self>, token: &Token<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
        if !self.rules.algorithms.contains(&token.algorithm) {
            return Err(Refusal::Algorithm);
        }
        if !self.keys(now).is_some_and(|known| known.published.keys.has(&token.kid)) {
            self.look_apart(now).await;
        }
        let known = self.keys(now).ok_or(Refusal::NoKeys)?;
        known.published.keys.verify((&token.kid, token.algorithm), token.message, &token.signature)
    }

    fn keys(&self, now: DateTime<Utc>) -> Option<Arc<Known>> {
        self.known.load_full().filter(|known| now - known.at < LONGEST_UNSEEN)
    }

    /// Where people sign in, if that is known. Asks the provider where nothing is known of it.
    pub(super) async fn sign_in(self: &Arc<Self>, now: DateTime<Utc>) -> Option<Endpoints> {
        if self.keys(now).is_none() {
            self.look_apart(now).await;
        }
        self.keys(now)?.published.sign_in.clone()
    }

    /// Looks in a task of its own: whoever asked may go away, and then nobody would have been answered.
    async fn look_apart(self: &Arc<Self>, now: DateTime<Utc>) {
        let issuer = Arc::clone(self);
        let _ = tokio::spawn(async move { issuer.look(now).await }).await;
    }

    /// Asks the provider, unless it was asked a moment ago.
    async fn look(&self, now: DateTime<Utc>) {
        let mut asked = self.asked.lock().await;
        if asked.is_none_or(|at| (now - at).abs() >= PAUSE) {
            *asked = Some(now);
            self.ask(now).await;
        }
    }

    /// Asks the provider.
    pub(super) async fn refresh(&self, now: DateTime<Utc>) {
        let mut asked = self.asked.lock().await;
        *asked = Some(now);
        self.ask(now).await;
    }

    /// What it answers takes the place of all that was known; what it does not answer changes nothing.
    async fn ask(&self, now: DateTime<Utc>) {
        let issuer = self.rules.issuer.as_str();
        match fetch::published(&self.client, &self.rules).await {
            Ok(published) => {
                tracing::debug!(issuer, keys = published.keys.len(), "keys of the identity provider");
                self.known.store(Some(Arc::new(Known { published, at: now })));
            }
            Err(error) => {
                tracing::warn!(issuer, error = %Chain(&error), "the identity provider's keys could not be refreshed");
            }
        }
    }
}

/// An error with its causes: reqwest prints only the outermost.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}
