//! Serving HTTP to strangers: every listener of the program is served here ([0023](../../docs/decisions/0023-connections.md)).
//!
//! Each phase of a connection has its time: waiting for a request, reading its header, reading its body ([`body`]), and
//! sending the answer, as long as the client takes it. There is a limit on connections in all, from one address, and of one
//! tenant. When it is reached, those are closed first that have not shown a valid credential, the longest waiting first, and
//! then those that idle: strangers never shut out who may come in.

pub mod body;
mod connections;
mod files;
pub mod methods;
mod stream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::http::Extensions;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::config;
use crate::metrics::{Metrics, Name};
use crate::problem::Problem;
use crate::throttle::Throttle;

use connections::{Admitted, Closed, Connection, Connections};
use stream::Watched;

pub use files::{open_files, raise_open_files};

/// Largest header of a request with its address, in bytes: the longest address there can be, and half of that again.
const MAX_HEADER_BYTES: usize = 96 * 1024;
/// Most fields of a header.
const MAX_HEADERS: usize = 100;
/// What is read and written at a time, in bytes.
const BUFFER_BYTES: usize = 128 * 1024;
/// Between two looks for connections whose time is up; a fourth of the shortest time where that is less.
const SWEEP: Duration = Duration::from_secs(1);
/// Wait after the system had no file left for a connection.
const NO_FILES: Duration = Duration::from_millis(50);

static ACCEPT_FAILED: Throttle<&'static str> = Throttle::new(1, Duration::from_secs(60));

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all; 0: as many as the limit of open files allows.
    pub connections: usize,
    /// Connections from one address (IPv6: one /64); 0: half of all.
    pub connections_per_address: usize,
    /// Longest time from the first byte of a header to its last.
    pub header: Duration,
    /// Longest wait for a request.
    pub idle: Duration,
    /// Longest time in which a client takes next to nothing of an answer.
    pub stall: Duration,
}

impl From<&config::Http> for Limits {
    fn from(config: &config::Http) -> Self {
        Self {
            connections: config.max_connections,
            connections_per_address: config.max_connections_per_address,
            header: Duration::from_millis(config.header_timeout_ms),
            idle: Duration::from_millis(config.idle_timeout_ms),
            stall: Duration::from_millis(config.stall_timeout_ms),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabel {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabel {
    listener: &'static str,
    reason: &'static str,
}

/// What listeners count, together.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    open: Family<ListenerLabel, Gauge>,
    closed: Family<ClosedLabel, Counter>,
}

impl Counts {
    /// Registered; once in a process.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        const OPEN: Name = Name::new("http_connections");
        const CLOSED: Name = Name::new("http_connections_closed");
        let closed = "Connections that were closed or refused by us, by the reason";
        Self {
            open: metrics.register(OPEN, "Connections that are open", Family::default()),
            closed: metrics.register(CLOSED, closed, Family::default()),
        }
    }
}

/// One listener's way to serve.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    limits: Limits,
    counts: Counts,
}

impl Server {
    /// Makes a server; `name` stands in logs and metrics.
    #[must_use]
    pub fn new(name: &'static str, limits: Limits, counts: Counts) -> Self {
        Self { name, limits, counts }
    }

    /// Serves until `stop`, then until the requests under way are answered. Requests carry [`ConnectInfo`] with the peer's
    /// address.
    pub async fn serve(self, listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
        let Self { name, limits, counts } = self;
        let connections = Connections::new(name, limits, counts);
        tracing::info!(
            listener = name,
            connections = connections.most(),
            files = open_files(),
            "accepting connections"
        );
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        let sweep = SWEEP.min(limits.header.min(limits.idle).min(limits.stall) / 4).max(Duration::from_millis(1));
        let sweeping = async {
            loop {
                tokio::time::sleep(sweep).await;
                connections.sweep();
            }
        };
        let accepting = async {
            tokio::pin!(stop);
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = &mut stop => break,
                };
                match accepted {
                    Ok((stream, peer)) => {
                        if let Some(admitted) = connections.admit(peer.ip()) {
                            let client = Client { peer, admitted, router: router.clone() };
                            tasks.spawn(client.serve(stream, stopping.clone()));
                        }
                    }
                    // The peer had gone before it was accepted.
                    Err(error) if is_of_the_peer(&error) => {}
                    Err(error) => {
                        if let Some(left_out) = ACCEPT_FAILED.admit(name) {
                            tracing::error!(listener = name, %error, left_out, "a connection can't be accepted");
                        }
                        connections.make_room();
                        tokio::time::sleep(NO_FILES).await;
                    }
                }
            }
            drop(listener);
            stopping.cancel();
            connections.close_waiting();
            tasks.close();
            tasks.wait().await;
        };
        tokio::select! {
            () = accepting => {}
            () = sweeping => {}
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Somebody who has connected.
struct Client {
    peer: SocketAddr,
    admitted: Admitted,
    router: Router,
}

impl Client {
    async fn serve(self, stream: TcpStream, stopping: CancellationToken) {
        let Self { peer, admitted, router } = self;
        let connection = Arc::clone(&admitted);
        // An answer goes out at once; a system that refuses this is slower, and as good.
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&connection)));
        let service = {
            let connection = Arc::clone(&connection);
            service_fn(move |request: Request<Incoming>| {
                let under_way = connection.begin();
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                request.extensions_mut().insert(OfRequest(Arc::clone(&connection)));
                let answer = router.clone().oneshot(request);
                async move {
                    let response = answer.await?;
                    Ok::<_, Infallible>(response.map(|body| Answering { body, _under_way: under_way }))
                }
            })
        };
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            // The sweep does it, which can distinguish an idle connection from a half header.
            .header_read_timeout(None)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEADER_BYTES)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(io, service);
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = serving.as_mut() => ended,
            () = connection.closed() => return,
            () = stopping.cancelled() => {
                serving.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = serving => ended,
                    () = connection.closed() => return,
                }
            }
        };
        if let Err(error) = ended {
            // Anybody can send anything: logged for those who look for it, counted for all.
            tracing::debug!(%peer, %error, "a connection ended badly");
            connection.count(Closed::Broken);
        }
    }
}

/// An answer's body; its request is under way until it is dropped.
struct Answering {
    body: Body,
    _under_way: connections::UnderWay,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The connection that a request came by.
#[derive(Clone, Debug)]
struct OfRequest(Arc<Connection>);

/// Says that a request's credential is valid, and of which tenant, if of any. Its connection is then among the last to be
/// closed for want of room.
///
/// # Errors
/// 429 when the tenant's requests hold as many connections as one tenant may.
pub fn authenticated(extensions: &Extensions, tenant: Option<&str>) -> Result<(), Problem> {
    match extensions.get::<OfRequest>() {
        Some(OfRequest(connection)) if !connection.belongs_to(tenant) => Err(Problem::new(
            axum::http::StatusCode::TOO_MANY_REQUESTS,
            "too_many_connections",
            "the tenant holds as many connections as one may; use fewer, or wait as long as Retry-After says",
        )
        .with_retry_after(Duration::from_secs(1))
        .with_header(axum::http::header::CONNECTION, axum::http::HeaderValue::from_static("close"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
