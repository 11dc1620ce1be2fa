//! Random work of a user, and a recount of it that shares nothing with the program: every instant between two borders is
//! asked whether any interval covers it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use rand::RngExt as _;
use rand::rngs::StdRng;
use schemas::zone::Zone;

use crate::support::{Event, millis, pick};

type Kind = (&'static str, &'static str, &'static str, &'static str);

/// Type, channel, action, object type.
const LASTING: &[Kind] = &[
    ("call.talked", "call", "talk", "call"),
    ("call.incoming", "call", "call_in", "call"),
    ("call.outgoing", "call", "call_out", "call"),
    ("email.sent", "email", "send", "email"),
    ("sms.sent", "sms", "send", "sms"),
    ("web_chat.message_sent", "web_chat", "send", "chat"),
    ("messenger.message_sent", "messenger", "send", "chat"),
    ("whatsapp.message_sent", "whatsapp", "send", "chat"),
    ("viber.message_sent", "viber", "send", "chat"),
    ("ticket.edited", "ticket", "update", "ticket"),
    ("pause.paid_ended", "pause", "pause_paid", ""),
    ("pause.unpaid_ended", "pause", "pause_unpaid", ""),
    ("ready_state.left", "ready", "ready", ""),
    ("free_state.left", "free", "free", ""),
];
const MOMENTARY: &[Kind] = &[
    ("call.closed", "call", "close", "call"),
    ("email.closed", "email", "close", "email"),
    ("sms.closed", "sms", "close", "sms"),
    ("web_chat.closed", "web_chat", "close", "chat"),
    ("messenger.closed", "messenger", "close", "chat"),
    ("whatsapp.closed", "whatsapp", "close", "chat"),
    ("viber.closed", "viber", "close", "chat"),
    ("ticket.closed", "ticket", "close", "ticket"),
    ("call.missed", "call", "call_missed", "call"),
    ("task.created", "", "create", "task"),
    ("user.sign_in_failed", "", "sign_in_failed", ""),
    ("pause.paid_started", "pause", "pause_start", ""),
    ("pause.unpaid_started", "pause", "pause_start", ""),
    ("ready_state.entered", "ready", "ready_start", ""),
    ("free_state.entered", "free", "free_start", ""),
    ("user.signed_in", "", "sign_in", ""),
    ("user.signed_out", "", "sign_out", ""),
];

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;

/// An event of a kind by u1, at a time in milliseconds.
pub(crate) fn event(rng: &mut StdRng, tenant: &str, number: usize, kind: Kind, at: i64) -> Event {
    let (event_type, channel, action, object_type) = kind;
    let occurred = DateTime::from_timestamp_millis(at).unwrap();
    Event {
        event_type: event_type.to_owned(),
        channel,
        action,
        object_type,
        object_id: if object_type.is_empty() { String::new() } else { format!("{}", rng.random_range(0..9)) },
        class: "other",
        category: "other",
        outcome: "success",
        actor_kind: "user",
        actor_id: "u1".to_owned(),
        occurred,
        received: occurred,
        duration_ms: 0,
        violations: Vec::new(),
        ..Event::random(rng, tenant, number, TimeDelta::days(1))
    }
}

/// Work between two times: overlapping, open, reported twice, stored twice, reported late, endless.
pub(crate) fn work(rng: &mut StdRng, tenant: &str, count: usize, (from, to): (i64, i64)) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..count {
        let at = rng.random_range(from / SECOND..to / SECOND) * SECOND;
        if rng.random_bool(0.5) {
            let kind = MOMENTARY[rng.random_range(0..MOMENTARY.len())];
            events.push(event(rng, tenant, number, kind, at));
            continue;
        }
        let kind = LASTING[rng.random_range(0..LASTING.len())];
        let mut one = event(rng, tenant, number, kind, at);
        let longest = *[HOUR / 6, HOUR / 2, 4 * HOUR, 40 * HOUR].get(rng.random_range(0..10)).unwrap_or(&HOUR);
        one.duration_ms = rng.random_range(0..longest / SECOND).unsigned_abs() * 1000;
        let start = at - i64::try_from(one.duration_ms).unwrap() + rng.random_range(-3..=3) * SECOND;
        one.started = rng.random_bool(0.6).then(|| DateTime::from_timestamp_millis(start).unwrap());
        if rng.random_bool(0.02) {
            one.duration_ms = u64::MAX;
        }
        if rng.random_bool(0.1) {
            one.backfill = true;
            one.received = millis(Utc::now()) - TimeDelta::minutes(2);
        }
        if rng.random_bool(0.15) {
            let mut again = one.clone();
            again.id = format!("{}-again", one.id);
            again.started = one.started;
            if one.started.is_some() {
                again.occurred += TimeDelta::seconds(rng.random_range(0..600));
            }
            events.push(again);
        }
        if rng.random_bool(0.1) {
            events.push(one.clone());
        }
        events.push(one);
    }
    events
}

