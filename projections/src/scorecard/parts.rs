//! From one event of a framework or its parts to its rows.
//!
//! **Invariant:** total and stateless, as all folding is. A version of a part is whole, so the last one
//! is all that has to be read.

use chrono::NaiveDate;
use piperoll_events::area::Area;
use piperoll_events::framework::Framework;
use piperoll_events::ids::ObjectiveId;
use piperoll_events::objective::Objective;
use piperoll_events::step::Step;
use piperoll_events::text::{Digest, Words};
use uuid::Uuid;

use super::folds::{At, Fold};
use super::rows::{AmendmentRow, PartEndingRow, RuleRow, StructureRow};
use super::words::{AmendmentState, StructureKind};
use crate::runtime::copy::Json;
use crate::runtime::numbered::Numbered;

impl Fold {
    pub(super) fn objective(&mut self, at: At<'_>, fact: &Objective) {
        let kind = StructureKind::Objective;
        let (framework, code, title) = match fact {
            Objective::Added(fact) => (fact.framework, &fact.code, &fact.title),
            Objective::Revised(fact) => (fact.framework, &fact.code, &fact.title),
            Objective::Retired(fact) => return self.part_ends(at, kind, fact.from),
        };
        let code = Some(code.to_string());
        self.out
            .structure
            .push(StructureRow { code, ..structure(at, kind, framework.uuid(), title) });
    }

    pub(super) fn step(&mut self, at: At<'_>, fact: &Step) {
        let kind = StructureKind::Step;
        let (framework, objective, code, title, level, lead) = match fact {
            Step::Added(it) => {
                (it.framework, it.objective, &it.code, &it.title, it.level, it.lead.as_ref())
            }
            Step::Revised(it) => {
                (it.framework, it.objective, &it.code, &it.title, it.level, it.lead.as_ref())
            }
            Step::Retired(fact) => return self.part_ends(at, kind, fact.from),
        };
        self.out.structure.push(StructureRow {
            parent: objective.map(ObjectiveId::uuid),
            code: Some(code.to_string()),
            level: Some(level.number()),
            lead: lead.map(ToString::to_string),
            ..structure(at, kind, framework.uuid(), title)
        });
    }

    pub(super) fn area(&mut self, at: At<'_>, fact: &Area) {
        let kind = StructureKind::Area;
        let (framework, code, title) = match fact {
            Area::Added(fact) => (fact.framework, &fact.code, &fact.title),
            Area::Revised(fact) => (fact.framework, &fact.code, &fact.title),
            Area::Retired(fact) => return self.part_ends(at, kind, fact.from),
        };
        let code = Some(code.to_string());
        self.out
            .structure
            .push(StructureRow { code, ..structure(at, kind, framework.uuid(), title) });
    }

    fn part_ends(&mut self, at: At<'_>, kind: StructureKind, valid_from: NaiveDate) {
        let (id, position, kind) = (at.id, at.position, kind.number());
        self.out.part_ending.push(PartEndingRow { kind, id, position, valid_from });
    }

    fn amendment(&mut self, at: At<'_>, state: AmendmentState, file: Digest, changes: Option<u64>) {
        self.out.amendment.push(AmendmentRow {
            framework: at.id,
            position: at.position,
            state: state.number(),
            file_digest: file,
            changes,
        });
    }

    pub(super) fn framework(&mut self, at: At<'_>, fact: &Framework) {
        match fact {
            Framework::Adopted(fact) => {
                self.out.structure.push(StructureRow {
                    valid_from: Some(fact.from),
                    valid_until: fact.until,
                    ..structure(at, StructureKind::Framework, at.id, &fact.title)
                });
                self.out.rule.push(RuleRow {
                    framework: at.id,
                    position: at.position,
                    rule: fact.rating_rule.as_ref().map(Json::of),
                    scale: fact.scale.as_ref().map(Json::of),
                    reason: Json::of(&fact.reason),
                    authority: fact.authority.as_ref().map(Json::of),
                    asserted: at.asserted,
                });
            }
            Framework::Revised(fact) => self.out.structure.push(StructureRow {
                valid_from: Some(fact.from),
                valid_until: fact.until,
                ..structure(at, StructureKind::Framework, at.id, &fact.title)
            }),
            Framework::ScaleSet(fact) => self.out.rule.push(RuleRow {
                framework: at.id,
                position: at.position,
                rule: fact.rating_rule.as_ref().map(Json::of),
                scale: Some(Json::of(&fact.scale)),
                reason: Json::of(&fact.reason),
                authority: fact.authority.as_ref().map(Json::of),
                asserted: at.asserted,
            }),
            Framework::AmendmentBegun(fact) => {
                let changes = Some(fact.changes);
                self.amendment(at, AmendmentState::Begun, fact.file_digest, changes);
            }
            Framework::Amended(fact) => {
                self.amendment(at, AmendmentState::Ended, fact.file_digest, None);
            }
            Framework::AmendmentGivenUp(fact) => {
                self.amendment(at, AmendmentState::GivenUp, fact.file_digest, None);
            }
            // Who may decide, and which lists a body keeps, moves no figure.
            Framework::DecisionRightSet(_)
            | Framework::SignOffChainSet(_)
            | Framework::TaxonomySet(_) => {}
            Framework::RatingRuleSet(fact) => self.out.rule.push(RuleRow {
                framework: at.id,
                position: at.position,
                rule: Some(Json::of(&fact.rule)),
                scale: None,
                reason: Json::of(&fact.reason),
                authority: fact.authority.as_ref().map(Json::of),
                asserted: at.asserted,
            }),
        }
    }
}

fn structure(at: At<'_>, kind: StructureKind, framework: Uuid, title: &Words) -> StructureRow {
    StructureRow {
        kind: kind.number(),
        id: at.id,
        position: at.position,
        framework,
        parent: None,
        code: None,
        title: Json::of(title),
        level: None,
        lead: None,
        valid_from: None,
        valid_until: None,
        asserted: at.asserted,
    }
}
