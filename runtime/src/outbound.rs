//! Which addresses may be asked when somebody else names them. A tenant's webhook must not reach what only we can reach:
//! this machine, its network, or the cloud's metadata (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// Why an address is not asked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not an address of the web.
    #[error("not an http or https address with a host")]
    Malformed,
    /// It carries a user or a password, which would end up in logs.
    #[error("an address must not hold a user or a password")]
    Credentials,
    /// None of the host's addresses is public.
    #[error("{0} is not a public address")]
    Private(IpAddr),
    /// The name leads nowhere.
    #[error("{host} can't be resolved: {source}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name has no addresses.
    #[error("{0} has no address")]
    NoAddress(String),
}

/// The rule of this installation.
#[derive(Clone, Copy, Debug)]
pub struct Outbound {
    allow_private: bool,
}

impl Outbound {
    /// Public addresses alone, or any.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self { allow_private }
    }

    /// Whether an address may be connected to.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }

    /// Reads an address. A host that is an IP address in any spelling is checked here; a name is when it is resolved.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn parse(&self, text: &str) -> Result<Url, Refused> {
        let url = Url::parse(text).map_err(|_| Refused::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Malformed);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let literal = match url.host() {
            None => return Err(Refused::Malformed),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        match literal.filter(|address| !self.allows(*address)) {
            Some(address) => Err(Refused::Private(address)),
            None => Ok(url),
        }
    }

    /// The addresses of a name that may be connected to; their port is 0. Whoever asks has to connect to one of these, since a
    /// second look-up may return another.
    ///
    /// # Errors
    /// [`Refused`]; with some public and some private ones, the public ones are the answer.
    pub async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, Refused> {
        let all: Vec<SocketAddr> = tokio::net::lookup_host((host, 0))
            .await
            .map_err(|source| Refused::Unresolved { host: host.to_owned(), source })?
            .collect();
        let first = all.first().copied();
        let allowed: Vec<SocketAddr> = all.into_iter().filter(|address| self.allows(address.ip())).collect();
        match first {
            None => Err(Refused::NoAddress(host.to_owned())),
            Some(first) if allowed.is_empty() => Err(Refused::Private(first.ip())),
            Some(_) => Ok(allowed),
        }
    }

    /// Reads an address and resolves its name, for a first answer to whoever enters it. It is no substitute for the check at
    /// each connection.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn check(&self, text: &str) -> Result<Url, Refused> {
        let url = self.parse(text)?;
        if let Some(Host::Domain(name)) = url.host() {
            self.resolve(name).await?;
        }
        Ok(url)
    }
}

/// Whether an address belongs to the public internet, by the registries of special purpose addresses (RFC 6890 and its
/// successors). Addresses that carry an IPv4 address inside are as public as that.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) => true,
        // Shared by carriers (CGNAT).
        (100, 64..=127, _) => true,
        // Link-local; clouds serve their metadata there.
        (169, 254, _) => true,
        (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, the old 6to4 relays, AS112.
        (192, 0, 0 | 2) | (192, 88, 99) | (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => true,
        // Benchmarks.
        (198, 18..=19, _) => true,
        (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // Mapped, translated and the old compatible forms, NAT64 and 6to4.
        (0, 0) if (c, d) == (0, 0) && matches!((e, f), (0, 0xffff) | (0xffff, 0) | (0, 0)) => v4(g, h),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => v4(g, h),
        (0x2002, _) => v4(b, c),
        // Of 2001::/23 nothing is an ordinary host (Teredo, ORCHID, benchmarks); 2001:db8::/32 and 3fff::/20 document.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // All that was ever given out is in here: no loopback, unique local, link-local, site-local or multicast.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// P5: what no webhook may reach, and what it may.
    #[test]
    fn the_table_of_addresses() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.3.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    proptest! {
        /// However an IPv4 address is wrapped, it is as public as it is bare.
        #[test]
        fn wrapping_opens_nothing(bits in any::<u32>()) {
            let address = Ipv4Addr::from(bits);
            let bare = is_public(address.into());
            prop_assert_eq!(is_public(address.to_ipv6_mapped().into()), bare);
            let [a, b] = [(bits >> 16) as u16, bits as u16];
            prop_assert_eq!(is_public(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b).into()), bare);
            prop_assert_eq!(is_public(Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1).into()), bare);
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_understood() {
        let outbound = Outbound::new(false);
        for private in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest",
            "http://127.0.0.1.:80/",
        ] {
            assert!(matches!(outbound.parse(private), Err(Refused::Private(_))), "{private}");
            assert!(Outbound::new(true).parse(private).is_ok(), "{private}");
        }
        for malformed in ["", "x", "ftp://example.com/", "file:///etc/passwd", "http://", "javascript:alert(1)"] {
            assert!(matches!(outbound.parse(malformed), Err(Refused::Malformed)), "{malformed}");
        }
        assert!(matches!(outbound.parse("https://user:pass@example.com/"), Err(Refused::Credentials)));
        assert!(outbound.parse("https://example.com:8443/hook?x=1").is_ok());
    }

    /// A name is checked by what it resolves to.
    #[tokio::test]
    async fn names_are_checked_by_their_addresses() {
        let refused = Outbound::new(false).check("http://localhost:8123/").await;
        assert!(matches!(refused, Err(Refused::Private(_))), "{refused:?}");
        assert!(Outbound::new(true).check("http://localhost/").await.is_ok());
    }
}
