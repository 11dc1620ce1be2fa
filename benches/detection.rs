//! How well the shipped rules distinguish attacks from ordinary life: recall and precision on generated months with labels, through
//! the enricher's stages in process. And what the state of users costs: memory, and time to restore.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

#[path = "../tests/support/life/mod.rs"]
mod life;
#[path = "../tests/support/quality.rs"]
mod quality;
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use embedded::broker::{Broker, BrokerConfig};
use enrich::outgoing::{Outgoing, send_all};
use enrich::state::{Budget, State};
use life::{DAYS, Life, Options, START};
use quality::Score;
use runtime::config::Config;
use schemas::topics;
use support::{Table, argument, publish, thread_cpu};

const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
/// First of the seeds.
const SEED: u64 = 100;
/// Copies of a generated month's users are sealed in batches of so many.
const BATCH: usize = 5000;

fn main() {
    let (seeds, users) = (argument("--seeds", 5), argument("--users", 100_000) as usize);
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut body = threads.block_on(quality_of_rules(seeds));
    body += "\n";
    body += &threads.block_on(cost_of_state(users));
    publish("detection", &body);
}

/// Recall and precision of each rule, over the months of several seeds.
async fn quality_of_rules(seeds: u64) -> String {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut events, mut attacks, mut people) = (0, 0, 0);
    for seed in SEED..SEED + seeds {
        let life = Life::new(Options { seed, now: START + DAYS * life::DAY, outage: true });
        let found = quality::detect(&life).await;
        for (rule, score) in quality::scores(&life, &found) {
            scores.entry(rule).or_default().add(&score);
        }
        (events, attacks, people) = (events + life.events.len(), attacks + life.attacks.len(), life.people.len());
    }
    let user_days = (people as u64 * seeds * DAYS as u64) as f64 / 1000.0;
    let share = |part: Option<f64>| part.map_or_else(|| "–".to_owned(), |part| format!("{:.0} %", part * 100.0));
    let (mut rules, mut marks) = (Table::new(&HEADINGS), String::new());
    for (rule, score) in &scores {
        if score.attacks == 0 {
            write!(marks, "{}{rule} {}", if marks.is_empty() { "" } else { ", " }, score.justified + score.unjustified)
                .unwrap();
            continue;
        }
        rules.row(&[
            format!("{rule} ({})", LEVELS[usize::from(score.level)]),
            score.attacks.to_string(),
            (score.attacks - score.caught).to_string(),
            share(score.recall()),
            score.justified.to_string(),
            score.unjustified.to_string(),
            share(score.precision()),
            format!("{:.2}", score.unjustified as f64 / user_days),
        ]);
    }
    format!(
        "{events} events of {seeds} months of {people} users, with {attacks} attacks, through the stages in process. An attack \
         is found by a rule that has a violation with one of its events. A violation is right if it has an event of an attack, \
         or is about the attacked user within a day of it; all others are wrong, though some are what the rule asks for: a \
         clerk's large export, an office whose single sign-on failed, a password that was forgotten.\n\n{}\n\
         Marks, which look for no attack of these, and how many violations they made: {marks}.\n",
        rules.finish(),
    )
}

const HEADINGS: [&str; 8] =
    ["rule", "attacks", "missed", "recall", "right", "wrong", "precision", "wrong per 1000 user-days"];

/// Memory of users as a month leaves them, and the time to read them back from the changelog.
async fn cost_of_state(users: usize) -> String {
    let budget = Budget::new(usize::MAX >> 1);
    let life = Life::new(Options { seed: SEED, now: START + DAYS * life::DAY, outage: false });
    let typical = quality::states(&life).await;
    let mut state = State::new(budget.clone());
    for (number, (_, value)) in (0..users).zip(typical.iter().cycle()) {
        state.load(format!("acme/{number}").as_bytes(), value).unwrap();
    }
    let bytes = budget.used() as f64 / users as f64;
    drop(state);

    let dir = tempfile::tempdir().unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::start(BrokerConfig { data_dir: dir.path().join("broker"), listen }).await.unwrap();
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = broker.bootstrap();
    config.kafka.partitions = 1;
    runtime::kafka::ensure_topics(&config.kafka).await.unwrap();
    let producer = runtime::kafka::producer_config(&config.kafka).create().unwrap();
    let numbers: Vec<_> = (0..users).collect();
    for some in numbers.chunks(BATCH) {
        let records: Vec<_> = some
            .iter()
            .map(|number| Outgoing {
                topic: topics::STATE,
                partition: Some(0),
                key: format!("acme/{number}"),
                value: typical[number % typical.len()].1.clone(),
            })
            .collect();
        send_all(&config.kafka, &producer, &records).await.unwrap();
    }
    let kafka = config.kafka.clone();
    let (elapsed, cpu): (Duration, Duration) = tokio::task::spawn_blocking(move || {
        let (begun, used) = (Instant::now(), thread_cpu());
        let mut state = State::new(budget);
        enrich::partition::changelog::read(&kafka, 0, &mut state).unwrap();
        assert_eq!(state.in_memory(), users);
        (begun.elapsed(), thread_cpu() - used)
    })
    .await
    .unwrap();
    broker.stop().await;

    let million = 1e6 / users as f64;
    let mut table = Table::new(&["state of users", "measured", "a million users"]);
    table.row(&[
        format!("memory, {bytes:.0} bytes each with key and share of the table"),
        format!("{:.0} MiB", bytes * users as f64 / 1048576.0),
        format!("{:.0} MiB", bytes * 1e6 / 1048576.0),
    ]);
    let row = |table: &mut Table, name: &str, spent: Duration| {
        let seconds = spent.as_secs_f64();
        table.row(&[name.to_owned(), format!("{seconds:.2} s"), format!("{:.1} s", seconds * million)]);
    };
    row(&mut table, "restore of one partition from the changelog, by the clock", elapsed);
    row(&mut table, "of that, CPU of the thread that restores", cpu);
    format!(
        "{users} users, each as one of the {} of a generated month leaves the state; extrapolated to a million in proportion. \
         Restored from the embedded broker in this process, which shares the cores; the changelog has one record a user, as after \
         compaction. Signals on against off are in the table of the stages above.{}\n\n{}",
        typical.len(),
        if cfg!(debug_assertions) { " **From a build without optimisation: the times are far too long.**" } else { "" },
        table.finish()
    )
}
