//! A collector of spans: takes what it is sent and keeps it, or never answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

use serde_json::Value;

use crate::support::python;

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Takes,
    NeverAnswers,
}

/// A collector on an address of its own, until it is dropped.
pub(super) struct Collector {
    pub(super) endpoint: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// A span that the collector was sent.
#[derive(Debug, Clone)]
pub(super) struct Told(pub(super) Value);

impl Collector {
    pub(super) fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (bodies, stop) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let (kept, stopped) = (Arc::clone(&bodies), Arc::clone(&stop));
        let listening = spawn(move || {
            // Held open, so that whoever asks goes on waiting.
            let mut open = Vec::new();
            for stream in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let stream = stream.unwrap();
                match manner {
                    Manner::NeverAnswers => open.push(stream),
                    Manner::Takes => {
                        let kept = Arc::clone(&kept);
                        drop(spawn(move || take(&stream, &kept)));
                    }
                }
            }
        });
        Self { endpoint, bodies, stop, listening: Some(listening) }
    }

    /// Everything it was sent, decoded by OpenTelemetry's own messages.
    pub(super) fn told(&self) -> Vec<Told> {
        let place = python::fetched("traced", "tests/routes/traced/requirements.txt");
        let folder = tempfile::tempdir().unwrap();
        for (n, body) in self.bodies.lock().unwrap().iter().enumerate() {
            std::fs::write(folder.path().join(format!("{n:06}")), body).unwrap();
        }
        let decoded = Command::new("python3")
            .arg("tests/routes/traced/decode.py")
            .arg(folder.path())
            .env("PYTHONPATH", place)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&decoded.stderr);
        assert!(decoded.status.success(), "{said}");
        let lines = String::from_utf8(decoded.stdout).unwrap();
        lines.lines().map(|line| Told(serde_json::from_str(line).unwrap())).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // It looks when somebody comes.
        drop(TcpStream::connect(self.endpoint.strip_prefix("http://").unwrap()));
        if let Some(listening) = self.listening.take() {
            listening.join().ok();
        }
    }
}

impl Told {
    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    pub(super) fn said(&self, name: &str) -> &Value {
        &self.0["said"][name]
    }

    pub(super) fn began(&self) -> u64 {
        self.0["began"].as_u64().unwrap()
    }

    pub(super) fn ended(&self) -> u64 {
        self.0["ended"].as_u64().unwrap()
    }
}

/// Keeps the bodies of one connection, and says yes to each.
fn take(stream: &TcpStream, kept: &Mutex<Vec<Vec<u8>>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = head.to_lowercase();
        let said =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert_eq!(said("content-type:"), Some("application/x-protobuf"), "{head}");
        let length = said("content-length:").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        kept.lock().unwrap().push(body);
        let yes =
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        (&*stream).write_all(yes.as_bytes()).unwrap();
    }
}
