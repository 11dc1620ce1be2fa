//! The scenarios of the embedded broker on Apache Kafka, which is what they are measured by.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../../tests/support/kafka.rs"]
mod kafka;
mod scenarios;

use kafka::ApacheKafka;
use scenarios::TestBroker;

impl TestBroker for ApacheKafka {
    fn bootstrap(&self) -> String {
        self.bootstrap()
    }

    async fn restart(&mut self) {
        self.kill9();
        self.restart();
    }
}

macro_rules! run {
    ($broker:ident: $($name:ident)*) => {$(
        eprintln!("{}", stringify!($name));
        scenarios::$name(&mut $broker).await;
    )*};
}

/// One broker for all of them: its start costs more than they do, and their topics and groups have names of their own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Apache Kafka: make kafka"]
async fn scenarios_hold_on_apache_kafka() {
    let dir = tempfile::tempdir().unwrap();
    let mut broker = ApacheKafka::start(dir.path());
    run! { broker:
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
    broker.stop();
}

/// The body of the process that a scenario pauses; alone, it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_child() {
    if let Ok(bootstrap) = std::env::var(scenarios::CONSUMER_CHILD) {
        scenarios::run_consumer_child(&bootstrap).await;
    }
}
