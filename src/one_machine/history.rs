//! The past of a new demo: loaded once, in order, and from where it was left if the process ends meanwhile.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use demo::History;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Between two lines about how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// How much of the past is loaded, as a file beside the data has it.
///
/// What is not in the file yet, but was acknowledged, is sent again under the same ids, and dropped as the retry it is.
#[derive(Debug)]
pub(crate) struct Loading {
    file: PathBuf,
    history: History,
    sent: u64,
    done: bool,
}

impl Loading {
    /// Begins a past that ends now.
    pub(crate) fn begin(file: PathBuf, days: u32) -> Result<Self> {
        let loading = Self { file, history: History { until: Utc::now(), days }, sent: 0, done: days == 0 };
        loading.write()?;
        Ok(loading)
    }

    /// What a process before left to be done; nothing of a demo that was made without a past.
    pub(crate) fn resume(file: PathBuf) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        let known = Self::parse(&text).with_context(|| format!("{} is damaged; remove it", file.display()))?;
        let (history, sent, done) = known;
        Ok((!done).then_some(Self { file, history, sent, done }))
    }

    fn parse(text: &str) -> Option<(History, u64, bool)> {
        let known: Value = serde_json::from_str(text).ok()?;
        let until: DateTime<Utc> = known["until"].as_str()?.parse().ok()?;
        let days = u32::try_from(known["days"].as_u64()?).ok()?;
        Some((History { until, days }, known["sent"].as_u64()?, known["done"].as_bool()?))
    }

    /// Whole or not at all: a process may end at any moment.
    fn write(&self) -> Result<()> {
        let Self { file, history, sent, done } = self;
        let text = json!({"until": history.until, "days": history.days, "sent": sent, "done": done}).to_string();
        let beside = file.with_extension("new");
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, file))
            .with_context(|| format!("writing {}", file.display()))
    }

    /// Whether nothing is left to be loaded.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Loads what is left, and writes now and then how far it is.
    pub(crate) async fn run(&mut self, url: &str, key: &str, stop: CancellationToken) -> Result<()> {
        let (history, sent) = (self.history, self.sent);
        let (begun, mut reported) = (Instant::now(), Instant::now());
        let mut failed = None;
        demo::backfill(url, key, history, sent, stop.clone(), |sent, until| {
            self.sent = sent;
            failed = self.write().err().or(failed.take());
            if reported.elapsed() >= REPORT_EVERY {
                reported = Instant::now();
                let left = (history.until - until).num_days();
                say(&format!("demo: {} of {} days are in", i64::from(history.days) - left, history.days));
            }
        })
        .await?;
        if let Some(error) = failed {
            return Err(error);
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        self.done = true;
        self.write()?;
        let seconds = begun.elapsed().as_secs();
        say(&format!(
            "demo: {} days are in, {} events in {seconds} s; from now on it is live",
            history.days, self.sent
        ));
        Ok(())
    }
}

/// To standard output; whether anybody reads it is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
