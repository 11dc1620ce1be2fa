//! Signals one by one, and windows and sessions against naive models.

use proptest::prelude::*;

use super::*;

const NOON: i64 = 1_795_345_200_000; // 2026-11-22T11:00:00Z, a Sunday
const MINUTE: i64 = 60_000;

fn sighting(at: i64, act: ActionKind) -> Observation<'static> {
    Observation {
        occurred_at: at,
        received_at: at,
        act,
        records: 0,
        device: "laptop",
        device_confidence: Confidence::High,
        ip: ip([8, 8, 8, 8]),
        asn: 0,
        country: "CZ",
        position: Some((50.08, 14.43)),
        accuracy_km: 0,
        masked: false,
        session_id: "",
        backfill: false,
    }
}

fn zone(name: &str) -> schemas::zone::Zone {
    name.parse().unwrap()
}

fn prague() -> schemas::zone::Zone {
    zone("Europe/Prague")
}

fn ip(octets: [u8; 4]) -> u128 {
    u128::from_be_bytes(std::net::Ipv4Addr::from(octets).to_ipv6_mapped().octets())
}

fn tokyo(at: i64) -> Observation<'static> {
    Observation {
        device: "phone",
        ip: ip([126, 0, 0, 1]),
        country: "JP",
        position: Some((35.68, 139.69)),
        ..sighting(at, ActionKind::SignIn)
    }
}

/// K9, K10: what a user was not seen with is new, but nothing is new to somebody new.
#[test]
fn k9_new_devices_addresses_networks_and_countries() {
    let mut user = User::default();
    let first = user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    assert!(first.first_sign_in && !first.new_device && !first.new_ip && !first.new_country);
    let again = user.observe(&sighting(NOON + MINUTE, ActionKind::Other), prague());
    assert!(!again.new_device && !again.new_ip && !again.new_network && !again.new_country);
    let neighbour = Observation { ip: ip([8, 8, 8, 9]), ..sighting(NOON + 2 * MINUTE, ActionKind::Other) };
    let near = user.observe(&neighbour, prague());
    assert!(near.new_ip && !near.new_network, "the same /24");
    let far = user.observe(&tokyo(NOON + 3 * MINUTE), prague());
    assert!(far.new_device && far.new_ip && far.new_network && far.new_country);
    assert!(!user.observe(&tokyo(NOON + 4 * MINUTE), prague()).new_device);
}

#[test]
fn a_failed_sign_in_makes_nothing_known() {
    let mut user = User::default();
    user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    let attacker = Observation { act: ActionKind::SignInFailed, ..tokyo(NOON + MINUTE) };
    let failed = user.observe(&attacker, prague());
    assert!(!failed.new_device);
    assert_eq!((failed.failed_sign_ins_1h, failed.devices_24h), (Some(1), Some(1)));
    assert!(user.observe(&tokyo(NOON + 2 * MINUTE), prague()).new_device, "still new when it succeeds");
}

/// However it is filed: what failed around a sign-in, and a sign-in of which nobody knows whether it did, makes nothing known, and
/// opens no session.
#[test]
fn what_failed_around_a_sign_in_makes_nothing_known() {
    for (action, category, outcome, act) in [
        ("sign_in", "sign_ins", "success", ActionKind::SignIn),
        ("sign_in", "sign_ins", "unknown", ActionKind::Refused),
        ("sign_in", "other", "unknown", ActionKind::Refused),
        ("sign_out", "sign_ins", "unknown", ActionKind::SignOut),
        ("sign_in", "sign_ins", "failure", ActionKind::SignInFailed),
        ("sign_in", "other", "failure", ActionKind::SignInFailed),
        ("sign_in_failed", "sign_ins", "failure", ActionKind::SignInFailed),
        ("sign_in_failed", "other", "success", ActionKind::SignInFailed),
        ("update", "sign_ins", "failure", ActionKind::Refused),
        ("update", "sign_ins", "success", ActionKind::Other),
        ("view", "views", "failure", ActionKind::View),
    ] {
        assert_eq!(ActionKind::of(action, category, outcome), act, "{action} {category} {outcome}");
        let mut user = User::default();
        user.observe(&sighting(NOON - DAY_MS, ActionKind::SignIn), prague());
        let found = user.observe(&Observation { act, session_id: "s", ..tokyo(NOON) }, prague());
        assert_eq!(found.session_key.is_empty(), !act.makes_known());
        let then = user.observe(&tokyo(NOON + MINUTE), prague());
        let is_news = then.new_device && then.new_ip && then.new_network && then.new_country;
        assert_eq!(is_news, !act.makes_known(), "{act:?}");
        assert_eq!(then.days_since_seen.is_some(), !act.makes_known(), "{act:?}");
    }
}

