//! Clients that change targets over HTTP and keep a record of every answer they got.
//!
//! **Invariant:** a client gives up on no request: whoever had no answer asks again under the same key.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use super::Seeded;
use super::answers::{Asked, Heard, MARK};

/// How long a request may be asked again before the drill says that it was never answered.
const BOUND: Duration = Duration::from_mins(1);
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(4);

/// What the clients of a round share.
pub(crate) struct Load {
    /// Where the service is; another place once it was started again.
    pub(crate) base: RwLock<String>,
    /// Of the ledger's measures.
    pub(crate) path: String,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) over: AtomicBool,
}

/// One client.
pub(crate) struct Client {
    /// No other client of this ground has it.
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) measure: String,
    /// Where it read last what it changes.
    pub(crate) read_at: u64,
    pub(crate) seeded: Seeded,
    /// No other act on this measure has a level from here on.
    pub(crate) level: u64,
}

impl Client {
    /// Acts until the load is over; what it asked and heard.
    pub(crate) fn run(mut self, load: &Load) -> Vec<Asked> {
        let (patient, hasty) = (agent(Duration::from_secs(15)), agent(Duration::from_millis(6)));
        let mut record = Vec::new();
        for n in 0.. {
            if load.over.load(Ordering::Relaxed) {
                break;
            }
            let chance = self.seeded.below(12);
            self.level += 1;
            let mut asked = Asked {
                key: format!("{MARK}{}-{n}", self.name),
                measure: self.measure.clone(),
                level: self.level.to_string(),
                read_at: self.read_at,
                heard: Vec::new(),
            };
            // No target of that period is there: always refused.
            let period = if chance == 0 { "FY1999" } else { "FY2022" };
            if chance < 4 && chance > 0 {
                // Too hasty to hear the answer, more often than not.
                let heard = self.send(load, &hasty, &asked, period);
                asked.heard.push(heard);
            }
            self.ask(load, &patient, &mut asked, period);
            if chance == 5 && asked.accepted() {
                let again = self.send(load, &patient, &asked, period);
                asked.heard.push(again);
                self.ask(load, &patient, &mut asked, period);
            }
            if asked.accepted() {
                load.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            record.push(asked);
            std::thread::park_timeout(PAUSE);
        }
        record
    }

    /// Asks until there is an answer.
    fn ask(&mut self, load: &Load, agent: &Agent, asked: &mut Asked, period: &str) {
        let begun = Instant::now();
        while matches!(asked.heard.last(), None | Some(Heard::Nothing | Heard::Later(_))) {
            if begun.elapsed() > BOUND {
                return;
            }
            if !asked.heard.is_empty() {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            let heard = self.send(load, agent, asked, period);
            asked.heard.push(heard);
        }
        if let Some(Heard::Accepted { position, .. }) = asked.heard.last() {
            self.read_at = *position;
        }
    }

    fn send(&mut self, load: &Load, agent: &Agent, asked: &Asked, period: &str) -> Heard {
        let body = json!({
            "key": { "period": period, "tier": "expected" },
            "new": { "shape": "standing", "level": { "at": asked.level } },
            "reason": { "code": "source_revised", "text": asked.key },
            "authority": { "kind": "body_decision", "body": "Council", "decided_on": "2022-05-19",
                "reference": "Minute 14" },
        });
        let base = load.base.read().unwrap().clone();
        let url = format!("{base}{}/{}/change-target", load.path, self.measure);
        let request = Request::post(url)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .header("idempotency-key", &asked.key)
            .header("if-match", format!("\"{}\"", asked.read_at));
        let request = request.body(serde_json::to_vec(&body).unwrap()).unwrap();
        let Ok(mut response) = agent.run(request) else { return Heard::Nothing };
        let status = response.status().as_u16();
        let later = response.headers().contains_key("retry-after");
        let Ok(bytes) = response.body_mut().read_to_vec() else { return Heard::Nothing };
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        match status {
            202 => Heard::Accepted {
                outcome: text("outcome"),
                position: answer["position"].as_u64().unwrap(),
                event_id: text("event_id"),
            },
            429 | 503 if later => Heard::Later(status),
            400..500 => {
                if let (412, Some(position)) = (status, answer["position"].as_u64()) {
                    self.read_at = position;
                }
                Heard::Refused(status, text("code"))
            }
            _ => Heard::Fault(status, answer.to_string()),
        }
    }
}

fn agent(patience: Duration) -> Agent {
    let config =
        Agent::config_builder().http_status_as_error(false).timeout_global(Some(patience)).build();
    config.new_agent()
}
