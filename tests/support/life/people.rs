//! Ordinary days of ordinary people.

use chrono::{Datelike as _, TimeZone as _};
use rand::RngExt as _;
use rand::rngs::StdRng;
use schemas::zone::Zone;
use serde_json::{Value, json};

use super::world::{self, Network};
use super::{DAY, DAYS, From, HOUR, MINUTE, START, Sent, TENANTS, USERS, Writer, instant};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

/// What sets a person apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    Plain,
    /// One journey in the month.
    Traveller,
    /// Some days through a VPN or the company's data centre, which come out elsewhere.
    Vpn,
    /// The telephone's carrier is of another country, and leads it out there.
    Carrier,
    /// Works at night.
    Owl,
    /// Reports and clean-ups that are the job.
    Clerk,
    /// Was not there for months.
    Absent,
}

/// One user.
pub(crate) struct Person {
    pub(crate) tenant: &'static str,
    pub(crate) id: String,
    pub(crate) habit: Habit,
    zone: Zone,
    home: usize,
    /// Where the VPN or the carrier comes out, for those who have one.
    exit: usize,
    number: u16,
    /// Clocks of computer and telephone, milliseconds ahead.
    skews: [i64; 2],
    /// Whether the application says which session an event is of.
    has_sessions: bool,
    /// Whether there is a cookie, or else only the browser's name.
    has_cookie: bool,
}

impl Person {
    pub(crate) fn new(number: usize, dice: &mut StdRng) -> Self {
        let (tenant, zone, homes) = TENANTS[number % TENANTS.len()];
        let habit = match number % 20 {
            0..3 => Habit::Traveller,
            3..5 => Habit::Vpn,
            5..8 => Habit::Carrier,
            8 => Habit::Owl,
            9 => Habit::Clerk,
            10 => Habit::Absent,
            _ => Habit::Plain,
        };
        let mut skew = || match dice.random_range(0..100) {
            0..5 => 2 * MINUTE,
            5..9 => -10 * MINUTE,
            9..12 => 100 * MINUTE,
            12..15 => -90 * MINUTE,
            _ => 0,
        };
        Self {
            tenant,
            id: format!("u{number:03}"),
            habit,
            zone: zone.parse().unwrap(),
            skews: [skew(), skew()],
            home: homes[dice.random_range(0..homes.len())],
            exit: dice.random_range(0..world::FAR),
            number: number as u16,
            has_sessions: dice.random_bool(0.6),
            has_cookie: dice.random_bool(0.9),
        }
    }

    /// Whether sign-ins at work come from a clock and a network that nothing speaks against.
    pub(crate) fn is_plain(&self) -> bool {
        self.habit == Habit::Plain && self.skews == [0, 0]
    }

    pub(crate) fn home(&self) -> usize {
        self.home
    }

    pub(super) fn live(&self, dice: &mut StdRng, events: &mut Vec<Sent>) {
        let journey = (self.habit == Habit::Traveller).then(|| {
            let from = dice.random_range(2..20);
            (from..from + dice.random_range(2..6), dice.random_range(world::FOREIGN..world::FAR))
        });
        let mut writer = Writer { events, prefix: "e".to_owned() };
        let (mut city, mut free_from) = (self.home, START);
        if self.habit == Habit::Absent {
            // The last one for a long time; back on some day of the month.
            self.block(START - 110 * DAY, city, 0, dice, &mut writer);
            free_from = START + dice.random_range(3..20) * DAY;
        }
        for day in 0..DAYS {
            let midnight = self.midnight(day);
            let there = journey.as_ref().filter(|(days, _)| days.contains(&day)).map_or(self.home, |(_, there)| *there);
            if there != city {
                free_from = free_from.max(midnight) + world::journey_ms(city, there);
                city = there;
            }
            if !dice.random_bool(if self.is_weekend(midnight) { 0.06 } else { 0.93 }) {
                continue;
            }
            let begin = if self.habit == Habit::Owl { 16 * HOUR } else { 8 * HOUR };
            let mut at = midnight + begin + dice.random_range(0..90 * MINUTE);
            for part in 0..3 {
                let wanted = [0.95, 0.3, 0.15][part];
                if dice.random_bool(wanted) && at >= free_from {
                    // In the evening the telephone.
                    free_from = self.block(at, city, usize::from(part == 2), dice, &mut writer);
                }
                at = (at + dice.random_range(3 * HOUR..5 * HOUR)).max(free_from + 10 * MINUTE);
            }
        }
    }

