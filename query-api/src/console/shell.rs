//! What browsers are shown of the console: its files, and for every other address that a person opens, the page that makes the rest.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{Html, IntoResponse, Response};
use runtime::config::Console;

use super::assets::Assets;
use super::headers;

/// Files whose names change with what is in them.
const HASHED: &str = "assets/";
/// First parts of addresses that are no page of the console.
const NOT_PAGES: [&str; 9] =
    ["v1", "openapi.json", "sql", "metrics", "healthz", "readyz", "session", "sign-in", "assets"];
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// What is shown where the program was built without the console.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>usertrail</title></head>\n\
    <body><h1>The console is not part of this program</h1>\n\
    <p>It was built without it. <code>tools/console</code> builds the console, which takes Node; then build the program again.</p>\n\
    <p>The interface works all the same: <a href=\"/openapi.json\">/openapi.json</a> describes it.</p></body></html>\n";

/// What browsers are shown. Clones share it.
#[derive(Clone, Debug)]
pub struct Shell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    assets: Assets,
    is_secure: bool,
}

impl Shell {
    pub(crate) fn new(console: &Console, assets: Assets) -> Self {
        let is_secure = console.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        Self(Arc::new(Inner { assets, is_secure }))
    }

    /// What a browser is shown at an address that nothing else has; none where it is no page and no file.
    pub fn answer(&self, request: &Request) -> Option<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let path = request.uri().path().strip_prefix('/')?;
        match self.0.assets.get(path).filter(|_| path != "index.html") {
            Some(file) => {
                let kept = if path.starts_with(HASHED) { FOR_A_YEAR } else { ASK_AGAIN };
                Some(self.held(file.answer(request.headers(), kept)))
            }
            None if NOT_PAGES.contains(&path.split('/').next().unwrap_or_default()) => None,
            None => self.page(request.headers()),
        }
    }

    /// The page that makes all others, for whoever wants a page.
    #[must_use]
    pub fn page(&self, asked: &HeaderMap) -> Option<Response> {
        if !wants_page(asked) {
            return None;
        }
        let mut response = match self.0.assets.get("index.html") {
            Some(file) => file.answer(asked, ASK_AGAIN),
            None => ([(header::CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response(),
        };
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
        Some(self.held(response))
    }

    fn held(&self, mut response: Response) -> Response {
        headers::put(response.headers_mut(), self.0.is_secure);
        response
    }
}

/// A person's browser names HTML; programs take anything, or name what they want.
fn wants_page(asked: &HeaderMap) -> bool {
    let mut accepted = asked.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.to_ascii_lowercase().contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn shell(files: &[(&'static str, &'static [u8])]) -> Shell {
        Shell::new(&runtime::config::Config::defaults().unwrap().console, Assets::new(files))
    }

    fn ask(shell: &Shell, method: &str, path: &str, accept: &str) -> Option<String> {
        let request = Request::builder().method(method).uri(path).header("accept", accept).body(Body::empty()).unwrap();
        let answer = shell.answer(&request)?;
        let text = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
        Some(format!("{} {} {}", answer.status().as_u16(), text("content-type"), text("cache-control")))
    }

    /// C1: addresses that a person opens are the console's; what programs ask for, and what the API has, stays as it is.
    #[test]
    fn pages_and_files() {
        const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
        let shell = shell(&[("index.html", b"<p>"), ("theme.js", b"1"), ("assets/a-1.js", b"2")]);
        let html = "200 text/html; charset=utf-8 no-cache";
        for path in ["/", "/events", "/users/u-1/sign-ins?period=today", "/v2", "/events.json", "/index.html"] {
            assert_eq!(ask(&shell, "GET", path, PAGE).as_deref(), Some(html), "{path}");
            assert_eq!(ask(&shell, "GET", path, "application/json"), None, "{path}");
            assert_eq!(ask(&shell, "GET", path, "*/*"), None, "{path}");
            assert_eq!(ask(&shell, "POST", path, PAGE), None, "{path}");
        }
        for path in
            ["/v1", "/v1/nothing", "/sql", "/openapi.json", "/metrics/x", "/assets/gone.js", "/session", "/sign-in/x"]
        {
            assert_eq!(ask(&shell, "GET", path, PAGE), None, "{path}");
        }
        let script = "200 text/javascript; charset=utf-8 ";
        assert_eq!(ask(&shell, "GET", "/theme.js", "*/*"), Some(format!("{script}no-cache")));
        assert_eq!(ask(&shell, "HEAD", "/assets/a-1.js", "*/*"), Some(format!("{script}{FOR_A_YEAR}")));
    }

    /// C1: without a build there is a page that says what to do.
    #[test]
    fn a_program_without_the_console_says_so() {
        let answer = ask(&shell(&[]), "GET", "/", "text/html");
        assert_eq!(answer.as_deref(), Some("200 text/html; charset=utf-8 no-store"));
        assert!(NOT_BUILT.contains("tools/console"));
    }
}