/// J17: history that comes first is what later events are held against; it has signals of its own.
#[test]
fn j17_history_is_the_baseline() {
    let mut user = User::default();
    let old = |minutes: i64, next: Observation<'static>| Observation {
        occurred_at: NOON - 30 * DAY_MS + minutes * MINUTE,
        received_at: NOON,
        backfill: true,
        ..next
    };
    assert!(user.observe(&old(0, sighting(0, ActionKind::SignIn)), prague()).first_sign_in);
    let second = user.observe(&old(10, tokyo(0)), prague());
    assert!(second.new_device && second.new_country && second.travel_km.is_some());
    assert_eq!((second.devices_24h, second.late), (Some(2), false));
    let exported = user.observe(&old(20, Observation { records: 700, ..sighting(0, ActionKind::Export) }), prague());
    assert_eq!(exported.exported_24h, Some(700));
    let live = user.observe(&tokyo(NOON), prague());
    assert!(!live.first_sign_in && !live.new_device && !live.new_ip && !live.new_country && !live.late);
    assert_eq!((live.days_since_seen, live.devices_24h, live.sessions_active), (Some(29), Some(1), Some(1)));
}

/// J17: history that comes later adds to what is known and takes nothing back; what goes on now is not its business.
#[test]
fn j17_history_that_comes_late_resets_nothing() {
    let mut user = User::default();
    let now = user.observe(&tokyo(NOON), prague());
    let old = |at: i64, act| Observation { received_at: NOON + MINUTE, backfill: true, ..sighting(at, act) };
    let first = user.observe(&old(NOON - 30 * DAY_MS, ActionKind::SignIn), prague());
    let second = user.observe(&old(NOON - 30 * DAY_MS + 10 * MINUTE, ActionKind::View), prague());
    assert!(first.late && second.late && first.devices_24h.is_none());
    assert_eq!(first.session_key, second.session_key);
    assert_eq!((second.session_started_at, second.last_activity_at), (NOON - 30 * DAY_MS, NOON));
    // One that lies ahead makes nothing late.
    user.observe(&old(NOON + 5 * HOUR_MS, ActionKind::Export), prague());
    let live = user.observe(&sighting(NOON + 2 * MINUTE, ActionKind::SignIn), prague());
    assert!(!live.late && !live.new_device && !live.new_ip && !live.new_country);
    assert!(live.travel_km.is_some(), "from where the user was last, not where history has it");
    assert_ne!(live.session_key, now.session_key);
    let exported = user.observe(&sighting(NOON + 3 * MINUTE, ActionKind::Export), prague());
    assert_eq!(exported.exported_24h, Some(1), "what history exported doesn't count now");
    // Once no more of it comes, only what is known remains.
    let mut later = user.clone();
    later.observe(&sighting(NOON + 3 * DAY_MS, ActionKind::View), prague());
    let bytes = |user: &User| postcard::to_allocvec(user).unwrap().len();
    assert!(bytes(&later) < bytes(&user));
    assert!(!later.observe(&tokyo(NOON + 3 * DAY_MS), prague()).new_device);
}

/// K9, pitfall 16: a VPN that changes its exit takes nobody through several countries.
#[test]
fn k9_countries_behind_a_mask_are_known_and_not_counted() {
    let mut user = User::default();
    user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    let exit = |country, at| Observation { masked: true, country, ..sighting(at, ActionKind::SignIn) };
    let hidden = user.observe(&exit("SE", NOON + MINUTE), prague());
    assert_eq!((hidden.new_country, hidden.countries_24h), (true, Some(1)));
    let again = user.observe(&exit("SE", NOON + 2 * MINUTE), prague());
    assert_eq!((again.new_country, again.countries_24h), (false, Some(1)));
    let there = Observation { masked: false, ..exit("SE", NOON + 3 * MINUTE) };
    assert_eq!(user.observe(&there, prague()).countries_24h, Some(2));
}

