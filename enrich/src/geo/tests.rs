//! Look-ups in small files of both shapes, in damaged files, across a reload, and in the real DB-IP files.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::testdb::TestDb;
use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn city(epoch: u64) -> Vec<u8> {
    TestDb::new("GeoLite2-City", 6, epoch)
        .with(
            "81.2.69.0/24",
            json!({
                "continent": {"code": "EU"},
                "country": {"geoname_id": 2635167, "iso_code": "GB", "names": {"de": "UK", "en": "United Kingdom"}},
                "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}],
                "city": {"names": {"de": "London", "en": "London", "ru": "Лондон"}},
                "location": {"accuracy_radius": 100, "latitude": 51.5142, "longitude": -0.0931,
                    "time_zone": "Europe/London"},
                "postal": {"code": "EC4V"},
            }),
        )
        .with("81.2.69.160/27", json!({"country": {"iso_code": "GB"}}))
        .with("2a02:d000::/24", json!({"country": {"iso_code": "GB"}, "city": {"names": {"en": "Leeds"}}}))
        .bytes()
}

fn asn() -> Vec<u8> {
    TestDb::new("GeoLite2-ASN", 6, 5)
        .with(
            "81.2.0.0/16",
            json!({"autonomous_system_number": 20712, "autonomous_system_organization": "Andrews & Arnold Ltd"}),
        )
        .bytes()
}

fn anonymous() -> Vec<u8> {
    TestDb::new("GeoIP2-Anonymous-IP", 6, 6)
        .with("81.2.69.0/26", json!({"is_anonymous": true, "is_anonymous_vpn": true}))
        .with("65.4.3.0/24", json!({"is_anonymous": true, "is_tor_exit_node": true, "is_public_proxy": true}))
        .bytes()
}

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        // As a good updater does it: a new file takes the name of the old one.
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, bytes).unwrap();
        std::fs::rename(&fresh, &path).unwrap();
        path
    }
}

/// P2: MaxMind's nested files, City with ASN and Anonymous-IP beside it.
#[test]
fn p2_nested_files() {
    let files = Files::new();
    let reader = GeoReader::open(GeoPaths {
        city: vec![files.put("city.mmdb", &city(1_700_000_000))],
        asn: Some(files.put("asn.mmdb", &asn())),
        anonymous: Some(files.put("anon.mmdb", &anonymous())),
    })
    .unwrap();
    let db = reader.snapshot();
    let mut cache = GeoCache::new(100);

    let london = db.lookup(&mut cache, ip("81.2.69.7"));
    assert_eq!(&*london.country, "GB");
    assert_eq!(&*london.region, "England");
    assert_eq!(&*london.city, "London");
    assert_eq!(&*london.postcode, "EC4V");
    assert_eq!(&*london.timezone, "Europe/London");
    assert_eq!(london.position(), Some((51.5142, -0.0931)));
    assert_eq!(london.accuracy_km, 100);
    assert_eq!((london.asn, &*london.as_org), (20712, "Andrews & Arnold Ltd"));
    assert_eq!(london.anonymous, Anonymous::VPN);
    assert_eq!(london.build_epoch, 1_700_000_000);
    assert_eq!(london.kind, IpKind::Public);

    // Mapped and translated forms are the same address; the same place is the same value.
    for form in ["::ffff:81.2.69.7", "64:ff9b::5102:4507", "81.2.69.8"] {
        assert!(Arc::ptr_eq(&london, &db.lookup(&mut cache, ip(form))), "{form}");
    }
    // The same city record, but no anonymiser.
    let plain = db.lookup(&mut cache, ip("81.2.69.100"));
    assert_eq!((&*plain.city, plain.anonymous), ("London", Anonymous::NONE));
    // The more specific network has less to say.
    let bare = db.lookup(&mut cache, ip("81.2.69.161"));
    assert_eq!((&*bare.country, &*bare.city, bare.position()), ("GB", "", None));
    // Only the anonymiser file knows this one.
    let tor = db.lookup(&mut cache, ip("65.4.3.2"));
    assert_eq!(tor.anonymous, Anonymous::TOR | Anonymous::PROXY);
    assert_eq!((&*tor.country, tor.build_epoch), ("", 1_700_000_000));

    assert_eq!(&*db.lookup(&mut cache, ip("2a02:d000::1")).city, "Leeds");
    assert_eq!(cache.damaged_records(), 0);
}

/// P2: flat files, one for each IP version.
#[test]
fn p2_flat_files() {
    let files = Files::new();
    let v4 = TestDb::new("DBIP-City-Lite", 4, 10)
        .with(
            "46.28.110.0/24",
            json!({"country_code": "cz", "state1": "Prague", "state2": "", "city": "Prague", "postcode": "110 00",
                "latitude": 50.0755, "longitude": 14.4378, "timezone": ""}),
        )
        .bytes();
    let v6 = TestDb::new("DBIP-City-Lite", 6, 20)
        .with("2a02:4780::/32", json!({"country_code": "LT", "city": "Vilnius", "latitude": "54.7", "longitude": 25.3}))
        .bytes();
    let reader = GeoReader::open(GeoPaths {
        city: vec![files.put("v4.mmdb", &v4), files.put("v6.mmdb", &v6)],
        ..GeoPaths::default()
    })
    .unwrap();
    let db = reader.snapshot();
    let mut cache = GeoCache::new(100);
    let prague = db.lookup(&mut cache, ip("46.28.110.5"));
    assert_eq!((&*prague.country, &*prague.region, &*prague.city, prague.build_epoch), ("CZ", "Prague", "Prague", 10));
    assert_eq!(prague.accuracy_km, 0);
    let vilnius = db.lookup(&mut cache, ip("2a02:4780::9"));
    assert_eq!((&*vilnius.country, &*vilnius.city, vilnius.build_epoch), ("LT", "Vilnius", 20));
    assert_eq!(vilnius.position(), Some((54.7, 25.3)));
    // Public, but in no file: unknown, under the newest build date.
    let unknown = db.lookup(&mut cache, ip("9.9.9.9"));
    assert_eq!((unknown.kind, &*unknown.country, unknown.build_epoch), (IpKind::Public, "", 20));
}

