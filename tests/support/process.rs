//! One process of the program, to be killed, paused and started again.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

const START_LIMIT: Duration = Duration::from_secs(120);

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs a command of the program to its end.
pub(crate) fn output(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

fn program<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usertrail"));
    command.args(arguments).stdin(Stdio::null()).env("USERTRAIL_ADMIN_KEY", super::ADMIN_KEY);
    command
}

/// A running `usertrail …`; killed when dropped. Its log is in its installation's directory.
pub(crate) struct Process {
    arguments: Vec<String>,
    log: PathBuf,
    address: String,
    child: Child,
}

impl Process {
    pub(crate) fn start(dir: &Path, label: &str, arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let log = dir.join(format!("{label}.log"));
        let child = launch(&arguments, &log);
        Self { arguments, log, address: String::new(), child }
    }

    pub(crate) fn at(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.child = launch(&self.arguments, &self.log);
    }

    pub(crate) fn kill9_and_restart(&mut self) {
        self.kill9();
        self.restart();
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Starts it again with other arguments.
    pub(crate) fn restart_with(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
        self.restart();
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What `/readyz` says: the conditions that are not met, with their reasons.
    pub(crate) async fn unmet(&self, http: &Client) -> Option<BTreeMap<String, String>> {
        let body: Value = http.get(self.url("/readyz")).send().await.ok()?.json().await.ok()?;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let unmet = body["waiting_for"].as_array()?.iter();
        Some(unmet.map(|unmet| (text(&unmet["name"]), text(&unmet["reason"]))).collect())
    }

    /// Waits for its end and returns the exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) fn until_listening(&self, address: &str) {
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < START_LIMIT, "nothing listens on {address}:\n{}", self.log_tail());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) async fn until_ready(&self, http: &Client) {
        let started = Instant::now();
        loop {
            let answer = http.get(self.url("/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(started.elapsed() < START_LIMIT, "not ready: {:?}\n{}", self.arguments, self.log_tail());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Largest resident memory so far, bytes (`VmHWM`).
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Everything that it and its predecessors wrote.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {:?}\n{}", self.arguments.first(), self.log_tail());
        }
        // A paused process dies by this as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(arguments: &[String], log: &Path) -> Child {
    let log = || OpenOptions::new().create(true).append(true).open(log).map(Stdio::from).unwrap();
    program(arguments).stdout(log()).stderr(log()).spawn().unwrap()
}
