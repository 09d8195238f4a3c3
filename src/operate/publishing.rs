//! Updates kept up with their ledger: once, or for ever.
//!
//! **Invariant:** the last update is the only cursor. Whatever ends a publisher, the next one reads the
//! last update and goes on after it; two at once put the same bytes in the same places.
//!
//! ```text
//! the last update ──► events after it ──► read models as far ──► what stood around each ──► updates
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use piperoll_events::ids::LedgerName;
use piperoll_events::update::{Placing, Published};
use piperoll_events::{Event, Position};
use piperoll_projections::Outcome;
use piperoll_projections::scorecard::history::Span;
use serde::Serialize;

use super::site::{Site, SiteError, Source};
use super::standing::Board;
use crate::asking::answer::{AskingError, Desk};
use crate::ledger::{AskError, ConnectError, Connection, FollowError, Replicas, Role, Until};
use crate::publish::outbound::{Outbound, OutboundError, Unsent};
use crate::publish::{MakeError, make, throw_away, what};

/// How many events are looked at together, at most.
const WINDOW: u64 = 1_000;
/// How many updates are on their way at a time. Each names the sequence that it must follow, so none
/// can overtake another.
const IN_FLIGHT: usize = 128;
/// How often the read models are looked at while they are behind.
const LOOK: Duration = Duration::from_millis(10);
/// How long whoever waits for the end waits for the read models.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a ledger that is moving in is looked at.
const MOVING_IN: Duration = Duration::from_secs(1);
/// The longest pause before a publisher tries again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How far the updates of a ledger have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The sequence of the last update; nought before the first.
    pub sequence: u64,
    /// The event that it comes from.
    pub position: Position,
    /// How far the ledger was looked at: events after the last update gave none.
    pub looked_at: Position,
    /// How many updates this publisher stored.
    pub published: u64,
}

/// Why updates are not kept up.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The stream of updates.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The ledger.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The read models.
    #[error(transparent)]
    Asking(#[from] AskingError),
    /// It can't be made.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// An update that can't be written; this is a fault of ours.
    #[error(transparent)]
    Written(#[from] piperoll_events::update::NotAnUpdate),
    /// Nothing is published of a ledger that may still be thrown away.
    #[error("`{0}` is still moving in; its updates begin when it has opened")]
    MovingIn(LedgerName),
    /// Another release began with this event; the operator lets that one finish.
    #[error(
        "update {sequence} is not what this release makes of position {position}: another release published it. Let that one go on to the end of the position, or begin again: piperoll publish --make-stream --begin-again"
    )]
    OtherRelease {
        /// The update.
        sequence: u64,
        /// The event that it comes from.
        position: Position,
    },
}

macro_rules! through_site {
    ($($error:ty),*) => {$(
        impl From<$error> for PublishError {
            fn from(error: $error) -> Self {
                Self::Site(error.into())
            }
        }
    )*};
}

through_site!(AskError, ConnectError, crate::config::Missing);

/// Publishes what is not published yet: to the ledger's head, or for ever.
///
/// # Errors
/// What somebody has to look at; to the head also whatever else is in the way.
pub async fn publish(site: &Site, until: Until, board: &Board) -> Result<Standing, PublishError> {
    let mut standing = Standing {
        sequence: 0,
        position: Position::START,
        looked_at: Position::START,
        published: 0,
    };
    let mut pause = Duration::from_millis(50);
    loop {
        let before = standing.published;
        let Err(error) = publish_once(site, until, &mut standing, board).await else {
            return Ok(standing);
        };
        // Whoever waits for the end is told at once what is in the way of it.
        if until == Until::Head || stays_stopped(&error) {
            return Err(error);
        }
        if standing.published > before {
            pause = Duration::from_millis(50);
        }
        tracing::warn!(ledger = %site.name, %error, "publishing again");
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// Makes the stream of a ledger's updates. Needs the owner's credential.
///
/// # Errors
/// The servers; or a stream of that name that is none of updates.
pub async fn make_stream(site: &Site, begin: Begin) -> Result<(), PublishError> {
    let source = site.source().await?;
    let owner = Connection::open(Role::Owner, site.config.nats_owner_url()?).await?;
    if begin == Begin::Again {
        throw_away(&owner, &site.name).await?;
    }
    Ok(make(&owner, &site.name, source.identity, Replicas::most(&owner)).await?)
}

/// What becomes of updates that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// They stay.
    Once,
    /// They are thrown away, and subscribers begin again.
    Again,
}

/// One publisher at work.
struct Publisher<'a> {
    source: &'a Source,
    desk: &'a Desk,
    outbound: &'a Outbound,
    standing: &'a mut Standing,
    board: &'a Board,
    /// The last update, where its event gives more.
    halfway: Option<(Placing, Vec<u8>)>,
}

