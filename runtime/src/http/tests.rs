//! Raw clients against a real listener.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;
use crate::http::body::BodyTimes;
use crate::memory::MemoryBudget;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

struct Listening {
    address: SocketAddr,
    stop: Arc<Notify>,
    work: Arc<Notify>,
    working: Arc<AtomicUsize>,
    ended: JoinHandle<()>,
    metrics: Metrics,
}

impl Listening {
    async fn start(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits { connections: 32, connections_per_address: 32, header: LONG, idle: LONG, stall: LONG };
        change(&mut limits);
        let (work, working) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let (works, begun) = (Arc::clone(&work), Arc::clone(&working));
        let times = BodyTimes { whole: LONG, stall: SHORT };
        let memory = MemoryBudget::new(1 << 20);
        let router = Router::new()
            .route("/open", get(|| async { "open" }))
            .route("/known", get(|request: Request| async move { as_tenant(&request).map(|()| "known") }))
            .route(
                "/work",
                get(move |request: Request| async move {
                    as_tenant(&request)?;
                    let done = works.notified();
                    begun.fetch_add(1, Ordering::SeqCst);
                    done.await;
                    Ok::<_, Problem>("done")
                }),
            )
            .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
            .route(
                "/body",
                post(move |request: Request| async move {
                    let (parts, body) = request.into_parts();
                    let mut held = memory.reservation("acme", "key");
                    let read = body::read(body, &parts.headers, 1000, times, &mut held).await;
                    read.map(|body| body.len().to_string()).map_err(Problem::from)
                }),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, metrics) = (Arc::new(Notify::new()), Metrics::default());
        let server = Server::new("test", limits, Counts::new(&metrics));
        let ended = tokio::spawn({
            let stop = Arc::clone(&stop);
            async move { server.serve(listener, router, stop.notified()).await }
        });
        Self { address, stop, work, working, ended, metrics }
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(&self, text: &str) -> String {
        rest(self.send(text).await).await
    }

    async fn until_working(&self, count: usize) {
        while self.working.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }

    fn counted(&self, reason: &str) -> u64 {
        let text = self.metrics.encode().unwrap();
        let line = format!("usertrail_http_connections_closed_total{{listener=\"test\",reason=\"{reason}\"}} ");
        text.lines().find_map(|known| known.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    }
}

fn as_tenant(request: &Request) -> Result<(), Problem> {
    authenticated(request.extensions(), Some(request.uri().query().unwrap_or("acme")))
}

/// What comes until the connection is closed, however it is.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8(all).unwrap()
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn silent_connections_shut_nobody_out() {
    let http = Listening::start(|_| {}).await;
    let mut silent = Vec::new();
    for at in 0..200 {
        silent.push(http.send(if at % 2 == 0 { "" } else { "GET /known HTTP/1.1\r\nX: " }).await);
        if at % 20 == 0 {
            assert!(http.answer(&request("/known")).await.ends_with("known"));
        }
    }
    assert!(http.counted("for_room") > 150, "{}", http.counted("for_room"));
    drop(silent);
}

#[tokio::test]
async fn half_a_header_and_nothing_have_their_time() {
    let http = Listening::start(|limits| limits.header = SHORT).await;
    let half = http.send("GET /open HTTP/1.1\r\nX-A: b").await;
    assert_eq!(rest(half).await, "");
    let mut kept = http.send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut answer = [0; 15];
    kept.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    kept.write_all(b"GET /open").await.unwrap();
    assert!(rest(kept).await.ends_with("open"), "one answer and no more");
    assert_eq!(http.counted("header_timeout"), 2);

    let http = Listening::start(|limits| limits.idle = SHORT).await;
    assert_eq!(rest(http.send("").await).await, "");
    assert!(rest(http.send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n").await).await.ends_with("open"));
    assert_eq!(http.counted("idle"), 2);
}

#[tokio::test]
async fn half_a_body_is_answered_408() {
    let http = Listening::start(|_| {}).await;
    let head = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
    let answer = http.answer(&format!("{head}123456789")).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"too_slow\""), "{answer}");
    let whole = format!("{head}1234567890");
    assert!(http.answer(&whole.replace("Host: x", "Connection: close")).await.ends_with("\r\n\r\n10"));
    let large = http.answer(&head.replace("10", "1001")).await;
    assert!(large.contains("body_too_large"), "{large}");
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_off() {
    let http = Listening::start(|limits| limits.stall = SHORT).await;
    let reader = http.send(&request("/large")).await;
    while http.counted("stalled") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(rest(reader).await.len() < 64 << 20);
    assert!(http.answer(&request("/large")).await.len() > 64 << 20, "who takes it gets all");
}

#[tokio::test]
async fn headers_are_bounded() {
    let http = Listening::start(|_| {}).await;
    let with = |more: String| format!("GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    assert!(http.answer(&with(format!("X: {}\r\n", "x".repeat(60_000)))).await.ends_with("open"));
    for more in [format!("X: {}\r\n", "x".repeat(MAX_HEADER_BYTES)), "X: y\r\n".repeat(MAX_HEADERS)] {
        let answer = http.answer(&with(more)).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    // A TLS hello, and noise.
    assert!(!http.answer("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n").await.contains("200"));
    assert!(http.counted("broken") >= 1);
}

#[tokio::test]
async fn one_tenant_has_half_of_the_connections() {
    let http = Listening::start(|limits| limits.connections = 16).await;
    let mut working = Vec::new();
    for _ in 0..8 {
        working.push(http.send(&request("/work?noisy")).await);
    }
    http.until_working(8).await;
    let answer = http.answer(&request("/known?noisy")).await;
    assert!(answer.contains("too_many_connections") && answer.contains("retry-after: 1"), "{answer}");
    assert!(http.answer(&request("/known?quiet")).await.ends_with("known"));
    http.work.notify_waiters();
    for stream in working {
        assert!(rest(stream).await.ends_with("done"));
    }
    assert!(http.answer(&request("/known?noisy")).await.ends_with("known"));
}

#[tokio::test]
async fn stopping_answers_what_is_under_way_and_closes_the_rest() {
    let http = Listening::start(|_| {}).await;
    let (silent, half) = (http.send("").await, http.send("GET /op").await);
    let working = http.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n").await;
    http.until_working(1).await;
    http.stop.notify_one();
    assert_eq!((rest(silent).await, rest(half).await), (String::new(), String::new()));
    http.work.notify_waiters();
    assert!(rest(working).await.ends_with("done"));
    http.ended.await.unwrap();
    assert!(TcpStream::connect(http.address).await.is_err());
}

#[test]
fn the_limit_of_files_is_raised() {
    let raised = raise_open_files();
    assert!(raised >= 1024 && raised == open_files(), "{raised}");
}
