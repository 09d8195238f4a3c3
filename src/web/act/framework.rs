//! What an act did to anything but a measure: a framework and its parts, a file, the ledger, posts and roles.

use piperoll_events::framework::Framework;
use piperoll_events::import::Import;
use piperoll_events::ledger::Ledger;
use piperoll_events::post::Post;
use piperoll_events::role::Role;
use piperoll_events::role::granted::RoleScope;
use piperoll_events::text::{Label, Words};
use piperoll_events::{Event, Fact};

use super::changed::{Parts, Row, differing};
use super::people::People;
use super::{Telling, rules};
use crate::api::problem::Problem;
use crate::web::lang::{Lang, Written};

/// So many events back the version before is looked for.
const BACK: usize = 500;

/// What changed of it.
///
/// # Errors
/// NATS or Postgres.
pub(super) async fn rows(telling: &Telling<'_>, people: &People) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    Ok(match &telling.event.fact {
        Fact::Framework(fact) => of_framework(telling, fact, people).await?,
        Fact::Objective(_) | Fact::Step(_) | Fact::Area(_) => {
            let new = part(telling, &telling.event.fact).await?.unwrap_or_default();
            let old = telling.earlier(|fact| named(fact).then(|| fact.clone())).await?;
            let old = match old {
                Some(fact) => part(telling, &fact).await?,
                None => None,
            };
            differing(lang, old, new)
        }
        Fact::Import(fact) => of_import(lang, fact),
        Fact::Ledger(fact) => of_ledger(lang, fact),
        Fact::Post(fact) => of_post(lang, fact, people),
        Fact::Role(fact) => of_role(telling, fact, people).await?,
        Fact::Measure(_) | Fact::Submission(_) => Vec::new(),
    })
}

fn own(text: impl Into<String>) -> Written {
    Written::own(text.into())
}

impl Telling<'_> {
    /// The last of what earlier events about the same thing said.
    ///
    /// # Errors
    /// NATS.
    pub(super) async fn earlier<T>(
        &self,
        pick: impl Fn(&Fact) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let stream = &self.visit.call.room()?.source.stream;
        let mut next = self.event.record.previous;
        for _ in 0..BACK {
            let Some(position) = next else { break };
            let stored = stream.find(position).await?;
            let Some(event) = stored.and_then(|stored| Event::decode(&stored.body).ok()) else {
                break;
            };
            if let Some(found) = pick(&event.fact) {
                return Ok(Some(found));
            }
            next = event.record.previous;
        }
        Ok(None)
    }
}

async fn of_framework(
    telling: &Telling<'_>,
    fact: &Framework,
    people: &People,
) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let changes = |digest: String, changes: Option<u64>| {
        let digest = Row::first(lang, "file-digest", own(digest));
        let changes = changes.map(|it| Row::first(lang, "amendment-changes", own(it.to_string())));
        [digest].into_iter().chain(changes).collect::<Vec<_>>()
    };
    Ok(match fact {
        Framework::Adopted(it) => {
            let mut rows = differing(lang, None, called(lang, &it.title, it.from, it.until));
            rows.extend(
                it.scale.iter().map(|scale| Row::first(lang, "scale", rules::scale(lang, scale))),
            );
            let rule = it.rating_rule.as_ref().map(|rule| rules::rule(lang, rule));
            rows.extend(rule.into_iter().flat_map(|rule| differing(lang, None, rule)));
            rows
        }
        Framework::Revised(it) => {
            let old = telling.earlier(|fact| match fact {
                Fact::Framework(Framework::Adopted(it)) => {
                    Some(called(lang, &it.title, it.from, it.until))
                }
                Fact::Framework(Framework::Revised(it)) => {
                    Some(called(lang, &it.title, it.from, it.until))
                }
                _ => None,
            });
            differing(lang, old.await?, called(lang, &it.title, it.from, it.until))
        }
        Framework::DecisionRightSet(it) => vec![rules::right(lang, &it.right, it.state)],
        Framework::SignOffChainSet(it) => rules::chain(telling, &it.chain, people).await?,
        Framework::RatingRuleSet(it) => {
            let old = rules::earlier_rule(telling).await?;
            differing(lang, old, rules::rule(lang, &it.rule))
        }
        Framework::ScaleSet(it) => rules::rescaled(telling, it).await?,
        Framework::TaxonomySet(it) => rules::listed(telling, &it.taxonomy).await?,
        Framework::AmendmentBegun(it) => changes(it.file_digest.to_string(), Some(it.changes)),
        Framework::Amended(it) => changes(it.file_digest.to_string(), None),
        Framework::AmendmentGivenUp(it) => changes(it.file_digest.to_string(), None),
    })
}

