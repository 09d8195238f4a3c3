//! What reads otherwise on a scorecard than it did on another day, and what was dropped in between.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use piperoll_events::ids::MeasureId;
use piperoll_events::rating::Scale;
use piperoll_events::target::Level;
use piperoll_events::{Quantity, Reason};
use piperoll_projections::scorecard::Line;
use uuid::Uuid;

use super::Asked;
use crate::api::problem::Problem;
use crate::asking::answer::{Answer, Board, Scored};
use crate::asking::moment::{AsAt, Moment, When};
use crate::asking::questions::Between;
use crate::asking::questions::changes::{self, Because, Changed, Part, Told};
use crate::asking::questions::dropped::{self, Dropped, Include};
use crate::asking::questions::made_easier::{self, Easier};
use crate::identity::policy::What;
use crate::web::frame::part;
use crate::web::lang::{Lang, Written};
use crate::web::mark::Mark;
use crate::web::page::Visit;
use crate::web::shown::{Room, Why, with_unit};

/// So many changes keep a page within its size.
const ON_A_PAGE: usize = 25;
/// And so many targets made easier, and measures dropped.
const OF_THE_REST: usize = 12;
/// What is written at length takes no more of a page than this.
const ROOM: usize = 16_000;

/// The comparison with another day.
pub(super) struct Compared {
    /// Between which moments.
    pub(super) sentence: String,
    pub(super) changed: Vec<Row>,
    pub(super) dropped: Vec<Drop>,
    pub(super) easier: Vec<Eased>,
    /// How many changes are not shown.
    pub(super) more: u64,
    /// How many of the rest.
    pub(super) more_of_the_rest: u64,
    /// How many figures were looked at.
    pub(super) looked_at: u64,
    touched: BTreeSet<MeasureId>,
}

/// A figure that reads otherwise.
pub(super) struct Row {
    pub(super) code: String,
    pub(super) title: Written,
    pub(super) address: String,
    pub(super) period: String,
    pub(super) sides: Vec<Side>,
    pub(super) because: Vec<Cause>,
}

/// One part of it at both ends.
pub(super) struct Side {
    pub(super) what: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// Why it may read otherwise.
pub(super) struct Cause {
    pub(super) what: String,
    pub(super) why: Why,
}

/// A measure that is looked at less, or no longer.
pub(super) struct Drop {
    pub(super) code: String,
    pub(super) title: Written,
    pub(super) address: String,
    pub(super) how: String,
    pub(super) last: String,
    /// Whether it was off track just before.
    pub(super) off_track: bool,
    pub(super) because: Option<Why>,
}

/// A target that was made easier.
pub(super) struct Eased {
    pub(super) code: String,
    pub(super) title: Written,
    pub(super) address: String,
    pub(super) period: String,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) ease: String,
    pub(super) because: Why,
    /// Whether it was put back.
    pub(super) restored: bool,
}

impl Compared {
    /// Whether anything of a measure reads otherwise.
    pub(super) fn touches(&self, measure: &MeasureId) -> bool {
        self.touched.contains(measure)
    }
}

