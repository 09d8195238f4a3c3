//! What an act is about: the thing by its name, and where it can be seen as it stood then and just before.

use piperoll_events::ids::PostId;
use piperoll_events::{EntityKind, Fact, Position};

use super::Telling;
use crate::api::problem::Problem;
use crate::asking::answer::{AskingError, code_of};
use crate::asking::around::subject;
use crate::asking::moment::When;
use crate::web::frame::part;
use crate::web::lang::Written;

/// The thing.
#[derive(Default)]
pub(super) struct About {
    /// What kind of thing.
    pub(super) kind: String,
    /// Its code or its period, where it has one.
    pub(super) code: String,
    /// What it was called then.
    pub(super) title: Option<Written>,
    /// Where it is seen.
    pub(super) links: Vec<Link>,
}

/// A way to another page.
pub(super) struct Link {
    pub(super) words: String,
    pub(super) address: String,
}

impl Telling<'_> {
    /// What the act is about.
    ///
    /// # Errors
    /// Postgres.
    pub(super) async fn about(&self) -> Result<About, Problem> {
        let (lang, event) = (self.visit.lang, self.event);
        let kind = lang.word("kind", &event.entity.kind.to_string()).into_owned();
        let about = About { kind, links: self.scorecards(), ..About::default() };
        if let Some((measure, period)) = subject(event) {
            let found = self.desk.measure_of(&measure.to_string(), When::At(self.at)).await;
            let (_, line) = match found {
                Ok(found) => found,
                Err(AskingError::NoMeasure { .. }) => return Ok(about),
                Err(error) => return Err(error.into()),
            };
            let code = code_of(&line);
            let told = period.map(|period| lang.period(period));
            let more = period.map(|period| format!("&period={period}")).unwrap_or_default();
            let path = format!("/measures/{}", part(&line.measure.to_string()));
            let first = event.entity.kind == EntityKind::Measure && event.record.previous.is_none();
            let mut links =
                self.both(["about-measure-then", "about-measure-before"], &path, &more, first);
            links.extend(about.links);
            return Ok(About {
                code: told.map_or_else(|| code.clone(), |told| format!("{code}, {told}")),
                title: Some(lang.pick(&line.title)),
                links,
                ..about
            });
        }
        let title = match &event.fact {
            Fact::Ledger(_) => Some(lang.pick(&self.visit.call.room()?.founded().await?.title)),
            Fact::Post(_) => {
                let post = PostId::new(event.entity.id);
                let titles = self.desk.post_titles(&[post].into(), self.at).await?;
                titles.get(&post).map(|title| lang.pick(title))
            }
            _ => {
                let parts = self.desk.structure(When::At(self.at)).await?;
                let part = parts.iter().find(|part| part.id == event.entity.id);
                part.map(|part| lang.pick(&part.title))
            }
        };
        Ok(About { title, ..about })
    }

    /// The scorecard at the act and just before it.
    fn scorecards(&self) -> Vec<Link> {
        self.both(["about-scorecard-then", "about-scorecard-before"], "/scorecard", "", false)
    }

    /// A page as it stood at the act, and as it stood just before where there was one.
    fn both(
        &self,
        [then, just_before]: [&str; 2],
        path: &str,
        more: &str,
        first: bool,
    ) -> Vec<Link> {
        let link = |key: &str, position: Position| Link {
            words: self.visit.lang.say(key).into_owned(),
            address: self.visit.address(&format!("{path}?position={position}{more}")),
        };
        let before = Position(self.at.0.saturating_sub(1));
        let mut links = vec![link(then, self.at)];
        if !first && before > Position::START {
            links.push(link(just_before, before));
        }
        links
    }

    /// What a part of a framework is called: an objective, a step, an area, or the framework.
    ///
    /// # Errors
    /// Postgres.
    pub(super) async fn part_called(&self, id: uuid::Uuid) -> Result<Option<Written>, Problem> {
        let parts = self.desk.structure(When::At(self.at)).await?;
        let part = parts.iter().find(|part| part.id == id);
        Ok(part.map(|part| self.visit.lang.pick(&part.title)))
    }
}