/// Pitfall 16: what lowers the confidence in a journey.
#[test]
fn travel_is_believed_only_where_nothing_speaks_against_it() {
    let travel = |change: fn(&mut Observation<'static>), after: i64| {
        let mut user = User::default();
        user.observe(&sighting(NOON, ActionKind::SignIn), prague());
        let mut next = tokyo(NOON + after);
        change(&mut next);
        let found = user.observe(&next, prague());
        (found.travel_km, found.travel_kmh, found.travel_confidence)
    };
    let (km, kmh, confidence) = travel(|_| {}, HOUR_MS);
    assert_eq!(confidence, Some(Confidence::High));
    // prague() to Tokyo is 9,070 km by the great circle; two radii of 50 km may be saved.
    assert!((9000.0..9150.0).contains(&km.unwrap()), "{km:?}");
    assert_eq!(kmh, km.map(|km| km - 100.0));
    assert!(travel(|_| {}, 20 * HOUR_MS).1.unwrap() < 500.0, "a flight");
    assert_eq!(travel(|next| next.device = "laptop", HOUR_MS).2, Some(Confidence::Low));
    let same = |next: &mut Observation<'static>| (next.device, next.device_confidence) = ("laptop", Confidence::Medium);
    assert_eq!(travel(same, HOUR_MS).2, Some(Confidence::Medium), "the same model");
    let same = |next: &mut Observation<'static>| (next.device, next.device_confidence) = ("laptop", Confidence::Low);
    assert_eq!(travel(same, HOUR_MS).2, Some(Confidence::High), "a browser that thousands have");
    assert_eq!(travel(|next| next.masked = true, HOUR_MS).2, Some(Confidence::Low));
    assert_eq!(travel(|next| next.accuracy_km = 1000, HOUR_MS).2, Some(Confidence::Medium));
    assert_eq!(travel(|next| next.ip = ip([8, 8, 8, 8]), HOUR_MS).2, Some(Confidence::Low), "the same network");
    assert_eq!(travel(|next| next.position = Some((50.5, 14.0)), HOUR_MS), (None, None, None), "the next town");
    assert_eq!(travel(|next| next.position = None, HOUR_MS), (None, None, None));
    assert!(is_carrier("T-Mobile Czech Republic a.s.") && !is_carrier("Masaryk University") && !is_carrier(""));
}

#[test]
fn an_address_from_before_is_no_proof_of_a_journey() {
    let mut user = User::default();
    user.observe(&tokyo(NOON - 30 * DAY_MS), prague());
    user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    let back = Observation { device: "tablet", ..tokyo(NOON + HOUR_MS) };
    assert_eq!(user.observe(&back, prague()).travel_confidence, Some(Confidence::Medium));
}

#[test]
fn hours_are_the_tenants() {
    let mut user = User::default();
    let found = user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    assert_eq!((found.local_hour, found.local_weekday), (Some(12), Some(7)));
    let found = user.observe(&sighting(NOON + MINUTE, ActionKind::SignIn), zone("Asia/Tokyo"));
    assert_eq!((found.local_hour, found.local_weekday), (Some(20), Some(7)));
    assert_eq!(user.observe(&sighting(NOON + MINUTE, ActionKind::View), prague()).local_hour, None);
}

#[test]
fn absence_is_counted_in_days() {
    let mut user = User::default();
    assert_eq!(user.observe(&sighting(NOON, ActionKind::SignIn), prague()).days_since_seen, None);
    assert_eq!(user.observe(&sighting(NOON + DAY_MS - 1, ActionKind::SignIn), prague()).days_since_seen, None);
    assert_eq!(user.observe(&sighting(NOON + 100 * DAY_MS, ActionKind::SignIn), prague()).days_since_seen, Some(99));
}

/// K8: guesses at a password are no sign of the user, so a dormant account stays dormant until one is right.
#[test]
fn k8_a_failed_sign_in_is_no_activity() {
    let mut user = User::default();
    let stranger = user.observe(&sighting(NOON, ActionKind::SignInFailed), prague());
    assert_eq!(stranger.last_activity_at, 0);
    user.observe(&sighting(NOON + MINUTE, ActionKind::SignIn), prague());
    let back = NOON + 100 * DAY_MS + 2 * MINUTE;
    let failed = user.observe(&sighting(back, ActionKind::SignInFailed), prague());
    assert_eq!((failed.days_since_seen, failed.last_activity_at), (Some(100), NOON + MINUTE));
    let guessed = user.observe(&sighting(back + MINUTE, ActionKind::SignIn), prague());
    assert_eq!((guessed.days_since_seen, guessed.last_activity_at), (Some(100), back + MINUTE));
}