/// Compares the page's moment with the end of a day.
///
/// # Errors
/// No moment, no right to ask; the read models.
pub(super) async fn compared(
    visit: &Visit,
    asked: &Asked,
    day: &str,
    shown: &Answer<Board>,
) -> Result<Compared, Problem> {
    if !visit.may(What::ReadQuestions)? {
        return Err(Problem::not_allowed(What::ReadQuestions.roles()));
    }
    let (looking, as_at) = (visit.look(&asked.moment).await?, shown.as_at);
    let wrong = |error: crate::asking::moment::NotAMoment| {
        Problem::bad("malformed_parameter", error.to_string())
    };
    let other: Moment = day.parse().map_err(wrong)?;
    let question = changes::Asked { from: other, to: Moment::Position(as_at.position) };
    let other = looking.desk.resolve(other.into()).await?;
    let after = |at: AsAt| (at.position, at.instant);
    let earlier = after(other) <= after(as_at);
    let (first, last) = if earlier { (other, as_at) } else { (as_at, other) };
    let between = Between { from: first.instant, to: last.instant };
    let (dropped, when) =
        (dropped::Asked { between, include: Include::Nothing }, When::At(last.position));
    let dropped = looking.desk.measures_dropped(dropped, when).await?;
    let easier = looking.desk.targets_made_easier(made_easier::Asked { between }, when).await?;
    // Both take instants; what stood at the first moment already is not in between.
    let dropped: Vec<&Dropped> =
        dropped.rows.iter().filter(|row| row.position > first.position).collect();
    let easier: Vec<&Easier> =
        easier.rows.iter().filter(|row| row.change.position > first.position).collect();
    let reply = looking.desk.changes(question, when).await?;
    let lang = visit.lang;
    let minute = |at: AsAt| at.instant.map(|at| lang.moment(at));
    let alike = minute(first) == minute(last);
    let told = |at: AsAt| match at.instant {
        // Where both say the same minute, their positions tell them apart.
        Some(instant) if !alike => lang.moment(instant),
        _ => lang.event(at.position),
    };
    let sentence =
        lang.say_with("compared-between", &[("from", &told(first)), ("to", &told(last))]);
    let more = reply.rows.len().saturating_sub(ON_A_PAGE);
    let beyond = |count: usize| count.saturating_sub(OF_THE_REST);
    let rest = beyond(easier.len()).saturating_add(beyond(dropped.len()));
    // Whatever is told stands at the later moment; at the earlier one there may be no such measure.
    let kept = if earlier { asked.moment.kept() } else { format!("?position={}", last.position) };
    let measures = looking.desk.measures(when).await?.1.into_iter();
    let frameworks = measures.map(|line| (line.measure, line.framework)).collect();
    let room = RefCell::new(Room::of(ROOM));
    let telling = Telling { visit, kept, lines: &shown.answer.lines, frameworks, room };
    Ok(Compared {
        sentence,
        touched: reply.rows.iter().map(|row| row.measure).collect(),
        changed: reply.rows.iter().take(ON_A_PAGE).map(|it| telling.row(it)).collect(),
        dropped: dropped.iter().take(OF_THE_REST).map(|it| telling.drop(it)).collect(),
        easier: easier.iter().take(OF_THE_REST).map(|it| telling.eased(it)).collect(),
        more: u64::try_from(more).unwrap_or(u64::MAX),
        more_of_the_rest: u64::try_from(rest).unwrap_or(u64::MAX),
        looked_at: reply.looked_at.submissions,
    })
}

/// What rows are told with.
struct Telling<'a> {
    visit: &'a Visit,
    kept: String,
    lines: &'a [Scored<Line>],
    /// The framework of each measure, of those in use no longer too.
    frameworks: HashMap<MeasureId, Uuid>,
    /// For what is written at length.
    room: RefCell<Room>,
}

