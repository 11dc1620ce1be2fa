//! Native blocks as `client_protocol_version` asks. The engine writes them for clients that say no version. A client that does
//! reads more: what is before a block (from 1 on), the time zones of `DateTime` (from 54337), a mark before a column's values
//! that says whether they are packed (from 54454). A server would write all that itself; the embedded engine can't be asked to.

mod kinds;

use std::io;

use axum::body::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use kinds::Kind;
use tokio::sync::mpsc;

/// The latest version that blocks are written for, and what `revision()` answers.
pub const REVISION: u64 = 54460;
/// From here on, types of times say their zone.
const WITH_ZONES: u64 = 54337;
/// From here on, each column says whether its values are packed in a way of their own. Ours never are.
const WITH_MARKS: u64 = 54454;
/// Neither an overflow row, nor a part of a two-level aggregation.
const BLOCK_INFO: &[u8] = &[1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];
/// How the engine says in the midst of a result that it can't go on.
const EXCEPTION: &[u8] = b"\r\n__exception__\r\n";
/// What is sent on at once, in bytes.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for the client.
const WAITING: usize = 2;
/// Longest name of a column or a type.
const MAX_NAME: u64 = 1024 * 1024;

/// Types of all columns, when they are needed.
pub(crate) type Types = futures::future::BoxFuture<'static, Option<Vec<String>>>;

/// The blocks of a result, for a client of this version.
pub(crate) fn revised(
    pieces: BoxStream<'static, io::Result<Bytes>>,
    revision: u64,
    types: Types,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let blocks = Blocks {
        pieces,
        held: Bytes::new(),
        out: Vec::with_capacity(PIECE),
        sender,
        revision,
        types: Some(types),
        zoned: None,
        began: false,
    };
    tokio::spawn(blocks.run());
    futures::stream::poll_fn(move |context| receiver.poll_recv(context))
}

/// The result, read column by column.
struct Blocks {
    pieces: BoxStream<'static, io::Result<Bytes>>,
    held: Bytes,
    out: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
    revision: u64,
    types: Option<Types>,
    zoned: Option<Vec<String>>,
    /// Whether something was sent.
    began: bool,
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a block of the store can't be read: {what}"))
}

impl Blocks {
    async fn run(mut self) {
        let client = self.sender.clone();
        let read = tokio::select! {
            read = self.all() => read,
            // Whoever asked has gone; so does the request to the store.
            () = client.closed() => return,
        };
        let last = match read {
            // Before anything was sent, an error is all that there is to say.
            Err(error) if !self.began => Err(error),
            read => self.send().await.and(read),
        };
        if let Err(error) = last {
            tracing::debug!(%error, "a result broke off");
            // The client may have gone.
            let _ = client.send(Err(error)).await;
        }
    }

    async fn all(&mut self) -> io::Result<()> {
        while self.more().await? {
            if self.is_exception().await? {
                loop {
                    let rest = std::mem::take(&mut self.held);
                    self.out.extend_from_slice(&rest);
                    if !self.more().await? {
                        return Ok(());
                    }
                }
            }
            self.block().await?;
        }
        Ok(())
    }

    async fn block(&mut self) -> io::Result<()> {
        self.put(BLOCK_INFO).await?;
        let columns = self.number(true).await?;
        let rows = self.number(true).await?;
        for at in 0..columns {
            let name = self.text().await?;
            self.put_text(&name).await?;
            let kind = String::from_utf8(self.text().await?).map_err(|_| malformed("a type"))?;
            let kind = self.zoned(kind, at).await;
            self.put_text(kind.as_bytes()).await?;
            if self.revision >= WITH_MARKS {
                self.put(&[0]).await?;
            }
            if rows > 0 {
                let kind = Kind::read(&kind).ok_or_else(|| malformed(&format!("the type {kind}")))?;
                self.copy(8 * kind.versions()).await?;
                self.values(&kind, rows).await?;
            }
        }
        Ok(())
    }

    /// The engine leaves out the zone of a column that is a `DateTime` as a whole.
    async fn zoned(&mut self, kind: String, at: u64) -> String {
        if kind != "DateTime" || self.revision < WITH_ZONES {
            return kind;
        }
        if let Some(types) = self.types.take() {
            self.zoned = types.await;
        }
        let whole = self.zoned.as_ref().and_then(|types| types.get(usize::try_from(at).ok()?));
        whole.filter(|whole| whole.starts_with("DateTime(")).cloned().unwrap_or(kind)
    }