/// K8.
#[test]
fn k8_last_activity_moves_in_steps() {
    let mut user = User::default();
    let mut at = |millis| user.observe(&sighting(NOON + millis, ActionKind::Other), prague()).last_activity_at;
    assert_eq!(at(0), NOON);
    assert_eq!(at(29_999), NOON);
    assert_eq!(at(30_000), NOON + 30_000);
    assert_eq!(at(20_000), NOON + 30_000, "a little late");
}

/// K8: what happens to a user is no activity, and a session that expires is over.
#[test]
fn k8_what_is_no_interaction_moves_nothing() {
    let mut user = User::default();
    let first = user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    for (minutes, action) in (1..).zip(["call_missed", "receive", "match", "free", "free_start", "miss"]) {
        let act = ActionKind::of(action, "other", "success");
        let found = user.observe(&sighting(NOON + minutes * MINUTE, act), prague());
        assert_eq!(
            (found.last_activity_at, found.session_key.as_str()),
            (NOON, first.session_key.as_str()),
            "{action}"
        );
    }
    let expired =
        user.observe(&sighting(NOON + 10 * MINUTE, ActionKind::of("session_expired", "sign_ins", "success")), prague());
    assert_eq!((expired.last_activity_at, &expired.session_key), (NOON, &first.session_key));
    let next = user.observe(&sighting(NOON + 11 * MINUTE, ActionKind::View), prague());
    assert_eq!(next.last_activity_at, NOON + 11 * MINUTE);
    assert_ne!(next.session_key, first.session_key);
}

#[test]
fn late_events_change_nothing() {
    let mut user = User::default();
    user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    let before = user.clone();
    let found = user.observe(&tokyo(NOON - LATENESS_MS - 1), prague());
    assert!(found.late && found.travel_km.is_none() && !found.new_device);
    assert_eq!(user, before);
    assert!(!user.observe(&sighting(NOON - LATENESS_MS, ActionKind::Other), prague()).late, "on the edge");
}

/// K7: the sign-in that comes hours after the sign-out is of the session that the application names, and nothing else of it is
/// looked at; what the sign-out that comes late ends goes on no more.
#[test]
fn k7_a_named_session_is_known_however_late_its_event_comes() {
    let mut user = User::default();
    let of = |session_id, at, act| Observation { session_id, ..sighting(at, act) };
    user.observe(&of("s1", NOON, ActionKind::SignOut), prague());
    let late = Observation { session_id: "s1", ..tokyo(NOON - 9 * HOUR_MS) };
    let found = user.observe(&late, prague());
    assert_eq!((found.session_key.as_str(), found.session_started_at), ("s1", NOON - 9 * HOUR_MS));
    assert!(found.late && found.last_activity_at == NOON && found.sessions_24h.is_none() && !found.session_ip_changed);
    let then = user.observe(&of("s1", NOON + MINUTE, ActionKind::View), prague());
    assert_eq!(then.session_started_at, NOON - 9 * HOUR_MS);
    assert!(user.observe(&tokyo(NOON + MINUTE), prague()).new_device, "what came late makes nothing known");
    let failed = user.observe(&of("s2", NOON - 3 * HOUR_MS, ActionKind::SignInFailed), prague());
    assert_eq!(failed.session_key, "", "a failed sign-in has none, late or not");
    let (open, ended) = (NOON + 2 * DAY_MS, NOON + 2 * DAY_MS + 10 * MINUTE);
    user.observe(&of("s3", open, ActionKind::SignIn), prague());
    user.observe(&of("s4", open + 75 * MINUTE, ActionKind::View), prague());
    user.observe(&of("s3", ended, ActionKind::SignOut), prague());
    let active = user.observe(&of("s4", open + 20 * MINUTE, ActionKind::SignIn), prague()).sessions_active;
    assert_eq!(active, Some(1), "s4, which was seen last");
}

#[test]
fn a_clock_that_runs_ahead_makes_nobody_late() {
    let mut user = User::default();
    user.observe(&Observation { occurred_at: NOON + 20 * HOUR_MS, ..sighting(NOON, ActionKind::SignIn) }, prague());
    assert!(!user.observe(&sighting(NOON + MINUTE, ActionKind::Other), prague()).late);
}

