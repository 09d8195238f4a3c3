//! What may happen next in a small world: two frameworks, three measures, six clashing periods.

use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::framework::{self, DecisionRightSet, RatingRuleSet};
use piperoll_events::ids::{
    AreaId, ImportId, LedgerId, MeasureId, ObjectiveId, StepId, SubmissionId,
};
use piperoll_events::import::{Applied, Received, applied::RowCount};
use piperoll_events::ledger::{Created, Opened, created};
use piperoll_events::measure::{
    self, BaselineSet, CodeAssigned, DefinitionSet, Placed, Removed, Retitled, Tagged,
    TargetChanged, TargetCorrected, TargetSet, TargetWithdrawn, adopted, code_assigned::Code,
};
use piperoll_events::step::added::StepLevel;
use piperoll_events::submission::{
    CommentaryWritten, Revised, Submitted, Withdrawn, revised::ReportedRating,
};
use piperoll_events::target::{Target, TargetKey, Tier};
use piperoll_events::taxonomy::{Taxonomy, Term};
use piperoll_events::{Breakdown, EntityRef, Fact, Period, Position, area, objective, step};

use super::duties;
use super::histories::Seed;
use super::makers::*;

pub(crate) const MEASURES: u8 = 3;

/// What stands, as far as the next step has to know.
pub(crate) struct World {
    pub(crate) ledger: LedgerId,
    opened: bool,
    imports: u8,
    adopted: Vec<MeasureId>,
    targets: Vec<(MeasureId, TargetKey, Target)>,
    submissions: Vec<Standing>,
}

struct Standing {
    id: SubmissionId,
    content_from: Position,
    figures_at: Option<Position>,
    cells: Vec<Breakdown>,
}

pub(super) type Step = (EntityRef, Fact);