fn called(
    lang: Lang,
    title: &Words,
    from: chrono::NaiveDate,
    until: Option<chrono::NaiveDate>,
) -> Parts {
    vec![
        ("title", Some(lang.pick(title))),
        ("from-day", Some(own(lang.day(from)))),
        ("until-day", until.map(|day| own(lang.day(day)))),
    ]
}

/// Whether a fact says what a part of a framework is called.
const fn named(fact: &Fact) -> bool {
    use piperoll_events::{area::Area, objective::Objective, step::Step};
    matches!(
        fact,
        Fact::Objective(Objective::Added(_) | Objective::Revised(_))
            | Fact::Step(Step::Added(_) | Step::Revised(_))
            | Fact::Area(Area::Added(_) | Area::Revised(_))
    )
}

/// What a fact says of a part of a framework.
async fn part(telling: &Telling<'_>, fact: &Fact) -> Result<Option<Parts>, Problem> {
    use piperoll_events::{area::Area, objective::Objective, step::Step};
    let lang = telling.visit.lang;
    let called = |code: &Label, title: &Words| -> Parts {
        vec![("code", Some(lang.english(code.as_str()))), ("title", Some(lang.pick(title)))]
    };
    let ended = |from| Some(vec![("until-day", Some(own(lang.day(from))))]);
    let step = |code, title, level, lead: &Option<Label>| {
        let mut parts = called(code, title);
        let level = lang.word("step-level", level).into_owned();
        parts.push(("step-where", Some(own(level))));
        parts.push(("step-lead", lead.as_ref().map(|lead| lang.english(lead.as_str()))));
        parts
    };
    let (mut parts, objective) = match fact {
        Fact::Objective(Objective::Added(it)) => return Ok(Some(called(&it.code, &it.title))),
        Fact::Objective(Objective::Revised(it)) => return Ok(Some(called(&it.code, &it.title))),
        Fact::Area(Area::Added(it)) => return Ok(Some(called(&it.code, &it.title))),
        Fact::Area(Area::Revised(it)) => return Ok(Some(called(&it.code, &it.title))),
        Fact::Objective(Objective::Retired(it)) => return Ok(ended(it.from)),
        Fact::Area(Area::Retired(it)) => return Ok(ended(it.from)),
        Fact::Step(Step::Retired(it)) => return Ok(ended(it.from)),
        Fact::Step(Step::Added(it)) => {
            (step(&it.code, &it.title, &it.level, &it.lead), it.objective)
        }
        Fact::Step(Step::Revised(it)) => {
            (step(&it.code, &it.title, &it.level, &it.lead), it.objective)
        }
        _ => return Ok(None),
    };
    let objective = match objective {
        Some(id) => telling.part_called(id.uuid()).await?,
        None => None,
    };
    parts.push(("step-serves", objective));
    Ok(Some(parts))
}

