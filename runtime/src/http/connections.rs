//! The connections of one listener: how many there are, whose, what each does, and which is closed for want of room.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{ClosedLabel, Counts, Limits, ListenerLabel, files};

/// Files that are left to everything else, before connections get their part of them.
const OTHER_FILES: u64 = 256;
/// Most connections where the configuration gives no number: each may take a header's memory.
const MOST: usize = 4096;
/// Fewest connections, however few files there are.
const FEWEST: usize = 16;
/// Memory of headers that have not come whole, of all connections. Beyond it, only those of a usual size go on.
const UNFINISHED_BYTES: usize = 32 * 1024 * 1024;
/// What headers have usually, at most.
const USUAL_HEADER_BYTES: usize = 8 * 1024;
/// Where there is no room, one of so many that may be closed is.
const CLOSED_AT_ONCE: usize = 32;
/// A client takes an answer as long as it takes so many bytes of it in the time that it may stall.
const PROGRESS_BYTES: u64 = 16 * 1024;

/// Why a connection was closed or refused by us; a label of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It sent nothing for too long.
    Idle,
    /// Its header took too long.
    Header,
    /// It took nothing of its answer for too long.
    Stalled,
    /// Another one needed the room.
    ForRoom,
    /// There was no room for it.
    Refused,
    /// What it sent is no HTTP, or it broke off.
    Broken,
}

impl Closed {
    fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Header => "header_timeout",
            Self::Stalled => "stalled",
            Self::ForRoom => "for_room",
            Self::Refused => "refused",
            Self::Broken => "broken",
        }
    }
}

/// The connections of a listener. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    limits: Limits,
    most: usize,
    most_of_address: usize,
    most_of_tenant: usize,
    counts: Counts,
    /// Bytes of headers that have not come whole.
    unfinished: AtomicUsize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Arc<Connection>>,
    addresses: HashMap<IpAddr, usize>,
    tenants: HashMap<Arc<str>, usize>,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has come, or nothing since the last answer.
    Waiting,
    /// A part of a header has come.
    Header,
    /// A request is being worked on, or answered.
    Request,
}

/// A connection that is counted, until this is dropped.
#[derive(Debug)]
pub(super) struct Admitted(Arc<Connection>);

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    of: Connections,
    id: u64,
    address: IpAddr,
    state: Mutex<State>,
    /// Bytes written; beside the state, because it changes the most often.
    written: AtomicU64,
    closing: CancellationToken,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Whether it has shown a valid credential.
    is_known: bool,
    /// Whose, if it is a tenant's.
    tenant: Option<Arc<str>>,
    writing: Option<Writing>,
    /// Bytes that have come of a header.
    header: usize,
}

/// An answer of which the client takes nothing at the moment.
#[derive(Clone, Copy, Debug)]
struct Writing {
    waits: bool,
    since: Instant,
    written: u64,
}

impl Connections {
    pub(super) fn new(name: &'static str, limits: Limits, counts: Counts) -> Self {
        let of_files = || usize::try_from(files::open_files().saturating_sub(OTHER_FILES) / 4).unwrap_or(MOST);
        let most = match limits.connections {
            0 => of_files().clamp(FEWEST, MOST),
            own => own,
        };
        let most_of_address = match limits.connections_per_address {
            0 => most.div_ceil(2),
            own => own,
        };
        Self(Arc::new(Inner {
            name,
            limits,
            most,
            most_of_address,
            most_of_tenant: most.div_ceil(2),
            counts,
            unfinished: AtomicUsize::new(0),
            open: Mutex::default(),
        }))
    }

    /// How many there may be.
    pub(super) fn most(&self) -> usize {
        self.0.most
    }