    /// A stretch of work with one device; returns when it is over.
    fn block(&self, at: i64, city: usize, device: usize, dice: &mut StdRng, writer: &mut Writer<'_>) -> i64 {
        let user = (self.tenant, &*self.id);
        let from = self.from(at, city, device, dice);
        let mut at = at;
        if dice.random_bool(0.04) {
            let tries = if dice.random_bool(0.1) { 6 } else { 2 };
            for _ in 0..dice.random_range(1..=tries) {
                // Both ways to say it.
                let kind = ["user.sign_in_failed", "user.signed_in"][at as usize % 2];
                writer.write(at, user, kind, &from, json!({"reason": "password", "outcome": "failure"}));
                at += dice.random_range(4_000..40_000);
            }
        }
        writer.write(at, user, "user.signed_in", &from, json!({}));
        for _ in 0..dice.random_range(1..7) {
            // Now and then two things at one moment.
            if !dice.random_bool(0.05) {
                at += dice.random_range(2_000..14 * MINUTE);
            }
            let (kind, more) = self.work(dice);
            writer.write(at, user, kind, &from, more);
        }
        if dice.random_bool(0.5) {
            at += dice.random_range(1_000..5 * MINUTE);
            writer.write(at, user, "user.signed_out", &from, json!({}));
        }
        at
    }

    fn work(&self, dice: &mut StdRng) -> (&'static str, Value) {
        let clerk = self.habit == Habit::Clerk;
        match dice.random_range(0..200) {
            0..90 => ("contact.viewed", json!({"records": dice.random_range(1..25)})),
            90..110 => ("report.viewed", json!({})),
            110..120 => ("deals.exported", json!({"records": dice.random_range(1..120)})),
            120 if clerk => ("sales.exported", json!({"records": dice.random_range(1000..1600)})),
            121 if clerk => ("task.deleted", json!({"records": dice.random_range(60..140)})),
            122..128 => ("task.deleted", json!({})),
            128 if clerk => (
                "user.role_changed",
                json!({"object": {"type": "user", "id": format!("u{}", dice.random_range(0..USERS))}}),
            ),
            _ => ("task.created", json!({"object": {"type": "task", "id": dice.random_range(0..10_000).to_string()}})),
        }
    }

    fn from(&self, at: i64, city: usize, device: usize, dice: &mut StdRng) -> From {
        let number = self.number;
        let away = city != self.home;
        let (mut place, mut network, mut host) = match (device, away) {
            // All who are at the office have its one address.
            (0, false) if dice.random_bool(0.75) => (city, Network::Office, 1),
            (0, true) => (city, Network::Hotel, number),
            (_, _) if device == 1 && dice.random_bool(0.7) => (city, Network::Mobile, number ^ (at as u16 & 7)),
            _ => (city, Network::Home, number),
        };
        if self.habit == Habit::Vpn && dice.random_bool(0.3) {
            network = if dice.random_bool(0.7) { Network::Vpn } else { Network::Hosting };
            // One of a few servers.
            (place, host) = (self.exit + dice.random_range(0..3), dice.random_range(1..200));
        }
        if self.habit == Habit::Carrier && device == 1 {
            (place, network) = (self.exit, Network::Mobile);
        }
        if dice.random_bool(0.01) {
            network = Network::Coarse;
        }
        let (mut ip, mut network) = (world::address(place, network, host), Some(network));
        match dice.random_range(0..200) {
            0 => (ip, network) = (String::new(), None),
            1 => (ip, network) = (world::nowhere(number), None),
            _ => {}
        }
        let agent = if device == 1 { PHONE } else { [CHROME, FIREFOX][usize::from(number % 2)] };
        let (mut name, mut agent) = (format!("d{number}-{device}"), agent);
        if !self.has_cookie || dice.random_bool(0.01) {
            name = String::new();
        }
        if name.is_empty() && dice.random_bool(0.1) {
            agent = "";
        }
        let session = if self.has_sessions { format!("s{number}-{at}") } else { String::new() };
        From { ip, network, device: name, agent, session, skew: self.skews[device] }
    }

