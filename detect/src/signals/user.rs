//! What is known of one user: small, bounded, and enough for every signal.

use chrono::{DateTime, Datelike as _, Timelike as _};
use schemas::zone::Zone;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::recent::Recent;
use super::sessions::Sessions;
use super::slots::Slots;
use super::travel::Place;
use super::{ACTIVITY_STEP_MS, ActionKind, DAY_MS, HOUR_MS, LATENESS_MS, Observation, Signals};
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
/// How long counts and sessions of history are kept after the last of it was received, milliseconds.
const HISTORY_KEPT_MS: i64 = DAY_MS;

/// The state of one user of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The offset after the last record that went in: a record before it is there already.
    pub applied: u64,
    last_activity: i64,
    devices: Recent,
    ips: Recent,
    networks: Recent,
    countries: Recent,
    signed_in: Option<Place>,
    /// What goes on now.
    live: Activity,
    /// What went on before, as it is sent in; nothing once no more of it has come for a while.
    history: Option<Box<Activity>>,
    /// When history was received last, milliseconds.
    sent_in_at: i64,
    /// Windows of correlations that group by user.
    pub(crate) windows: Windows,
}

/// What is counted by time, as of a clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Activity {
    clock: i64,
    sessions: Sessions,
    failed: Vec<i64>,
    viewed: Slots,
    exported: Slots,
    deleted: Slots,
}

impl User {
    /// The time of the latest live event, milliseconds; 0 before the first.
    #[must_use]
    pub fn clock(&self) -> i64 {
        self.live.clock
    }

    /// Moves the clock on without an event's signals: they are known already.
    pub(crate) fn reach(&mut self, at: i64) {
        self.live.clock = self.live.clock.max(at);
    }

    /// Takes an event in and says what it signals. `zone` is the tenant's.
    pub fn observe(&mut self, sighting: &Observation<'_>, zone: Zone) -> Signals {
        // Taken out for as long as the event is looked at.
        let mut activity = match sighting.backfill {
            true => *self.history.take().unwrap_or_default(),
            false => std::mem::take(&mut self.live),
        };
        let signals = self.observe_in(&mut activity, sighting, zone);
        if sighting.backfill {
            self.history = Some(Box::new(activity));
            self.sent_in_at = self.sent_in_at.max(sighting.received_at);
        } else {
            self.live = activity;
            if self.sent_in_at < self.live.clock - HISTORY_KEPT_MS {
                self.history = None;
            }
        }
        signals
    }

    fn observe_in(&mut self, activity: &mut Activity, sighting: &Observation<'_>, zone: Zone) -> Signals {
        let at = sighting.at();
        let (hashes, mut signals) = (Hashes::of(sighting), Signals::default());
        // What is live has been taken out, unless this is history.
        if at < activity.clock.max(self.live.clock) - LATENESS_MS {
            if sighting.backfill {
                self.catch_up(sighting, &hashes);
            }
            // A session that the application names is that one whenever its event comes. By device and silence it can't be found
            // once what went on around it may be forgotten, except in history, which has sessions of its own.
            if sighting.backfill || !sighting.session_id.is_empty() {
                let mut filed = Signals::default();
                activity.sessions.file(sighting, hashes.device, hashes.country, &mut filed);
                (signals.session_key, signals.session_started_at) = (filed.session_key, filed.session_started_at);
            }
            signals.late = true;
            signals.last_activity_at = self.last_activity;
            return signals;
        }
        let days = (at - self.last_activity) / DAY_MS;
        if self.last_activity != 0 && days > 0 {
            signals.days_since_seen = u32::try_from(days).ok();
        }
        let signs_in = matches!(sighting.act, ActionKind::SignIn | ActionKind::SignInFailed);
        if signs_in {
            self.sign_in(activity, sighting, &hashes, zone, &mut signals);
        }
        if sighting.act.makes_known() {
            self.learn(sighting, &hashes, &mut signals);
        }
        activity.sessions.file(sighting, hashes.device, hashes.country, &mut signals);
        activity.count(sighting, at, &mut signals);
        if signs_in {
            signals.devices_24h = Some(self.devices.since(at - DAY_MS));
            signals.ips_24h = Some(self.ips.since(at - DAY_MS));
            signals.countries_24h = Some(self.countries.since(at - DAY_MS));
            signals.sessions_24h = Some(activity.sessions.of_day(at));
            signals.sessions_active = Some(activity.sessions.active(at));
        }
        self.advance(sighting.act, at);
        activity.advance(at);
        signals.last_activity_at = self.last_activity;
        signals
    }

    /// Learns from history that comes after what is later than it: what it shows becomes known. What was known at its time can't be
    /// said any more.
    fn catch_up(&mut self, sighting: &Observation<'_>, hashes: &Hashes) {
        if sighting.act.makes_known() {
            self.learn(sighting, hashes, &mut Signals::default());
        }
        if sighting.act == ActionKind::SignIn {
            self.arrive(Place::of(sighting, hashes.network, hashes.device));
        }
        self.advance(sighting.act, sighting.at());
    }

