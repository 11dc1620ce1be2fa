use super::*;
use crate::samples::violation;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { all: 32, each: 4 };
const HOUR: TimeDelta = TimeDelta::hours(1);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn key(endpoint: &str, violation: usize) -> Key {
    let address = Address { tenant: "acme".into(), endpoint: endpoint.into() };
    Key { address, violation: format!("v{violation}") }
}

fn place(offset: i64) -> Place {
    Place { partition: 0, offset }
}

fn over(now: DateTime<Utc>) -> Settled {
    Settled::Over { next: now + HOUR }
}

/// P5: the first finding is reported at once; what comes later is reported together, when the time is up, with the count so far.
#[test]
fn a_violation_that_grows_is_told_again_later() {
    let (mut queue, key, found) = (DeliveryQueue::new(BOUNDS), key("pager", 1), violation("u1", 3));
    assert_eq!(queue.add(&key, &found, place(0), at(0)), Added::Counted);
    let job = queue.take_due(at(0)).remove(0);
    assert_eq!((job.pending.reporting, job.begins), (1, false));
    // While it is on its way, two more.
    for offset in 1..3 {
        queue.add(&key, &found, place(offset), at(1));
    }
    assert!(queue.take_due(at(1)).is_empty());
    queue.settle(&key, over(at(2)));
    assert_eq!(queue.next_wake(), Some(at(2) + HOUR));
    assert!(queue.take_due(at(3600)).is_empty());
    let again = queue.take_due(at(3602)).remove(0);
    assert_eq!((again.pending.reporting, again.begins), (3, true));
    assert_ne!(again.pending.since, job.pending.since);
    queue.settle(&key, over(at(3603)));
    // Nothing new: remembered for a day, then forgotten.
    assert!(queue.take_due(at(7300)).is_empty());
    assert_eq!((queue.pending(), queue.forget(at(80_000))), (0, vec![]));
    assert_eq!(queue.forget(at(7300 + 24 * 3600)), [key]);
}

/// A finding that is read again, after a crash, counts once.
#[test]
fn a_finding_counts_once() {
    let (mut queue, key, found) = (DeliveryQueue::new(BOUNDS), key("pager", 1), violation("u1", 3));
    queue.add(&key, &found, place(7), at(0));
    assert_eq!(queue.add(&key, &found, place(7), at(1)), Added::Known);
    assert_eq!(queue.add(&key, &found, place(3), at(1)), Added::Known);
    assert_eq!(queue.add(&key, &found, place(8), at(1)), Added::Counted);
    assert_eq!(queue.get(&key).unwrap().count, 2);
}

/// A report has the same words and the same beginning in all its attempts, whatever comes meanwhile.
#[test]
fn a_retry_says_the_same() {
    let (mut queue, key, found) = (DeliveryQueue::new(BOUNDS), key("pager", 1), violation("u1", 3));
    queue.add(&key, &found, place(0), at(0));
    let first = queue.take_due(at(0)).remove(0);
    queue.settle(&key, Settled::Again { at: at(5) });
    queue.add(&key, &violation("u2", 4), place(1), at(1));
    assert!(queue.take_due(at(4)).is_empty());
    let second = queue.take_due(at(5)).remove(0);
    assert_eq!(second.pending.attempts, 1);
    let told = |job: &Job| (job.pending.violation.clone(), job.pending.reporting, job.pending.since);
    assert_eq!(told(&first), told(&second));
}

/// One endpoint that never answers takes its own places alone.
#[test]
fn a_hanging_endpoint_delays_no_other() {
    let (mut queue, found) = (DeliveryQueue::new(BOUNDS), violation("u1", 3));
    for number in 0..100 {
        queue.add(&key("hangs", number), &found, place(number as i64), at(0));
    }
    assert_eq!(queue.take_due(at(0)).len(), BOUNDS.each);
    assert_eq!(queue.next_wake(), None, "there is no room for it");
    queue.add(&key("works", 1), &found, place(100), at(1));
    assert_eq!(queue.next_wake(), Some(at(1)));
    let jobs = queue.take_due(at(1));
    assert_eq!(jobs.iter().map(|job| job.key.address.endpoint.as_str()).collect::<Vec<_>>(), ["works"]);
}

