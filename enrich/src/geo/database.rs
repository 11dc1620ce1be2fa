//! An immutable snapshot of the files, and the worker's cache in front of it.

use std::net::IpAddr;
use std::sync::Arc;

use maxminddb::Reader;

use super::address::kind;
use super::record::Node;
use super::{Anonymous, Geo, IpKind};
use crate::cache::Generations;

/// A file held in memory. Not mapped: a mapped file that somebody overwrites in place would change, or kill the
/// process, under a look-up; a copy costs the file's size (about 130 MB for DB-IP City Lite) and can't.
pub(super) type Mmdb = Reader<Vec<u8>>;

/// How many answers a worker keeps, unless configured otherwise: about 10 MB.
const DEFAULT_CACHE: usize = 32_768;

/// An immutable snapshot of all files. Shared between threads; each thread brings its own [`GeoCache`].
pub struct GeoDatabase {
    city: Vec<Arc<Mmdb>>,
    asn: Option<Arc<Mmdb>>,
    anonymous: Option<Arc<Mmdb>>,
    /// Build date of an answer that no city file gave.
    build_epoch: u32,
    /// Distinguishes one snapshot from another, so that no cache mixes them up.
    identity: Arc<()>,
    empty: Arc<str>,
    /// Answers that need no look-up, by `IpKind`: unknown, private, loopback, reserved.
    special: [Arc<Geo>; 4],
}

impl std::fmt::Debug for GeoDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |file: &Arc<Mmdb>| file.metadata().database_type.clone();
        f.debug_struct("GeoDatabase")
            .field("city", &self.city.iter().map(name).collect::<Vec<_>>())
            .field("asn", &self.asn.as_ref().map(name))
            .field("anonymous", &self.anonymous.as_ref().map(name))
            .field("build_epoch", &self.build_epoch)
            .finish()
    }
}

/// Where the records of an address are: `(file, offset)` of the city record, offset of the ASN's and the anonymiser's.
/// Addresses of one network, and networks of one place, share it.
type RecordKey = (Option<(u8, usize)>, Option<usize>, Option<usize>);

/// One worker's memory of answers. Never shared, so never locked; forgets everything when the snapshot changes.
#[derive(Debug)]
pub struct GeoCache {
    identity: Option<Arc<()>>,
    /// By address: saves the walk down the search trees.
    by_address: Generations<IpAddr, Arc<Geo>>,
    /// By record: saves the decoding, and shares one value between all addresses of a place.
    by_record: Generations<RecordKey, Arc<Geo>>,
    damaged: u64,
}

impl GeoCache {
    /// A cache of at most `capacity` addresses, and as many records.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            identity: None,
            by_address: Generations::new(capacity),
            by_record: Generations::new(capacity),
            damaged: 0,
        }
    }

    /// How many records could not be decoded since the cache was made (the address then counts as unknown). More than
    /// zero means a damaged file.
    #[must_use]
    pub fn damaged_records(&self) -> u64 {
        self.damaged
    }
}

impl Default for GeoCache {
    fn default() -> Self {
        Self::new(DEFAULT_CACHE)
    }
}