    fn midnight(&self, day: i64) -> i64 {
        let date = chrono::DateTime::from_timestamp_millis(START + day * DAY).unwrap().date_naive();
        self.zone.from_local_datetime(&date.and_hms_opt(0, 0, 0).unwrap()).unwrap().timestamp_millis()
    }

    fn is_weekend(&self, midnight: i64) -> bool {
        self.zone.timestamp_millis_opt(midnight).unwrap().weekday().number_from_monday() > 5
    }
}

/// What no person does: exports of an integration by night, and the system itself.
pub(super) fn machines(dice: &mut StdRng, events: &mut Vec<Sent>) {
    let mut writer = Writer { events, prefix: "e".to_owned() };
    for (tenant, ..) in TENANTS {
        let ip = world::address(0, Network::Hosting, 7);
        let from = From {
            ip,
            network: Some(Network::Hosting),
            device: String::new(),
            agent: "python-requests/2.32",
            session: String::new(),
            skew: 0,
        };
        for day in 0..DAYS {
            let at = START + day * DAY + 2 * HOUR + dice.random_range(0..10 * MINUTE);
            let more = json!({"actor": {"kind": "api_key", "id": "nightly"}, "records": dice.random_range(50..300)});
            writer.write(at, (tenant, "nightly"), "orders.exported", &from, more);
            writer.write(at + HOUR, (tenant, ""), "task.created", &from, json!({"actor": {"kind": "system"}}));
        }
    }
}

/// Users whose clock is wrong by far: hours ahead of whoever receives it, and more than a day.
pub(super) fn broken_clocks(now: i64, dice: &mut StdRng, events: &mut Vec<Sent>) {
    let mut writer = Writer { events, prefix: "e".to_owned() };
    for (user, ahead) in [("clock-3h", 3 * HOUR), ("clock-30h", 30 * HOUR), ("clock-9y", 9 * 365 * DAY)] {
        for step in 0..40 {
            let at = START + step * 17 * HOUR;
            let from = From {
                ip: world::address(dice.random_range(0..3), Network::Home, 9),
                network: Some(Network::Home),
                device: format!("{user}-{}", dice.random_range(0..3)),
                agent: CHROME,
                session: String::new(),
                skew: 0,
            };
            let claimed = json!({"occurred_at": instant(now + ahead + step * 1000)});
            let kind = ["user.signed_in", "contact.viewed", "user.sign_in_failed"][dice.random_range(0..3)];
            writer.write(at, ("acme", user), kind, &from, claimed);
        }
    }
}

/// An hour in which nobody of an office gets in at the first try.
pub(super) fn outage(people: &[Person], dice: &mut StdRng, events: &mut Vec<Sent>) {
    let mut writer = Writer { events, prefix: "e".to_owned() };
    let begin = START + 9 * DAY + 8 * HOUR;
    for person in people.iter().filter(|person| person.home == 0 && person.habit != Habit::Absent).take(14) {
        let from = From {
            ip: world::address(0, Network::Office, 1),
            network: Some(Network::Office),
            device: format!("d{}-0", person.number),
            agent: CHROME,
            session: String::new(),
            skew: 0,
        };
        let at = begin + dice.random_range(0..8 * MINUTE);
        writer.write(at, (person.tenant, &person.id), "user.sign_in_failed", &from, json!({"reason": "sso"}));
    }
}