#[test]
fn all_endpoints_together_are_bounded_and_each_has_its_turn() {
    let (mut queue, found) = (DeliveryQueue::new(Bounds { all: 6, each: 4 }), violation("u1", 3));
    for endpoint in ["a", "b", "c"] {
        for number in 0..4 {
            queue.add(&key(endpoint, number), &found, place(number as i64), at(0));
        }
    }
    let jobs = queue.take_due(at(0));
    for endpoint in ["a", "b", "c"] {
        assert_eq!(jobs.iter().filter(|job| job.key.address.endpoint == endpoint).count(), 2);
    }
}

#[test]
fn what_waits_for_an_endpoint_is_bounded() {
    let (mut queue, found) = (DeliveryQueue::new(BOUNDS), violation("u1", 3));
    for number in 0..MAX_WAITING {
        assert_eq!(queue.add(&key("pager", number), &found, place(number as i64), at(0)), Added::Counted);
    }
    assert_eq!(queue.add(&key("pager", MAX_WAITING), &found, place(1 << 30), at(0)), Added::Full);
    assert_eq!(queue.add(&key("other", 1), &found, place(1 << 30), at(0)), Added::Counted);
}

/// What goes to another process is sent by that alone; what was under way here changes nothing any more.
#[test]
fn partitions_come_and_go() {
    let (mut queue, key, found) = (DeliveryQueue::new(BOUNDS), key("pager", 1), violation("u1", 3));
    queue.add(&key, &found, place(0), at(0));
    let job = queue.take_due(at(0)).remove(0);
    queue.leave(&[0]);
    assert_eq!(queue.settle(&key, over(at(1))), None);
    assert!(!queue.is_busy() && queue.next_wake().is_none());
    queue.load(key.clone(), job.pending.clone());
    assert_eq!(queue.take_due(at(2)).remove(0).pending, job.pending);
    let dropped = queue.drop_endpoint(&key.address);
    assert_eq!(dropped.len(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Find(usize),
    Send,
    Settle(bool),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5_usize).prop_map(Step::Find),
        3 => Just(Step::Send),
        3 => any::<bool>().prop_map(Step::Settle),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    /// Whatever happens in whatever order, crashes included, in the end each violation was reported with all its findings.
    #[test]
    fn nothing_is_left_untold(steps in proptest::collection::vec(step(), 0..60)) {
        let bounds = Bounds { all: 2, each: 2 };
        let (mut queue, found) = (DeliveryQueue::new(bounds), violation("u1", 3));
        let mut written: HashMap<Key, Pending> = HashMap::new();
        let (mut counts, mut told) = (HashMap::new(), HashMap::<Key, u64>::new());
        let (mut now, mut offset, mut away) = (at(0), 0, Vec::<Job>::new());
        let finish = std::iter::repeat_n([Step::Send, Step::Settle(true)], 40).flatten();
        for step in steps.into_iter().chain(finish) {
            now += HOUR;
            match step {
                Step::Find(number) => {
                    let key = key("pager", number);
                    queue.add(&key, &found, place(offset), now);
                    offset += 1;
                    *counts.entry(key.clone()).or_insert(0) += 1;
                    written.insert(key.clone(), queue.get(&key).unwrap().clone());
                }
                Step::Send => {
                    for job in queue.take_due(now) {
                        written.insert(job.key.clone(), job.pending.clone());
                        away.push(job);
                    }
                    prop_assert!(away.len() <= 2);
                }
                Step::Settle(good) => {
                    let Some(job) = away.pop() else { continue };
                    let settled = if good { over(now) } else { Settled::Again { at: now } };
                    if good {
                        told.insert(job.key.clone(), job.pending.reporting);
                    }
                    let kept = queue.settle(&job.key, settled).unwrap().clone();
                    written.insert(job.key, kept);
                }
                Step::Crash => {
                    away.clear();
                    queue = DeliveryQueue::new(bounds);
                    for (key, pending) in &written {
                        queue.load(key.clone(), pending.clone());
                    }
                }
            }
        }
        prop_assert_eq!(told, counts);
        prop_assert_eq!(queue.pending(), 0);
    }
}
