//! From where somebody signs in.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use runtime::client_ip;
use runtime::config;

use crate::audit::clip;

/// Bytes of what a browser calls itself that are recorded.
const MAX_USER_AGENT: usize = 512;

/// From where somebody signs in.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Their address, or that of the proxy that doesn't say it.
    pub(crate) address: Option<IpAddr>,
    /// Whether the connection itself comes from this machine.
    pub(crate) is_local: bool,
    /// What the browser calls itself; empty: it doesn't say.
    pub(crate) user_agent: String,
}

impl Visitor {
    /// As the connection has it, and the proxies that are believed.
    pub(crate) fn of(request: &Parts, proxies: &config::Ingest) -> Self {
        let peer =
            request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let writes = |address| client_ip::is_in(&proxies.trusted_proxies, address).then_some(&proxies.proxy_header);
        let address = peer.map(|peer| client_ip::client_ip(peer, &request.headers, writes).unwrap_or(peer));
        let agent = request.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            address,
            is_local: peer.is_some_and(|peer| peer.is_loopback()),
            user_agent: clip(agent, MAX_USER_AGENT).to_owned(),
        }
    }

    /// What attempts are counted by: an address, of IPv6 the /64 that one subscriber has.
    pub(crate) fn network(&self) -> String {
        match self.address {
            None => String::new(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(peer: &str, forwarded: &str) -> Visitor {
        let mut proxies = config::Config::defaults().unwrap().ingest;
        proxies.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let request =
            axum::http::Request::builder().header("x-forwarded-for", forwarded).header("user-agent", "a".repeat(600));
        let (mut request, ()) = request.body(()).unwrap().into_parts();
        request.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        Visitor::of(&request, &proxies)
    }

    /// C2: attempts are counted by who makes them, whatever they say of themselves.
    #[test]
    fn an_address_is_the_connection_s_or_a_believed_proxy_s() {
        for (peer, forwarded, network, is_local) in [
            ("192.0.2.7", "198.51.100.1", "192.0.2.7", false),
            ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1", false),
            ("10.0.0.1", "unknown", "10.0.0.1", false),
            ("127.0.0.1", "198.51.100.1", "127.0.0.1", true),
            ("::ffff:127.0.0.1", "", "127.0.0.1", true),
            ("2001:db8::1:2:3:4", "", "2001:db8::", false),
        ] {
            let visitor = visitor(peer, forwarded);
            assert_eq!((visitor.network().as_str(), visitor.is_local), (network, is_local), "{peer} {forwarded}");
            assert_eq!(visitor.user_agent.len(), MAX_USER_AGENT);
        }
    }
}
