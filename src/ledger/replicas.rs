//! The replicas of a stream: which servers hold it, who leads, how far each is; and another number of them.
//!
//! **Invariant:** another number of replicas changes nothing else about a stream, so the guard finds it
//! as it was, and whoever writes and reads goes on.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::connection::{AskError, Connection};
use super::read::{StreamReport, report};

/// How long a follower may be silent.
const MOST_SILENT_NS: u64 = 4_000_000_000;

/// How many servers hold a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicas {
    /// One server.
    One,
    /// A cluster of three.
    Three,
}

impl Replicas {
    /// As many as the servers behind a connection can hold: three if they are a cluster.
    #[must_use]
    pub fn most(connection: &Connection) -> Self {
        if connection.is_clustered() { Self::Three } else { Self::One }
    }

    /// The number.
    #[must_use]
    pub const fn count(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Three => 3,
        }
    }
}

impl FromStr for Replicas {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1" => Ok(Self::One),
            "3" => Ok(Self::Three),
            _ => Err("1 or 3"),
        }
    }
}

/// Which servers hold a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replication {
    /// How many replicas it is to have.
    pub replicas: u64,
    /// The server that leads; none: there is no majority, or it has just gone.
    pub leader: Option<String>,
    /// The others that hold a replica.
    pub followers: Vec<Follower>,
}

/// A server that holds a replica and does not lead, as the leader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    /// What it calls itself.
    pub name: String,
    /// Whether it is as far as the leader.
    #[serde(default)]
    pub current: bool,
    /// Whether NATS counts it as gone.
    #[serde(default)]
    pub offline: bool,
    /// How long the leader has heard nothing of it.
    #[serde(default, rename(deserialize = "active"))]
    pub silent_ns: u64,
    /// How many operations it is behind.
    #[serde(default)]
    pub lag: u64,
}

impl Follower {
    /// Whether it is not there. NATS calls one that was killed current for some ten seconds, and never
    /// offline within a minute and a half (measured); one that lives is heard every second. A leader that
    /// has never heard it says that it is silent for no time at all, and behind.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        let never_heard = self.silent_ns == 0 && !self.current;
        self.offline || never_heard || self.silent_ns > MOST_SILENT_NS
    }

    /// Whether it is there and as far as the leader.
    #[must_use]
    pub const fn is_level(&self) -> bool {
        self.current && !self.is_away()
    }
}

impl Replication {
    /// Whether every replica is there and as far as the leader, which is there too.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let held = u64::try_from(self.followers.len()).unwrap_or(u64::MAX).saturating_add(1);
        let level = self.followers.iter().all(Follower::is_level);
        self.leader.is_some() && held == self.replicas && level
    }
}

/// A stream as its owner finds it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Where JetStream is asked.
    pub(crate) api: &'static str,
    /// Its name.
    pub(crate) stream: String,
}

/// What NATS says of the servers behind a stream.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Cluster {
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<Follower>,
}

impl StreamReport {
    pub(crate) fn replication(&self) -> Replication {
        let replicas = self.config.get("num_replicas").and_then(Value::as_u64).unwrap_or(1);
        let Cluster { leader, replicas: followers } = &self.cluster;
        let leader = leader.clone().filter(|name| !name.is_empty());
        Replication { replicas, leader, followers: followers.clone() }
    }
}

/// Gives a stream another number of replicas, unless it has it. NATS copies in the background. Needs the
/// owner's credential.
///
/// # Errors
/// NATS says no: there is no such stream, or there are too few servers.
pub(crate) async fn replicate(
    owner: &Connection,
    place: &Place,
    replicas: Replicas,
) -> Result<(), AskError> {
    let found = report(owner, place.api, &place.stream).await?;
    if found.replication().replicas == replicas.count() {
        return Ok(());
    }
    let mut wanted = found.config;
    wanted.insert("num_replicas".to_owned(), json!(replicas.count()));
    let subject = format!("{}.STREAM.UPDATE.{}", place.api, place.stream);
    owner.ask::<Value>(subject, &wanted).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(name: &str) -> Follower {
        Follower {
            name: name.to_owned(),
            current: true,
            offline: false,
            silent_ns: 900_000_000,
            lag: 0,
        }
    }

    #[test]
    fn a_stream_is_whole_when_every_replica_is_there_and_level() {
        let followers = vec![follower("b"), follower("c")];
        let whole = Replication { replicas: 3, leader: Some("a".to_owned()), followers };
        assert!(whole.is_complete());
        assert!(!Replication { leader: None, ..whole.clone() }.is_complete());
        assert!(!Replication { followers: vec![follower("b")], ..whole.clone() }.is_complete());
        assert!(!Replication { replicas: 1, ..whole.clone() }.is_complete());
        for spoiled in [
            Follower { current: false, ..follower("c") },
            Follower { offline: true, ..follower("c") },
            Follower { silent_ns: 5_000_000_000, ..follower("c") },
        ] {
            let followers = vec![follower("b"), spoiled];
            assert!(!Replication { followers, ..whole.clone() }.is_complete());
        }
        let silent = |silent_ns, current| Follower { current, silent_ns, ..follower("c") };
        assert!(silent(0, false).is_away() && silent(5_000_000_000, true).is_away());
        assert!(!silent(0, true).is_away() && !silent(900_000_000, false).is_away());
        let one = Replication { replicas: 1, followers: Vec::new(), ..whole };
        assert!(one.is_complete());
    }
}
