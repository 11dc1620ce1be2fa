//! Files of the console, as its build has left them: each plain, and where the build has compressed it, as `.br` and `.gz` beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemas::settings::hex;
use sha2::{Digest as _, Sha256};

/// Encodings, the smallest first, with how the build calls their files.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// What the console is built of. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Assets(Arc<BTreeMap<&'static str, Asset>>);

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    path: &'static str,
    plain: Form,
    /// In the order of [`ENCODINGS`].
    encoded: [Option<Form>; 2],
}

#[derive(Clone, Debug)]
struct Form {
    bytes: &'static [u8],
    tag: HeaderValue,
}

impl Form {
    fn new(bytes: &'static [u8]) -> Option<Self> {
        let tag = format!("\"{}\"", hex(&Sha256::digest(bytes)[..12]));
        HeaderValue::try_from(tag).ok().map(|tag| Self { bytes, tag })
    }
}

impl Assets {
    /// Files by their paths below the build's folder, without a slash before them.
    #[must_use]
    pub fn new(files: &[(&'static str, &'static [u8])]) -> Self {
        let find =
            |path: String| files.iter().find(|(other, _)| *other == path).and_then(|&(_, bytes)| Form::new(bytes));
        let is_encoded = |path: &str| ENCODINGS.iter().any(|(_, ending)| path.ends_with(ending));
        let plain = files.iter().filter(|(path, _)| !is_encoded(path));
        let assets = plain.filter_map(|&(path, bytes)| {
            let encoded = ENCODINGS.map(|(_, ending)| find(format!("{path}{ending}")));
            Some((path, Asset { path, plain: Form::new(bytes)?, encoded }))
        });
        Self(Arc::new(assets.collect()))
    }

    /// Whether there is a console to show.
    #[must_use]
    pub fn are_built(&self) -> bool {
        self.0.contains_key("index.html")
    }

    /// A file by its path.
    pub(crate) fn get(&self, path: &str) -> Option<&Asset> {
        self.0.get(path)
    }
}

impl Asset {
    /// The file as a browser takes it; `kept` is how long it may keep it.
    pub(crate) fn answer(&self, asked: &HeaderMap, kept: &'static str) -> Response {
        let taken = |name: &str| accepts(asked, name);
        let encoded = ENCODINGS.iter().zip(&self.encoded).find(|((name, _), form)| form.is_some() && taken(name));
        let (form, encoding) = match encoded {
            Some(((name, _), Some(form))) => (form, Some(*name)),
            _ => (&self.plain, None),
        };
        let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known = known.flat_map(|all| all.split(',')).any(|tag| {
            let tag = tag.trim();
            tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == form.tag.as_bytes()
        });
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(form.bytes).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, form.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
        if !is_known {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(self.path)));
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        response
    }
}

/// Whether a browser takes an encoding: it names it, and not to refuse it.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    /// C1: the smallest form that a browser takes, and none that it has already.
    #[test]
    fn a_file_has_the_form_that_is_taken() {
        let assets = Assets::new(&[
            ("a.js", b"plain"),
            ("a.js.br", b"br"),
            ("a.js.gz", b"gz"),
            ("b.css", b"b"),
            ("b.css.gz", b"gz"),
        ]);
        assert!(!assets.are_built() && assets.get("a.js.br").is_none());
        for (accept, a, b) in [
            ("br, gzip", Some("br"), Some("gzip")),
            ("gzip, deflate", Some("gzip"), Some("gzip")),
            ("gzip;q=0.5, BR;q=0.1", Some("br"), Some("gzip")),
            ("br;q=0, gzip;q=0", None, None),
            ("brotli, x-gzip, *", None, None),
        ] {
            let asked = asked(header::ACCEPT_ENCODING, accept);
            for (path, expected) in [("a.js", a), ("b.css", b)] {
                let answer = assets.get(path).unwrap().answer(&asked, "no-cache");
                let told = answer.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
                assert_eq!(told, expected, "{accept} {path}");
                assert_eq!(answer.headers()[header::VARY], "accept-encoding");
            }
        }
        let file = assets.get("a.js").unwrap();
        let tag = file.answer(&HeaderMap::new(), "no-cache").headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}")] {
            let again = file.answer(&asked(header::IF_NONE_MATCH, &known), "no-cache");
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(file.answer(&asked(header::IF_NONE_MATCH, "\"x\""), "no-cache").status(), StatusCode::OK);
    }
}