/// K7: a session by the application's id.
#[test]
fn k7_sessions_by_id_and_what_changes_in_them() {
    let mut user = User::default();
    let of = |at, act| Observation { session_id: "s1", ..sighting(at, act) };
    let begun = user.observe(&of(NOON, ActionKind::SignIn), prague());
    assert_eq!((begun.session_key.as_str(), begun.session_started_at), ("s1", NOON));
    let moved = Observation { ip: ip([9, 9, 9, 9]), country: "DE", ..of(NOON + 2 * HOUR_MS, ActionKind::View) };
    let found = user.observe(&moved, prague());
    assert!(found.session_ip_changed && found.session_country_changed);
    assert_eq!(found.session_started_at, NOON);
    assert!(!user.observe(&moved, prague()).session_ip_changed, "told once");
}

#[test]
fn sessions_without_an_id_end_by_silence_or_sign_out() {
    let mut user = User::default();
    let mut key = |at, act| user.observe(&sighting(at, act), prague()).session_key;
    let first = key(NOON, ActionKind::SignIn);
    assert_eq!(key(NOON + SESSION_GAP_MS, ActionKind::View), first);
    let second = key(NOON + 2 * SESSION_GAP_MS + 1, ActionKind::View);
    assert_ne!(second, first);
    assert_eq!(key(NOON + 2 * SESSION_GAP_MS + 2, ActionKind::SignOut), second);
    assert_ne!(key(NOON + 2 * SESSION_GAP_MS + 3, ActionKind::SignIn), second);
}

/// K7: the sign-in that comes after the sign-out, though it occurred before, opens no second session of the same key.
#[test]
fn k7_what_comes_late_belongs_to_the_session_that_ended_meanwhile() {
    let mut user = User::default();
    let mut at = |millis, act| user.observe(&sighting(NOON + millis, act), prague());
    let first = at(0, ActionKind::View);
    at(MINUTE, ActionKind::SignOut);
    let late = at(0, ActionKind::SignIn);
    assert_eq!(
        (late.session_key, late.sessions_24h, late.sessions_active),
        (first.session_key.clone(), Some(1), Some(0))
    );
    assert_ne!(at(MINUTE + 1, ActionKind::SignIn).session_key, first.session_key);
}