impl World {
    pub(crate) fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            opened: false,
            imports: 1,
            adopted: Vec::new(),
            targets: Vec::new(),
            submissions: Vec::new(),
        }
    }

    /// What happens next at `at`, if these numbers make anything that may.
    pub(crate) fn step(&mut self, seed: Seed, at: Position) -> Option<Step> {
        let measure = measure(seed[1] % MEASURES);
        if !self.adopted.contains(&measure) {
            return Some(self.adopt(measure, seed));
        }
        match seed[0] / 8 {
            0..=5 => Some(about(measure, seed)),
            6..=11 => Some(self.target(measure, seed)),
            12 => Some(rule_set(seed)),
            13 => Some(self.import(seed)),
            14 if seed[2] < 64 => self.open(),
            15..=17 => Some(duties::said(measure, seed)),
            18 => Some(part_revised(seed)),
            19 => Some(framework_revised(seed)),
            20 | 21 => Some(right_set(seed)),
            22 => Some(duties::of_role(12 + seed[2] % 2, seed)),
            _ => self.submission(measure, seed, at),
        }
    }

    fn adopt(&mut self, measure: MeasureId, seed: Seed) -> Step {
        self.adopted.push(measure);
        let targets: Vec<_> = (0..seed[2] % 3)
            .map(|n| adopted::FirstTarget {
                key: TargetKey {
                    period: period(n),
                    breakdown: Breakdown::HEADLINE,
                    tier: Tier::Expected,
                },
                target: target(seed[3].wrapping_add(n)),
            })
            .collect();
        for first in &targets {
            self.targets.push((measure, first.key.clone(), first.target.clone()));
        }
        let fact = measure::Adopted {
            framework: framework(seed[4]),
            title: words(&format!("Measure {}", seed[1])),
            treatment: adopted::Treatment::Targeted,
            level: adopted::MeasureLevel::Strategic,
            measures: adopted::Subject::PerformanceMeasure,
            definition: definition(seed[5]),
            codes: vec![code(seed[2]), Code { scheme: label("benchmark"), ..code(seed[3]) }],
            baseline: seed[6].is_multiple_of(2).then(|| baseline(seed)),
            targets,
            places: vec![place(seed[4])],
            reason: reason(),
            authority: None,
        };
        (measure.into(), piperoll_events::measure::Measure::from(fact).into())
    }

    fn target(&mut self, measure: MeasureId, seed: Seed) -> Step {
        let key = TargetKey {
            period: period(seed[2]),
            breakdown: part(seed[3]),
            tier: if seed[4].is_multiple_of(4) { Tier::Stretch } else { Tier::Expected },
        };
        let (new, reason, authority) = (target(seed[5]), reason(), authority(seed[7]));
        let held = self.targets.iter().position(|(m, k, _)| *m == measure && *k == key);
        let fact: Fact = match held {
            None => {
                self.targets.push((measure, key.clone(), new.clone()));
                TargetSet { key, target: new, reason, authority, case: None }.into()
            }
            Some(n) if seed[6].is_multiple_of(3) => {
                let (_, key, old) = self.targets.remove(n);
                TargetWithdrawn { key, old, reason, authority, case: None }.into()
            }
            Some(n) if seed[6].is_multiple_of(5) => {
                let old = std::mem::replace(&mut self.targets[n].2, new.clone());
                TargetCorrected { key, corrects: Position(1), old, new, reason, authority }.into()
            }
            Some(n) => {
                let old = std::mem::replace(&mut self.targets[n].2, new.clone());
                TargetChanged { key, old, new, reason, authority, case: None }.into()
            }
        };
        (measure.into(), fact)
    }

    fn import(&mut self, seed: Seed) -> Step {
        self.imports += 1;
        let id = ImportId::derived(&[&(self.imports / 2).to_string()]);
        let fact: Fact = if self.imports.is_multiple_of(2) {
            Received {
                file_name: label("figures.csv"),
                file_digest: digest(seed[2]),
                bytes: 10,
                mapping_digest: digest(3),
                rows: 2,
                encoding: label("utf-8"),
            }
            .into()
        } else {
            Applied { rows: RowCount::default(), events: 1, withdrawn: 0 }.into()
        };
        (id.into(), fact)
    }

    fn open(&mut self) -> Option<Step> {
        let opens = !std::mem::replace(&mut self.opened, true);
        opens.then(|| (self.ledger.into(), Opened { asserted: 1 }.into()))
    }

    fn submission(&mut self, measure: MeasureId, seed: Seed, at: Position) -> Option<Step> {
        if seed[2] == 0 {
            return Some(self.whole(measure, at));
        }
        let period = period(seed[2]);
        let id = SubmissionId::of(measure, Some(period));
        let reason = reason();
        let Some(n) = self.submissions.iter().position(|s| s.id == id) else {
            return Some(self.begin(measure, period, seed, at));
        };
        let standing = &mut self.submissions[n];
        let content_from = standing.content_from;
        let fact: Fact = match (seed[3] % 6, standing.figures_at) {
            (0, _) | (1, None) => {
                self.submissions.remove(n);
                Withdrawn { measure, period: Some(period), content_from, reason }.into()
            }
            (1, _) => {
                standing.content_from = at;
                standing.figures_at = None;
                no_value(measure, Some(period)).into()
            }
            (2, Some(explains)) => {
                let text = (seed[4] % 3 == 1).then(sealed);
                CommentaryWritten { measure, period, content_from, explains, text }.into()
            }
            (_, Some(_)) => {
                standing.figures_at = Some(at);
                standing.revise(measure, period, seed).into()
            }
            _ => return None,
        };
        Some((id.into(), fact))
    }

    /// Content where there is none.
    fn begin(&mut self, measure: MeasureId, period: Period, seed: Seed, at: Position) -> Step {
        let id = SubmissionId::of(measure, Some(period));
        let (fact, figures_at, cells): (Fact, _, _) = if seed[3].is_multiple_of(8) {
            (no_value(measure, Some(period)).into(), None, Vec::new())
        } else {
            let cells = cells(seed);
            let parts = cells.iter().map(|cell| cell.breakdown.clone()).collect();
            let rating_as_reported = seed[4].is_multiple_of(2).then(|| label("green"));
            let commentary = seed[4].is_multiple_of(3).then(sealed);
            let fact = Submitted { measure, period, cells, rating_as_reported, commentary };
            (fact.into(), Some(at), parts)
        };
        self.submissions.push(Standing { id, content_from: at, figures_at, cells });
        (id.into(), fact)
    }

    /// The measure has no figures at all, or that is taken back.
    fn whole(&mut self, measure: MeasureId, at: Position) -> Step {
        let id = SubmissionId::of(measure, None);
        let fact: Fact = if let Some(n) = self.submissions.iter().position(|s| s.id == id) {
            let content_from = self.submissions.remove(n).content_from;
            Withdrawn { measure, period: None, content_from, reason: reason() }.into()
        } else {
            let standing = Standing { id, content_from: at, figures_at: None, cells: Vec::new() };
            self.submissions.push(standing);
            no_value(measure, None).into()
        };
        (id.into(), fact)
    }
}