    /// Takes a connection in, if there is room or some can be made.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Admitted> {
        let address = network(peer);
        let mut open = self.open();
        let of_address = |open: &Open| open.addresses.get(&address).copied().unwrap_or(0);
        if of_address(&open) >= self.0.most_of_address {
            self.close_some(&mut open, Some(address));
        } else if open.all.len() >= self.0.most {
            self.close_some(&mut open, None);
        }
        if of_address(&open) >= self.0.most_of_address || open.all.len() >= self.0.most {
            self.count(Closed::Refused);
            return None;
        }
        Some(Admitted(self.insert(&mut open, address)))
    }

    fn insert(&self, open: &mut Open, address: IpAddr) -> Arc<Connection> {
        let id = open.next;
        open.next += 1;
        let state = State {
            phase: Phase::Waiting,
            since: Instant::now(),
            is_known: false,
            tenant: None,
            writing: None,
            header: 0,
        };
        let connection = Arc::new(Connection {
            of: self.clone(),
            id,
            address,
            state: Mutex::new(state),
            written: AtomicU64::new(0),
            closing: CancellationToken::new(),
        });
        open.all.insert(id, Arc::clone(&connection));
        *open.addresses.entry(address).or_default() += 1;
        self.report(open);
        connection
    }

    /// Closes what may be closed for want of room: who has shown no valid credential, or else who idles, the longest first.
    /// A few at once, so that a flood does not make us look through all of them for each that comes.
    fn close_some(&self, open: &mut Open, of: Option<IpAddr>) {
        let candidates = open.all.values().filter(|connection| of.is_none_or(|address| connection.address == address));
        let mut candidates: Vec<_> =
            candidates.filter_map(|connection| Some((connection.worth()?, Arc::clone(connection)))).collect();
        if candidates.is_empty() {
            return;
        }
        let last = candidates.len() / CLOSED_AT_ONCE;
        candidates.select_nth_unstable_by_key(last, |(worth, _)| *worth);
        candidates.truncate(last + 1);
        // Of the two kinds one alone: of strangers there may be fewer than that.
        let lowest = candidates.iter().map(|((kind, ..), _)| *kind).min();
        for (_, connection) in candidates.iter().filter(|((kind, ..), _)| Some(*kind) == lowest) {
            self.remove(open, connection);
            connection.close(Closed::ForRoom);
        }
    }

    /// Closes something, because the system has no file left.
    pub(super) fn make_room(&self) {
        self.close_some(&mut self.open(), None);
    }

    /// Closes those whose time is up.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        for connection in self.all() {
            if let Some(reason) = connection.overdue(&self.0.limits, now) {
                connection.close(reason);
            }
        }
    }

    /// Closes those that have no request under way, at the end of the process.
    pub(super) fn close_waiting(&self) {
        for connection in self.all() {
            if !connection.state().is_busy() {
                connection.closing.cancel();
            }
        }
    }

    fn all(&self) -> Vec<Arc<Connection>> {
        self.open().all.values().cloned().collect()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, open: &mut Open, connection: &Connection) {
        if open.all.remove(&connection.id).is_some() {
            less(&mut open.addresses, &connection.address);
            if let Some(tenant) = connection.state().tenant.take() {
                less(&mut open.tenants, &tenant);
            }
            self.report(open);
        }
    }

    fn report(&self, open: &Open) {
        let gauge = self.0.counts.open.get_or_create(&ListenerLabel { listener: self.0.name });
        gauge.set(i64::try_from(open.all.len()).unwrap_or(i64::MAX));
    }

    fn count(&self, reason: Closed) {
        let label = ClosedLabel { listener: self.0.name, reason: reason.as_str() };
        self.0.counts.closed.get_or_create(&label).inc();
    }
}

impl Connection {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once it is to be closed.
    pub(super) async fn closed(&self) {
        self.closing.cancelled().await;
    }

    fn close(&self, reason: Closed) {
        self.count(reason);
        self.closing.cancel();
    }

    pub(super) fn count(&self, reason: Closed) {
        self.of.count(reason);
    }

    /// Bytes have come.
    pub(super) fn has_read(&self, bytes: usize) {
        let mut state = self.state();
        if state.phase == Phase::Request {
            return;
        }
        if state.phase == Phase::Waiting {
            (state.phase, state.since) = (Phase::Header, Instant::now());
        }
        state.header += bytes;
        let of_all = self.of.0.unfinished.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let is_large = state.header > USUAL_HEADER_BYTES;
        drop(state);
        if is_large && of_all > UNFINISHED_BYTES {
            self.close(Closed::ForRoom);
        }
    }

