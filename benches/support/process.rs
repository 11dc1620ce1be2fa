//! Roles as processes of their own, so that what each uses can be measured by itself.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a process to start or to end.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A running `usertrail` role. It is killed when dropped.
pub(crate) struct Role {
    process: Child,
    log: std::path::PathBuf,
}

impl Role {
    /// Starts `usertrail <arguments>`, what it says going to a file in `dir`.
    pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Self {
        fs::create_dir_all(dir).unwrap();
        let log = dir.join(format!("{}.log", arguments[0]));
        // The others keep nothing there, and say so.
        let keeps_data = ["up", "broker", "engine"].contains(&arguments[0]);
        let data_dir = keeps_data.then_some([OsStr::new("--data-dir"), dir.as_os_str()]).into_iter().flatten();
        let process = Command::new(env!("CARGO_BIN_EXE_usertrail"))
            .args(arguments)
            .args(["--set", "telemetry.log=warn"])
            .args(data_dir)
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(File::options().append(true).create(true).open(dir.join("stderr.log")).unwrap())
            .spawn()
            .unwrap();
        Self { process, log }
    }

    /// Starts `usertrail up <arguments>`, and waits until it has said where everything is.
    pub(crate) async fn up(dir: &Path, arguments: &[&str]) -> (Self, Welcome) {
        let mut up = Self::start(dir, &[&["up"], arguments].concat());
        let printed = super::until("usertrail up", LIMIT, async || {
            up.check();
            Some(up.printed()).filter(|printed| printed.contains("Ctrl-C stops it"))
        });
        let welcome = Welcome(printed.await);
        (up, welcome)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it printed so far.
    pub(crate) fn printed(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it still runs.
    pub(crate) fn check(&mut self) {
        if let Some(status) = self.process.try_wait().unwrap() {
            let errors = fs::read_to_string(self.log.with_file_name("stderr.log")).unwrap_or_default();
            panic!("{} ended ({status}):\n{errors}", self.log.display());
        }
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let asked = Instant::now();
        while self.process.try_wait().unwrap().is_none() && asked.elapsed() < LIMIT {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `up` prints for people.
pub(crate) struct Welcome(String);

impl Welcome {
    /// What stands beside a name.
    pub(crate) fn of(&self, name: &str) -> String {
        let line = self.0.lines().find_map(|line| line.trim().strip_prefix(name));
        let value = line.and_then(|rest| rest.split_whitespace().next());
        value.unwrap_or_else(|| panic!("no {name} in {}", self.0)).to_owned()
    }
}

/// A loopback address that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// CPU seconds that a process has used, all threads, user and system; exact to a hundredth.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in brackets, may hold blanks; utime and stime are the 12th and 13th field behind it.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS_A_SECOND
}

/// CPU seconds of a process by the name of its threads, those that ended aside.
pub(crate) fn cpu_by_thread(pid: u32) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let path = thread.unwrap().path();
        // It may end at any time.
        let (Ok(name), Ok(account)) =
            (fs::read_to_string(path.join("comm")), fs::read_to_string(path.join("schedstat")))
        else {
            continue;
        };
        let nanoseconds: f64 = account.split(' ').next().unwrap().parse().unwrap();
        // Threads of a pool differ by a number.
        let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        *all.entry(name.to_owned()).or_default() += nanoseconds / 1e9;
    }
    all
}

/// Resident memory of a process in MiB: now, and the most it ever had.
pub(crate) fn resident_mib(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let kib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    (kib("VmRSS:") >> 10, kib("VmHWM:") >> 10)
}
