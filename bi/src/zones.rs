//! Time zones of the engine beside the program's. The engine has data of its own, which may be older; where they differ, a
//! statement that names the zone is refused, so that the same event has not two times of the day.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use schemas::zone::{self, Zone};

use crate::literals::quoted;
use crate::refusal::Refusal;
use crate::store::{Reader, Statement, Store, message};

/// How long it is believed: a server may be renewed while the program runs.
const BELIEVED: Duration = Duration::from_secs(3600);
/// What is compared: longer than any event is kept, and far enough ahead for a plan.
const BEFORE_SECONDS: i64 = 7 * 366 * 86_400;
const AHEAD_SECONDS: i64 = 12 * 366 * 86_400;
/// Between two times that are compared beside the program's own changes.
const STEP: usize = 7 * 86_400;

/// Zones that were compared: when, and the first time at which they differ.
#[derive(Debug, Default)]
pub(crate) struct Zones(Mutex<HashMap<&'static str, (Instant, Option<i64>)>>);

impl Zones {
    /// Whether the engine has the same offsets as the program.
    pub(crate) async fn agree(&self, store: &Store, reader: &Reader, zone: Zone) -> Result<(), Refusal> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(zone.name()).copied();
        let differs = match known.filter(|(at, _)| at.elapsed() < BELIEVED) {
            Some((_, differs)) => differs,
            None => {
                let differs = compare(store, reader, zone).await?;
                let mut compared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                compared.insert(zone.name(), (Instant::now(), differs));
                if differs.is_some() {
                    tracing::warn!(%zone, program = zone::version(), "ClickHouse has other data of a time zone");
                }
                differs
            }
        };
        let Some(at) = differs else { return Ok(()) };
        let day = DateTime::from_timestamp(at, 0).map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default();
        Err(Refusal::not_implemented(format!(
            "ClickHouse has other data of the time zone {zone} than usertrail ({version}): they differ from {day} on. Ask in UTC, \
             or have ClickHouse renewed",
            version = zone::version(),
        )))
    }
}

/// The first time at which they differ.
async fn compare(store: &Store, reader: &Reader, zone: Zone) -> Result<Option<i64>, Refusal> {
    let now = Utc::now().timestamp();
    let (from, to) = (now - BEFORE_SECONDS, now + AHEAD_SECONDS);
    let mut times: Vec<i64> = (from..to).step_by(STEP).collect();
    times.extend(zone.changes(from, to).flat_map(|(at, _)| [at - 1, at]));
    times.sort_unstable();
    let list: Vec<String> = times.iter().map(ToString::to_string).collect();
    let sql = format!(
        "SELECT arrayStringConcat(arrayMap(t -> toString(timeZoneOffset(toDateTime(t, {}))), [{}]), ' ')",
        quoted(zone.name().as_bytes()),
        list.join(", ")
    );
    let answer = store.run(reader, &Statement::plain(sql)).await?;
    if !answer.status().is_success() {
        let said = message(answer).await;
        tracing::warn!(%zone, %said, "ClickHouse's data of a time zone can't be compared");
        return Err(Refusal::bad_arguments(format!("The time zone {zone} is not known to ClickHouse")));
    }
    let text = answer.text().await.map_err(|_| Refusal::network("The store can't be reached; try again"))?;
    let told: Vec<Option<i32>> = text.split_whitespace().map(|offset| offset.parse().ok()).collect();
    let own = |at: i64| {
        let time = DateTime::from_timestamp(at, 0)?;
        Some(zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc())
    };
    // What is missing differs, too.
    Ok((0..).zip(&times).find(|(place, at)| told.get(*place).copied().flatten() != own(**at)).map(|(_, at)| *at))
}
