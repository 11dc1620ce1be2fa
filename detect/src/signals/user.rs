//! What is known of one user: small, bounded, and enough for every signal.

use chrono::{DateTime, Datelike as _, Timelike as _};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::recent::Recent;
use super::sessions::Sessions;
use super::slots::Slots;
use super::travel::Place;
use super::{ACTIVITY_STEP_MS, Act, DAY_MS, HOUR_MS, LATENESS_MS, Sighting, Signals};
use crate::findings::Windows;

/// Devices remembered of a user; more are forgotten, the longest unseen first.
pub const KNOWN_DEVICES: usize = 64;
/// Addresses remembered.
pub const KNOWN_IPS: usize = 128;
/// Networks remembered.
pub const KNOWN_NETWORKS: usize = 64;
/// Countries remembered.
pub const KNOWN_COUNTRIES: usize = 32;
/// Failed sign-ins remembered.
const FAILED: usize = 200;

/// The state of one user of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The offset after the last record that went in: a record before it is there already.
    pub applied: u64,
    clock: i64,
    last_activity: i64,
    devices: Recent,
    ips: Recent,
    networks: Recent,
    countries: Recent,
    signed_in: Option<Place>,
    sessions: Sessions,
    failed: Vec<i64>,
    viewed: Slots,
    exported: Slots,
    deleted: Slots,
    /// Windows of correlations that group by user.
    pub(crate) windows: Windows,
}

impl User {
    /// The time of the latest event, milliseconds; 0 before the first.
    #[must_use]
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// Moves the clock on without an event's signals: they are known already.
    pub(crate) fn reach(&mut self, at: i64) {
        self.clock = self.clock.max(at);
    }

    /// Takes an event in and says what it signals. `zone` is the tenant's.
    pub fn observe(&mut self, sighting: &Sighting<'_>, zone: Tz) -> Signals {
        let at = sighting.at();
        let mut signals = Signals::default();
        if at < self.clock - LATENESS_MS {
            signals.late = true;
            signals.last_activity_at = self.last_activity;
            return signals;
        }
        let days = (at - self.last_activity) / DAY_MS;
        if self.last_activity != 0 && days > 0 {
            signals.days_since_seen = u32::try_from(days).ok();
        }
        let device = hash(sighting.device.as_bytes());
        let country = hash(sighting.country.as_bytes());
        let network = network(sighting);
        if matches!(sighting.act, Act::SignIn | Act::SignInFailed) {
            self.sign_in(sighting, device, network, zone, &mut signals);
        }
        // A failed sign-in may be anybody's: what it came from does not become known.
        if sighting.act != Act::SignInFailed {
            self.learn(sighting, [device, network, country], &mut signals);
        }
        self.sessions.file(sighting, device, country, &mut signals);
        self.count(sighting, at, &mut signals);
        if matches!(sighting.act, Act::SignIn | Act::SignInFailed) {
            signals.devices_24h = Some(self.devices.since(at - DAY_MS));
            signals.ips_24h = Some(self.ips.since(at - DAY_MS));
            signals.countries_24h = Some(self.countries.since(at - DAY_MS));
            signals.sessions_24h = Some(self.sessions.of_day(at));
            signals.sessions_active = Some(self.sessions.active(at));
        }
        self.advance(sighting.act, at);
        signals.last_activity_at = self.last_activity;
        signals
    }

