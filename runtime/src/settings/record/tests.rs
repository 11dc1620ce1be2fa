use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn keys_are_read_as_they_are_written() {
    for setting in ["tenant/acme", "exemption/acme/ann@acme.example", "exemption/acme/a@1-b", "", "rule/_/x/7"] {
        let key = RecordKey::after(setting, 4);
        assert_eq!(key.version, 5);
        assert_eq!(RecordKey::parse(&key.to_string()), Some(key));
    }
    for bad in
        ["tenant/acme", "tenant/acme@1", "tenant/acme@0-0198c0de000070008000000000000001", "tenant/acme@x-y", "@"]
    {
        assert_eq!(RecordKey::parse(bad), None, "{bad}");
    }
}

/// One record as it stands in the log.
#[derive(Clone, Debug)]
struct Record {
    offset: usize,
    key: String,
    value: Option<Vec<u8>>,
}

/// A process: what it has read, and how far.
#[derive(Clone, Default)]
struct Process {
    records: Records,
    next: usize,
    /// The change in force here.
    value: Option<Vec<u8>>,
    /// Its own change that it has not heard of yet.
    sent: Option<(String, usize)>,
}

impl Process {
    fn read(&mut self, record: &Record) {
        self.next = record.offset + 1;
        let key = RecordKey::parse(&record.key).unwrap();
        match self.records.take(&key, record.value.as_deref()) {
            Effect::Set(value) => self.value = Some(value.to_vec()),
            Effect::Delete => self.value = None,
            Effect::Outdated => {}
        }
    }

    fn follow(&mut self, log: &[Record], most: usize) {
        let next = self.next;
        for record in log.iter().filter(|record| record.offset >= next).take(most) {
            self.read(record);
        }
    }
}

/// Keeps the last record of each key, as Kafka's compaction does with the part of the log before `until`; tombstones too, if
/// they are old enough.
fn compact(log: &mut Vec<Record>, until: usize, tombstones: bool) {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<_> = log
        .drain(..)
        .rev()
        .filter(|record| {
            let last = seen.insert(record.key.clone());
            record.offset >= until || (last && !(tombstones && record.value.is_none()))
        })
        .collect();
    kept.reverse();
    *log = kept;
}

#[derive(Clone, Debug)]
enum Step {
    /// A process sends a change made from what is in force for it; it hears of it when it has read so far.
    Send { process: usize, delete: bool },
    /// A process reads up to so many records.
    Read { process: usize, most: usize },
    /// A process removes what it knows to be outdated, all of it or the first few.
    Tidy { process: usize, most: usize },
    /// A process begins anew.
    Restart { process: usize },
    /// The part of the log before this share of it is compacted.
    Compact { percent: usize, tombstones: bool },
}

