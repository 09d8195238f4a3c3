//! `accountable-on`: who had which duty towards a measure on a day, and who held the posts (QUESTIONS
//! Q20).
//!
//! **Invariant:** the day is about what was effective; what was known of it is what stands at the
//! moment asked. Nobody is an answer, and two at once are both shown.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::London;
use piperoll_events::Position;
use piperoll_events::ids::{ActorId, PostId};
use piperoll_events::measure::adopted::Subject;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::post::held::Basis;
use piperoll_events::text::Words;
use piperoll_projections::accountability::duties::{Borne, Days, PostKnown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LookedAt, Reply, count, number};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AccountableOnQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// The day.
    pub on: NaiveDate,
}

/// A duty on the day, with one holder of its post or none; or that nobody had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answerable {
    /// Which duty.
    pub duty: Duty,
    /// The post that had it; absent: nobody.
    pub post: Option<PostId>,
    /// What the post is called.
    pub post_title: Option<Words>,
    /// The organisation that contributed.
    pub organisation: Option<String>,
    /// When the duty was had, around the day.
    pub duty_days: Option<Days>,
    /// Who held the post; absent: nobody, or no post.
    pub holder: Option<ActorId>,
    /// As their own, or acting.
    pub basis: Option<Basis>,
    /// When they held it.
    pub holder_days: Option<Days>,
    /// Posts that it had delegated to.
    pub delegated_to: Vec<PostId>,
    /// Since when nobody has had the duty or held the post; absent where somebody did, or nobody ever.
    pub nobody_since: Option<NaiveDate>,
    /// When that was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Whether it was recorded after its first day.
    pub recorded_late: Option<bool>,
    /// The events that this row rests on.
    pub positions: Vec<Position>,
}

