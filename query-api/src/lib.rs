//! The last leg of an event's path: ClickHouse → HTTP.
//!
//! A request goes through the [guard](http::guard) (who asks, may they, how often) to the handler that [`routes`] names. The handler
//! takes out of it what it needs ([`http::extract`], [`http::page`]), makes a named query of [`store::sql`] with the cutoffs of
//! [`store::cutoffs`], runs it in [`store`], and shows the rows. Lists are paged by [`http::cursor`]; every answer says how complete it
//! is, which [`runtime::freshness`] knows. Lists and reports are also handed out whole, as files ([`export`]).
//!
//! Everything else stands by its subject. What a subject stands on is put together in [`state`].
//!
//! Administrators change settings here as well; they are written to Kafka by [`runtime::settings`], never to ClickHouse.

pub mod alerts;
pub mod audit;
pub mod console;
pub mod devices;
pub mod export;
pub mod http;
pub mod log;
pub mod me;
pub mod openapi;
pub mod restore;
pub(crate) mod routes;
pub mod rules;
pub(crate) mod session;
mod state;
pub mod statistics;
pub mod store;
pub mod tenants;
pub mod trace;
pub mod users;
pub mod violations;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runtime::http::methods;
use runtime::problem::{Problem, in_language};
use tower_http::catch_panic::CatchPanicLayer;

pub use crate::console::assets::Assets;
pub use crate::console::once::OneTimeLink;
pub use crate::console::shell::Shell;
pub use crate::state::{Parts, QueryApi, StartError};

/// The document of this API alone. The program merges it with those of its other roles and serves the whole.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = routes::document();
    openapi::closed::enumerate(&mut document);
    openapi::formats::offer(&mut document);
    openapi::headers::describe(&mut document);
    document
}

/// The routes, without fallbacks, so that they can be merged with those of other roles; see [`finish`].
pub fn router(api: QueryApi) -> Router {
    console::router(&api).merge(routes::router(api))
}

/// Serves the (merged) document at `/openapi.json`, answers which methods each resource has, and gives problems for unknown
/// routes and methods, and for panics; browsers that open an address of the console are shown its `shell`.
/// To be applied once, to all routes of a process.
pub fn finish(router: Router, document: &utoipa::openapi::OpenApi, shell: Option<Shell>) -> Router {
    let text = document.to_json().unwrap_or_default();
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    let router = router
        .route("/openapi.json", axum::routing::get(move || async move { (json, text) }))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this can't be done here; see Allow")
        })
        .fallback(move |request: Request| {
            let nothing = || Problem::not_found("there is nothing here; see /openapi.json").into_response();
            let answer = shell.as_ref().and_then(|shell| shell.answer(&request)).unwrap_or_else(nothing);
            async move { answer }
        })
        .layer(CatchPanicLayer::custom(panicked));
    methods::with_methods(router).layer(axum::middleware::from_fn(in_language))
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(text.unwrap_or_else(|| "panic".to_owned())).into_response()
}

/// A value as `serde_json::json!` has it, with numbers of any length.
#[cfg(test)]
macro_rules! json {
    ($($json:tt)+) => { schemas::json::Value::from(serde_json::json!($($json)+)) };
}
#[cfg(test)]
pub(crate) use json;