    fn sign_in(
        &mut self,
        activity: &mut Activity,
        sighting: &Observation<'_>,
        hashes: &Hashes,
        zone: Zone,
        signals: &mut Signals,
    ) {
        let at = sighting.at();
        if let Some(local) = DateTime::from_timestamp_millis(at).map(|time| time.with_timezone(&zone)) {
            signals.local_hour = Some(local.hour() as u8);
            signals.local_weekday = Some(local.weekday().number_from_monday() as u8);
        }
        if sighting.act == ActionKind::SignInFailed {
            activity.fail(at);
        } else {
            signals.first_sign_in = self.devices.is_empty() && self.ips.is_empty();
            let place = Place::of(sighting, hashes.network, hashes.device);
            if let Some(place) = place {
                let known = sighting.ip != 0 && self.ips.knows(ip_hash(sighting.ip));
                if let Some(travel) = self.signed_in.and_then(|last| last.travel(&place, known)) {
                    signals.travel_km = Some(travel.km);
                    signals.travel_kmh = Some(travel.kmh);
                    signals.travel_confidence = Some(travel.confidence);
                }
            }
            self.arrive(place);
        }
        let failed = activity.failed.iter().filter(|failed| **failed > at - HOUR_MS).count();
        signals.failed_sign_ins_1h = Some(failed as u32);
    }

    /// Takes note of where the user signed in last.
    fn arrive(&mut self, place: Option<Place>) {
        if let Some(place) = place
            && self.signed_in.is_none_or(|last| place.at >= last.at)
        {
            self.signed_in = Some(place);
        }
    }

    fn learn(&mut self, sighting: &Observation<'_>, hashes: &Hashes, signals: &mut Signals) {
        let (at, &Hashes { device, network, country }) = (sighting.at(), hashes);
        let see = |known: &mut Recent, what: u64, capacity| what != 0 && known.see(what, at, capacity);
        signals.new_device = see(&mut self.devices, device, KNOWN_DEVICES);
        signals.new_ip = see(&mut self.ips, ip_hash(sighting.ip), KNOWN_IPS);
        signals.new_network = see(&mut self.networks, network, KNOWN_NETWORKS);
        // A network that hides where its users are makes a country known, but nobody was there.
        let there = if sighting.masked { 0 } else { at };
        signals.new_country = country != 0 && self.countries.see(country, there, KNOWN_COUNTRIES);
    }

    fn advance(&mut self, act: ActionKind, at: i64) {
        // Nobody was there for a failed sign-in, nor for a missed call: whoever guesses the password of a dormant account or
        // rings it doesn't wake it.
        if act.is_interaction() && at >= self.last_activity + ACTIVITY_STEP_MS {
            self.last_activity = at;
        }
    }
}

impl Activity {
    fn fail(&mut self, at: i64) {
        if self.failed.len() >= FAILED
            && let Some(oldest) = (0..self.failed.len()).min_by_key(|&index| self.failed[index])
        {
            self.failed.swap_remove(oldest);
        }
        self.failed.push(at);
    }

    fn count(&mut self, sighting: &Observation<'_>, at: i64, signals: &mut Signals) {
        let records = sighting.records.max(1);
        match sighting.act {
            ActionKind::View => {
                self.viewed.add(at, records);
                signals.viewed_1h = Some(self.viewed.sum(at, HOUR_MS));
                signals.viewed_24h = Some(self.viewed.sum(at, DAY_MS));
            }
            ActionKind::Export => {
                self.exported.add(at, records);
                signals.exported_1h = Some(self.exported.sum(at, HOUR_MS));
                signals.exported_24h = Some(self.exported.sum(at, DAY_MS));
            }
            ActionKind::Delete => {
                self.deleted.add(at, records);
                signals.deleted_1h = Some(self.deleted.sum(at, HOUR_MS));
            }
            ActionKind::SignIn
            | ActionKind::SignInFailed
            | ActionKind::Refused
            | ActionKind::SignOut
            | ActionKind::Expired
            | ActionKind::Passive
            | ActionKind::Other => {}
        }
    }

    fn advance(&mut self, at: i64) {
        self.clock = self.clock.max(at);
        let oldest = self.clock - LATENESS_MS;
        self.failed.retain(|failed| *failed > oldest - HOUR_MS);
        self.sessions.forget(oldest);
        for slots in [&mut self.viewed, &mut self.exported, &mut self.deleted] {
            slots.forget(oldest);
        }
    }
}

/// What an event says of the user, as hashes; 0 where it doesn't.
struct Hashes {
    device: u64,
    network: u64,
    country: u64,
}

impl Hashes {
    fn of(sighting: &Observation<'_>) -> Self {
        let (device, country) = (hash(sighting.device.as_bytes()), hash(sighting.country.as_bytes()));
        Self { device, network: network(sighting), country }
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
fn network(sighting: &Observation<'_>) -> u64 {
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