fn of_import(lang: Lang, fact: &Import) -> Vec<Row> {
    let row = |key: &str, what: String| Row::first(lang, key, own(what));
    match fact {
        Import::Received(it) => vec![
            Row::first(lang, "file-name", lang.english(it.file_name.as_str())),
            row("file-digest", it.file_digest.to_string()),
            row("file-mapping", it.mapping_digest.to_string()),
            row("file-bytes", it.bytes.to_string()),
            row("file-rows", it.rows.to_string()),
        ],
        Import::Applied(it) => vec![
            row("file-rows", it.rows.read.to_string()),
            row("rows-recorded", it.rows.recorded.to_string()),
            row("rows-unchanged", it.rows.unchanged.to_string()),
            row("rows-declared", it.rows.declared.to_string()),
            row("rows-refused", it.rows.refused.to_string()),
            row("file-events", it.events.to_string()),
        ],
        Import::Rejected(_) => Vec::new(),
        Import::Reversed(it) => vec![row("file-events", it.events.to_string())],
    }
}

fn of_ledger(lang: Lang, fact: &Ledger) -> Vec<Row> {
    match fact {
        Ledger::Created(it) => vec![
            Row::first(lang, "title", lang.pick(&it.title)),
            Row::first(lang, "body-is", own(lang.word("body-kind", &it.body_kind))),
            Row::first(lang, "body-exists", own(lang.word("reality", &it.reality))),
        ],
        Ledger::Opened(it) => {
            vec![Row::first(lang, "events-asserted", own(it.asserted.to_string()))]
        }
        Ledger::KeyAdded(it) => vec![
            Row::first(lang, "key-id", own(it.key_id.as_str())),
            Row::first(lang, "key-public", own(it.public_key.as_str())),
        ],
        Ledger::ConfigurationObserved(it) => it
            .differences
            .iter()
            .map(|it| Row {
                what: lang.english(it.field.as_str()),
                before: Some(lang.english(it.expected.as_str())),
                after: Some(lang.english(it.found.as_str())),
            })
            .collect(),
    }
}

fn of_post(lang: Lang, fact: &Post, people: &People) -> Vec<Row> {
    let day = |key: &str, day| Row::first(lang, key, own(lang.day(day)));
    match fact {
        Post::Created(it) => {
            let organisation = it.organisation.iter().map(|organisation| {
                Row::first(lang, "organisation", lang.english(organisation.as_str()))
            });
            let rows = [
                Row::first(lang, "title", lang.pick(&it.title)),
                Row::first(lang, "post-is", own(lang.word("post-kind", &it.kind))),
            ];
            rows.into_iter().chain(organisation).collect()
        }
        Post::Held(it) => {
            let rows = [
                Row::first(lang, "holder", people.person(it.holder)),
                Row::first(lang, "held-as", own(lang.word("basis", &it.basis))),
                day("from-day", it.from),
            ];
            rows.into_iter().chain(it.until.map(|until| day("until-day", until))).collect()
        }
        Post::Vacated(it) => vec![
            Row::of(lang, "holder", Some(people.person(it.holder)), None),
            day("until-day", it.on),
        ],
        Post::Delegated(it) => {
            let rows =
                [Row::first(lang, "delegated-to", people.post(it.to)), day("from-day", it.from)];
            rows.into_iter().chain(it.until.map(|until| day("until-day", until))).collect()
        }
    }
}

async fn of_role(telling: &Telling<'_>, fact: &Role, people: &People) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let day = |key: &str, day| Row::first(lang, key, own(lang.day(day)));
    Ok(match fact {
        Role::Granted(it) => {
            let scope = match &it.scope {
                RoleScope::Ledger => own(lang.say("scope-ledger")),
                RoleScope::Area(id) => {
                    telling.part_called(id.uuid()).await?.unwrap_or_else(|| own(id.to_string()))
                }
                RoleScope::Measure(id) => own(id.to_string()),
                RoleScope::Organisation(name) => lang.english(name.as_str()),
            };
            let rows = [
                Row::first(lang, "holder", people.person(it.person)),
                Row::first(lang, "by-role", own(lang.word("role", &it.role))),
                Row::first(lang, "role-over", scope),
                day("from-day", it.from),
            ];
            rows.into_iter().chain(it.until.map(|until| day("until-day", until))).collect()
        }
        Role::Ended(it) => vec![day("until-day", it.on)],
    })
}