    fn values<'a>(&'a mut self, kind: &'a Kind, rows: u64) -> futures::future::BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            match kind {
                Kind::Fixed(bytes) => self.copy(times(rows, *bytes)?).await,
                Kind::Text => {
                    for _ in 0..rows {
                        let bytes = self.number(true).await?;
                        self.copy(bytes).await?;
                    }
                    Ok(())
                }
                Kind::Nullable(inner) => {
                    self.copy(rows).await?;
                    self.values(inner, rows).await
                }
                Kind::Array(inner) => {
                    let mut last = 0;
                    for _ in 0..rows {
                        last = self.word().await?;
                    }
                    self.values(inner, last).await
                }
                Kind::Tuple(parts) => {
                    for part in parts {
                        self.values(part, rows).await?;
                    }
                    Ok(())
                }
                Kind::Dictionary(inner) => self.dictionary(inner, rows).await,
                Kind::Variant(kinds) => self.variants(kinds, rows).await,
            }
        })
    }

    /// Values once each, then which of them each row has.
    async fn dictionary(&mut self, inner: &Kind, rows: u64) -> io::Result<()> {
        let mut rest = rows;
        while rest > 0 {
            let flags = self.word().await?;
            if flags & 0x100 != 0 {
                return Err(malformed("a shared dictionary"));
            }
            if flags & 0x200 != 0 {
                let keys = self.word().await?;
                self.values(inner, keys).await?;
            }
            let width = match flags & 0xff {
                width @ 0..=3 => 1 << width,
                _ => return Err(malformed("the width of a dictionary's keys")),
            };
            let count = self.word().await?;
            self.copy(times(count, width)?).await?;
            rest = rest.checked_sub(count).filter(|_| count > 0).ok_or_else(|| malformed("a dictionary"))?;
        }
        Ok(())
    }

    /// 255 says that a value is NULL.
    async fn variants(&mut self, kinds: &[Kind], rows: u64) -> io::Result<()> {
        let mut counts = vec![0_u64; kinds.len()];
        for _ in 0..rows {
            let which = self.byte().await?;
            self.put(&[which]).await?;
            match counts.get_mut(usize::from(which)) {
                Some(count) => *count += 1,
                None if which == u8::MAX => {}
                None => return Err(malformed("a variant")),
            }
        }
        for (kind, count) in kinds.iter().zip(counts) {
            self.values(kind, count).await?;
        }
        Ok(())
    }

    /// Whether there is more; then it is held.
    async fn more(&mut self) -> io::Result<bool> {
        while self.held.is_empty() {
            match self.pieces.next().await {
                None => return Ok(false),
                Some(piece) => self.held = piece?,
            }
        }
        Ok(true)
    }

    async fn byte(&mut self) -> io::Result<u8> {
        if !self.more().await? {
            return Err(malformed("it ends too early"));
        }
        Ok(self.held.split_to(1)[0])
    }

    /// Whether what follows is no block. What begins like one is looked at as far as it differs.
    async fn is_exception(&mut self) -> io::Result<bool> {
        if self.held.first() != EXCEPTION.first() {
            return Ok(false);
        }
        while self.held.len() < EXCEPTION.len() && EXCEPTION.starts_with(&self.held) {
            let Some(piece) = self.pieces.next().await else { return Ok(false) };
            self.held = [&self.held[..], &piece?[..]].concat().into();
        }
        Ok(self.held.starts_with(EXCEPTION))
    }

    /// A number of variable length, sent on or not.
    async fn number(&mut self, pass: bool) -> io::Result<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte().await?;
            if pass {
                self.out.push(byte);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed("a number"))
    }

    /// Eight bytes, sent on.
    async fn word(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        if self.held.len() >= bytes.len() {
            bytes.copy_from_slice(&self.held.split_to(8));
        } else {
            for byte in &mut bytes {
                *byte = self.byte().await?;
            }
        }
        self.put(&bytes).await?;
        Ok(u64::from_le_bytes(bytes))
    }

    async fn text(&mut self) -> io::Result<Vec<u8>> {
        let length = self.number(false).await?;
        if length > MAX_NAME {
            return Err(malformed("a name"));
        }
        let mut text = Vec::new();
        for _ in 0..length {
            text.push(self.byte().await?);
        }
        Ok(text)
    }

    async fn put_text(&mut self, text: &[u8]) -> io::Result<()> {
        let mut length = text.len();
        while length >= 0x80 {
            self.out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        self.out.push(length as u8);
        self.put(text).await
    }

    async fn copy(&mut self, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 {
            if !self.more().await? {
                return Err(malformed("it ends too early"));
            }
            let here = self.held.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
            let piece = self.held.split_to(here);
            bytes -= here as u64;
            self.put(&piece).await?;
        }
        Ok(())
    }

    async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.extend_from_slice(bytes);
        if self.out.len() >= PIECE { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.out, Vec::with_capacity(PIECE));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone");
        self.began = true;
        self.sender.send(Ok(piece.into())).await.map_err(gone)
    }
}

