//! What the benches share: the golden mix, processes and what they use, and the pages of `RESULTS.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) mod bulk;
pub(crate) mod formats;
pub(crate) mod mix;
pub(crate) mod process;
pub(crate) mod reads;
pub(crate) mod relay;
pub(crate) mod sender;
pub(crate) mod store;

/// CPU time of this thread so far. The scheduler's own account: exact to a few milliseconds, so time long stretches.
pub(crate) fn thread_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The number after a bench's own flag (`cargo bench --bench end_to_end -- --events 100000`), or the default.
pub(crate) fn argument(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == name);
    given.map_or(default, |at| arguments[at + 1].parse().unwrap())
}

/// A Markdown table under construction.
pub(crate) struct Table(String);

impl Table {
    /// A table whose first column holds text, and whose others hold numbers.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let rules = headings.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" });
        Self(format!("| {} |\n|{}|\n", headings.join(" | "), rules.collect::<Vec<_>>().join("|")))
    }

    /// Appends a row.
    pub(crate) fn row(&mut self, cells: &[String]) {
        writeln!(self.0, "| {} |", cells.join(" | ")).unwrap();
    }

    /// The Markdown.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Shows a bench's section and puts it into `RESULTS.md`, in place of the one of the last run.
pub(crate) fn publish(bench: &str, body: &str) {
    let section = format!(
        "`cargo bench --ignore-rust-version --bench {bench}`, {} on {}\n\n{body}",
        chrono::Utc::now().format("%F %H:%M UTC"),
        machine()
    );
    println!("{section}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
    let (begin, end) = (format!("<!-- {bench}: begin -->"), format!("<!-- {bench}: end -->"));
    let text = fs::read_to_string(&file).unwrap();
    let before = text.split(&begin).next().unwrap();
    let after = text.split(&end).nth(1).unwrap_or_else(|| panic!("{} has no section {bench}", file.display()));
    fs::write(&file, format!("{before}{begin}\n{section}\n{end}{after}")).unwrap();
}

/// What the figures were measured on, and how busy it was with other things.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let memory = field(&read("/proc/meminfo"), "MemTotal").replace(" kB", "").parse().unwrap_or(0_u64) >> 20;
    let load = read("/proc/loadavg");
    format!(
        "{} cores ({}), {memory} GiB, Linux {}; load average at the end {}",
        std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        field(&read("/proc/cpuinfo"), "model name"),
        read("/proc/sys/kernel/osrelease").trim(),
        load.split(' ').next().unwrap_or_default(),
    )
}

/// Waits until `done` gives a value; `what` says in the failure what was waited for.
pub(crate) async fn until<T>(what: &str, limit: Duration, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The geo database of the cache.
pub(crate) fn geo_files() -> Vec<PathBuf> {
    let files = embedded::cache::geo_files();
    assert!(!files.is_empty(), "the geo database is missing; `make deps` fetches it");
    files
}