/// A day on which the clocks of a zone changed, in the last year.
pub(crate) fn day_of_change(zone: Zone) -> NaiveDate {
    let offset = |date: NaiveDate| zone.offset_from_utc_datetime(&date.and_time(NaiveTime::MIN)).fix();
    let mut day = Utc::now().date_naive() - Days::new(3);
    while offset(day) == offset(day + Days::new(1)) {
        day = day - Days::new(1);
    }
    day.min(Utc::now().date_naive())
}

/// What the recount knows: intervals, and times of what is counted, of a channel and state.
#[derive(Default)]
struct Told {
    spans: Vec<(i64, i64)>,
    times: Vec<i64>,
}

const DAY: i64 = 24 * HOUR;

fn at(event: &Event) -> i64 {
    event.occurred.timestamp_millis()
}

fn span(event: &Event) -> Option<(i64, i64)> {
    if event.duration_ms == 0 {
        return None;
    }
    let (at, lasted) = (i128::from(at(event)), i128::from(event.duration_ms));
    let start = event.started.map_or(at - lasted, |started| i128::from(started.timestamp_millis()));
    let (low, high) = (start.max(at - i128::from(DAY)), (start + lasted).min(at + i128::from(DAY)));
    (low < high).then(|| (i64::try_from(low).unwrap(), i64::try_from(high).unwrap()))
}

/// Things that aren't states: each once by interval and object, or by id.
fn things(events: &[&Event]) -> Told {
    let mut once = BTreeMap::new();
    for event in events {
        let same = match span(event) {
            Some(span) => (Some(span), event.object_id.clone()),
            None => (None, event.id.clone()),
        };
        let first = once.entry(same).or_insert_with(|| at(event));
        *first = (*first).min(at(event));
    }
    Told { spans: once.keys().filter_map(|(span, _)| *span).collect(), times: once.into_values().collect() }
}

/// A state, in one session: its ends that state a duration, and the beginnings that no such end covers.
fn state(begins: &[&Event], ends: &[&Event], now: i64) -> Told {
    let (whole, bare): (Vec<&Event>, Vec<&Event>) = ends.iter().partition(|end| span(end).is_some());
    let mut told = things(&whole);
    let rank = |list: &[&Event], rank| -> Vec<(i64, u8, String)> {
        list.iter().map(|event| (at(event), rank, event.id.clone())).collect()
    };
    let mut marks = [rank(&whole, 0), rank(begins, 1), rank(&bare, 2)].concat();
    marks.sort();
    marks.dedup();
    let mut ended = Vec::new();
    for (place, (begin, kind, _)) in marks.iter().enumerate() {
        let next = marks.get(place + 1).filter(|(next, ..)| next - begin <= DAY);
        let inside = told.spans.iter().any(|(start, end)| (*start..*end).contains(begin));
        let by_next = next.filter(|(_, kind, _)| *kind == 0).is_some_and(|(_, _, id)| {
            whole.iter().any(|end| end.id == *id && span(end).is_some_and(|(_, end)| end > *begin))
        });
        if *kind != 1 || inside || by_next {
            continue;
        }
        let end = next.map_or(now.min(begin + DAY), |(next, ..)| *next);
        ended.extend(next.filter(|(_, kind, _)| *kind == 2).map(|(_, _, id)| id.clone()));
        told.times.push(*begin);
        told.spans.extend((*begin < end).then_some((*begin, end)));
    }
    // An end of which no beginning is known is a pause all the same.
    let alone = marks.iter().filter(|(_, kind, id)| *kind == 2 && !ended.contains(id));
    told.times.extend(alone.map(|(at, ..)| *at));
    told
}

