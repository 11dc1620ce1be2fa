//! Whether a browser's request comes from a page of the console. What a page of another site may have a browser send is
//! refused, reads as well: a read is recorded, and an export is an event.

use axum::http::{HeaderMap, HeaderName, Method, header};

use super::site::Site;

/// What browsers say of where a request comes from (Fetch Metadata); no page can change it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request that comes with the cookie is the console's own: of the same origin, or a person's who opened an address by
/// hand. Where a browser is too old to say, it has to name the origin.
pub(crate) fn is_own(method: &Method, headers: &HeaderMap, site: &Site) -> bool {
    match one(headers, &FETCH_SITE) {
        Given::Once("same-origin") => true,
        Given::Once("none") => matches!(*method, Method::GET | Method::HEAD),
        Given::Nothing => one(headers, &header::ORIGIN) == Given::Once(site.origin()),
        _ => false,
    }
}

/// Whether a request without a cookie may begin or end a session: as above, but what says nothing at all is no browser, and has
/// no cookies of anybody.
pub(crate) fn may_begin(method: &Method, headers: &HeaderMap, site: &Site) -> bool {
    let silent = one(headers, &FETCH_SITE) == Given::Nothing && one(headers, &header::ORIGIN) == Given::Nothing;
    silent || is_own(method, headers, site)
}

#[derive(Debug, PartialEq, Eq)]
enum Given<'a> {
    Nothing,
    Once(&'a str),
    /// Several times, or in a way that no browser does.
    Oddly,
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Given<'a> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Given::Nothing,
        (Some(value), None) => value.to_str().map_or(Given::Oddly, Given::Once),
        _ => Given::Oddly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://localhost:8080";

    fn site() -> Site {
        let console = runtime::config::Config::defaults().unwrap().console;
        Site::of(&console, &HeaderMap::from_iter([(header::HOST, "localhost:8080".parse().unwrap())])).unwrap()
    }

    fn headers(fetch_site: &[&str], origin: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, values) in [(FETCH_SITE, fetch_site), (header::ORIGIN, origin)] {
            for value in values {
                headers.append(name.clone(), value.parse().unwrap());
            }
        }
        headers
    }

    /// C2: the table of `Sec-Fetch-Site` and `Origin`, for reads and for changes.
    #[test]
    fn requests_of_other_sites_are_told_apart() {
        let none: &[&str] = &[];
        for (fetch_site, origin, get, post, begin) in [
            (&["same-origin"][..], none, true, true, true),
            (&["same-origin"], &["null"][..], true, true, true),
            (&["same-origin"], &["https://evil.example"], true, true, true),
            (&["none"], none, true, false, false),
            (&["same-site"], none, false, false, false),
            (&["same-site"], &[OWN], false, false, false),
            (&["cross-site"], none, false, false, false),
            (&["cross-site"], &[OWN], false, false, false),
            (&["Same-Origin"], none, false, false, false),
            (&[""], &[OWN], false, false, false),
            (&["same-origin", "same-origin"], none, false, false, false),
            (none, none, false, false, true),
            (none, &[OWN], true, true, true),
            (none, &["http://localhost:8081"], false, false, false),
            (none, &["https://localhost:8080"], false, false, false),
            (none, &["http://localhost:8080.evil.example"], false, false, false),
            (none, &["null"], false, false, false),
            (none, &[OWN, OWN], false, false, false),
        ] {
            let headers = headers(fetch_site, origin);
            let told = (is_own(&Method::GET, &headers, &site()), is_own(&Method::POST, &headers, &site()));
            assert_eq!(told, (get, post), "{fetch_site:?} {origin:?}");
            assert_eq!(may_begin(&Method::POST, &headers, &site()), begin, "{fetch_site:?} {origin:?}");
        }
    }
}
