//! The real binary, run as people run it, on the servers of the test run or on servers of its own.

use std::io::{BufRead, BufReader, Read, Seek};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use piperoll::cli::Cli;
use piperoll::config::Config;
use serde_json::Value;

use super::disturbed::Disturbed;
use super::roads::Roads;
use super::setting;

const SETTINGS: [&str; 8] = [
    "PIPEROLL_NATS_OWNER_URL",
    "PIPEROLL_NATS_WRITER_URL",
    "PIPEROLL_NATS_READER_URL",
    "PIPEROLL_NATS_PUBLISHER_URL",
    "PIPEROLL_NATS_SUBSCRIBER_URL",
    "PIPEROLL_NATS_MONITOR_URL",
    "PIPEROLL_POSTGRES_URL",
    "PIPEROLL_STATE",
];

/// How much of what a program said is told of a test that fails.
const LAST_WORDS: usize = 8_000;
/// How long a program may take to end once it must.
const BOUND: Duration = Duration::from_secs(20);

/// Servers, and how to reach them.
pub(crate) struct Servers {
    settings: Vec<(String, String)>,
    /// Ours alone: stopped and removed with this.
    home: Option<PathBuf>,
}

/// What a program that ended had to say.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Servers {
    /// Those of the test run.
    pub(crate) fn shared() -> Self {
        let settings = SETTINGS.map(|name| (name.to_owned(), setting(name)));
        Self { settings: settings.into(), home: None }
    }

    /// The same, one of them reached otherwise.
    pub(crate) fn by(mut self, name: &str, value: &str) -> Self {
        let found = self.settings.iter_mut().find(|(known, _)| known == name);
        value.clone_into(&mut found.unwrap().1);
        self
    }

    /// The same, the program told something more by its environment.
    pub(crate) fn told(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Servers that nobody else uses, as many as the test run has, under a name that no other test of
    /// this process has.
    pub(crate) fn own(name: &str) -> Self {
        if Self::shared().clustered() { Self::own_cluster(name) } else { Self::own_single(name) }
    }

    /// The same with one NATS server, whatever the test run has.
    pub(crate) fn own_single(name: &str) -> Self {
        Self::made(name, &["start"])
    }

    /// The same with three NATS servers, `nats-1` to `nats-3`.
    pub(crate) fn own_cluster(name: &str) -> Self {
        Self::made(name, &["start", "--cluster"])
    }

    /// Whether there are three NATS servers.
    pub(crate) fn clustered(&self) -> bool {
        self.setting("PIPEROLL_NATS_OWNER_URL").contains(',')
    }

    /// One NATS server and Postgres whose clocks and disks can be disturbed.
    pub(crate) fn own_disturbed(name: &str) -> (Self, Disturbed) {
        let disturbed = Disturbed::new();
        (Self::made(name, &["start", "--under", &disturbed.command()]), disturbed)
    }

    /// Three NATS servers, of which one can be cut off.
    pub(crate) fn own_divided(name: &str) -> (Self, Roads) {
        let roads = Roads::of(&home_of(name));
        let ports = roads.ports.to_string();
        (Self::made(name, &["start", "--cluster", "--roads", &ports]), roads)
    }

    /// What the NATS servers are called.
    pub(crate) fn members(&self) -> &'static [&'static str] {
        if self.clustered() { &["nats-1", "nats-2", "nats-3"] } else { &["nats"] }
    }

    fn made(name: &str, start: &[&str]) -> Self {
        let mut servers = Self { settings: Vec::new(), home: Some(home_of(name)) };
        servers.local(start).good();
        let named = servers.local(&["env", "--json"]);
        let named: Value = serde_json::from_str(&named.out).unwrap();
        let value = |name: &str| named[name].as_str().unwrap().to_owned();
        servers.settings = SETTINGS.map(|name| (name.to_owned(), value(name))).into();
        servers
    }

    /// Starts what is down.
    pub(crate) fn up(&self) {
        self.local(&["start"]).good();
    }

    /// Ends one server as a crash would.
    pub(crate) fn kill(&self, server: &str) {
        self.local(&["stop", "--only", server, "--signal", "KILL"]).good();
    }

    /// Ends one server in good order.
    pub(crate) fn stop(&self, server: &str) {
        self.local(&["stop", "--only", server]).good();
    }

    /// What is known of one server that is up: process, port, folder of its data.
    pub(crate) fn about(&self, server: &str) -> Value {
        let ran = self.local(&["status", "--json"]);
        let all: Value = serde_json::from_str(&ran.out).unwrap();
        assert!(all[server].is_object(), "{server} is not up: {all}");
        all[server].clone()
    }

    /// The processes of one server that is up, the first of them first.
    pub(crate) fn processes(&self, server: &str) -> Vec<u64> {
        let about = self.about(server);
        let (first, data) = (about["pid"].as_u64().unwrap(), about["data"].as_str().unwrap());
        let mut found = vec![first];
        for entry in std::fs::read_dir("/proc").unwrap() {
            let path = entry.unwrap().path();
            let process = path.file_name().unwrap().to_str().unwrap().parse();
            // A process may have ended meanwhile.
            if let (Ok(process), Ok(works_in)) = (process, std::fs::read_link(path.join("cwd")))
                && works_in.to_str() == Some(data)
                && process != first
            {
                found.push(process);
            }
        }
        found
    }

    /// Starts the service as an operator does, over these servers.
    pub(crate) fn serve_locally(&self, ledger: &str) -> Ran {
        let program = env!("CARGO_BIN_EXE_piperoll");
        self.local(&["serve", "--program", program, "--ledger", ledger])
    }

    fn local(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("deploy/local");
        let home = self.home.as_ref().expect("servers of its own");
        command.args(arguments).arg("--home").arg(home);
        Ran::of(command.output().unwrap())
    }

    /// How one of the servers is reached.
    pub(crate) fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }

    /// How all of them are reached.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The program, ready to be run.
    pub(crate) fn piperoll(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_piperoll"));
        command.args(arguments).env_remove("RUST_LOG");
        command.envs(self.settings());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.piperoll(arguments).output().unwrap())
    }

    /// Runs the program to its end, which must be a good one; what it printed.
    #[track_caller]
    pub(crate) fn fine(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// The same, as JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.fine(arguments)).unwrap()
    }

    /// Starts the program and lets it run.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.piperoll(arguments);
        command.stdout(Stdio::null());
        Running::spawn(&mut command)
    }
}