fn state_of(events: &[&Event], begin: &str, end: &str, now: i64) -> Told {
    let of = |name: &str| events.iter().copied().filter(|event| event.event_type == name).collect::<Vec<_>>();
    state(&of(begin), &of(end), now)
}

fn recount(events: &[&Event], figure: &str, now: i64) -> Told {
    let by = |actions: &[&str], channel: &str| {
        let chosen = events.iter().copied().filter(|one| one.channel == channel && actions.contains(&one.action));
        things(&chosen.collect::<Vec<_>>())
    };
    match figure {
        "calls.talk_time" => by(&["talk"], "call"),
        "calls.duration" => by(&["call_in", "call_out"], "call"),
        "tickets.edited" | "tickets.editing_time" => by(&["update"], "ticket"),
        "pauses.paid" | "pauses.paid_time" => state_of(events, "pause.paid_started", "pause.paid_ended", now),
        "pauses.unpaid" | "pauses.unpaid_time" => state_of(events, "pause.unpaid_started", "pause.unpaid_ended", now),
        "presence.ready_time" => state_of(events, "ready_state.entered", "ready_state.left", now),
        "presence.free_time" => state_of(events, "free_state.entered", "free_state.left", now),
        "presence.signed_in_time" => {
            let mut all = Told::default();
            for session in ["s1", "s2", ""] {
                let of: Vec<&Event> = events.iter().copied().filter(|event| event.session_id == session).collect();
                all.spans.extend(state_of(&of, "user.signed_in", "user.signed_out", now).spans);
            }
            all
        }
        other => {
            let (name, what) = other.split_once('.').unwrap();
            let channel = match name {
                "calls" => "call",
                "emails" => "email",
                "tickets" => "ticket",
                channel => channel,
            };
            by(&[if what == "closed" { "close" } else { "send" }], channel)
        }
    }
}

/// A figure by its name, recounted.
pub(crate) fn naive(events: &[Event], figure: &str, (from, to): (i64, i64), now: i64) -> u64 {
    let events: Vec<&Event> = events.iter().collect();
    if figure == "tickets.edited" {
        // However often each of them was.
        let tickets: BTreeSet<&str> = events.iter().map(|event| event.object_id.as_str()).collect();
        let edited = tickets.into_iter().filter(|ticket| {
            let of: Vec<&Event> = events.iter().copied().filter(|event| event.object_id == *ticket).collect();
            recount(&of, figure, now).times.iter().any(|at| (from..to).contains(at))
        });
        return edited.count() as u64;
    }
    let told = recount(&events, figure, now);
    if !figure.ends_with("_time") && figure != "calls.duration" {
        return told.times.iter().filter(|at| (from..to).contains(at)).count() as u64;
    }
    let within = (figure == "presence.free_time").then(|| recount(&events, "presence.ready_time", now).spans);
    let all = told.spans.iter().chain(within.iter().flatten());
    let mut borders: Vec<i64> =
        all.flat_map(|(start, end)| [*start, *end]).filter(|at| (from..to).contains(at)).collect();
    borders.extend([from, to]);
    borders.sort_unstable();
    let covers = |spans: &[(i64, i64)], at: i64| spans.iter().any(|(start, end)| (*start..*end).contains(&at));
    let counts = |at: i64| covers(&told.spans, at) && within.as_ref().is_none_or(|spans| covers(spans, at));
    let pieces = borders.windows(2).filter(|pair| counts(pair[0]));
    pieces.map(|pair| pair[1].abs_diff(pair[0])).sum()
}

/// A zone whose clocks change, with a first day of the week.
pub(crate) fn zone(rng: &mut StdRng) -> Zone {
    pick(rng, &["Europe/Prague", "America/New_York", "Australia/Lord_Howe"]).parse().unwrap()
}
