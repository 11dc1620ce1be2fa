//! How far and how fast from one sign-in to the next, and how sure that is.

use serde::{Deserialize, Serialize};

use super::{HOUR_MS, Observation};

/// Nearer than this, places of addresses are one place.
const FLOOR_KM: f64 = 100.0;
/// Radius of a position whose database doesn't say: that of a region around a city.
const UNKNOWN_ACCURACY_KM: f64 = 50.0;
/// A radius beyond this is a country, not a place.
const COARSE_KM: f64 = 300.0;
/// Shorter than this, clocks show nothing.
const SHORTEST_MS: i64 = 60_000;
/// Mean radius of the Earth (IUGG), kilometres.
const EARTH_KM: f64 = 6371.0088;

/// How sure it is that a person was at both places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Confidence {
    /// The device (by its cookie) or the network is the same, or a network hides where its users are.
    Low,
    /// The address is one the user had before, a position is coarse, or the device is of the same model and software.
    Medium,
    /// Another device, on a network that is new to the user.
    High,
}

impl Confidence {
    /// The word that rules match.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Confidence {
    pub(super) fn from_rank(rank: f64) -> Self {
        match rank {
            ..1.0 => Self::Low,
            ..2.0 => Self::Medium,
            _ => Self::High,
        }
    }
}

/// Words in the names of networks whose addresses say little about where a phone is: carriers put all of a country's
/// traffic through a few places.
const CARRIERS: &[&str] = &["mobile", "wireless", "cellular", "vodafone", "orange", "telenor", "roaming", "starlink"];

/// Whether a network, by the name of its holder, is a mobile carrier's or a satellite's.
#[must_use]
pub fn is_carrier(as_org: &str) -> bool {
    !as_org.is_empty() && {
        let lower = as_org.to_ascii_lowercase();
        CARRIERS.iter().any(|word| lower.contains(word))
    }
}

/// Where a user signed in last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) at: i64,
    latitude: f32,
    longitude: f32,
    accuracy_km: u16,
    network: u64,
    /// 0 where nothing proves it to be the same as another.
    device: u64,
    has_cookie: bool,
    masked: bool,
}

/// Distance, speed and confidence.
pub(super) struct Travel {
    pub(super) km: f64,
    pub(super) kmh: f64,
    pub(super) confidence: Confidence,
}

impl Place {
    pub(super) fn of(sighting: &Observation<'_>, network: u64, device: u64) -> Option<Self> {
        let (latitude, longitude) = sighting.position?;
        Some(Self {
            at: sighting.at(),
            latitude,
            longitude,
            accuracy_km: sighting.accuracy_km,
            network,
            device: if sighting.device_confidence == Confidence::Low { 0 } else { device },
            has_cookie: sighting.device_confidence == Confidence::High,
            masked: sighting.masked,
        })
    }

    /// From this place to `next`; nothing when they are near. `known` says whether the user had the address before.
    pub(super) fn travel(&self, next: &Self, known: bool) -> Option<Travel> {
        let km = great_circle_km(self.position(), next.position());
        if km < FLOOR_KM {
            return None;
        }
        let least = (km - self.radius() - next.radius()).max(0.0);
        let hours = (next.at - self.at).abs().max(SHORTEST_MS) as f64 / HOUR_MS as f64;
        let same_device = self.device != 0 && self.device == next.device;
        let same_network = self.network != 0 && self.network == next.network;
        let confidence = if self.masked || next.masked || same_network || (same_device && next.has_cookie) {
            Confidence::Low
        } else if known || same_device || self.radius() > COARSE_KM || next.radius() > COARSE_KM {
            Confidence::Medium
        } else {
            Confidence::High
        };
        Some(Travel { km: km.round(), kmh: (least / hours).round(), confidence })
    }

    fn position(&self) -> (f64, f64) {
        (self.latitude.into(), self.longitude.into())
    }

    fn radius(&self) -> f64 {
        if self.accuracy_km == 0 { UNKNOWN_ACCURACY_KM } else { self.accuracy_km.into() }
    }
}

/// The haversine formula, which is exact enough for any two points of a sphere; in kilometres.
pub(super) fn great_circle_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (from_latitude, to_latitude) = (from.0.to_radians(), to.0.to_radians());
    let latitude = (to_latitude - from_latitude) / 2.0;
    let longitude = (to.1 - from.1).to_radians() / 2.0;
    let haversine = latitude.sin().powi(2) + from_latitude.cos() * to_latitude.cos() * longitude.sin().powi(2);
    2.0 * EARTH_KM * haversine.sqrt().min(1.0).asin()
}