impl GeoDatabase {
    /// A snapshot of no files: every public address is unknown.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Vec::new(), None, None)
    }

    pub(super) fn new(city: Vec<Arc<Mmdb>>, asn: Option<Arc<Mmdb>>, anonymous: Option<Arc<Mmdb>>) -> Self {
        let build_epoch = city
            .iter()
            .max_by_key(|file| file.metadata().build_epoch)
            .or(asn.as_ref())
            .or(anonymous.as_ref())
            .map_or(0, |file| built(file));
        let empty: Arc<str> = Arc::from("");
        let special = [IpKind::Unknown, IpKind::Private, IpKind::Loopback, IpKind::Reserved]
            .map(|kind| Arc::new(blank(kind, 0, &empty)));
        Self { city, asn, anonymous, build_epoch, identity: Arc::new(()), empty, special }
    }

    /// When the newest city file (or else the ASN or anonymiser file) was built, Unix seconds; 0 without files.
    #[must_use]
    pub fn build_epoch(&self) -> u32 {
        self.build_epoch
    }

    /// The answer for an event without an address, or with one that can't be parsed.
    #[must_use]
    pub fn unknown(&self) -> Arc<Geo> {
        let [unknown, ..] = &self.special;
        Arc::clone(unknown)
    }

    /// What is known about `ip`. IPv4 inside IPv6 (`::ffff:…`, NAT64) is looked up as IPv4; addresses that aren't
    /// public aren't looked up.
    pub fn lookup(&self, cache: &mut GeoCache, ip: IpAddr) -> Arc<Geo> {
        let ip = schemas::address::unwrapped(ip);
        let [unknown, private, loopback, reserved] = &self.special;
        match kind(ip) {
            IpKind::Public => self.lookup_public(cache, ip),
            IpKind::Private => Arc::clone(private),
            IpKind::Loopback => Arc::clone(loopback),
            IpKind::Reserved => Arc::clone(reserved),
            IpKind::Unknown => Arc::clone(unknown),
        }
    }

    fn lookup_public(&self, cache: &mut GeoCache, ip: IpAddr) -> Arc<Geo> {
        if !cache.identity.as_ref().is_some_and(|known| Arc::ptr_eq(known, &self.identity)) {
            cache.by_address.clear();
            cache.by_record.clear();
            cache.identity = Some(Arc::clone(&self.identity));
        }
        if let Some(geo) = cache.by_address.get(&ip) {
            return geo;
        }
        let key = self.find(ip);
        let geo = match cache.by_record.get(&key) {
            Some(geo) => geo,
            None => {
                let geo = Arc::new(self.decode(ip, key, &mut cache.damaged));
                cache.by_record.insert(key, Arc::clone(&geo));
                geo
            }
        };
        cache.by_address.insert(ip, Arc::clone(&geo));
        geo
    }

    /// Walks the search trees.
    fn find(&self, ip: IpAddr) -> RecordKey {
        let city = self.city.iter().zip(0_u8..).find_map(|(file, i)| {
            let offset = offset(file, ip)?;
            Some((i, offset))
        });
        let asn = self.asn.as_ref().and_then(|file| offset(file, ip));
        let anonymous = self.anonymous.as_ref().and_then(|file| offset(file, ip));
        (city, asn, anonymous)
    }

    fn decode(&self, ip: IpAddr, key: RecordKey, damaged: &mut u64) -> Geo {
        let mut geo = blank(IpKind::Public, self.build_epoch, &self.empty);
        let (city, asn, anonymous) = key;
        if let Some(file) = city.and_then(|(i, _)| self.city.get(usize::from(i))) {
            geo.build_epoch = built(file);
            if let Some(record) = record(file, ip, damaged) {
                let (latitude, longitude) = record.position();
                geo.country = self.text(&record.country());
                geo.region = self.text(record.region());
                geo.city = self.text(record.city());
                geo.postcode = self.text(record.postcode());
                geo.timezone = self.text(record.timezone());
                geo.latitude = latitude;
                geo.longitude = longitude;
                geo.accuracy_km = record.accuracy_km();
            }
        }
        if let Some(record) = asn.and(self.asn.as_ref()).and_then(|file| record(file, ip, damaged)) {
            geo.asn = record.asn();
            geo.as_org = self.text(record.as_org());
        }
        if let Some(record) = anonymous.and(self.anonymous.as_ref()).and_then(|file| record(file, ip, damaged)) {
            geo.anonymous = record.anonymous();
        }
        geo
    }

    fn text(&self, text: &str) -> Arc<str> {
        if text.is_empty() { Arc::clone(&self.empty) } else { Arc::from(text) }
    }
}

/// The offset of the record of `ip`; a damaged tree has none.
fn offset(file: &Mmdb, ip: IpAddr) -> Option<usize> {
    // The reader would say the same, but with an error that it has to allocate.
    if ip.is_ipv6() && file.metadata().ip_version == 4 {
        return None;
    }
    file.lookup(ip).ok()?.offset()
}

fn record<'a>(file: &'a Mmdb, ip: IpAddr, damaged: &mut u64) -> Option<Node<'a>> {
    match file.lookup(ip).and_then(|found| found.decode::<Node<'a>>()) {
        Ok(node) => node,
        Err(_) => {
            *damaged += 1;
            None
        }
    }
}

fn built(file: &Mmdb) -> u32 {
    u32::try_from(file.metadata().build_epoch).unwrap_or(0)
}

fn blank(kind: IpKind, build_epoch: u32, empty: &Arc<str>) -> Geo {
    let text = || Arc::clone(empty);
    Geo {
        kind,
        country: text(),
        region: text(),
        city: text(),
        postcode: text(),
        timezone: text(),
        latitude: f32::NAN,
        longitude: f32::NAN,
        accuracy_km: 0,
        asn: 0,
        as_org: text(),
        anonymous: Anonymous::NONE,
        build_epoch,
    }
}
