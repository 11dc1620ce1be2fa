//! What one user did before, in full.

use std::collections::BTreeSet;

use chrono::{Datelike as _, TimeZone as _, Timelike as _};

use super::rules::{self, Finding};
use super::stored::Row;
use super::{DAY, Expected, HOUR, MINUTE};

const LATENESS: i64 = HOUR;
const SESSION_GAP: i64 = 30 * MINUTE;
const SLOT: i64 = 5 * MINUTE;
/// What is kept of a user is bounded; this life stays within the bounds, so that they don't show here.
const BOUNDS: [usize; 3] = [64, 128, 32];

/// What identifies a session.
#[derive(Clone, PartialEq, Debug)]
enum Told {
    Id(String),
    Device(String),
    Address(String),
}

struct Session<'a> {
    told: Told,
    members: Vec<&'a Row>,
    number: usize,
}

/// Events in the order of arrival, and the sessions among them that a later event may belong to.
#[derive(Default)]
struct Stream<'a> {
    events: Vec<&'a Row>,
    sessions: Vec<Session<'a>>,
}

/// One user.
#[derive(Default)]
pub(super) struct Past<'a> {
    /// Every event that something is known by, whenever it came.
    known: Vec<&'a Row>,
    live: Stream<'a>,
    history: Stream<'a>,
    /// What identifies each session.
    numbers: Vec<Told>,
    /// Events that correlations count.
    counted: Vec<&'a Row>,
}

impl<'a> Past<'a> {
    /// What the event signals in the light of those before it, which it then joins.
    pub(super) fn observe(&mut self, row: &'a Row, zone: schemas::zone::Zone, expected: &mut Expected) {
        let at = row.at();
        let before = |stream: &Stream<'_>| stream.events.iter().any(|earlier| earlier.at() > at + LATENESS);
        if before(&self.live) || (row.backfill && before(&self.history)) {
            expected.signals.insert("late", 1.0);
            if row.backfill && rules::was_there(row) {
                self.known.push(row);
            }
            // The application's session is known whatever its age.
            if row.backfill || !row.session_id.is_empty() {
                expected.session = self.file(row, &mut Vec::new());
            }
            expected.last_activity_at = self.last_activity().unwrap_or(row.occurred_at);
            return;
        }
        let mut found = vec![("days_since_seen", self.last_activity().map_or(0, |last| (at - last) / DAY) as f64)];
        if rules::signs_in(row) {
            found.push((
                "first_sign_in",
                truth(!self.known.iter().any(|known| known.has_ip() || !known.device_id.is_empty())),
            ));
            self.travel(row, &mut expected.signals);
        }
        if rules::was_there(row) {
            self.news(row, &mut found);
            self.known.push(row);
        }
        expected.session = self.file(row, &mut found);
        let stream = if row.backfill { &mut self.history } else { &mut self.live };
        stream.events.push(row);
        let stream = if row.backfill { &self.history } else { &self.live };
        stream.sums(row, &mut expected.signals);
        if rules::signs_in(row) || rules::is_failed_sign_in(row) {
            let local = zone.timestamp_millis_opt(at).unwrap();
            expected.signals.insert("local_hour", f64::from(local.hour()));
            expected.signals.insert("local_weekday", f64::from(local.weekday().number_from_monday()));
            self.counts(stream, at, &mut expected.signals);
        }
        let stream = if row.backfill { &mut self.history } else { &mut self.live };
        stream.forget();
        expected.signals.extend(found.into_iter().filter(|(_, value)| *value > 0.0));
        expected.last_activity_at = self.last_activity().unwrap_or(row.occurred_at);
    }

    /// It moves by thirty seconds at least.
    fn last_activity(&self) -> Option<i64> {
        // What happens to a user is none of it.
        let passive = ["session_expired", "call_missed", "miss", "expire", "receive", "match", "free_start", "free"];
        let active = self.known.iter().filter(|row| !passive.contains(&row.action.as_str()));
        active.map(|row| row.at()).fold(None, |last, at| match last {
            Some(last) if at < last + 30_000 => Some(last),
            _ => Some(at),
        })
    }

