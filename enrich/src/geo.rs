//! Where an address is: IP geolocation from files in MaxMind's format.
//!
//! A [`GeoDatabase`] is an immutable snapshot of up to four files; [`GeoReader`] swaps snapshots when a file changes on
//! disk, so that nothing restarts and nothing waits. A worker thread keeps a [`GeoCache`] of its own and calls
//! [`GeoDatabase::lookup`], which walks the search tree and decodes a record only the first time it is met.
//!
//! Two shapes of record are understood: MaxMind's nested one (GeoLite2 and GeoIP2 City, Country, ASN, Anonymous-IP)
//! and the flat one of DB-IP Lite (`country_code`, `state1`, `city`, …). "Unknown" is an empty string, zero or NaN;
//! nothing is guessed.

mod address;
mod database;
mod reader;
mod record;
#[cfg(test)]
pub(crate) mod testdb;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

pub use address::IpKind;
pub use database::{GeoCache, GeoDatabase};
pub use reader::{GeoReader, Reload};

/// The files to read. Without any, every public address is answered with "unknown".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GeoPaths {
    /// City or Country files: one that covers IPv4 and IPv6, or one for each. The first that knows an address wins.
    pub city: Vec<PathBuf>,
    /// Autonomous systems (GeoLite2-ASN, GeoIP2-ISP, or DB-IP ASN Lite).
    pub asn: Option<PathBuf>,
    /// Anonymisers (GeoIP2-Anonymous-IP).
    pub anonymous: Option<PathBuf>,
}

/// What is known about one address. Cheap to share; equal addresses of one network share one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Geo {
    /// Which part of the address space it belongs to. Only public addresses are looked up.
    pub kind: IpKind,
    /// ISO 3166-1 alpha-2, upper case; empty when unknown.
    pub country: Arc<str>,
    /// Name (in English) of the largest subdivision; its ISO 3166-2 code where the file has no name.
    pub region: Arc<str>,
    /// Name of the city in English.
    pub city: Arc<str>,
    /// Postal code as the file has it.
    pub postcode: Arc<str>,
    /// IANA time zone, such as `Europe/Prague`.
    pub timezone: Arc<str>,
    /// Degrees north, WGS 84, −90 to 90; NaN when unknown (zero is a place in the Gulf of Guinea).
    pub latitude: f32,
    /// Degrees east, WGS 84, −180 to 180; NaN when unknown.
    pub longitude: f32,
    /// Radius around the position, in km, that holds the address with 67 % confidence; 0 when the file doesn't say
    /// (DB-IP Lite never does).
    pub accuracy_km: u16,
    /// Number of the autonomous system that announces the address; 0 when unknown.
    pub asn: u32,
    /// Its holder.
    pub as_org: Arc<str>,
    /// Why the address may not be where its user is.
    pub anonymous: Anonymous,
    /// When the city file that answered was built (the ASN or anonymiser file, if there is no city file), Unix seconds;
    /// 0 when no file was asked.
    pub build_epoch: u32,
}

impl Geo {
    /// Latitude and longitude in degrees, when both are known.
    #[must_use]
    pub fn position(&self) -> Option<(f32, f32)> {
        (self.latitude.is_finite() && self.longitude.is_finite()).then_some((self.latitude, self.longitude))
    }
}

/// What GeoIP2-Anonymous-IP knows of an address: a set of flags, empty for an ordinary address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Anonymous(u8);

impl Anonymous {
    /// No anonymiser known.
    pub const NONE: Self = Self(0);
    /// A commercial VPN.
    pub const VPN: Self = Self(1);
    /// A public or residential proxy.
    pub const PROXY: Self = Self(2);
    /// A Tor exit node.
    pub const TOR: Self = Self(4);
    /// A hosting provider's address: people rarely sit in a data centre.
    pub const HOSTING: Self = Self(8);
    /// Some anonymiser, of a kind the file doesn't name.
    pub const OTHER: Self = Self(16);

    const NAMES: [(Self, &'static str); 5] = [
        (Self::VPN, "vpn"),
        (Self::PROXY, "proxy"),
        (Self::TOR, "tor"),
        (Self::HOSTING, "hosting"),
        (Self::OTHER, "anonymous"),
    ];

    /// Whether every flag of `other` is set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no flag is set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The flags as bits (VPN 1, proxy 2, Tor 4, hosting 8, other 16).
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The words the rules see: `vpn`, `proxy`, `tor`, `hosting`, `anonymous`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

impl std::ops::BitOr for Anonymous {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Anonymous {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// The words of [`Anonymous::names`], comma separated; nothing for an ordinary address.
impl std::fmt::Display for Anonymous {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, name) in self.names().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// Why a database file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// The file can't be read.
    #[error("cannot read the geolocation file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a database in MaxMind's format, or is damaged.
    #[error("{path} is not a usable MaxMind-format database")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: maxminddb::MaxMindDbError,
    },
}