    /// The client takes nothing now.
    pub(super) fn write_waits(&self) {
        let written = self.written.load(Ordering::Relaxed);
        let mut state = self.state();
        match &mut state.writing {
            Some(writing) => writing.waits = true,
            None => state.writing = Some(Writing { waits: true, since: Instant::now(), written }),
        }
    }

    /// The client has taken something.
    pub(super) fn has_written(&self, bytes: usize) {
        let written = self.written.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let mut state = self.state();
        if let Some(writing) = &mut state.writing {
            writing.waits = false;
            if written - writing.written >= PROGRESS_BYTES {
                state.writing = None;
            }
        }
    }

    /// A request has come; it is under way until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        let mut state = self.state();
        (state.phase, state.since) = (Phase::Request, Instant::now());
        self.forget_header(&mut state);
        UnderWay(Arc::clone(self))
    }

    fn forget_header(&self, state: &mut State) {
        self.of.0.unfinished.fetch_sub(std::mem::take(&mut state.header), Ordering::Relaxed);
    }

    /// Notes that it has shown a valid credential, and of which tenant. Whether that tenant may have one more.
    pub(super) fn belongs_to(&self, tenant: Option<&str>) -> bool {
        {
            let mut state = self.state();
            if state.is_known && state.tenant.as_deref() == tenant {
                return true;
            }
            if tenant.is_none() && state.tenant.is_none() {
                state.is_known = true;
                return true;
            }
        }
        let mut open = self.of.open();
        // Closed meanwhile, and counted no more.
        if !open.all.contains_key(&self.id) {
            return false;
        }
        let has_all = |tenant: &str| open.tenants.get(tenant).is_some_and(|count| *count >= self.of.0.most_of_tenant);
        if tenant.is_some_and(has_all) {
            return false;
        }
        let tenant = tenant.map(Arc::from);
        if let Some(tenant) = &tenant {
            *open.tenants.entry(Arc::clone(tenant)).or_default() += 1;
        }
        let mut state = self.state();
        state.is_known = true;
        if let Some(before) = std::mem::replace(&mut state.tenant, tenant) {
            less(&mut open.tenants, &before);
        }
        true
    }

    /// How much it is worth when there is no room: the lowest goes first. `None`: not to be closed.
    fn worth(&self) -> Option<(u8, Instant, u64)> {
        let state = self.state();
        match (state.is_known, state.is_busy()) {
            (false, _) => Some((0, state.since, self.id)),
            (true, false) => Some((1, state.since, self.id)),
            (true, true) => None,
        }
    }

    /// Why it is to be closed now, if it is.
    fn overdue(&self, limits: &Limits, now: Instant) -> Option<Closed> {
        let mut state = self.state();
        if let Some(writing) = state.writing {
            if !writing.waits {
                // We have nothing to send, or not yet.
                state.writing = None;
            } else if now.duration_since(writing.since) >= limits.stall {
                return Some(Closed::Stalled);
            }
        }
        let lasts = now.duration_since(state.since);
        match state.phase {
            Phase::Waiting if lasts >= limits.idle && !state.is_busy() => Some(Closed::Idle),
            Phase::Header if lasts >= limits.header => Some(Closed::Header),
            _ => None,
        }
    }
}

impl State {
    /// Whether a request is worked on, or its answer has not gone out whole.
    fn is_busy(&self) -> bool {
        self.phase == Phase::Request || self.writing.is_some_and(|writing| writing.waits)
    }
}

impl Deref for Admitted {
    type Target = Arc<Connection>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let of = &self.0.of;
        of.remove(&mut of.open(), &self.0);
        self.0.forget_header(&mut self.0.state());
    }
}

/// A request of a connection that is worked on.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Connection>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        (state.phase, state.since) = (Phase::Waiting, Instant::now());
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// What counts as one address: an IPv6 site has a /64 for itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
