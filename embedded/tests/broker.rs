//! The embedded broker, spoken to by librdkafka.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod scenarios;

use std::net::SocketAddr;
use std::path::Path;

use embedded::broker::{Broker, BrokerConfig, BrokerError};
use scenarios::TestBroker;
use tempfile::TempDir;

/// The embedded broker on a directory of its own.
struct Embedded {
    dir: TempDir,
    broker: Option<Broker>,
}

impl Embedded {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let broker = Some(Broker::start(config(dir.path())).await.unwrap());
        Self { dir, broker }
    }
}

impl TestBroker for Embedded {
    fn bootstrap(&self) -> String {
        self.broker.as_ref().unwrap().bootstrap()
    }

    async fn restart(&mut self) {
        let before = self.bootstrap();
        self.broker.take().unwrap().stop().await;
        self.broker = Some(Broker::start(config(self.dir.path())).await.unwrap());
        assert_eq!(self.bootstrap(), before, "the port is remembered");
    }
}

fn config(data_dir: &Path) -> BrokerConfig {
    BrokerConfig { data_dir: data_dir.to_owned(), listen: SocketAddr::from(([127, 0, 0, 1], 0)) }
}

macro_rules! scenarios {
    ($($name:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let mut broker = Embedded::start().await;
            scenarios::$name(&mut broker).await;
            broker.broker.take().unwrap().stop().await;
        }
    )*};
}

scenarios! {
    produced_messages_come_back
    what_is_read_at_once_is_what_is_kept
    group_resumes_after_restart
    times_and_watermarks_are_answered
    append_time_is_the_brokers
    compacted_topic_keeps_the_last_values
    stale_commits_are_refused
    paused_member_is_replaced_and_its_commit_refused
    cooperative_members_share_the_partitions
    static_member_returns_without_a_rebalance
}

/// Retention runs at the start and every ten minutes; whoever had committed less goes on with what is left.
#[tokio::test(flavor = "multi_thread")]
async fn retention_is_kept() {
    let mut broker = Embedded::start().await;
    scenarios::expired_records_go(&mut broker).await;
}

/// A1: what is small only as long as it is compressed is refused, since nobody could read it, nor what stands behind it.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_is_refused() {
    let mut broker = Embedded::start().await;
    scenarios::bombs_are_refused(&broker).await;
    broker.broker.take().unwrap().stop().await;
}

/// The body of the process that a scenario pauses; alone, it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_child() {
    if let Ok(bootstrap) = std::env::var(scenarios::CONSUMER_CHILD) {
        scenarios::run_consumer_child(&bootstrap).await;
    }
}

#[tokio::test]
async fn data_in_use_names_the_owner() {
    let broker = Embedded::start().await;
    let error = Broker::start(config(broker.dir.path())).await.unwrap_err();
    assert!(matches!(error, BrokerError::Lock(_)), "{error}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
}

#[tokio::test]
async fn address_in_use_is_told() {
    let broker = Embedded::start().await;
    let other = tempfile::tempdir().unwrap();
    let listen = broker.bootstrap().parse().unwrap();
    let error = Broker::start(BrokerConfig { listen, ..config(other.path()) }).await.unwrap_err();
    assert!(matches!(error, BrokerError::Listen { address, .. } if address == listen), "{error}");
}

#[tokio::test]
async fn only_loopback_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let error = Broker::start(BrokerConfig { listen, ..config(dir.path()) }).await.unwrap_err();
    assert!(matches!(error, BrokerError::NotLoopback(_)), "{error}");
}

#[tokio::test]
async fn a_data_directory_may_have_any_name() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("größe und rest");
    let broker = Broker::start(config(&odd)).await.unwrap();
    broker.stop().await;
    assert!(odd.join("broker.db").is_file());
}
