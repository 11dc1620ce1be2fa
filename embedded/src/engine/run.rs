//! Running statements and inserts on blocking threads.

use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::chdb::{Connection, Stats};
use super::core::{Core, Done, Ticket};
use super::error::DbError;
use super::formats::Joiner;
use super::priority;
use super::request::Request;

/// A part of a statement's result. The last one is `End` or `Failed`.
#[derive(Debug)]
pub(super) enum Part {
    Data(Bytes, Stats),
    End(Stats),
    Failed(DbError),
}

/// A piece of an INSERT's data. Without `End` the insert is cancelled.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End,
}

/// A statement without data.
pub(super) struct Statement {
    pub(super) request: Request,
    pub(super) sql: Vec<u8>,
    /// The format the result comes in.
    pub(super) format: String,
    /// Whether it may be run as a stream.
    pub(super) select: bool,
    pub(super) readonly: bool,
}

/// An INSERT whose data follows.
pub(super) struct Insert {
    pub(super) request: Request,
    pub(super) sql: Vec<u8>,
    pub(super) format: String,
}

fn cancelled() -> DbError {
    DbError::new(394, "QUERY_WAS_CANCELLED", "Query was cancelled")
}

/// Starts a statement; its result arrives in parts, as fast as they are taken.
pub(super) fn statement(
    core: &Arc<Core>,
    ticket: &Arc<Ticket>,
    slot: OwnedSemaphorePermit,
    statement: Statement,
) -> mpsc::Receiver<Part> {
    let (parts, receiver) = mpsc::channel(1);
    let (core, ticket) = (Arc::clone(core), Arc::clone(ticket));
    let (tracker, reads) = (core.tracker.clone(), statement.select);
    let run = move || {
        let done = (Done(Arc::clone(&ticket)), slot);
        let last = match run_statement(&core, &ticket, &statement, &parts) {
            Ok(stats) => Part::End(stats),
            Err(error) => Part::Failed(error),
        };
        drop(done);
        // A client that has gone needs no end.
        let _ = hand_over(&core, &ticket, &parts, last);
    };
    if reads {
        let token = tracker.token();
        let run = move || {
            let _token = token;
            let _reading = priority::Reader::begin();
            run();
        };
        // Without a thread nothing runs, and the receiver sees it by its end.
        if let Err(error) = std::thread::Builder::new().name("engine-read".to_owned()).spawn(run) {
            tracing::error!(%error, "no thread for a query");
        }
    } else {
        tracker.spawn_blocking(run);
    }
    receiver
}

fn run_statement(
    core: &Core,
    ticket: &Ticket,
    statement: &Statement,
    parts: &mpsc::Sender<Part>,
) -> Result<Stats, DbError> {
    let Statement { request, sql, format, select, readonly } = statement;
    let mut connection = core.connect(request, ticket, *readonly)?;
    if connection.statement_count(sql) > 1 {
        return Err(DbError::syntax("Syntax error (Multi-statements are not allowed)"));
    }
    if ticket.cancelled.is_cancelled() {
        return Err(cancelled());
    }
    // JSON lines become one array under this setting.
    let array = request.settings.iter().any(|(name, _)| name == "output_format_json_array_of_rows");
    if *select
        && !array
        && let Some(joiner) = Joiner::of(format)
        && let Some(stats) = run_select(core, &mut connection, statement, joiner, ticket, parts)?
    {
        return Ok(stats);
    }
    let output = connection.query(sql, format, &request.params)?;
    if !output.data.is_empty() {
        hand_over(core, ticket, parts, Part::Data(output.data.into(), output.stats))?;
    }
    Ok(output.stats)
}

/// Waits until the client has taken what came before; fails once it has gone, or takes too long.
fn hand_over(core: &Core, ticket: &Ticket, parts: &mpsc::Sender<Part>, part: Part) -> Result<(), DbError> {
    let part = match parts.try_send(part) {
        Ok(()) => return Ok(()),
        Err(mpsc::error::TrySendError::Closed(_)) => return Err(cancelled()),
        Err(mpsc::error::TrySendError::Full(part)) => part,
    };
    core.runtime.block_on(async {
        tokio::select! {
            biased;
            () = ticket.cancelled.cancelled() => Err(cancelled()),
            sent = parts.send_timeout(part, core.config.client_timeout) => sent.map_err(|_| cancelled()),
        }
    })
}

/// `None` if the engine can't stream this statement; then nothing has happened.
fn run_select(
    core: &Core,
    connection: &mut Connection,
    statement: &Statement,
    mut joiner: Joiner,
    ticket: &Ticket,
    parts: &mpsc::Sender<Part>,
) -> Result<Option<Stats>, DbError> {
    let mut stream = match connection.select(&statement.sql, &statement.format, &statement.request.params) {
        Err(error) if error.message.contains("Streaming query is not supported for query") => return Ok(None),
        stream => stream?,
    };
    let mut stats = Stats::default();
    while let Some(output) = stream.next()? {
        stats.add(output.stats);
        hand_over(core, ticket, parts, Part::Data(joiner.join(output.data.into()), stats))?;
    }
    Ok(Some(stats))
}

/// Starts an INSERT; its data is taken from the sender as fast as the engine works.
pub(super) fn insert(
    core: &Arc<Core>,
    ticket: &Arc<Ticket>,
    slot: OwnedSemaphorePermit,
    insert: Insert,
) -> (mpsc::Sender<Piece>, oneshot::Receiver<Result<Stats, DbError>>) {
    let (sender, pieces) = mpsc::channel(4);
    let (reply, answer) = oneshot::channel();
    let (core, ticket) = (Arc::clone(core), Arc::clone(ticket));
    let tracker = core.tracker.clone();
    tracker.spawn_blocking(move || {
        let done = (Done(Arc::clone(&ticket)), slot);
        let outcome = run_insert(&core, &ticket, &insert, pieces);
        drop(done);
        let _ = reply.send(outcome);
    });
    (sender, answer)
}

fn run_insert(
    core: &Core,
    ticket: &Ticket,
    insert: &Insert,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Stats, DbError> {
    let mut connection = core.connect(&insert.request, ticket, false)?;
    let mut stream = connection.insert(&insert.sql, &insert.format, &insert.request.params)?;
    loop {
        let piece = core.runtime.block_on(async {
            tokio::select! {
                biased;
                () = ticket.cancelled.cancelled() => None,
                piece = pieces.recv() => piece,
            }
        });
        match piece {
            Some(Piece::Data(data)) => {
                if !stream.append(&data) {
                    // The end says why.
                    return stream.finish();
                }
            }
            Some(Piece::End) => return stream.finish(),
            None => return Err(cancelled()),
        }
    }
}
