//! Apache Kafka for tests and benches: one node in KRaft mode, from the jars that `make kafka` fetches.

// Each test program that includes this file uses its own part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// Names the version; the fetcher reads it there too.
const POM: &str = include_str!("../../tools/kafka/pom.xml");
/// From the process's start to its first answer. A few seconds on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A running broker. It is killed when dropped; what it stored stays in its directory.
pub(crate) struct ApacheKafka {
    jars: PathBuf,
    dir: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl ApacheKafka {
    /// Formats `dir` for a new cluster, starts its only node, and returns when it answers.
    pub(crate) fn start(dir: &Path) -> Self {
        let jars = jars().unwrap_or_else(|missing| panic!("{missing}"));
        let (port, controller_port) = free_ports();
        let kafka = Self { jars, dir: dir.to_owned(), port, process: None };
        fs::create_dir_all(dir).unwrap();
        fs::write(kafka.settings(), settings(dir, port, controller_port)).unwrap();
        let formatted = kafka
            .java("kafka.tools.StorageTool")
            .args(["format", "--cluster-id", "MkU3OEVBNTcwNTJENDM2Qg", "--config"])
            .arg(kafka.settings())
            .status()
            .unwrap_or_else(|error| panic!("cannot run java: {error}"));
        assert!(formatted.success(), "cannot format Kafka's storage:\n{}", kafka.log_tail());
        kafka.launched()
    }

    /// `host:port` for `bootstrap.servers`, the same before and after a restart.
    pub(crate) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The process, to be measured or paused.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again on its data and its ports; one that still runs is stopped first.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.launch();
    }

    /// Ends it in good order.
    pub(crate) fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let _ = Command::new("kill").arg(process.id().to_string()).status();
        let asked = Instant::now();
        while process.try_wait().unwrap().is_none() {
            if asked.elapsed() > STOP_LIMIT {
                process.kill().unwrap();
                process.wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn launched(mut self) -> Self {
        self.launch();
        self
    }

    fn launch(&mut self) {
        let mut command = self.java("kafka.Kafka");
        self.process = Some(command.arg(self.settings()).spawn().unwrap());
        let client: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", self.bootstrap()).set("log_level", "0").create().unwrap();
        let launched = Instant::now();
        loop {
            match client.fetch_metadata(None, Duration::from_secs(1)) {
                Ok(metadata) if !metadata.brokers().is_empty() => return,
                Ok(_) => std::thread::sleep(Duration::from_millis(50)),
                Err(_) => {}
            }
            if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
                panic!("Kafka ended at its start ({status}):\n{}", self.log_tail());
            }
            assert!(launched.elapsed() < START_LIMIT, "Kafka does not answer:\n{}", self.log_tail());
        }
    }

    fn java(&self, class: &str) -> Command {
        let log = || OpenOptions::new().create(true).append(true).open(self.log()).map(Stdio::from).unwrap();
        let mut command = Command::new("java");
        command
            .args(["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .arg("-Dorg.slf4j.simpleLogger.showDateTime=true")
            .arg("-cp")
            .arg(self.jars.join("*"))
            .arg(class)
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log());
        command
    }

    fn settings(&self) -> PathBuf {
        self.dir.join("server.properties")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("kafka.log")
    }

    fn log_tail(&self) -> String {
        let log = File::open(self.log()).and_then(std::io::read_to_string).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for ApacheKafka {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// Where the jars are, or how to get them.
pub(crate) fn jars() -> Result<PathBuf, String> {
    let version = POM.split("<kafka.version>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("USERTRAIL_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("usertrail")))
        .or_else(|| Some(set("HOME")?.join(".cache/usertrail")))
        .ok_or("neither USERTRAIL_CACHE nor HOME is set")?;
    let jars = cache.join(format!("kafka-{version}")).join("libs");
    if jars.is_dir() { Ok(jars) } else { Err(format!("Apache Kafka is not in {}; run `make kafka`", jars.display())) }
}

fn settings(dir: &Path, port: u16, controller_port: u16) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller_port}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n\
         offsets.topic.num.partitions=1\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.num.partitions=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n",
        dir.join("data").display(),
    )
}

/// Both are held until both are known, so that they differ.
fn free_ports() -> (u16, u16) {
    let listen = || TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let (first, second) = (listen(), listen());
    (port(&first), port(&second))
}
