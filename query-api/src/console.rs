//! The console for browsers: its files, and signing in and out ([0044](../../docs/decisions/0044-sessions.md)).
//!
//! Nothing here is an operation of the API, and nothing here reads events: whoever is signed in asks the API itself, by the
//! cookie of their session.

pub(crate) mod answers;
pub mod assets;
pub(crate) mod headers;
pub(crate) mod next;
pub mod once;
pub(crate) mod page;
pub(crate) mod providers;
pub(crate) mod record;
pub mod shell;
pub(crate) mod sign_in;
pub(crate) mod visitor;
pub(crate) mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::state::QueryApi;

/// The routes of signing in and out; none where the console is off.
pub(crate) fn router(api: &QueryApi) -> Router {
    if api.shell().is_none() {
        return Router::new();
    }
    Router::new()
        .route("/sign-in", get(sign_in::page))
        .route("/sign-in/style.css", get(sign_in::style))
        .route("/sign-in/oidc/{number}", get(providers::begin))
        .route("/sign-in/callback", get(providers::finish))
        .route("/session", post(sign_in::begin).delete(sign_in::end))
        .with_state(api.clone())
}