const PROCESSES: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let process = 0..PROCESSES;
    prop_oneof![
        4 => (process.clone(), any::<bool>()).prop_map(|(process, delete)| Step::Send { process, delete }),
        4 => (process.clone(), 1..6_usize).prop_map(|(process, most)| Step::Read { process, most }),
        2 => (process.clone(), 1..4_usize).prop_map(|(process, most)| Step::Tidy { process, most }),
        1 => process.prop_map(|process| Step::Restart { process }),
        2 => (0..=100_usize, any::<bool>()).prop_map(|(percent, tombstones)| Step::Compact { percent, tombstones }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A change is reported to have won exactly if it became the one in force, each version has one winner, made from the
    /// winner before it; and whoever reads the log, compacted or not, from the beginning or with pauses, ends with the same.
    #[test]
    fn the_first_wins_in_every_process(steps in prop::collection::vec(step(), 1..120)) {
        let setting = "tenant/acme";
        let mut log: Vec<Record> = Vec::new();
        let mut offset = 0;
        let mut processes = vec![Process::default(); PROCESSES];
        // Reads each record as it is written, before any compaction.
        let mut witness = Process::default();
        let mut winners: Vec<(u64, String)> = Vec::new();
        let mut told: Vec<(String, bool)> = Vec::new();
        for step in steps {
            let mut append = |log: &mut Vec<Record>, key: String, value: Option<Vec<u8>>| {
                let record = Record { offset, key, value };
                let before = witness.records.version(setting);
                witness.read(&record);
                let now = witness.records.version(setting);
                if now != before {
                    assert_eq!(now, before + 1, "made from something else than the winner before it");
                    winners.push((now, record.key.clone()));
                }
                log.push(record);
                offset += 1;
                offset - 1
            };
            match step {
                Step::Send { process, delete } => {
                    // As in the program: not before everything was read that was there at the start.
                    let process = &mut processes[process];
                    if process.sent.is_some() || process.next == 0 && !log.is_empty() {
                        continue;
                    }
                    let key = RecordKey::after(setting, process.records.version(setting)).to_string();
                    let change = (!delete).then(|| key.clone().into_bytes());
                    let at = append(&mut log, key.clone(), Some(value(change.as_deref()).to_vec()));
                    process.sent = Some((key, at));
                }
                Step::Read { process, most } => processes[process].follow(&log, most),
                Step::Tidy { process, most } => {
                    for key in processes[process].records.removable(setting, 0, 0).into_iter().take(most) {
                        append(&mut log, key, None);
                    }
                }
                Step::Restart { process } => {
                    processes[process] = Process::default();
                    processes[process].follow(&log, usize::MAX);
                }
                Step::Compact { percent, tombstones } => {
                    // Nothing goes that somebody who waits has still to read: `min.compaction.lag.ms`.
                    let waiting = processes.iter().filter(|process| process.sent.is_some());
                    let unread = waiting.map(|process| process.next).min().unwrap_or(usize::MAX);
                    let until = unread.min(offset * percent / 100);
                    // Who reads has time to see a tombstone before it goes: `delete.retention.ms`.
                    let seen = processes.iter().map(|process| process.next).min().unwrap_or(0);
                    compact(&mut log, until, tombstones && until <= seen);
                }
            }
            for process in &mut processes {
                if let Some((key, at)) = process.sent.take_if(|(_, at)| process.next > *at) {
                    let own = RecordKey::parse(&key).unwrap();
                    // None where so many versions passed that nobody remembers: then the caller gets no answer either.
                    if let Some(won) = process.records.won(&own) {
                        told.push((key, won));
                    }
                    prop_assert!(at < offset);
                }
            }
        }
        for (key, won) in told {
            prop_assert_eq!(winners.iter().any(|(_, winner)| *winner == key), won, "{}", key);
        }
        processes.push(Process::default());
        for process in &mut processes {
            process.follow(&log, usize::MAX);
            prop_assert_eq!(&process.value, &witness.value);
            prop_assert_eq!(process.records.version(setting), witness.records.version(setting));
        }
        compact(&mut log, usize::MAX, true);
        let mut late = Process::default();
        late.follow(&log, usize::MAX);
        prop_assert_eq!(&late.value, &witness.value);
        prop_assert_eq!(late.records.version(setting), witness.records.version(setting));
    }
}

/// A deletion is removed once it is old and has outlived what it outdated; the setting can be made again after it.
#[test]
fn an_old_deletion_is_removed_last() {
    let mut records = Records::default();
    let made = RecordKey::after("silence/acme/s", 0);
    records.take(&made, Some(b"{}"));
    let deleted = RecordKey::after("silence/acme/s", records.version("silence/acme/s"));
    assert_eq!(records.take(&deleted, Some(value(None))), Effect::Delete);
    assert_eq!(records.version("silence/acme/s"), 2);
    assert_eq!(records.removable("silence/acme/s", u64::MAX, 10), [made.to_string()]);
    records.take(&made, None);
    assert_eq!(records.removable("other", 0, 10), Vec::<String>::new());
    assert_eq!(records.removable("other", u64::MAX, 10), [deleted.to_string()]);
    records.take(&deleted, None);
    assert_eq!(records.version("silence/acme/s"), 0);
}
