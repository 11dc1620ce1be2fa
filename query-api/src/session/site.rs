//! Where people reach the console, and so whose cookies and pages are its own.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use runtime::config::Console;

/// Where people reach the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    origin: String,
}

impl Site {
    /// The configured address; where there is none, this machine as the request names it. None for any other name: over a
    /// network the console is reached by `https` alone.
    pub(crate) fn of(console: &Console, headers: &HeaderMap) -> Option<Self> {
        if let Some(origin) = &console.public_url {
            return Some(Self { origin: origin.clone() });
        }
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next()?.to_str().ok()?.to_ascii_lowercase();
        (hosts.next().is_none() && is_loopback(&host)).then(|| Self { origin: format!("http://{host}") })
    }

    /// As browsers write it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether browsers reach it by `https`.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Where a provider sends browsers back to.
    pub(crate) fn callback(&self) -> String {
        format!("{}/sign-in/callback", self.origin)
    }
}

/// Whether a host, with its port or without, is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(public_url: Option<&str>, hosts: &[&str]) -> Option<String> {
        let mut console = runtime::config::Config::defaults().unwrap().console;
        console.public_url = public_url.map(str::to_owned);
        let headers = hosts.iter().map(|host| (header::HOST, host.parse().unwrap())).fold(
            HeaderMap::new(),
            |mut all, (name, value)| {
                all.append(name, value);
                all
            },
        );
        Site::of(&console, &headers).map(|site| site.origin().to_owned())
    }

    /// C2: without an address of its own the console is this machine's; a name that somebody made lead here is none of it.
    #[test]
    fn the_console_is_where_it_is_said_to_be() {
        for (host, expected) in [
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("LocalHost", Some("http://localhost")),
            ("[::1]:8080", Some("http://[::1]:8080")),
            ("127.0.0.1.evil.example", None),
            ("evil.example:8080", None),
            ("localhost.evil.example", None),
            ("10.0.0.7:8080", None),
            ("", None),
        ] {
            assert_eq!(of(None, &[host]).as_deref(), expected, "{host}");
            let own = "https://audit.example";
            assert_eq!(of(Some(own), &[host]).as_deref(), Some(own), "{host}");
        }
        assert_eq!(of(None, &["localhost", "localhost"]), None);
        assert_eq!(of(None, &[]), None);
    }
}