/// Rows keep what rules see, under the names that rules use.
#[test]
fn fields_and_rows_agree() {
    let mut user = User::default();
    user.observe(&sighting(NOON, ActionKind::SignIn), prague());
    let mut signals = user.observe(&tokyo(NOON + HOUR_MS), prague());
    signals.device_access = Some("block");
    let mut count = 0;
    signals.each(|name, value| {
        count += 1;
        assert_eq!(format!("{:?}", Signals::stored(name, value)), format!("{:?}", signals.field(name).unwrap()));
        match signals.field(name).unwrap() {
            FieldValue::Bool(true) => assert_eq!(value, 1.0, "{name}"),
            FieldValue::Int(number) => assert_eq!(value, number as f64, "{name}"),
            FieldValue::Float(number) => assert_eq!(value, number, "{name}"),
            FieldValue::Str(_) => assert_eq!(value, 2.0, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    });
    assert!(count > 12, "{count}");
    assert_eq!(signals.field("session_key"), None);
    for name in Signals::names() {
        assert!(crate::rules::FIELDS.contains(&format!("signal.{name}").as_str()), "{name}");
    }
}

#[test]
fn state_is_bounded() {
    let mut user = User::default();
    for number in 0..2000_u32 {
        let device = format!("device-{number}");
        let session = format!("session-{number}");
        let [_, a, b, c] = number.to_be_bytes();
        let at = NOON + i64::from(number) * 1000;
        let act =
            [ActionKind::SignIn, ActionKind::SignInFailed, ActionKind::View, ActionKind::Export, ActionKind::Delete]
                [number as usize % 5];
        let next = Observation { device: &device, session_id: &session, ip: ip([10, a, b, c]), ..sighting(at, act) };
        user.observe(&next, prague());
    }
    // As much of history again.
    let clock = user.clock();
    for number in 0..2000_u32 {
        let session = format!("past-{number}");
        let at = NOON - 30 * DAY_MS + i64::from(number) * 300_000;
        let act =
            [ActionKind::SignIn, ActionKind::SignInFailed, ActionKind::View, ActionKind::Export, ActionKind::Delete]
                [number as usize % 5];
        let next = Observation { session_id: &session, backfill: true, received_at: NOON, ..sighting(at, act) };
        user.observe(&next, prague());
    }
    assert_eq!(user.clock(), clock);
    let bytes = postcard::to_allocvec(&user).unwrap();
    assert!(bytes.len() < 20_000, "{} bytes", bytes.len());
    assert_eq!(postcard::from_bytes::<User>(&bytes).unwrap(), user);
}

#[derive(Clone, Debug)]
struct Step {
    minutes: i64,
    act: u8,
    device: u8,
    host: u8,
    records: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..200_i64, 0..6_u8, 0..5_u8, 0..9_u8, 0..50_u64)
        .prop_map(|(minutes, act, device, host, records)| Step { minutes, act, device, host, records });
    proptest::collection::vec(step, 1..120)
}

proptest! {
    /// Sessions without an id: of one device, two neighbours are in one exactly if the silence between them was short enough
    /// and nobody signed out; a session began with its first event, and other devices don't matter.
    #[test]
    fn sessions_are_unbroken_activity_of_a_device(steps in steps()) {
        const DEVICES: [&str; 4] = ["a", "b", "c", "d"];
        let mut user = User::default();
        let mut last: std::collections::HashMap<&str, (i64, String, i64, bool)> = std::collections::HashMap::new();
        let mut keys = std::collections::HashSet::new();
        let mut clock = NOON;
        for step in steps {
            clock += step.minutes * MINUTE / 4 + 1;
            let device = DEVICES[usize::from(step.device) % 4];
            let act = if step.act == 0 { ActionKind::SignOut } else { ActionKind::Other };
            let found = user.observe(&Observation { device, ..sighting(clock, act) }, prague());
            match last.get(device) {
                Some((at, key, start, false)) if clock - at <= SESSION_GAP_MS => {
                    prop_assert_eq!(&found.session_key, key);
                    prop_assert_eq!(found.session_started_at, *start);
                }
                _ => {
                    prop_assert!(keys.insert(found.session_key.clone()), "a new one");
                    prop_assert_eq!(found.session_started_at, clock);
                }
            }
            last.insert(device, (clock, found.session_key, found.session_started_at, act == ActionKind::SignOut));
        }
    }

    /// Sessions by the application's id: in whatever order the events of a week come, each has the session that it names, which
    /// began with the first of those that came, and what has no name is of none of them.
    #[test]
    fn named_sessions_are_what_the_application_says(steps in steps()) {
        const SESSIONS: [&str; 4] = ["", "x", "y", "z"];
        let mut user = User::default();
        let mut starts = std::collections::HashMap::new();
        for step in steps {
            let session_id = SESSIONS[usize::from(step.device) % 4];
            let at = NOON + step.minutes * 50 * MINUTE;
            let found = user.observe(&Observation { session_id, ..sighting(at, ActionKind::View) }, prague());
            if session_id.is_empty() {
                prop_assert!(!SESSIONS[1..].contains(&found.session_key.as_str()));
                prop_assert_eq!(found.session_key.is_empty(), found.late);
                continue;
            }
            let start = starts.entry(session_id).or_insert(at);
            *start = at.min(*start);
            prop_assert_eq!((found.session_key.as_str(), found.session_started_at), (session_id, *start));
        }
    }

    /// Windows against a scan of everything that arrived before, in any order within the bounds of lateness.
    #[test]
    fn windows_are_what_a_scan_finds(steps in steps(), jitter in proptest::collection::vec(0..50_i64, 120)) {
        const DEVICES: [&str; 5] = ["", "a", "b", "c", "d"];
        let acts = [ActionKind::SignIn, ActionKind::SignInFailed, ActionKind::View, ActionKind::Export, ActionKind::Delete, ActionKind::Other];
        let mut user = User::default();
        let mut past: Vec<(i64, Observation<'_>)> = Vec::new();
        let mut clock = NOON;
        for (step, jitter) in steps.iter().zip(jitter) {
            clock += step.minutes * MINUTE;
            let at = clock - jitter * MINUTE;
            let act = acts[usize::from(step.act)];
            let host = if step.host == 0 { 0 } else { ip([20, 0, step.host, 1]) };
            let now = Observation {
                device: DEVICES[usize::from(step.device)], ip: host, records: step.records, ..sighting(at, act)
            };
            let latest = past.iter().map(|(at, _)| *at).max().unwrap_or_default();
            let found = user.observe(&now, prague());
            prop_assert_eq!(found.late, at < latest - LATENESS_MS);
            if found.late {
                continue;
            }
            let known: Vec<_> = past.iter().filter(|(_, old)| old.act != ActionKind::SignInFailed).collect();
            if act != ActionKind::SignInFailed {
                let new = !now.device.is_empty()
                    && known.iter().any(|(_, old)| !old.device.is_empty())
                    && known.iter().all(|(_, old)| old.device != now.device);
                prop_assert_eq!(found.new_device, new);
            }
            past.push((at, now));
            let within = |hours: i64| past.iter().filter(move |(old, _)| *old > at - hours * HOUR_MS);
            let slot = |at: i64| at.div_euclid(5 * MINUTE);
            let sum = |act, slots: i64| -> u64 {
                past.iter()
                    .filter(|(old, seen)| seen.act == act && slot(*old) > slot(at) - slots)
                    .map(|(_, seen)| seen.records.max(1))
                    .sum()
            };
            match act {
                ActionKind::View => prop_assert_eq!((found.viewed_1h, found.viewed_24h), (Some(sum(act, 12)), Some(sum(act, 288)))),
                ActionKind::Export => prop_assert_eq!((found.exported_1h, found.exported_24h), (Some(sum(act, 12)), Some(sum(act, 288)))),
                ActionKind::Delete => prop_assert_eq!(found.deleted_1h, Some(sum(act, 12))),
                ActionKind::SignIn | ActionKind::SignInFailed => {
                    let failed = within(1).filter(|(_, seen)| seen.act == ActionKind::SignInFailed).count() as u32;
                    prop_assert_eq!(found.failed_sign_ins_1h, Some(failed));
                    let devices: std::collections::HashSet<_> = within(24)
                        .filter(|(_, seen)| seen.act != ActionKind::SignInFailed && !seen.device.is_empty())
                        .map(|(_, seen)| seen.device)
                        .collect();
                    prop_assert_eq!(found.devices_24h, Some(devices.len() as u32));
                }
                ActionKind::SignOut | ActionKind::Refused | ActionKind::Expired | ActionKind::Passive | ActionKind::Other => {}
            }
        }
    }

    /// J17: whenever history comes, before, among or after what is live, the same is known in the end.
    #[test]
    fn the_order_of_history_decides_nothing_about_what_is_known(
        steps in steps(), places in proptest::collection::vec(0..1000_usize, 120),
    ) {
        const DEVICES: [&str; 5] = ["", "a", "b", "c", "d"];
        let of = |step: &Step, number: usize, backfill: bool| {
            let at = NOON + number as i64 * MINUTE - if backfill { step.minutes * HOUR_MS } else { 0 };
            let host = if step.host == 0 { 0 } else { ip([20, 0, step.host, 1]) };
            let act = [ActionKind::SignIn, ActionKind::SignInFailed, ActionKind::View][usize::from(step.act) % 3];
            Observation { device: DEVICES[usize::from(step.device)], ip: host, backfill, received_at: NOON + DAY_MS, ..sighting(at, act) }
        };
        let (live, history): (Vec<_>, Vec<_>) =
            steps.iter().enumerate().map(|(number, step)| of(step, number, number % 2 == 0)).partition(|one| !one.backfill);
        let play = |mixed: &[Observation<'static>]| {
            let mut user = User::default();
            mixed.iter().for_each(|one| drop(user.observe(one, prague())));
            let mut known = Vec::new();
            for (device, host) in DEVICES.into_iter().zip(1..) {
                let probe = Observation { device, ip: ip([20, 0, host, 1]), ..sighting(NOON + DAY_MS, ActionKind::SignIn) };
                let found = user.clone().observe(&probe, prague());
                known.push((found.new_device, found.new_ip, found.new_network, found.first_sign_in, found.days_since_seen, found.devices_24h));
            }
            known
        };
        let first: Vec<_> = history.iter().chain(&live).copied().collect();
        let mut mixed = live.clone();
        for (one, place) in history.iter().zip(places) {
            mixed.insert(place % (mixed.len() + 1), *one);
        }
        prop_assert_eq!(play(&first), play(&mixed));
    }
}
