use super::*;
use chrono::DateTime;

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;
const NOON: i64 = 20_000 * DAY + DAY / 2;

/// An event `minutes` after noon that lasted that many.
fn row(id: &str, event_type: &str, minutes: i64, lasted: i64) -> ActivityRow {
    let (channel, action) = match event_type {
        "pause.paid_started" | "pause.unpaid_started" => ("pause", "pause_start"),
        "pause.paid_ended" => ("pause", "pause_paid"),
        "pause.unpaid_ended" => ("pause", "pause_unpaid"),
        "user.signed_in" => ("", "sign_in"),
        "user.signed_out" => ("", "sign_out"),
        "call.talked" => ("call", "talk"),
        other => panic!("{other}"),
    };
    ActivityRow {
        event_id: id.to_owned(),
        key_id: String::new(),
        source: String::new(),
        event_type: event_type.to_owned(),
        channel: channel.to_owned(),
        action: action.to_owned(),
        outcome: "success".to_owned(),
        reason: String::new(),
        occurred_at: DateTime::from_timestamp_millis(NOON + minutes * MINUTE).unwrap(),
        started_at: DateTime::UNIX_EPOCH,
        duration_ms: u64::try_from(lasted * MINUTE).unwrap(),
        object_type: String::new(),
        object_id: String::new(),
        object_name: String::new(),
        session_key: String::new(),
    }
}

/// The activities in short: ids, then minutes after noon, `…` where the end is not known.
fn short(rows: impl IntoIterator<Item = ActivityRow>) -> Vec<String> {
    let minutes = |at: i64| (at - NOON) / MINUTE;
    let short = |activity: Activity| {
        let mut ids = vec![activity.row.event_id.clone()];
        ids.extend(activity.others.clone());
        let when = match activity.span {
            Some(span) => format!("{}-{}", minutes(span.start()), minutes(span.end())),
            None => format!("{}", minutes(activity.at())),
        };
        format!("{} {when}{}", ids.join("+"), if activity.open { "…" } else { "" })
    };
    activities(rows.into_iter().collect(), NOON + 600 * MINUTE).into_iter().map(short).collect()
}

/// T12: an end that states its duration is the pause; its beginning is the same once more.
#[test]
fn an_end_supersedes_its_beginning() {
    let begin = row("b", "pause.paid_started", 0, 0);
    assert_eq!(short([begin.clone(), row("e", "pause.paid_ended", 30, 30)]), ["e+b 0-30"]);
    // A clock that was some minutes off.
    assert_eq!(short([begin.clone(), row("e", "pause.paid_ended", 30, 28)]), ["e+b 2-30"]);
    // The beginning was reported twice.
    let again = row("c", "pause.paid_started", 5, 0);
    assert_eq!(short([begin.clone(), again, row("e", "pause.paid_ended", 30, 30)]), ["e+b+c 0-30"]);
    // An end without duration, and an end of something else.
    assert_eq!(short([begin.clone(), row("e", "pause.paid_ended", 30, 0)]), ["b+e 0-30"]);
    assert_eq!(short([begin, row("e", "pause.unpaid_ended", 30, 0)]), ["b 0-600…", "e 30"]);
}

/// A state may begin at the instant in which it ended.
#[test]
fn one_after_another() {
    let rows = [
        row("b1", "pause.paid_started", 0, 0),
        row("b2", "pause.paid_started", 30, 0),
        row("e1", "pause.paid_ended", 30, 30),
        row("e2", "pause.paid_ended", 40, 10),
    ];
    assert_eq!(short(rows.clone()), ["e1+b1 0-30", "e2+b2 30-40"]);
    assert_eq!(short(rows.into_iter().take(3)), ["e1+b1 0-30", "b2 30-600…"]);
}

/// A pause that is reported late does not end the one that goes on.
#[test]
fn what_is_told_late_ends_nothing() {
    let mut late = row("l", "pause.paid_ended", 60, 10);
    late.started_at = DateTime::from_timestamp_millis(NOON - 20 * MINUTE).unwrap();
    assert_eq!(short([row("b", "pause.paid_started", 30, 0), late]), ["l -20--10", "b 30-60"]);
}

/// A state is open from its last beginning, for a day at most.
#[test]
fn open_states_end_after_a_day() {
    let day = DAY / MINUTE;
    let long_ago = row("b", "pause.paid_started", -2 * day, 0);
    assert_eq!(short([long_ago.clone()]), [format!("b {}-{}…", -2 * day, -day)]);
    assert_eq!(
        short([long_ago, row("e", "pause.paid_ended", 0, 0)]),
        [format!("b {}-{}…", -2 * day, -day), "e 0".into()]
    );
    assert_eq!(short([row("f", "pause.paid_started", 700, 0)]), ["f 700…"]);
}

/// Sessions go on beside each other.
#[test]
fn sessions_are_apart() {
    let of = |session: &str, row: ActivityRow| ActivityRow { session_key: session.to_owned(), ..row };
    let rows = [
        of("1", row("a", "user.signed_in", 0, 0)),
        of("2", row("b", "user.signed_in", 10, 0)),
        of("1", row("c", "user.signed_out", 20, 0)),
    ];
    assert_eq!(short(rows), ["a+c 0-20", "b 10-600…"]);
}

/// What is reported twice counts once; the same time with somebody else doesn't.
#[test]
fn told_twice_counts_once() {
    let with = |object: &str, row: ActivityRow| ActivityRow { object_id: object.to_owned(), ..row };
    let talk = with("7", row("a", "call.talked", 10, 5));
    let rows =
        [talk.clone(), talk, with("7", row("b", "call.talked", 10, 5)), with("8", row("c", "call.talked", 10, 5))];
    assert_eq!(short(rows), ["a+b 5-10", "c 5-10"]);
}

/// However long something is said to have lasted, it reaches no further than a day from its event.
#[test]
fn durations_are_bounded() {
    let day = DAY / MINUTE;
    let mut endless = row("a", "call.talked", 0, 1);
    endless.duration_ms = u64::MAX;
    assert_eq!(short([endless.clone()]), [format!("a {}-0", -day)]);
    endless.started_at = DateTime::from_timestamp_millis(NOON - MINUTE).unwrap();
    assert_eq!(short([endless.clone()]), [format!("a -1-{day}")]);
    endless.started_at = DateTime::from_timestamp_millis(NOON + 3 * DAY).unwrap();
    assert_eq!(short([endless]), ["a 0"]);
}