impl Telling<'_> {
    /// The scale that a measure is rated on; of one that is shown no longer, its framework's.
    fn scale(&self, measure: MeasureId) -> Option<&Scale> {
        let framework = self.frameworks.get(&measure)?;
        let mut lines = self.lines.iter();
        lines.find(|line| line.facts.measure.framework == *framework)?.facts.scale()
    }

    fn address(&self, code: &str, below: &str) -> String {
        self.visit.address(&format!("/measures/{}{below}{}", part(code), self.kept))
    }

    /// Why, at length while there is room, else with the way to where it stands.
    fn why(&self, reason: &Reason, address: &str) -> Why {
        let why = self.visit.lang.reason(reason);
        why.within(&mut self.room.borrow_mut(), || address.to_owned())
    }

    fn cause(&self, because: &Because, address: &str) -> Cause {
        let what = because.happened.as_ref().map_or("submission", |happened| happened.as_str());
        let why = because.reason.as_ref().map(|reason| self.why(reason, address));
        Cause { what: self.visit.lang.happened(what), why: why.unwrap_or_default() }
    }

    fn row(&self, changed: &Changed) -> Row {
        let lang = self.visit.lang;
        let sign = if self.kept.is_empty() { '?' } else { '&' };
        let scale = self.scale(changed.measure);
        // Where the figure itself differs, how it is published goes without saying.
        let figure = changed.differs.contains(&Part::Figure);
        let shown = changed.differs.iter().filter(|it| !figure || **it != Part::Published);
        let address = format!("{}{sign}period={}", self.address(&changed.code, ""), changed.period);
        Row {
            because: changed.because.iter().map(|it| self.cause(it, &address)).collect(),
            address,
            code: changed.code.clone(),
            title: lang.pick(&changed.title),
            period: lang.period(changed.period),
            sides: shown.map(|it| side(lang, *it, changed, scale)).collect(),
        }
    }

    fn eased(&self, easier: &Easier) -> Eased {
        let (lang, row) = (self.visit.lang, &easier.change);
        let unit = row.unit.as_deref();
        let ease = row.ease.filter(|ease| ease.loosens());
        let ease = ease.or_else(|| row.year_on_year.map(|compared| compared.ease));
        let address = self.address(&row.code, "/target-changes");
        Eased {
            because: self.why(&row.reason, &address),
            address,
            code: row.code.clone(),
            title: lang.pick(&row.title),
            period: lang.key(&row.key),
            old: lang.aim(row.old.as_ref(), unit),
            new: lang.aim(row.new.as_ref(), unit),
            ease: ease.map(|ease| lang.word("ease", &ease).into_owned()).unwrap_or_default(),
            restored: easier.restored_at.is_some(),
        }
    }

    fn drop(&self, dropped: &Dropped) -> Drop {
        let (lang, before) = (self.visit.lang, &dropped.before);
        let last = before.figure.zip(before.period).map(|(figure, period)| {
            let figure = with_unit(figure, before.unit.as_deref());
            let rated = Mark::of(lang, &before.rating, self.scale(dropped.measure)).words.text;
            let period = lang.period(period);
            let told = [("figure", figure.as_str()), ("period", &period), ("rated", &rated)];
            lang.say_with("dropped-last", &told)
        });
        let address = self.address(&dropped.code, "");
        Drop {
            because: dropped.reason.as_ref().map(|reason| self.why(reason, &address)),
            address,
            code: dropped.code.clone(),
            title: lang.pick(&dropped.title),
            how: lang.word("drop", &dropped.drop).into_owned(),
            last: last.unwrap_or_else(|| lang.say("dropped-never").into_owned()),
            off_track: before.was_off_track == Some(true),
        }
    }
}

fn side(lang: Lang, part: Part, changed: &Changed, scale: Option<&Scale>) -> Side {
    let figure = |value: Option<Quantity>, unit: Option<&str>, none: &str| {
        value.map_or_else(|| lang.say(none).into_owned(), |value| with_unit(value, unit))
    };
    let told = |told: &Told| {
        let unit = told.unit.as_deref();
        match part {
            Part::Measure | Part::Published => figure(told.published, unit, "no-figure"),
            Part::Figure => figure(told.value, unit, "no-figure"),
            Part::Unit => told.unit.clone().unwrap_or_default(),
            Part::Target => {
                lang.aimed(told.target.map(|at| Level { at, to: told.target_to }), unit)
            }
            Part::Rating => Mark::of(lang, &told.rating, scale).words.text,
        }
    };
    let before = changed.a.as_ref().map(told);
    Side {
        what: lang.word("part", &part).into_owned(),
        before: before.unwrap_or_else(|| lang.say("no-measure").into_owned()),
        after: told(&changed.b),
    }
}
