//! A way to the broker on which answers get lost, and on which a topic's records can be held up. It speaks Kafka's protocol as far
//! as it has to: frames, requests that produce, and the broker's own address in answers.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// `api_key` of a request that produces.
const PRODUCE: [u8; 2] = [0, 0];
/// The first topic of a request stands within this many bytes of its begin.
const HEAD: usize = 160;

/// One way to one broker; gone with the value.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
    _task: tokio_util::task::AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    /// Topics whose records have to wait.
    held: BTreeSet<&'static str>,
    /// Those that wait, by topic.
    waiting: BTreeMap<&'static str, usize>,
    /// Whether answers get lost.
    losing: bool,
    /// Requests that produced while answers got lost, by topic.
    produced: BTreeMap<&'static str, usize>,
}

impl Relay {
    pub(crate) async fn new(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State::default());
        let shared = state.clone();
        let relay = Arc::new((broker, address));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (relay, state) = (Arc::clone(&relay), shared.clone());
                // Whichever side ends it: the other one sees it end.
                tokio::spawn(async move { pass(client, &relay, &state).await.unwrap_or_default() });
            }
        });
        Self { address, state, _task: tokio_util::task::AbortOnDropHandle::new(task) }
    }

    /// Records of the topic wait from now on.
    pub(crate) fn hold(&self, topic: &'static str) {
        self.state.send_modify(|state| {
            state.held.insert(topic);
        });
    }

    /// Returns once records of the topic wait.
    pub(crate) async fn holds(&self, topic: &'static str) {
        let mut state = self.state.subscribe();
        state.wait_for(|state| state.waiting.get(topic).is_some_and(|count| *count > 0)).await.unwrap();
    }

    /// All that waits goes on.
    pub(crate) fn release(&self) {
        self.state.send_modify(|state| state.held.clear());
    }

    /// Whether the broker's answer to every other request that produces is lost from now on: it has the records, and whoever sent
    /// them does not know.
    pub(crate) fn lose_answers(&self, losing: bool) {
        self.state.send_modify(|state| state.losing = losing);
    }

    /// How many answers about the topic were lost.
    pub(crate) fn lost(&self, topic: &str) -> usize {
        self.state.borrow().produced.get(topic).map_or(0, |count| count.div_ceil(2))
    }
}

/// One connection's requests and answers, one after the other, as the broker handles them.
async fn pass(mut client: TcpStream, relay: &(SocketAddr, SocketAddr), state: &watch::Sender<State>) -> io::Result<()> {
    let mut broker = TcpStream::connect(relay.0).await?;
    loop {
        let request = frame(&mut client).await?;
        let topic = produced(&request);
        if let Some(topic) = topic {
            state.send_modify(|state| *state.waiting.entry(topic).or_default() += 1);
            let passes = state.subscribe().wait_for(|state| !state.held.contains(topic)).await.is_ok();
            state.send_modify(|state| *state.waiting.entry(topic).or_default() -= 1);
            if !passes {
                return Ok(());
            }
        }
        broker.write_all(&request).await?;
        let mut answer = frame(&mut broker).await?;
        let mut is_lost = false;
        if let Some(topic) = topic {
            state.send_if_modified(|state| {
                if state.losing {
                    let count = state.produced.entry(topic).or_default();
                    *count += 1;
                    is_lost = *count % 2 == 1;
                }
                false
            });
        }
        if is_lost {
            return Ok(());
        }
        readdress(&mut answer, relay.0, relay.1);
        client.write_all(&answer).await?;
    }
}

/// One frame with its length before it.
async fn frame(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut frame = length.to_vec();
    frame.resize(4 + usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?, 0);
    from.read_exact(&mut frame[4..]).await?;
    Ok(frame)
}

/// The topic that a request puts records into.
fn produced(request: &[u8]) -> Option<&'static str> {
    if request[4..6] != PRODUCE {
        return None;
    }
    let head = &request[..request.len().min(HEAD)];
    let found = |name: &str| head.windows(name.len()).position(|part| part == name.as_bytes());
    let named = schemas::topics::ALL.iter().filter_map(|topic| Some((found(topic.name)?, topic.name)));
    named.min().map(|(_, name)| name)
}

/// Clients go where the broker says that it is: here.
fn readdress(answer: &mut [u8], from: SocketAddr, to: SocketAddr) {
    let place =
        |address: SocketAddr| [address.ip().to_string().as_bytes(), &i32::from(address.port()).to_be_bytes()].concat();
    let (from, to) = (place(from), place(to));
    let mut at = 0;
    while let Some(found) = answer[at..].windows(from.len()).position(|part| part == from) {
        at += found;
        answer[at..at + to.len()].copy_from_slice(&to);
    }
}
