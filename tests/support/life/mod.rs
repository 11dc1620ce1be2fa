//! A month in the life of two companies with 200 users, and attacks on them, each with a label.
//!
//! People keep office hours in their own zone, move between office, home and telephone, share the office's address, travel
//! at the speed of aeroplanes, work through VPNs and carriers. Clocks are wrong, telephones send late what they could not
//! send, senders repeat themselves. All of it comes from a seed: the same in every run.

// Each program that includes this file uses its own part of it.
#![allow(dead_code)]

mod attacks;
mod people;
pub(crate) mod world;

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

pub(crate) use people::Person;

/// The first day, a Monday: 2025-03-03T00:00:00Z. Summer time begins within the month.
pub(crate) const START: i64 = 1_740_960_000_000;
pub(crate) const DAYS: i64 = 30;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// The companies, their zones, and the cities that their people live in.
pub(crate) const TENANTS: [(&str, &str, &[usize]); 2] =
    [("acme", "Europe/Prague", &[0, 1, 2]), ("globex", "America/New_York", &[3, 4])];
const USERS: usize = 200;

/// How much of it.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    /// The clock of whoever sends it, milliseconds: what claims to be from the future is so from then.
    pub(crate) now: i64,
    /// Whether an office's single sign-on fails for an hour, which looks like password spraying and is none.
    pub(crate) outage: bool,
}

/// One event on its way.
#[derive(Clone)]
pub(crate) struct Sent {
    /// When it is sent, milliseconds: what decides on the order.
    pub(crate) at: i64,
    /// When it occurred, in truth.
    pub(crate) occurred: i64,
    pub(crate) tenant: &'static str,
    pub(crate) user: String,
    pub(crate) id: String,
    /// The network that it comes from, where that is one of the world's.
    pub(crate) network: Option<world::Network>,
    pub(crate) body: Value,
}

/// An attack, and what should see it.
pub(crate) struct Attack {
    pub(crate) kind: &'static str,
    /// Rules of which each should find it.
    pub(crate) expected: &'static [&'static str],
    pub(crate) tenant: &'static str,
    /// Who is attacked; empty when it is many.
    pub(crate) user: String,
    pub(crate) at: i64,
    /// Ids of the attack's events.
    pub(crate) events: BTreeSet<String>,
    /// The sign-in before it.
    before: String,
}

/// The whole of it, in the order of sending.
pub(crate) struct Life {
    pub(crate) people: Vec<Person>,
    pub(crate) events: Vec<Sent>,
    pub(crate) attacks: Vec<Attack>,
}

impl Life {
    /// Lives the month.
    pub(crate) fn new(options: Options) -> Self {
        let mut dice = StdRng::seed_from_u64(options.seed);
        let people: Vec<_> = (0..USERS).map(|number| Person::new(number, &mut dice)).collect();
        let mut events = Vec::new();
        for person in &people {
            person.live(&mut dice, &mut events);
        }
        people::machines(&mut dice, &mut events);
        people::broken_clocks(options.now, &mut dice, &mut events);
        if options.outage {
            people::outage(&people, &mut dice, &mut events);
        }
        let attacks = attacks::all(&people, &mut dice, &mut events);
        disturb(&attacks, &mut dice, &mut events);
        // Stable: events of one moment stay in the order in which they were made.
        events.sort_by_key(|event| event.at);
        Self { people, events, attacks }
    }
}

/// What networks and senders do to events: late ones, repeated ones, history sent in later.
fn disturb(attacks: &[Attack], dice: &mut StdRng, events: &mut Vec<Sent>) {
    // What an attack is recognised by arrives in order: what is asked is whether rules see it, not whether senders are slow.
    let told_by: BTreeSet<_> = attacks.iter().flat_map(|attack| attack.events.iter().chain([&attack.before])).collect();
    let mut repeated = Vec::new();
    for event in events.iter_mut() {
        match dice.random_range(0..1000) {
            0..32 if told_by.contains(&event.id) => {}
            // Within the lateness that is put up with, and beyond it.
            0..20 => event.at += dice.random_range(5..55) * MINUTE,
            20..27 => event.at += dice.random_range(2..30) * HOUR,
            27..32 => event.body["backfill"] = json!(true),
            32..52 => {
                repeated.push(Sent { at: event.at + dice.random_range(1..600) * MINUTE, ..event.clone() });
            }
            _ => {}
        }
    }
    events.append(&mut repeated);
}

/// Makes events with ids that distinguish them: `a…` for those of attacks, `e…` for all others.
struct Writer<'a> {
    events: &'a mut Vec<Sent>,
    prefix: String,
}

/// What an event is done with and from where.
#[derive(Clone)]
struct From {
    ip: String,
    network: Option<world::Network>,
    device: String,
    agent: &'static str,
    session: String,
    /// How much the device's clock is ahead, milliseconds.
    skew: i64,
}

impl Writer<'_> {
    /// Appends an event of a user; `more` are further fields of it. Returns its id.
    fn write(&mut self, at: i64, user: (&'static str, &str), kind: &str, from: &From, more: Value) -> String {
        let id = format!("{}{}", self.prefix, self.events.len());
        let mut context = serde_json::Map::new();
        let fields = [
            ("ip", &*from.ip),
            ("device_id", &*from.device),
            ("user_agent", from.agent),
            ("session_id", &*from.session),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            context.insert(name.to_owned(), json!(value));
        }
        let mut body = json!({
            "id": id,
            "type": kind,
            "occurred_at": instant(at + from.skew),
            "actor": {"kind": "user", "id": user.1, "name": user.1},
            "context": context,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.events.push(Sent {
            at,
            occurred: at,
            tenant: user.0,
            user: user.1.to_owned(),
            id: id.clone(),
            network: from.network,
            body,
        });
        id
    }
}

fn instant(at: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at).unwrap().to_rfc3339()
}
