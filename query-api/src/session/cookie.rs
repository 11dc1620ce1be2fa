//! Cookies: read from the one header that browsers send, and written with what keeps them here.

use axum::http::{HeaderMap, HeaderValue, header};

use super::site::Site;

/// Most cookies of one name that are tried: another program of the same machine may have one that is called the same.
const MAX_TRIED: usize = 4;
/// Longest value, in bytes; browsers take 4096 with its name.
pub(crate) const MAX_VALUE: usize = 3800;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is signed in.
    Session,
    /// A sign-in at a provider that is under way; it comes back from there, so from another site.
    Provider,
}

impl Cookie {
    /// Its name; that of a site with `https` says to browsers that nobody else may have set it.
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_secure()) {
            (Self::Session, true) => "__Host-usertrail",
            (Self::Session, false) => "usertrail",
            (Self::Provider, true) => "__Host-usertrail-provider",
            (Self::Provider, false) => "usertrail-provider",
        }
    }

    /// Values that a request brings under its name.
    pub(crate) fn values(self, headers: &HeaderMap, site: &Site) -> Vec<String> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let named = pairs.filter(|(name, value)| *name == self.name(site) && !value.is_empty());
        named.take(MAX_TRIED).map(|(_, value)| value.to_owned()).collect()
    }

    /// The header that gives it to a browser for so many seconds; none: for as long as the browser is open. None for a value that
    /// no browser would keep.
    pub(crate) fn set(self, site: &Site, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        let same_site = match self {
            Self::Session => "Strict",
            Self::Provider => "Lax",
        };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if site.is_secure() { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{age}", self.name(site));
        HeaderValue::try_from(text).ok().filter(|_| value.len() <= MAX_VALUE)
    }

    /// The header that takes it from a browser.
    pub(crate) fn clear(self, site: &Site) -> Option<HeaderValue> {
        self.set(site, "", Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(public_url: &str) -> Site {
        let mut console = runtime::config::Config::defaults().unwrap().console;
        console.public_url = Some(public_url.to_owned());
        Site::of(&console, &HeaderMap::new()).unwrap()
    }

    /// C2: what a cookie has on `https`, and on this machine.
    #[test]
    fn cookies_stay_here() {
        let (safe, local) = (site("https://audit.example"), site("http://localhost:8080"));
        let set = |cookie: Cookie, site: &Site| cookie.set(site, "v", None).unwrap().to_str().unwrap().to_owned();
        assert_eq!(set(Cookie::Session, &safe), "__Host-usertrail=v; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(set(Cookie::Session, &local), "usertrail=v; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(set(Cookie::Provider, &safe), "__Host-usertrail-provider=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        let gone = Cookie::Session.clear(&safe).unwrap();
        assert_eq!(gone, "__Host-usertrail=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
        assert_eq!(Cookie::Session.set(&local, &"v".repeat(MAX_VALUE + 1), None), None);
    }

    #[test]
    fn cookies_are_read_by_their_whole_name() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            "a=b; usertrail=1; xusertrail=2; usertrail=; __Host-usertrail=3;usertrail=4".parse().unwrap(),
        )]);
        assert_eq!(Cookie::Session.values(&headers, &site("http://localhost")), ["1", "4"]);
        assert_eq!(Cookie::Session.values(&headers, &site("https://audit.example")), ["3"]);
        assert!(Cookie::Provider.values(&headers, &site("http://localhost")).is_empty());
    }
}
