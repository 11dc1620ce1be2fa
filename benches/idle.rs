//! What `usertrail up` uses of the processors while little happens: without events, and at 20 and 1,000 a second; and which of its
//! threads use it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::time::{Duration, Instant};

use support::process::{Role, cpu_by_thread, cpu_seconds, free_address};
use support::sender::{self, EVENTS_A_REQUEST};
use support::{Table, argument, mix, publish};

/// Events a second, and the aim in cores.
const RATES: [(u64, f64); 3] = [(0, 0.03), (20, 0.1), (1000, 0.4)];
/// After a change of the rate, until merges and connections have settled.
const SETTLES: Duration = Duration::from_secs(10);
/// Threads with a smaller share of a core are not named.
const NAMED: f64 = 0.003;

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let body = threads.block_on(measure(Duration::from_secs(argument("--seconds", 60))));
    publish("idle", &body);
}

async fn measure(span: Duration) -> String {
    let dir = tempfile::tempdir().unwrap();
    let listen = free_address().to_string();
    let (up, welcome) = Role::up(&dir.path().join("data"), &["--listen", &listen]).await;
    let http = reqwest::Client::new();
    let key = sender::key(welcome.of("Kafka")).await;
    let url = format!("http://{listen}/v1/events");
    let mut table = Table::new(&["events a second", "aim, cores", "measured, cores", "of it by thread"]);
    for (rate, aim) in RATES {
        let samples = mix::events((rate * (SETTLES + span).as_secs()) as usize);
        let send = async {
            let begun = Instant::now();
            for (number, batch) in samples.chunks(EVENTS_A_REQUEST).enumerate() {
                let due = Duration::from_secs_f64((number * EVENTS_A_REQUEST) as f64 / rate as f64);
                tokio::time::sleep_until((begun + due).into()).await;
                sender::post(&http, &url, &key, sender::body(batch, &format!("at-{rate}-"))).await;
            }
        };
        let look = async {
            tokio::time::sleep(SETTLES).await;
            let (begun, all, threads) = (Instant::now(), cpu_seconds(up.pid()), cpu_by_thread(up.pid()));
            tokio::time::sleep(span).await;
            let (later, took) = (cpu_by_thread(up.pid()), begun.elapsed().as_secs_f64());
            let cores = |used: f64| used / took;
            let mut shares: Vec<_> = later
                .iter()
                .map(|(name, used)| (cores(used - threads.get(name).copied().unwrap_or_default()), name))
                .filter(|(share, _)| *share >= NAMED)
                .collect();
            shares.sort_by(|a, b| b.0.total_cmp(&a.0));
            let shares: Vec<_> = shares.iter().map(|(share, name)| format!("{name} {share:.3}")).collect();
            (cores(cpu_seconds(up.pid()) - all), shares.join(", "))
        };
        let ((), (cores, shares)) = tokio::join!(send, look);
        table.row(&[rate.to_string(), format!("{aim:.2}"), format!("{cores:.3}"), shares]);
    }
    up.stop();
    format!(
        "`usertrail up` with its defaults, {} s each, {EVENTS_A_REQUEST} events a request; nobody reads. Threads of one kind are counted \
         together, those below {NAMED} of a core are left out, as are those that ended meanwhile.\n\n{}",
        span.as_secs(),
        table.finish(),
    )
}