impl Standing {
    fn revise(&mut self, measure: MeasureId, period: Period, seed: Seed) -> Revised {
        let changed = cells(seed);
        let new: Vec<_> = changed.iter().map(|cell| cell.breakdown.clone()).collect();
        let mut removed = Vec::new();
        if seed[4].is_multiple_of(3) {
            removed.extend(self.cells.iter().find(|part| !new.contains(part)).cloned());
        }
        self.cells.retain(|part| !removed.contains(part) && !new.contains(part));
        self.cells.extend(new);
        let rating_as_reported = match seed[4] % 4 {
            0 => Some(ReportedRating { now: None }),
            1 => Some(ReportedRating { now: Some(label("red")) }),
            _ => None,
        };
        let content_from = self.content_from;
        Revised {
            measure,
            period,
            content_from,
            changed,
            removed,
            rating_as_reported,
            reason: reason(),
        }
    }
}

fn about(measure: MeasureId, seed: Seed) -> Step {
    let reason = reason();
    let fact: Fact = match seed[2] % 8 {
        0 => {
            DefinitionSet { definition: definition(seed[3]), reason, authority: None, change: None }
                .into()
        }
        1 => BaselineSet { baseline: baseline(seed), reason, authority: None }.into(),
        2 | 3 => Placed { place: place(seed[3]), reason }.into(),
        4 => Removed { place: place(seed[3]), reason }.into(),
        5 => Retitled { old: words("Old"), new: words(&format!("New {}", seed[3])), reason }.into(),
        6 => Tagged { taxonomy: label("ways"), codes: vec![label("prevention")], reason }.into(),
        _ => CodeAssigned { code: code(seed[3]), reason }.into(),
    };
    (measure.into(), fact)
}

/// A part of a framework that is called otherwise, or ends.
fn part_revised(seed: Seed) -> Step {
    let (framework, reason) = (framework(0), reason());
    let (code, title) = (label(&format!("{}", seed[3] % 4)), words(&format!("Part {}", seed[4])));
    let from = "2024-04-01".parse().unwrap();
    let ends = seed[5].is_multiple_of(4);
    match seed[2] % 3 {
        0 => {
            let fact: Fact = if ends {
                objective::Retired { from, reason }.into()
            } else {
                objective::Revised { framework, code, title, reason }.into()
            };
            (ObjectiveId::derived(&["0"]).into(), fact)
        }
        1 => {
            let (objective, level) = (None, StepLevel::Regional);
            let lead = seed[6].is_multiple_of(2).then(|| label("Head of Housing"));
            let fact: Fact = if ends {
                step::Retired { from, reason }.into()
            } else {
                step::Revised { framework, objective, code, title, level, lead, reason }.into()
            };
            (StepId::derived(&["0"]).into(), fact)
        }
        _ => {
            let fact: Fact = if ends {
                area::Retired { from, reason }.into()
            } else {
                area::Revised { framework, code, title, reason }.into()
            };
            (AreaId::derived(&["0"]).into(), fact)
        }
    }
}

