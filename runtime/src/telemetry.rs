//! Logs: to standard error, for people or as JSON; each place of the code bounded, so that nobody fills the disk with them.

use std::io::IsTerminal as _;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::{FilterExt as _, Targets};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{LogFormat, Telemetry};
use crate::shutdown::Shutdown;
use crate::throttle::Throttle;

/// Between two reports of lines that were left out; and the time in which a place may write [`LINES`].
const INTERVAL: Duration = Duration::from_secs(10);
/// Most lines of one place of the code in an [`INTERVAL`].
const LINES: u32 = 100;

/// Lines by the place that writes them: the module, and the line in its file.
static WRITTEN: Throttle<(&'static str, u32)> = Throttle::new(LINES, INTERVAL);

/// Lets each place of the code write so many lines.
struct Bounded;

impl<S> Filter<S> for Bounded {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let place = event.metadata();
        WRITTEN.admit((place.target(), place.line().unwrap_or_default())).is_some()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

/// Reports now and again which lines were left out, until the process stops.
pub fn report_left_out(shutdown: &Shutdown) {
    let stop = shutdown.clone();
    shutdown.supervise("telemetry", async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.requested() => {}
            }
            for ((module, line), left_out) in WRITTEN.left_out() {
                tracing::warn!(module, line, left_out, "too many log lines of one kind: some were left out");
            }
            if stop.is_requested() {
                return;
            }
        }
    });
}

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log` is malformed.
    #[error("telemetry.log: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else in the process has started logging already.
    #[error("logging: {0}")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging for the whole process; once.
///
/// # Errors
/// [`TelemetryError`].
pub fn init(config: &Telemetry) -> Result<(), TelemetryError> {
    // What the embedded broker says at `info` is its debugging, and rdkafka repeats as errors what librdkafka logs
    // already and mends by itself (a broker away, the end of a topic). A filter that names them still wins.
    let filter: Targets = format!("nisshi=warn,rdkafka::client=off,{}", config.log).parse()?;
    let lines = match config.format {
        LogFormat::Human => {
            fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter.and(Bounded))).try_init()?;
    Ok(())
}