impl Desk {
    /// Who answered for a measure on a day.
    ///
    /// # Errors
    /// No such measure, or several; Postgres.
    pub async fn accountable_on(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Answerable>, AskingError> {
        let as_at = self.together(when).await?;
        let at = as_at.position;
        let line = self.measure_of(&asked.measure, When::At(at)).await?.1;
        let duties = self.acts.duties(line.measure, at).await?;
        let posts: BTreeSet<PostId> = duties.iter().filter_map(|borne| borne.post).collect();
        let posts: Vec<PostId> = posts.into_iter().collect();
        let posts = self.acts.posts(&posts, at).await?;
        let mut rows = Vec::new();
        for duty in [Duty::Accountable, Duty::Steward, Duty::Contributor] {
            rows.extend(on(asked.on, duty, &duties, &posts));
        }
        let mut notes = Vec::new();
        if line.subject == Subject::PopulationIndicator {
            rows.retain(|row| row.duty != Duty::Accountable || row.post.is_some());
            notes.push("Nobody alone answers for a population indicator.".to_owned());
        }
        let positions: Vec<Position> =
            rows.iter().filter_map(|row| row.positions.last().copied()).collect();
        let acts = self.acts.acts(&positions).await?;
        for row in &mut rows {
            let act = row.positions.last().and_then(|position| acts.get(position));
            let from = row.holder_days.or(row.duty_days).map(|days| days.from);
            row.recorded_at = act.map(|act| act.recorded_at);
            row.recorded_late = row
                .recorded_at
                .zip(from)
                .map(|(recorded_at, from)| recorded_at.with_timezone(&London).date_naive() > from);
        }
        let mut by_duty = BTreeMap::new();
        for row in rows.iter().filter(|row| row.post.is_some() || row.organisation.is_some()) {
            count(&mut by_duty, row.duty);
        }
        Ok(Reply {
            question: "accountable-on",
            params: asked,
            as_at,
            looked_at: LookedAt {
                measures: 1,
                changes: number(duties.len()),
                ..LookedAt::default()
            },
            rows,
            totals: [("by_duty", by_duty)].into(),
            withheld: 0,
            notes,
        })
    }
}

/// What there is to say of one duty on a day.
fn on(
    day: NaiveDate,
    duty: Duty,
    duties: &[Borne],
    posts: &BTreeMap<PostId, PostKnown>,
) -> Vec<Answerable> {
    let of_it = || duties.iter().filter(|borne| borne.duty == duty);
    let mut rows = Vec::new();
    for borne in of_it().filter(|borne| borne.days.hold(day)) {
        let post = borne.post.and_then(|post| posts.get(&post));
        let holdings = post.map_or(&[][..], |post| &post.holdings);
        let row = Answerable {
            post: borne.post,
            post_title: post.and_then(|post| post.title.clone()),
            organisation: borne.organisation.clone(),
            duty_days: Some(borne.days),
            delegated_to: post.map(|post| delegated(post, day)).unwrap_or_default(),
            positions: vec![borne.position],
            ..nobody(duty, None)
        };
        let mut held = false;
        for holding in holdings.iter().filter(|holding| holding.days.hold(day)) {
            held = true;
            rows.push(Answerable {
                holder: Some(holding.holder),
                basis: Some(holding.basis),
                holder_days: Some(holding.days),
                positions: vec![borne.position, holding.position],
                ..row.clone()
            });
        }
        if !held {
            let since = since(holdings.iter().map(|holding| holding.days), day);
            rows.push(Answerable { nobody_since: since, ..row });
        }
    }
    if rows.is_empty() && duty != Duty::Contributor {
        rows.push(nobody(duty, since(of_it().map(|borne| borne.days), day)));
    }
    rows
}

fn nobody(duty: Duty, nobody_since: Option<NaiveDate>) -> Answerable {
    Answerable {
        duty,
        post: None,
        post_title: None,
        organisation: None,
        duty_days: None,
        holder: None,
        basis: None,
        holder_days: None,
        delegated_to: Vec::new(),
        nobody_since,
        recorded_at: None,
        recorded_late: None,
        positions: Vec::new(),
    }
}

fn delegated(post: &PostKnown, day: NaiveDate) -> Vec<PostId> {
    let on_the_day = post.delegations.iter().filter(|(_, days, _)| days.hold(day));
    on_the_day.map(|(to, _, _)| *to).collect()
}

/// The last end on or before a day.
fn since(spans: impl Iterator<Item = Days>, day: NaiveDate) -> Option<NaiveDate> {
    spans.filter_map(|days| days.until).filter(|until| *until <= day).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use piperoll_projections::accountability::duties::Holding;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(from: &str, until: Option<&str>) -> Days {
        Days { from: day(from), until: until.map(day) }
    }

    fn post(name: &str) -> PostId {
        PostId::derived(&[name])
    }

    fn borne(name: &str, days: Days) -> Borne {
        let (post, position) = (Some(post(name)), Position(3));
        Borne { duty: Duty::Accountable, post, organisation: None, days, position }
    }

    fn holding(name: &str, basis: Basis, days: Days) -> Holding {
        Holding { holder: ActorId::derived(&[name]), basis, days, position: Position(5) }
    }

    fn told(
        on_day: &str,
        duties: &[Borne],
        holdings: Vec<Holding>,
    ) -> Vec<(Option<PostId>, Option<ActorId>, Option<NaiveDate>)> {
        let known = PostKnown { holdings, ..PostKnown::default() };
        let posts = [(post("director"), known)].into();
        let rows = on(day(on_day), Duty::Accountable, duties, &posts);
        rows.iter().map(|row| (row.post, row.holder, row.nobody_since)).collect()
    }

    #[test]
    fn two_at_once_are_both_shown_and_a_gap_says_since_when() {
        let duties = [borne("director", days("2022-01-01", Some("2024-01-01")))];
        let holdings = || {
            vec![
                holding("ann", Basis::Substantive, days("2022-01-01", Some("2023-01-01"))),
                holding("bob", Basis::Acting, days("2022-06-01", Some("2023-01-01"))),
            ]
        };
        let (director, ann, bob) = (
            Some(post("director")),
            Some(ActorId::derived(&["ann"])),
            Some(ActorId::derived(&["bob"])),
        );
        assert_eq!(told("2022-03-01", &duties, holdings()), [(director, ann, None)]);
        let both = [(director, ann, None), (director, bob, None)];
        assert_eq!(told("2022-12-31", &duties, holdings()), both);
        let empty = [(director, None, Some(day("2023-01-01")))];
        assert_eq!(told("2023-06-01", &duties, holdings()), empty, "the post is held by nobody");
        let gone = [(None, None, Some(day("2024-01-01")))];
        assert_eq!(told("2024-01-01", &duties, holdings()), gone, "nobody has the duty");
        assert_eq!(told("2021-12-31", &duties, holdings()), [(None, None, None)], "nobody ever");
    }
}
