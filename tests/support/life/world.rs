//! The world that people live in: cities, the networks of each, and the geolocation databases that know them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

#[path = "../../../enrich/src/geo/testdb.rs"]
mod testdb;
use testdb::TestDb;

const BUILT_AT: u64 = 1_740_787_200;
/// First octet of the first city's addresses; each city has the next.
const FIRST_OCTET: usize = 60;
/// What long flights make in the mean, kilometres in an hour, from door to door without the airports.
const FLIGHT_KMH: f64 = 800.0;
const HOUR_MS: i64 = 3_600_000;

/// A place with networks of its own.
pub(crate) struct City {
    pub(crate) name: &'static str,
    pub(crate) country: &'static str,
    pub(crate) continent: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

const fn city(
    name: &'static str,
    country: &'static str,
    continent: &'static str,
    latitude: f64,
    longitude: f64,
) -> City {
    City { name, country, continent, latitude, longitude }
}

/// Where people live, and from [`FOREIGN`] on where only travellers and attackers are.
pub(crate) const CITIES: [City; 14] = [
    city("Prague", "CZ", "Europe", 50.088, 14.4208),
    city("Brno", "CZ", "Europe", 49.1952, 16.608),
    city("Berlin", "DE", "Europe", 52.52, 13.405),
    city("New York", "US", "North America", 40.7128, -74.006),
    city("Chicago", "US", "North America", 41.8781, -87.6298),
    city("London", "GB", "Europe", 51.5072, -0.1276),
    city("Madrid", "ES", "Europe", 40.4168, -3.7038),
    city("Dubai", "AE", "Asia", 25.2048, 55.2708),
    city("San Francisco", "US", "North America", 37.7749, -122.4194),
    city("Toronto", "CA", "North America", 43.6532, -79.3832),
    city("Sao Paulo", "BR", "South America", -23.5505, -46.6333),
    city("Hanoi", "VN", "Asia", 21.0278, 105.8342),
    city("Lagos", "NG", "Africa", 6.5244, 3.3792),
    city("Jakarta", "ID", "Asia", -6.2088, 106.8456),
];
/// Nobody of the tenants lives from here on.
pub(crate) const FOREIGN: usize = 5;
/// Attackers sit from here on.
pub(crate) const FAR: usize = 10;

/// A kind of network in a city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    Home,
    /// A carrier's, recognised by its holder's name.
    Mobile,
    Office,
    Hotel,
    /// Somewhere in the region: the database knows it within 600 km.
    Coarse,
    Vpn,
    /// A data centre, through which some companies go out.
    Hosting,
    /// A provider that attackers use, flagged by nobody.
    Strange,
}

const NETWORKS: [(Network, u8, &str); 8] = [
    (Network::Home, 10, "Homenet"),
    (Network::Mobile, 20, "Blue Mobile"),
    (Network::Office, 30, "Business Lines"),
    (Network::Hotel, 40, "Guest Access"),
    (Network::Coarse, 50, "Regional Net"),
    (Network::Vpn, 60, "Hidden Ways"),
    (Network::Hosting, 70, "Data Halls"),
    (Network::Strange, 80, "Plain Transit"),
];

impl Network {
    /// Whether it hides where its users are.
    pub(crate) fn is_masked(self) -> bool {
        matches!(self, Self::Mobile | Self::Vpn | Self::Hosting)
    }

    fn octet(self) -> u8 {
        NETWORKS.iter().find(|(network, ..)| *network == self).unwrap().1
    }
}

/// An address of that kind in that city.
pub(crate) fn address(city: usize, network: Network, host: u16) -> String {
    let [high, low] = host.to_be_bytes();
    format!("{}.{}.{high}.{low}", FIRST_OCTET + city, network.octet())
}

/// An address that no database knows.
pub(crate) fn nowhere(host: u16) -> String {
    let [high, low] = host.to_be_bytes();
    format!("90.1.{high}.{low}")
}

/// How long it takes from one city to another, airports included, milliseconds.
pub(crate) fn journey_ms(from: usize, to: usize) -> i64 {
    (kilometres(&CITIES[from], &CITIES[to]) / FLIGHT_KMH * HOUR_MS as f64) as i64 + 5 * HOUR_MS
}

/// By the spherical law of cosines, in kilometres.
fn kilometres(from: &City, to: &City) -> f64 {
    let (a, b) = (from.latitude.to_radians(), to.latitude.to_radians());
    let turn = (to.longitude - from.longitude).to_radians();
    (a.sin() * b.sin() + a.cos() * b.cos() * turn.cos()).clamp(-1.0, 1.0).acos() * 6371.0
}

/// The databases, as files: city, networks, anonymisers.
pub(crate) struct Databases {
    pub(crate) city: PathBuf,
    pub(crate) asn: PathBuf,
    pub(crate) anonymous: PathBuf,
}

impl Databases {
    /// Writes them into `dir`.
    pub(crate) fn write(dir: &Path) -> Self {
        let mut places = TestDb::new("GeoLite2-City", 4, BUILT_AT);
        let mut holders = TestDb::new("GeoLite2-ASN", 4, BUILT_AT);
        let mut anonymous = TestDb::new("GeoIP2-Anonymous-IP", 4, BUILT_AT);
        for (number, city) in CITIES.iter().enumerate() {
            let first = FIRST_OCTET + number;
            places = places.with(&format!("{first}.0.0.0/8"), place(city, 20));
            for (network, octet, holder) in NETWORKS {
                let range = format!("{first}.{octet}.0.0/16");
                let system = number as u64 * 100 + u64::from(octet);
                let holder = format!("{holder} {}", city.country);
                holders = holders.with(
                    &range,
                    json!({"autonomous_system_number": 1000 + system, "autonomous_system_organization": holder}),
                );
                match network {
                    Network::Coarse => places = places.with(&range, place(city, 600)),
                    Network::Vpn => {
                        anonymous = anonymous.with(&range, json!({"is_anonymous": true, "is_anonymous_vpn": true}));
                    }
                    Network::Hosting => {
                        anonymous = anonymous.with(&range, json!({"is_anonymous": true, "is_hosting_provider": true}));
                    }
                    _ => {}
                }
            }
        }
        let write = |name: &str, database: &TestDb| {
            let path = dir.join(name);
            std::fs::write(&path, database.bytes()).unwrap();
            path
        };
        Self {
            city: write("city.mmdb", &places),
            asn: write("asn.mmdb", &holders),
            anonymous: write("anonymous.mmdb", &anonymous),
        }
    }

    /// As settings of the program.
    pub(crate) fn settings(&self) -> Vec<String> {
        vec![
            format!("enrich.geo.city=[\"{}\"]", self.city.display()),
            format!("enrich.geo.asn={}", self.asn.display()),
            format!("enrich.geo.anonymous={}", self.anonymous.display()),
        ]
    }
}

fn place(city: &City, accuracy_km: u16) -> Value {
    json!({
        "country": {"iso_code": city.country},
        "city": {"names": {"en": city.name}},
        "location": {"accuracy_radius": accuracy_km, "latitude": city.latitude, "longitude": city.longitude},
    })
}