    fn sign_in(&mut self, sighting: &Sighting<'_>, device: u64, network: u64, zone: Tz, signals: &mut Signals) {
        let at = sighting.at();
        if let Some(local) = DateTime::from_timestamp_millis(at).map(|time| time.with_timezone(&zone)) {
            signals.local_hour = Some(local.hour() as u8);
            signals.local_weekday = Some(local.weekday().number_from_monday() as u8);
        }
        if sighting.act == Act::SignInFailed {
            if self.failed.len() >= FAILED
                && let Some(oldest) = (0..self.failed.len()).min_by_key(|&index| self.failed[index])
            {
                self.failed.swap_remove(oldest);
            }
            self.failed.push(at);
        } else {
            signals.first_sign_in = self.devices.is_empty() && self.ips.is_empty();
            if let Some(place) = Place::of(sighting, network, device) {
                let known = sighting.ip != 0 && self.ips.knows(ip_hash(sighting.ip));
                if let Some(travel) = self.signed_in.and_then(|last| last.travel(&place, known)) {
                    signals.travel_km = Some(travel.km);
                    signals.travel_kmh = Some(travel.kmh);
                    signals.travel_confidence = Some(travel.confidence);
                }
                if self.signed_in.is_none_or(|last| at >= last.at) {
                    self.signed_in = Some(place);
                }
            }
        }
        signals.failed_sign_ins_1h = Some(self.failed.iter().filter(|failed| **failed > at - HOUR_MS).count() as u32);
    }

    fn learn(&mut self, sighting: &Sighting<'_>, [device, network, country]: [u64; 3], signals: &mut Signals) {
        let at = sighting.at();
        let see = |known: &mut Recent, what: u64, capacity| what != 0 && known.see(what, at, capacity);
        signals.new_device = see(&mut self.devices, device, KNOWN_DEVICES);
        signals.new_ip = see(&mut self.ips, ip_hash(sighting.ip), KNOWN_IPS);
        signals.new_network = see(&mut self.networks, network, KNOWN_NETWORKS);
        // A network that hides where its users are makes a country known, but nobody was there.
        let there = if sighting.masked { 0 } else { at };
        signals.new_country = country != 0 && self.countries.see(country, there, KNOWN_COUNTRIES);
    }

    fn count(&mut self, sighting: &Sighting<'_>, at: i64, signals: &mut Signals) {
        let records = sighting.records.max(1);
        match sighting.act {
            Act::View => {
                self.viewed.add(at, records);
                signals.viewed_1h = Some(self.viewed.sum(at, HOUR_MS));
                signals.viewed_24h = Some(self.viewed.sum(at, DAY_MS));
            }
            Act::Export => {
                self.exported.add(at, records);
                signals.exported_1h = Some(self.exported.sum(at, HOUR_MS));
                signals.exported_24h = Some(self.exported.sum(at, DAY_MS));
            }
            Act::Delete => {
                self.deleted.add(at, records);
                signals.deleted_1h = Some(self.deleted.sum(at, HOUR_MS));
            }
            Act::SignIn | Act::SignInFailed | Act::SignOut | Act::Other => {}
        }
    }

    fn advance(&mut self, act: Act, at: i64) {
        // Nobody was there for a failed sign-in: whoever guesses the password of a dormant account doesn't wake it.
        if act != Act::SignInFailed && at >= self.last_activity + ACTIVITY_STEP_MS {
            self.last_activity = at;
        }
        self.clock = self.clock.max(at);
        let oldest = self.clock - LATENESS_MS;
        self.failed.retain(|failed| *failed > oldest - HOUR_MS);
        self.sessions.forget(oldest);
        for slots in [&mut self.viewed, &mut self.exported, &mut self.deleted] {
            slots.forget(oldest);
        }
    }
}

/// 0 stands for "unknown".
fn hash(bytes: &[u8]) -> u64 {
    if bytes.is_empty() { 0 } else { xxh3_64(bytes).max(1) }
}

fn ip_hash(ip: u128) -> u64 {
    if ip == 0 { 0 } else { hash(&ip.to_be_bytes()) }
}

/// The autonomous system, or else the /24 of an IPv4 or the /48 of an IPv6 address.
fn network(sighting: &Sighting<'_>) -> u64 {
    const MAPPED: u128 = 0xffff << 32;
    if sighting.asn != 0 {
        return hash(&sighting.asn.to_be_bytes());
    }
    match sighting.ip {
        0 => 0,
        v4 if v4 >> 32 == MAPPED >> 32 => hash(&(v4 >> 8).to_be_bytes()),
        v6 => hash(&(v6 >> 80).to_be_bytes()),
    }
}