#[test]
fn addresses_that_are_not_public_are_not_looked_up() {
    let db = GeoDatabase::empty();
    let mut cache = GeoCache::default();
    for (text, kind) in [
        ("10.0.0.1", IpKind::Private),
        ("::1", IpKind::Loopback),
        ("2001:db8::1", IpKind::Reserved),
        ("8.8.8.8", IpKind::Public),
    ] {
        let geo = db.lookup(&mut cache, ip(text));
        assert_eq!((geo.kind, &*geo.country, geo.build_epoch), (kind, "", 0), "{text}");
        assert_eq!(geo.position(), None);
    }
    assert_eq!(db.unknown().kind, IpKind::Unknown);
}

/// P2: a new file is picked up without a restart, a broken one is reported once and changes nothing.
#[test]
fn p2_reload() {
    let files = Files::new();
    let path = files.put("city.mmdb", &city(1));
    let asn = files.put("asn.mmdb", &asn());
    let reader = GeoReader::open(GeoPaths { city: vec![path.clone()], asn: Some(asn), anonymous: None }).unwrap();
    let mut cache = GeoCache::new(100);
    let before = reader.snapshot();
    assert_eq!(before.lookup(&mut cache, ip("81.2.69.7")).build_epoch, 1);
    assert_eq!(reader.reload_if_changed().unwrap(), Reload::Unchanged);

    files.put("city.mmdb", &city(2));
    assert_eq!(reader.reload_if_changed().unwrap(), Reload::Replaced);
    let after = reader.snapshot();
    let geo = after.lookup(&mut cache, ip("81.2.69.7"));
    assert_eq!((geo.build_epoch, geo.asn), (2, 20712), "the cache follows the snapshot");
    assert_eq!(before.lookup(&mut cache, ip("81.2.69.7")).build_epoch, 1, "the old snapshot still answers");

    files.put("city.mmdb", b"not a database");
    assert!(matches!(reader.reload_if_changed(), Err(GeoError::Format { .. })));
    assert_eq!(reader.reload_if_changed().unwrap(), Reload::Unchanged, "reported once");
    assert_eq!(reader.snapshot().build_epoch(), 2);

    std::fs::remove_file(&path).unwrap();
    assert!(matches!(reader.reload_if_changed(), Err(GeoError::Read { .. })));
    files.put("city.mmdb", &city(3));
    assert_eq!(reader.reload_if_changed().unwrap(), Reload::Replaced);
    assert_eq!(reader.snapshot().build_epoch(), 3);
}

#[test]
fn a_missing_file_is_refused_at_start() {
    let paths = GeoPaths { city: vec![PathBuf::from("/nonexistent/city.mmdb")], ..GeoPaths::default() };
    let error = GeoReader::open(paths).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/city.mmdb"), "{error}");
}

/// Damage of any kind is an error when the file is opened or "unknown" when it is asked; never a panic.
#[test]
fn malformed_files_never_panic() {
    let files = Files::new();
    let good = city(1);
    let mut opened = 0;
    for cut in (0..good.len()).step_by(7) {
        let path = files.put("cut.mmdb", &good[..cut]);
        let result = GeoReader::open(GeoPaths { city: vec![path], ..GeoPaths::default() });
        assert!(result.is_err(), "cut at {cut} of {} opened", good.len());
    }
    for at in (0..good.len()).step_by(3) {
        for value in [0x00, 0xff, 0x20, 0xe1] {
            let mut bytes = good.clone();
            bytes[at] = value;
            let path = files.put("flip.mmdb", &bytes);
            if let Ok(reader) = GeoReader::open(GeoPaths { city: vec![path], ..GeoPaths::default() }) {
                opened += 1;
                let mut cache = GeoCache::new(8);
                for text in ["81.2.69.7", "81.2.69.161", "2a02:d000::1", "9.9.9.9"] {
                    reader.snapshot().lookup(&mut cache, ip(text));
                }
            }
        }
    }
    assert!(opened > 100, "the flips have to reach the records, not only the header: {opened}");
}

/// P2: the default database itself.
#[test]
fn p2_dbip_city_lite() {
    let city = embedded::cache::geo_files();
    assert_eq!(city.len(), 2, "the files are missing: run `make deps`");
    let reader = GeoReader::open(GeoPaths { city, ..GeoPaths::default() }).unwrap();
    let db = reader.snapshot();
    let mut cache = GeoCache::default();
    for (address, country) in [
        ("8.8.8.8", "US"),
        ("::ffff:8.8.8.8", "US"),
        ("46.28.110.1", "CZ"),
        ("77.75.77.222", "CZ"),
        ("195.113.144.230", "CZ"),
        ("2a02:598:a::79:222", "CZ"),
        ("87.250.250.242", "RU"),
        ("193.0.6.139", "NL"),
        ("2001:67c:2e8:22::c100:68b", "NL"),
        ("133.11.0.1", "JP"),
    ] {
        let geo = db.lookup(&mut cache, ip(address));
        assert_eq!(&*geo.country, country, "{address}: {geo:?}");
        assert!(geo.position().is_some(), "{address}: {geo:?}");
        assert!(!geo.city.is_empty(), "{address}: {geo:?}");
        assert!(geo.build_epoch > 1_700_000_000, "{address}: {geo:?}");
    }
    assert_eq!(cache.damaged_records(), 0);
}
