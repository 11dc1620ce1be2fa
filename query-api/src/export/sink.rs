//! From a writer in a thread of its own to the body of an answer: a few chunks, and whoever is faster waits.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use futures::stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Size of a chunk, bytes.
const CHUNK: usize = 64 * 1024;
/// Chunks between the writer and the connection.
const WAITING: usize = 4;

enum Piece {
    Chunk(Bytes),
    End,
}

/// Where an export's bytes go. What is dropped before [`Sink::end`] breaks the transfer off, so that nobody takes half a file
/// for a whole one.
pub(super) struct Sink {
    pieces: mpsc::Sender<Piece>,
    chunk: Vec<u8>,
    runtime: Handle,
    deadline: Instant,
}

/// A sink and the body that it fills until `deadline`. To be called within the runtime.
pub(super) fn pair(deadline: Instant) -> (Sink, Body) {
    let (pieces, arriving) = mpsc::channel(WAITING);
    let sink = Sink { pieces, chunk: Vec::with_capacity(CHUNK), runtime: Handle::current(), deadline };
    let body = stream::unfold(Some(arriving), |arriving| async {
        let mut arriving = arriving?;
        match arriving.recv().await {
            Some(Piece::Chunk(bytes)) => Some((Ok(bytes), Some(arriving))),
            Some(Piece::End) => None,
            None => Some((Err(io::Error::other("the export broke off")), None)),
        }
    });
    (sink, Body::from_stream(body))
}

impl Sink {
    /// All is written.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.hand_over()?;
        self.send(Piece::End)
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.send(Piece::Chunk(chunk.into()))
    }

    fn send(&self, piece: Piece) -> io::Result<()> {
        let sending = async { timeout_at(self.deadline, self.pieces.send(piece)).await };
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client is gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    /// Chunks go when they are full; a flush in between would only make them small.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