impl Servers {
    /// Starts the program, lets it run, and hears the first line that it prints.
    pub(crate) fn start_and_hear(&self, arguments: &[&str]) -> (Running, String) {
        let mut command = self.piperoll(arguments);
        let mut running = Running::spawn(command.stdout(Stdio::piped()));
        let mut heard = String::new();
        let out = running.child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut heard).unwrap();
        let heard = heard.trim_end().to_owned();
        if heard.is_empty() {
            let (code, said) = running.end(BOUND);
            unreachable!("it printed nothing and ended with {code:?}: {said}");
        }
        (running, heard)
    }
}

/// Where servers of a test's own are: beside the home of the test run and named after it, so that
/// whoever removes that one finds what a killed test left behind.
fn home_of(name: &str) -> PathBuf {
    let state = PathBuf::from(setting("PIPEROLL_STATE"));
    let shared = state.parent().unwrap().to_str().unwrap();
    PathBuf::from(format!("{shared}-{name}-{}", std::process::id()))
}

impl Drop for Servers {
    fn drop(&mut self) {
        if self.home.is_some() {
            let ran = self.local(&["stop", "--wipe"]);
            if ran.code != Some(0) {
                eprintln!("servers were left behind: {}", ran.err);
            }
        }
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It ended well.
    #[track_caller]
    fn good(&self) {
        assert_eq!(self.code, Some(0), "{}", self.err);
    }

    /// Refused: exit code 1 or 2, and this stands in what it said.
    #[track_caller]
    pub(crate) fn refused_with(&self, words: &str) {
        assert!(matches!(self.code, Some(1 | 2)), "{self:?}");
        let said = format!("{}{}", self.out, self.err);
        assert!(said.contains(words), "`{words}` does not stand in: {said}");
    }
}

/// A program that runs; killed when it is dropped. What it says on standard error goes to a file: a
/// pipe that nobody reads would stop it once it is full.
pub(crate) struct Running {
    child: Child,
    said: std::fs::File,
}

impl Running {
    fn spawn(command: &mut Command) -> Self {
        let said = tempfile::tempfile().unwrap();
        let child = command.stderr(said.try_clone().unwrap()).spawn().unwrap();
        Self { child, said }
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end as an operator does (SIGTERM).
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, &[u64::from(self.child.id())]);
    }

    /// Whether it has ended.
    pub(crate) fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// The most memory that it has held so far, in KiB, by Linux's account; none once it has ended.
    pub(crate) fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Waits for its end: the exit code and what it said on standard error.
    pub(crate) fn end(mut self, bound: Duration) -> (Option<i32>, String) {
        wait_until("the program ends", bound, || self.ended());
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.said.rewind().unwrap();
        self.said.read_to_string(&mut said).unwrap();
        (code, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let mut said = Vec::new();
            self.said.rewind().ok();
            self.said.read_to_end(&mut said).ok();
            let last = said.len().saturating_sub(LAST_WORDS);
            eprintln!(
                "process {} said: …{}",
                self.child.id(),
                String::from_utf8_lossy(&said[last..])
            );
        }
    }
}

/// Tells others that it is over when it is dropped: when a test fails as well, which would else wait for
/// them for ever.
pub(crate) struct Ends<'a>(pub(crate) &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends a signal to processes, in this order.
pub(crate) fn signal(name: &str, processes: &[u64]) {
    let processes = processes.iter().map(u64::to_string);
    let status = Command::new("kill").arg(format!("-{name}")).args(processes).status().unwrap();
    assert!(status.success());
}

/// Looks again and again until something holds; fails when it does not within the bound.
#[track_caller]
pub(crate) fn wait_until(what: &str, bound: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < bound, "{what}: not within {bound:?}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// The servers as the library is told of them: by the flags of the program.
pub(crate) fn config(servers: &Servers) -> Config {
    let flag = |name: &str| name.trim_start_matches("PIPEROLL_").to_lowercase().replace('_', "-");
    let ours = servers.settings().filter(|(name, _)| name.starts_with("PIPEROLL_"));
    let flags = ours.map(|(name, value)| format!("--{}={value}", flag(name)));
    let words = std::iter::once("piperoll".to_owned()).chain(flags);
    Cli::try_parse_from(words.chain(["schema".to_owned()])).unwrap().config
}

/// Runs what is asynchronous to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}

/// What runs the asynchronous parts of a test that is not.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// A word from the environment, for drills that may be narrower than usual; empty where there is none.
pub(crate) fn word(name: &str) -> String {
    let word = std::env::var_os(name).unwrap_or_default().into_string();
    word.unwrap_or_else(|_| panic!("{name} is no text"))
}

/// A number from the environment, for drills that may be longer than usual.
pub(crate) fn number(name: &str, usual: u64) -> u64 {
    match std::env::var_os(name) {
        None => usual,
        Some(text) => {
            let number = text.to_str().and_then(|text| text.parse().ok());
            number.unwrap_or_else(|| panic!("{name} is no number"))
        }
    }
}
