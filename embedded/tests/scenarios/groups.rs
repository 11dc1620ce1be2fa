//! Membership: who owns the partitions, and whose commits count.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::Message;

use super::TestBroker;
use super::client::{self, Cluster, LIMIT};
use super::wire::{self, ILLEGAL_GENERATION, Member, NONE, UNKNOWN_MEMBER};

/// Set for the process that [`run_consumer_child`] runs in: the broker's address.
pub(crate) const CONSUMER_CHILD: &str = "SCENARIO_CONSUMER_OF";

/// A commit counts only from a current member in the current generation.
pub(crate) async fn stale_commits_are_refused(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("fence", 2, &[]).await;
    cluster.produce_numbers(&topic, 0..2).await;
    let first = cluster.consumer("fence", &[]);
    first.subscribe(&[&topic]).unwrap();
    client::next(&first).await;
    // The second member's arrival makes a new generation, so that the first one is stale for certain.
    let second = cluster.consumer("fence", &[]);
    second.subscribe(&[&topic]).unwrap();
    until_assigned(&[&first, &second], 2).await;

    let groups = first.fetch_group_list(Some("fence"), LIMIT).unwrap();
    let id = groups.groups()[0].members()[0].id().to_owned();
    let commit = |id: &str, generation, offset| {
        wire::commit(&broker.bootstrap(), &Member { group: "fence", id, generation }, &topic, offset)
    };
    assert_eq!(commit(&id, 1, 1), ILLEGAL_GENERATION);
    assert_eq!(commit("stranger", 2, 1), UNKNOWN_MEMBER);
    assert_eq!(commit("", -1, 1), UNKNOWN_MEMBER);
    let current = (2..20).find(|generation| commit(&id, *generation, 1) == NONE);
    assert!(current.is_some(), "the current generation may commit");
}

/// A member that stops (here by SIGSTOP) loses its partition once its session ends, and its late commit is refused.
pub(crate) async fn paused_member_is_replaced_and_its_commit_refused(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("paused", 1, &[]).await;
    cluster.produce_numbers(&topic, 0..3).await;
    let mut zombie = ConsumerChild::start(&broker.bootstrap());
    assert_eq!(zombie.line(), "got 0");
    zombie.signal("STOP");
    let stopped = Instant::now();

    let successor = cluster.consumer("paused", &[]);
    successor.subscribe(&[&topic]).unwrap();
    let message = client::next(&successor).await;
    assert_eq!(message.offset(), 0, "nothing was committed");
    let waited = stopped.elapsed();
    assert!(waited.as_secs() >= 3, "not before the session's end: {waited:?}");
    eprintln!("the paused member was replaced after {waited:?} (session timeout 6 s)");
    assert_eq!(client::next(&successor).await.offset(), 1);
    client::commit_through(&successor, &message);

    zombie.say("commit");
    zombie.signal("CONT");
    let outcome = zombie.line();
    assert!(outcome.starts_with("refused"), "{outcome}");
    let committed = successor.committed(LIMIT).unwrap();
    assert_eq!(committed.elements()[0].offset(), rdkafka::Offset::Offset(1));
}

/// Two cooperative members end with a share each, and the leaver's share goes to the one that stays.
pub(crate) async fn cooperative_members_share_the_partitions(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("cooperative", 4, &[]).await;
    let sticky = [("partition.assignment.strategy", "cooperative-sticky")];
    let first = cluster.consumer("cooperative", &sticky);
    first.subscribe(&[&topic]).unwrap();
    until_assigned(&[&first], 4).await;
    let second = cluster.consumer("cooperative", &sticky);
    second.subscribe(&[&topic]).unwrap();
    until_assigned(&[&first, &second], 4).await;
    assert_eq!(partitions(&second).len(), 2);
    drop(second);
    until_assigned(&[&first], 4).await;
}

/// A static member that comes back within its session gets its partition without waiting for the old one's session to end.
pub(crate) async fn static_member_returns_without_a_rebalance(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("static", 1, &[]).await;
    cluster.produce_numbers(&topic, 0..2).await;
    // The session outlasts the test's limit: only the returning member's name can win the partition back.
    let settings =
        [("group.instance.id", "enrich-1"), ("session.timeout.ms", "300000"), ("max.poll.interval.ms", "300000")];
    let member = cluster.consumer("static", &settings);
    member.subscribe(&[&topic]).unwrap();
    client::next(&member).await;
    // A static member doesn't leave when it is closed.
    drop(member);
    let member = cluster.consumer("static", &settings);
    member.subscribe(&[&topic]).unwrap();
    assert_eq!(client::next(&member).await.offset(), 0);
}

/// The life of the process that is paused: consume one message, say so, commit on request, say what came of it.
pub(crate) async fn run_consumer_child(bootstrap: &str) {
    let consumer = Cluster::new(bootstrap).consumer("paused", &[]);
    consumer.subscribe(&["paused"]).unwrap();
    let message = client::next(&consumer).await;
    let say = |text: String| eprintln!("child: {text}");
    say(format!("got {}", message.offset()));
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let mut offsets = rdkafka::TopicPartitionList::new();
    offsets.add_partition_offset(message.topic(), message.partition(), rdkafka::Offset::Offset(99)).unwrap();
    match consumer.commit(&offsets, CommitMode::Sync) {
        Ok(()) => say("committed".to_owned()),
        Err(error) => say(format!("refused: {error}")),
    }
}

async fn until_assigned(consumers: &[&StreamConsumer], count: usize) {
    let started = Instant::now();
    loop {
        for consumer in consumers {
            // Rebalances run inside the poll.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(20), consumer.recv()).await;
        }
        let shares: Vec<_> = consumers.iter().map(|consumer| partitions(consumer)).collect();
        let all: BTreeSet<_> = shares.iter().flatten().collect();
        if all.len() == count
            && shares.iter().map(BTreeSet::len).sum::<usize>() == count
            && shares.iter().all(|s| !s.is_empty())
        {
            return;
        }
        assert!(started.elapsed() < LIMIT, "assigned: {shares:?}");
    }
}

fn partitions(consumer: &StreamConsumer) -> BTreeSet<i32> {
    consumer.assignment().unwrap().elements().iter().map(|element| element.partition()).collect()
}

/// This test program once more, as a process that can be stopped.
struct ConsumerChild {
    process: Child,
    lines: BufReader<std::process::ChildStderr>,
}

impl ConsumerChild {
    fn start(bootstrap: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "consumer_child", "--nocapture"])
            .env(CONSUMER_CHILD, bootstrap)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap());
        Self { process, lines }
    }

    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "the child has ended");
            if let Some(said) = line.strip_prefix("child: ") {
                return said.trim_end().to_owned();
            }
        }
    }

    fn say(&mut self, text: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for ConsumerChild {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