    fn news(&self, row: &Row, found: &mut Vec<(&'static str, f64)>) {
        let of = |value: &dyn Fn(&Row) -> Option<String>| {
            let before: BTreeSet<_> = self.known.iter().filter_map(|row| value(row)).collect();
            truth(value(row).is_some_and(|value| !before.is_empty() && !before.contains(&value)))
        };
        found.push(("new_device", of(&|row| some(&row.device_id))));
        found.push(("new_ip", of(&|row| row.has_ip().then(|| row.address.clone()))));
        found.push(("new_network", of(&Row::network)));
        found.push(("new_country", of(&|row| some(&row.country))));
    }

    fn travel(&self, row: &Row, signals: &mut std::collections::BTreeMap<&'static str, f64>) {
        let before = self.known.iter().filter(|earlier| rules::signs_in(earlier) && earlier.is_located());
        // Of several at one time the one that came last.
        let Some(last) = before.max_by_key(|earlier| earlier.at()).filter(|_| row.is_located()) else { return };
        let km = kilometres(last, row);
        if km < 100.0 {
            return;
        }
        let radius = |row: &Row| if row.accuracy_km == 0 { 50.0 } else { f64::from(row.accuracy_km) };
        let hours = (row.at() - last.at()).abs().max(MINUTE) as f64 / HOUR as f64;
        let same = |a: &str, b: &str| !a.is_empty() && a == b;
        let known_address = row.has_ip() && self.known.iter().any(|known| known.address == row.address);
        let same_network = last.network().is_some() && last.network() == row.network();
        let hidden = last.is_masked() || row.is_masked();
        let same_device = same(&last.device_id, &row.device_id);
        let confidence = if hidden || same_network || (same_device && row.device_confidence == "high") {
            0.0
        } else if known_address
            || (same_device && row.device_confidence == "medium")
            || radius(last) > 300.0
            || radius(row) > 300.0
        {
            1.0
        } else {
            2.0
        };
        signals.insert("travel_km", km.round());
        signals.insert("travel_kmh", ((km - radius(last) - radius(row)).max(0.0) / hours).round());
        signals.insert("travel_confidence", confidence);
    }

    /// The event's session, among those before or a new one; number and start.
    fn file(&mut self, row: &'a Row, found: &mut Vec<(&'static str, f64)>) -> Option<(usize, i64)> {
        let told = match (&*row.session_id, &*row.device_id) {
            ("", "") if row.has_ip() => Told::Address(row.address.clone()),
            ("", "") => return None,
            ("", device) => Told::Device(device.to_owned()),
            (id, _) => Told::Id(id.to_owned()),
        };
        if !rules::was_there(row) {
            return None;
        }
        let at = row.at();
        let stream = if row.backfill { &mut self.history } else { &mut self.live };
        let place = stream.sessions.iter().position(|session| {
            let near = at - session.last() <= SESSION_GAP && session.start() - at <= SESSION_GAP;
            let goes_on = (!session.ended() || at <= session.last()) && near;
            session.told == told && (matches!(told, Told::Id(_)) || goes_on)
        });
        let place = place.unwrap_or_else(|| {
            // The application's id names one session, in history as well.
            let named = self.numbers.iter().position(|known| *known == told && matches!(told, Told::Id(_)));
            let number = named.unwrap_or(self.numbers.len());
            if named.is_none() {
                self.numbers.push(told.clone());
            }
            stream.sessions.push(Session { told, members: Vec::new(), number });
            stream.sessions.len() - 1
        });
        let session = &mut stream.sessions[place];
        let differs = |before: Option<&str>, now: &str| truth(before.is_some_and(|before| before != now));
        if row.has_ip() {
            found.push((
                "session_ip_changed",
                differs(session.current(|row| row.has_ip().then_some(&*row.address)), &row.address),
            ));
        }
        if !row.country.is_empty() {
            let country = session.current(|row| Some(&*row.country).filter(|country| !country.is_empty()));
            found.push(("session_country_changed", differs(country, &row.country)));
        }
        session.members.push(row);
        Some((session.number, session.start()))
    }

