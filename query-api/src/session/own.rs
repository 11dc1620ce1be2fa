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
        // What `Sec-Fetch-Site` and `Origin` say, and whether a read, a change, and the beginning of a session are answered.
        type Row = (&'static [&'static str], &'static [&'static str], [bool; 3]);
        let table: [Row; 18] = [
            (&["same-origin"], &[], [true, true, true]),
            (&["same-origin"], &["null"], [true, true, true]),
            (&["same-origin"], &["https://evil.example"], [true, true, true]),
            (&["none"], &[], [true, false, false]),
            (&["same-site"], &[], [false, false, false]),
            (&["same-site"], &[OWN], [false, false, false]),
            (&["cross-site"], &[], [false, false, false]),
            (&["cross-site"], &[OWN], [false, false, false]),
            (&["Same-Origin"], &[], [false, false, false]),
            (&[""], &[OWN], [false, false, false]),
            (&["same-origin", "same-origin"], &[], [false, false, false]),
            (&[], &[], [false, false, true]),
            (&[], &[OWN], [true, true, true]),
            (&[], &["http://localhost:8081"], [false, false, false]),
            (&[], &["https://localhost:8080"], [false, false, false]),
            (&[], &["http://localhost:8080.evil.example"], [false, false, false]),
            (&[], &["null"], [false, false, false]),
            (&[], &[OWN, OWN], [false, false, false]),
        ];
        for (fetch_site, origin, expected) in table {
            let headers = headers(fetch_site, origin);
            let own = |method: Method| is_own(&method, &headers, &site());
            let answered = [own(Method::GET), own(Method::POST), may_begin(&Method::POST, &headers, &site())];
            assert_eq!(answered, expected, "{fetch_site:?} {origin:?}");
        }
    }
}