async fn publish_once(
    site: &Site,
    until: Until,
    standing: &mut Standing,
    board: &Board,
) -> Result<(), PublishError> {
    let source = site.source().await?;
    let outbound = site.outbound(Role::Publisher).await?;
    let desk = Desk::open(&site.config, &site.name).await?;
    while desk.opened_at().await?.is_none() {
        if until == Until::Head {
            return Err(PublishError::MovingIn(site.name.clone()));
        }
        tokio::time::sleep(MOVING_IN).await;
    }
    loop {
        let (source, desk, outbound) = (&source, &desk, &outbound);
        let mut publisher =
            Publisher { source, desk, outbound, standing: &mut *standing, board, halfway: None };
        let before = publisher.standing.published;
        match publisher.run(until).await {
            // Another publisher was quicker, or an answer was lost.
            Ok(Ended::Look) if standing.published > before => {}
            Ok(Ended::Look) => tokio::time::sleep(LOOK).await,
            Ok(Ended::AtHead) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// How a run ended.
enum Ended {
    /// At the head.
    AtHead,
    /// The updates may have come further than this publisher took them.
    Look,
}

impl Publisher<'_> {
    async fn run(&mut self, until: Until) -> Result<Ended, PublishError> {
        let reached = self.outbound.reached(self.source.identity.ledger_id).await?;
        self.standing.sequence = reached.sequence;
        let mut after = Position::START;
        if let Some((placing, body)) = reached.last {
            self.standing.position = placing.position;
            after = placing.position;
            if !placing.is_last() {
                after = Position(after.0.saturating_sub(1));
                self.halfway = Some((placing, body));
            }
        }
        self.looked(after);
        let mut following = self.source.follow(after, until);
        while let Some(batch) = following.next().await {
            let batch = batch?;
            let upto = batch.last().map_or(after, |placed| placed.position);
            let events = batch.into_iter().filter_map(|placed| match placed.outcome {
                Outcome::Event(event) => Some((placed.position, event)),
                // No part of the record.
                Outcome::Reject(..) => None,
            });
            let events: BTreeMap<Position, Event> = events.collect();
            self.wait_for(upto, until).await?;
            while after < upto {
                let window = Position(after.0.saturating_add(WINDOW)).min(upto);
                let span = Span { after, upto: window };
                let (upto, updates) = self.updates(span, &events).await?;
                if let Ended::Look = self.send(&updates).await? {
                    return Ok(Ended::Look);
                }
                after = upto;
                self.looked(after);
            }
        }
        Ok(Ended::AtHead)
    }

    fn looked(&mut self, upto: Position) {
        self.standing.looked_at = upto;
        self.board.looked(self.source.stream.name(), upto);
    }

    /// Waits until the read models have come to a position.
    async fn wait_for(&self, wanted: Position, until: Until) -> Result<(), PublishError> {
        let begun = tokio::time::Instant::now();
        let mut told = begun;
        loop {
            let reached = self.desk.reached().await?;
            if reached >= wanted {
                return Ok(());
            }
            if until == Until::Head && begun.elapsed() > PATIENCE {
                return Err(AskingError::NotThere { wanted, reached }.into());
            }
            if told.elapsed() > Duration::from_secs(10) {
                tracing::warn!(%reached, %wanted, "the read models are behind; is a projector running?");
                told = tokio::time::Instant::now();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The updates of a span that are not published yet, and up to where they go.
    async fn updates(
        &mut self,
        span: Span,
        events: &BTreeMap<Position, Event>,
    ) -> Result<(Position, Vec<Published>), PublishError> {
        let (upto, around) = self.desk.around(span, events).await?;
        let ledger = self.source.identity.ledger_id;
        let mut updates = Vec::new();
        for (position, event) in events.range(span.after.next()..=upto) {
            let Some(around) = around.get(position) else { continue };
            updates.extend(what::published(ledger, *position, event, around));
        }
        if let Some((placing, body)) = self.halfway.take() {
            let at = updates.iter().position(|update| update.placing == placing);
            let known = at.and_then(|at| updates.get(at)).map(Published::encode).transpose()?;
            let Some(at) = at.filter(|_| known.as_ref() == Some(&body)) else {
                let (sequence, position) = (self.standing.sequence, placing.position);
                return Err(PublishError::OtherRelease { sequence, position });
            };
            updates.drain(..=at);
        }
        Ok((upto, updates))
    }

    /// Appends updates, each after the one before.
    async fn send(&mut self, updates: &[Published]) -> Result<Ended, PublishError> {
        let outbound = self.outbound;
        // Collected first: a stream over a borrowed iterator can't be sent to another thread.
        let mut sending = Vec::with_capacity(updates.len());
        for (after, update) in (self.standing.sequence..).zip(updates) {
            sending.push(outbound.append(after, update, update.encode()?));
        }
        let mut sending = stream::iter(sending).buffered(IN_FLIGHT);
        let mut positions = updates.iter().map(|update| update.placing.position);
        while let (Some(sent), Some(position)) = (sending.next().await, positions.next()) {
            match sent {
                Ok(()) => {
                    self.standing.sequence = self.standing.sequence.saturating_add(1);
                    self.standing.published = self.standing.published.saturating_add(1);
                    self.standing.position = position;
                }
                Err(Unsent::Look) => return Ok(Ended::Look),
                Err(Unsent::Ask(error)) => return Err(error.into()),
            }
        }
        Ok(Ended::AtHead)
    }
}

/// Whether trying again can't help.
const fn stays_stopped(error: &PublishError) -> bool {
    matches!(
        error,
        PublishError::MovingIn(_)
            | PublishError::OtherRelease { .. }
            | PublishError::Site(
                SiteError::Missing(_) | SiteError::Connect(ConnectError::Credential { .. })
            )
            | PublishError::Outbound(
                OutboundError::Missing(_)
                    | OutboundError::OtherLedger { .. }
                    | OutboundError::NotAnUpdate { .. }
            )
            | PublishError::Follow(
                FollowError::Recreated { .. }
                    | FollowError::OtherLedger { .. }
                    | FollowError::Behind { .. }
                    | FollowError::Gap { .. }
                    | FollowError::Unknown(_)
            )
    )
}
