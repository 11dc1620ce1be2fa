//! `GET /`: what this process is, and where to go from here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use query_api::Shell;
use serde_json::{Value, json};

use crate::roles::Role;

/// A way on: method, path, what is there.
type Link = (&'static str, &'static str, &'static str);

const OF_ALL: &[Link] = &[
    ("GET", "/openapi.json", "The interface, exactly"),
    ("GET", "/healthz", "Whether the process has to be started again"),
    ("GET", "/readyz", "Whether it can work, and what it waits for"),
    ("GET", "/metrics", "Figures for Prometheus"),
];

fn links(role: Role) -> &'static [Link] {
    match role {
        Role::Ingest => &[("POST", "/v1/events", "Send events")],
        Role::QueryApi => &[
            ("GET", "/v1/events", "The log, newest first"),
            ("GET", "/v1/users", "The users, and when each was last active"),
            ("GET", "/v1/statistics", "What the tenant did, in figures"),
            ("GET", "/v1/violations", "What the rules found"),
            ("GET", "/v1/catalogue", "The event types"),
        ],
        Role::Enrich | Role::Alert => &[],
    }
}

/// Both forms of the answer.
struct Index {
    text: String,
    document: Value,
    shell: Option<Shell>,
}

/// The route. It needs no key, and says nothing that the address doesn't; a browser is shown the console instead, where it is served.
pub(crate) fn router(roles: &[Role], shell: Option<Shell>) -> Router {
    let links = roles.iter().flat_map(|role| links(*role)).chain(OF_ALL);
    let (mut text, mut rows) = (format!("usertrail {}\n\n", env!("CARGO_PKG_VERSION")), Vec::new());
    for (method, path, what) in links {
        text += &format!("{method:<5}{path:<18}{what}\n");
        rows.push(json!({"method": method, "href": path, "title": what}));
    }
    text += "\nAll of /v1 asks for `Authorization: Bearer <API key>`.\n";
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let document = json!({
        "name": "usertrail",
        "version": env!("CARGO_PKG_VERSION"),
        "roles": names,
        "authorization": "Bearer <API key>",
        "links": rows,
    });
    Router::new().route("/", get(answer)).with_state(Arc::new(Index { text, document, shell }))
}

/// The console or else text for people, who come with a browser; JSON for everybody else.
async fn answer(State(index): State<Arc<Index>>, headers: HeaderMap) -> Response {
    if let Some(page) = index.shell.as_ref().and_then(|shell| shell.page(&headers)) {
        return page;
    }
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut answer = if accepted.contains("text/") {
        index.text.clone().into_response()
    } else {
        Json(&index.document).into_response()
    };
    answer.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way that it names is one that the interface has.
    #[test]
    fn every_link_leads_somewhere() {
        let document = serde_json::to_value(crate::commands::openapi_document()).unwrap();
        for (method, path, _) in [Role::Ingest, Role::QueryApi].into_iter().flat_map(links) {
            assert!(document["paths"][path][method.to_lowercase()].is_object(), "{method} {path}");
        }
    }
}
