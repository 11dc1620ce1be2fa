//! What a request says beside its query string: which formats it takes, what its path names, and whether it wants a body.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use percent_encoding::percent_decode_str;
use runtime::problem::AskedLang;
use schemas::catalogue::Lang;

/// What a request says beside its query string. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestInfo(Arc<Fields>);

#[derive(Debug, Default)]
struct Fields {
    head: bool,
    accept: String,
    lang: Option<Lang>,
    named: Vec<(String, String)>,
}

impl RequestInfo {
    pub(crate) fn of(request: &Request) -> Self {
        let values = request.headers().get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accept = values.collect::<Vec<_>>().join(",");
        let AskedLang(lang) = AskedLang::found(request.extensions());
        let template = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let head = request.method() == Method::HEAD;
        Self(Arc::new(Fields { head, accept, lang, named: named(template, request.uri().path()) }))
    }

    /// Whether only the headers of the answer are asked for.
    pub(crate) fn is_head(&self) -> bool {
        self.0.head
    }

    /// The `Accept` header; empty: anything.
    pub(crate) fn accept(&self) -> &str {
        &self.0.accept
    }

    /// The language that is asked for.
    pub(crate) fn lang(&self) -> Option<Lang> {
        self.0.lang
    }

    /// What the path names, by the names that filters have: `/v1/users/u-17/devices` is about the `user_id` `u-17`.
    pub(crate) fn named(&self) -> &[(String, String)] {
        &self.0.named
    }
}

fn named(template: &str, path: &str) -> Vec<(String, String)> {
    let mut named = Vec::new();
    let mut before = "";
    for (part, given) in template.split('/').zip(path.split('/')) {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            let name = match name {
                "id" if !before.is_empty() => format!("{}_id", before.trim_end_matches('s')),
                name => name.to_owned(),
            };
            named.push((name, percent_decode_str(given).decode_utf8_lossy().into_owned()));
            before = "";
        } else {
            before = part;
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_what_it_is_about() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(named("/v1/users/{id}/devices", "/v1/users/u%2F17/devices"), [pair("user_id", "u/17")]);
        let history = named("/v1/objects/{type}/{id}/history", "/v1/objects/deal/7/history");
        assert_eq!(history, [pair("type", "deal"), pair("id", "7")]);
        assert_eq!(named("/v1/events", "/v1/events"), []);
    }
}