    fn counts(&self, stream: &Stream<'a>, at: i64, signals: &mut std::collections::BTreeMap<&'static str, f64>) {
        let failed = stream.events.iter().filter(|row| rules::is_failed_sign_in(row) && row.at() > at - HOUR).count();
        let distinct = |value: fn(&'a Row) -> &'a str, bound: usize| {
            let known = || self.known.iter().copied();
            assert!(known().map(value).collect::<BTreeSet<_>>().len() <= bound, "more than is remembered");
            let day = known().filter(|row| row.at() > at - DAY);
            day.map(value).filter(|value| !["", "::"].contains(value)).collect::<BTreeSet<_>>().len() as f64
        };
        let [devices, addresses, countries] = BOUNDS;
        let sessions =
            |wanted: &dyn Fn(&Session<'_>) -> bool| stream.sessions.iter().filter(|s| wanted(s)).count() as f64;
        signals.extend([
            ("failed_sign_ins_1h", failed as f64),
            ("devices_24h", distinct(|row| &row.device_id, devices)),
            ("ips_24h", distinct(|row| &row.address, addresses)),
            ("countries_24h", distinct(|row| if row.is_masked() { "" } else { &row.country }, countries)),
            ("sessions_24h", sessions(&|session| session.last() > at - DAY)),
            ("sessions_active", sessions(&|session| !session.ended() && session.last() > at - SESSION_GAP)),
        ]);
    }

    /// Findings of correlations that count a user's events.
    pub(super) fn correlations(&mut self, row: &'a Row) -> Vec<Finding> {
        self.counted.push(row);
        let all =
            |wanted: fn(&Row) -> bool| self.counted.iter().copied().filter(move |row| wanted(row)).collect::<Vec<_>>();
        let mut findings = Vec::new();
        if rules::is_failed_sign_in(row) {
            let failed = all(rules::is_failed_sign_in);
            findings.extend(rules::in_windows("brute-force", row, &failed, 10 * MINUTE, 10.0, |window| {
                Some(window.len() as f64).filter(|count| *count >= 10.0)
            }));
        }
        if rules::changes_rights(row) || rules::exports(row) {
            let both = all(|row| rules::changes_rights(row) || rules::exports(row));
            findings.extend(rules::in_windows("privilege-change-then-export", row, &both, HOUR, 2.0, |window| {
                let rights = window.iter().filter(|row| rules::changes_rights(row)).map(|row| row.at()).min()?;
                window.iter().any(|row| rules::exports(row) && row.at() >= rights).then_some(2.0)
            }));
        }
        findings
    }
}

impl Stream<'_> {
    fn sums(&self, row: &Row, signals: &mut std::collections::BTreeMap<&'static str, f64>) {
        let sum = |window: i64| {
            let after = row.at().div_euclid(SLOT) - window / SLOT;
            let counted =
                self.events.iter().filter(|other| other.action == row.action && other.at().div_euclid(SLOT) > after);
            counted.map(|other| other.records.max(1)).sum::<u64>() as f64
        };
        match &*row.action {
            "view" => signals.extend([("viewed_1h", sum(HOUR)), ("viewed_24h", sum(DAY))]),
            "export" => signals.extend([("exported_1h", sum(HOUR)), ("exported_24h", sum(DAY))]),
            "delete" => signals.extend([("deleted_1h", sum(HOUR))]),
            _ => {}
        }
    }

    /// Sessions that have been silent for long are over.
    fn forget(&mut self) {
        let clock = self.events.iter().map(|earlier| earlier.at()).max().unwrap_or(0);
        self.sessions.retain(|session| {
            let days = if matches!(session.told, Told::Id(_)) { 7 } else { 2 };
            session.last() > clock - LATENESS - days * DAY
        });
    }
}

impl<'a> Session<'a> {
    fn start(&self) -> i64 {
        self.members.iter().map(|row| row.at()).min().unwrap()
    }

    fn last(&self) -> i64 {
        self.members.iter().map(|row| row.at()).max().unwrap()
    }

    fn ended(&self) -> bool {
        self.members.iter().any(|row| ["sign_out", "session_expired"].contains(&row.action.as_str()))
    }

    /// The value as of the latest activity: of those events that were the latest when they came.
    fn current(&self, value: impl Fn(&'a Row) -> Option<&'a str>) -> Option<&'a str> {
        let latest = self
            .members
            .iter()
            .enumerate()
            .filter(|(place, row)| self.members[..*place].iter().all(|earlier| earlier.at() <= row.at()));
        latest.filter_map(|(_, row)| value(row)).last()
    }
}

/// By the angle between the two directions from the centre of the Earth.
fn kilometres(a: &Row, b: &Row) -> f64 {
    let direction = |row: &Row| {
        let (latitude, longitude) = (f64::from(row.latitude).to_radians(), f64::from(row.longitude).to_radians());
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    };
    let (a, b) = (direction(a), direction(b));
    let dot: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let sine = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
    sine.atan2(dot) * 6371.0088
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