fn times(count: u64, bytes: u64) -> io::Result<u64> {
    count.checked_mul(bytes).ok_or_else(|| malformed("too many values"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(pieces: Vec<Vec<u8>>, revision: u64) -> Result<Vec<u8>, String> {
        let pieces = futures::stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))).boxed();
        let types: Types = Box::pin(async { Some(vec![String::new(), "DateTime('Europe/Prague')".to_owned()]) });
        let found: Vec<_> = revised(pieces, revision, types).collect().await;
        let pieces: Result<Vec<_>, _> = found.into_iter().collect();
        pieces.map(|pieces| pieces.concat()).map_err(|error| error.to_string())
    }

    /// Two columns and two rows: texts from a dictionary in arrays, and times.
    fn block() -> Vec<u8> {
        let mut block = vec![2, 2, 1, b'a'];
        let kind = b"Array(LowCardinality(String))";
        block.push(kind.len() as u8);
        block.extend(kind);
        for word in [1_u64, 1, 3, 0x600, 2] {
            block.extend(word.to_le_bytes());
        }
        block.extend([1, b'x', 2, b'y', b'z']);
        block.extend(3_u64.to_le_bytes());
        block.extend([0, 1, 0, 1, b'b', 8]);
        block.extend(b"DateTime");
        block.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        block
    }

    #[tokio::test]
    async fn a_block_is_whole_however_it_comes() {
        let block = block();
        let marked = |zone: &str, mark: &[u8]| {
            let array = block.iter().position(|byte| *byte == b')').unwrap() + 2;
            let second = block.len() - 17;
            let mut written = BLOCK_INFO.to_vec();
            written.extend(&block[..array]);
            written.extend(mark);
            written.extend(&block[array..second]);
            written.push(zone.len() as u8);
            written.extend(zone.bytes());
            written.extend(mark);
            written.extend(&block[block.len() - 8..]);
            written
        };
        let whole = marked("DateTime('Europe/Prague')", &[0]);
        assert_eq!(of(vec![block.clone()], REVISION).await.unwrap(), whole);
        let bytes = block.iter().map(|byte| vec![*byte]).collect();
        assert_eq!(of(bytes, REVISION).await.unwrap(), whole);
        let two = [block.clone(), block.clone()].concat();
        assert_eq!(of(vec![two], REVISION).await.unwrap(), [whole.clone(), whole].concat());
        assert_eq!(of(vec![block.clone()], 54405).await.unwrap(), marked("DateTime('Europe/Prague')", &[]));
        assert_eq!(of(vec![block.clone()], 1).await.unwrap(), marked("DateTime", &[]));
    }

    #[tokio::test]
    async fn what_is_no_block_breaks_off() {
        let mut short = block();
        short.pop();
        assert!(of(vec![short], REVISION).await.is_err());
        let mut told = block();
        told.extend(EXCEPTION);
        told.extend(b"why");
        assert!(of(vec![told], REVISION).await.unwrap().ends_with(b"\r\n__exception__\r\nwhy"));
        assert!(of(vec![vec![1, 1, 1, b'a', 4], b"JSON".to_vec(), vec![0]], REVISION).await.is_err());
    }
}
