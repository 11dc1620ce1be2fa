//! What the two lists of kinds in the log have in common: of which period they are, and what is asked for them.

use axum::response::{IntoResponse, Response};
use clickhouse::{RowOwned, RowRead};
use runtime::problem::Problem;

use crate::audit::read_log::Shown;
use crate::http::page::ReadRequest;
use crate::http::period::{Period, Preset};
use crate::log::events::add_period;
use crate::store::Store;
use crate::store::sql::{Clauses, NamedQuery};

/// Most kinds of one sort that an answer has.
pub(crate) const SHOWN: usize = 1_000;

/// The kinds of a period, and whether there may be more than were looked at.
pub(crate) struct Kinds<R> {
    pub(crate) rows: Vec<R>,
    pub(crate) period: Period,
    pub(crate) has_more: bool,
}

/// Counts kinds of events, `most` at most: of the last 30 days unless a period is asked for.
pub(crate) async fn count<R>(
    store: &Store,
    reading: &mut ReadRequest,
    query: NamedQuery,
    most: u32,
) -> Result<Kinds<R>, Problem>
where
    R: RowOwned + RowRead + Send + 'static,
{
    reading.by_default(Preset::Last30Days);
    let period = reading.period()?;
    std::mem::take(&mut reading.params).finish()?;
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", most);
    reading.narrow(&mut clauses);
    add_period(&mut clauses, period);
    let rows: Vec<R> = store.rows(query, clauses).await?;
    let has_more = rows.len() >= most as usize;
    Ok(Kinds { rows, period, has_more })
}

/// The answer, with a note for whoever records the read.
pub(crate) fn answer(records: usize, period: Period, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    answer.extensions_mut().insert(Shown { records: records as u64, period: Some(period), more: Vec::new() });
    answer
}