/// A framework that is called otherwise, rates in other words, keeps a list, or is amended.
fn framework_revised(seed: Seed) -> Step {
    let (reason, authority) = (reason(), None);
    let file_digest = digest(seed[4] % 2);
    let fact: Fact = match seed[3] % 6 {
        0 | 1 => {
            let rating_rule = (!seed[5].is_multiple_of(4)).then(|| rule(seed[5]));
            framework::ScaleSet { scale: scale(), rating_rule, reason, authority }.into()
        }
        2 => {
            let (title, from) =
                (words(&format!("Plan {}", seed[4])), "2021-04-01".parse().unwrap());
            framework::Revised { title, from, until: None, reason, authority }.into()
        }
        3 => {
            let term = Term { code: label("prevention"), title: words("Prevention") };
            let (code, title) = (label("ways"), words("Ways of working"));
            let taxonomy = Taxonomy { code, title, terms: vec![term] };
            framework::TaxonomySet { taxonomy, reason }.into()
        }
        4 => framework::AmendmentBegun { file_digest, changes: 3, reason, authority }.into(),
        _ if seed[5].is_multiple_of(2) => {
            framework::AmendmentGivenUp { file_digest, reason }.into()
        }
        _ => framework::Amended { file_digest, reason, authority }.into(),
    };
    (framework(seed[1]).into(), fact)
}

fn rule_set(seed: Seed) -> Step {
    let fact = RatingRuleSet { rule: rule(seed[2]), reason: reason(), authority: None };
    (framework(seed[1]).into(), fact.into())
}

fn right_set(seed: Seed) -> Step {
    let (right, reason) = (right(seed), reason());
    let state = if seed[4].is_multiple_of(3) { RightState::Withdrawn } else { RightState::InForce };
    let fact = DecisionRightSet { right, state, reason, authority: None };
    (framework(seed[1]).into(), fact.into())
}

/// How every ledger here begins.
pub(crate) fn beginning(world: &mut World) -> Vec<(EntityRef, Fact)> {
    let created = Created {
        name: "laws".parse().unwrap(),
        title: words("A body"),
        body_kind: created::BodyKind::Council,
        reality: created::Reality::Illustrative,
        plan_digest: None,
    };
    let mut facts: Vec<(EntityRef, Fact)> = vec![(world.ledger.into(), created.into())];
    for n in 0..FRAMEWORKS {
        let fact = framework::Adopted {
            title: words(&format!("Framework {n}")),
            from: "2021-04-01".parse().unwrap(),
            until: None,
            scale: (n == 0).then(scale),
            rating_rule: (n == 0).then(|| rule(9)),
            reason: reason(),
            authority: None,
        };
        facts.push((framework(n).into(), framework::Framework::from(fact).into()));
    }
    let (framework, code, title) = (framework(0), label("1"), words("Fair"));
    let objective = objective::Added { framework, code, title, reason: reason() };
    facts.push((ObjectiveId::derived(&["0"]).into(), objective::Objective::from(objective).into()));
    let step = step::Added {
        framework,
        objective: Some(ObjectiveId::derived(&["0"])),
        code: label("1.1"),
        title: words("Do it"),
        level: StepLevel::Local,
        lead: None,
        reason: reason(),
    };
    facts.push((StepId::derived(&["0"]).into(), step::Step::from(step).into()));
    let area =
        area::Added { framework, code: label("A"), title: words("People"), reason: reason() };
    facts.push((AreaId::derived(&["0"]).into(), area::Area::from(area).into()));
    facts
}
