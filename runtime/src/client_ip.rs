//! The client's address: the connection's peer, or what trusted proxies say of it.
//!
//! Each proxy appends the address it was called from to the header that it is known to write, so the chain is read from
//! its right end, and only as far as the proxies are trusted: what stands left of the first address that is not a trusted
//! proxy's may be forged by anybody, as may every other header
//! ([decision 28](../../docs/decisions/0028-the-clients-address.md)).

mod forwarded;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;
use schemas::address;
use schemas::settings::ProxyHeader;

use self::forwarded::Backwards;

/// The right-most address that is not a trusted proxy's; nothing where the proxy before it says that it isn't known, or says
/// it so that it can't be read: then it is anybody's but the proxy's. `writes` has the header that the proxy of an address
/// writes, if it is trusted.
pub fn client_ip<'a>(
    peer: IpAddr,
    headers: &HeaderMap,
    writes: impl Fn(IpAddr) -> Option<&'a ProxyHeader>,
) -> Option<IpAddr> {
    let mut client = peer.to_canonical();
    // Proxies of two owners may write two headers, each its own.
    let mut chains: Vec<(&ProxyHeader, Chain)> = Vec::new();
    while let Some(header) = writes(client) {
        let at = chains.iter().position(|(known, _)| *known == header).unwrap_or_else(|| {
            chains.push((header, Chain::of(headers, header)));
            chains.len() - 1
        });
        match chains[at].1.pop() {
            Some(hop) => client = hop?,
            // Nobody called the proxy, for all that it says.
            None => break,
        }
    }
    Some(client)
}

/// Whether an address lies in one of the networks.
pub fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let mapped = IpAddr::V6(address::mapped(address));
    networks.iter().any(|network| network.contains(&address) || network.contains(&mapped))
}

/// All lines of a header, of which the right end is taken off hop by hop.
struct Chain {
    text: Vec<u8>,
    is_forwarded: bool,
}

impl Chain {
    fn of(headers: &HeaderMap, header: &ProxyHeader) -> Self {
        let lines: Vec<&[u8]> = headers.get_all(header.name()).iter().map(|line| line.as_bytes()).collect();
        Self { text: lines.join(&b','), is_forwarded: header.is_forwarded() }
    }

    /// The right-most hop, if there is one; nothing in it when it is no address ("unknown", a made-up name) or can't be read.
    fn pop(&mut self) -> Option<Option<IpAddr>> {
        if self.text.iter().all(|byte| matches!(byte, b',' | b' ' | b'\t')) {
            return None;
        }
        let mut rest = Backwards(&self.text);
        let hop = if self.is_forwarded { rest.node() } else { rest.item() };
        let left = rest.0.len();
        let address = hop.and_then(|hop| address::read_one(std::str::from_utf8(&hop).ok()?));
        self.text.truncate(left);
        Some(address)
    }
}
