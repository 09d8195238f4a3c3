//! A file applied by the rules themselves, without a ledger: what is written back, what differs.

use std::collections::HashMap;

use piperoll_events::comparability::Comparability;
use piperoll_events::decision_right::ChangeClass;
use piperoll_events::ease::Ease;
use piperoll_events::ids::{ActorId, CommandId, EventId, LedgerId, MeasureId, ObjectiveId};
use piperoll_events::measure::Adopted;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::objective;
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::{Digest, Words};
use piperoll_events::{Channel, EntityRef, Event, Position, Record, Revision};

use super::super::sequence::Checking;
use super::agreed::Agreed;
use super::change::Change;
use super::compare::{Terms, compare};
use super::file::{AmendmentPart, FrameworkFile};
use super::read::{AllWrong, read};
use crate::commands::State;

const STARTERS: [&str; 2] = [
    include_str!("../../../deploy/starters/council.toml"),
    include_str!("../../../deploy/starters/partnership.toml"),
];

/// Something of everything that a file may state.
const WHOLE: &str = r##"
[framework]
title = { en = "Plan", cy = "Cynllun" }
from = "2021-04-01"
until = "2025-03-31"
scale = { levels = [
  { code = "green", words = { en = "On track" }, shape = "circle", colour = "#00703c", track = "on" },
  { code = "red", words = { en = "Off track" }, shape = "square", colour = "#b00020", track = "off" },
] }
rating_rule = { met = "green", missed = "red", compare = "exact", ends = "inclusive" }

[[objective]]
code = "1"
title = { en = "Homes" }

[[objective]]
code = "2"
title = { en = "Places" }
retired = "2024-04-01"

[[step]]
code = "1.1"
title = { en = "Build" }
objective = "1"
level = "local"
lead = "Head of Housing"

[[area]]
code = "OH"
title = { en = "Organisational health" }

[[taxonomy]]
code = "ways of working"
title = { en = "Ways" }
terms = [{ code = "prevention", title = { en = "Prevention" } }, { code = "long", title = { en = "Long term" } }]

[[measure]]
code = "A"
title = { en = "Homes let" }
treatment = "targeted"
level = "strategic"
measures = "performance_measure"
places = [{ objective = "1" }, { area = "OH" }]
tags = { "ways of working" = ["prevention"] }
codes = [{ scheme = "benchmark", code = "B7" }]
definition = { unit = "%", polarity = { kind = "higher_is_better" }, decimals = 1 }
baseline = { period = "FY2020", value = "91.4" }
targets = [
  { key = { period = "FY2021", tier = "expected" }, target = { shape = "standing", level = { at = "95" } } },
  { key = { period = "FY2022", tier = "expected" }, target = { shape = "profile", points = [{ period = "FY2022-Q1", level = { at = "96" } }] } },
]

[[measure]]
code = "X"
scheme = "national"
title = { en = "Gone" }
treatment = "tracker"
level = "operational"
measures = "population_indicator"
places = []
definition = { polarity = { kind = "none" } }
retired = "2023-04-01"

[[decision_right]]
code = "targets"
subject = "target"
class = "material"
kind = "body_decision"
by = "Cabinet"
resolutions = ["approved"]
call_in_days = 5

[sign_off_chain]
stages = [{ code = "verified", title = { en = "Verified" }, covers = ["figures"], signers = [{ kind = "steward" }], mode = { kind = "one" } }]
"##;

fn ids() -> (LedgerId, Digest) {
    (LedgerId::derived(&["l"]), Digest::new([7; 32]))
}

fn terms() -> Terms {
    Terms { reason: Reason { code: ReasonCode::AmbitionRaised, text: None }, authority: None }
}

fn event(entity: EntityRef, fact: piperoll_events::Fact) -> Event {
    Event {
        id: EventId::derived(&["e"]),
        ledger: ids().0,
        entity,
        time: chrono::DateTime::UNIX_EPOCH,
        record: Record {
            revision: Revision(1),
            previous: None,
            actor: ActorId::derived(&["a"]),
            post: None,
            on_behalf_of: None,
            role: None,
            channel: Channel::Import,
            command_id: CommandId::derived(&["c"]),
            request_digest: Digest::new([0; 32]),
            correlation: None,
            causation: None,
            nonce: "0".repeat(32),
            relied_on: Vec::new(),
            asserted: None,
        },
        fact,
    }
}

/// What is agreed, and the states that rules judge by.
struct World {
    agreed: Agreed,
    at: Position,
    made: Vec<Change>,
}

impl World {
    fn empty() -> Self {
        Self { agreed: Agreed::default(), at: Position::START, made: Vec::new() }
    }

    fn of(text: &str) -> Self {
        let mut world = Self::empty();
        let changes = world.changes(text);
        world.apply(changes);
        world
    }

    #[track_caller]
    fn changes(&self, text: &str) -> Vec<Change> {
        self.compared(text).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

    fn compared(&self, text: &str) -> Result<Vec<Change>, AllWrong> {
        let file = read(text.as_bytes())?;
        Ok(compare(&self.agreed, &file, ids(), &terms())?.changes)
    }

    /// Every change through its rule, over all that was made before.
    #[track_caller]
    fn apply(&mut self, changes: Vec<Change>) {
        self.made.extend(changes.iter().cloned());
        let mut checking = Checking::over(HashMap::<EntityRef, State>::new());
        for change in &self.made {
            let (entity, fact) = (change.entity, change.fact.clone());
            let intent = super::super::intent::Intent::Plain { entity, fact };
            let command_id = CommandId::derived(&["c"]);
            let planned = super::super::sequence::Planned {
                command_id,
                entity,
                intent,
                asserted: None,
                file: None,
            };
            assert_eq!(checking.take(&planned), Ok(true), "{change:?}");
        }
        for change in changes {
            self.at = self.at.next();
            self.agreed.take(self.at, &event(change.entity, change.fact));
        }
    }

    /// Somebody else's act.
    fn tell(&mut self, entity: impl Into<EntityRef>, fact: impl Into<piperoll_events::Fact>) {
        self.at = self.at.next();
        self.agreed.take(self.at, &event(entity.into(), fact.into()));
    }

    fn written(&self) -> String {
        self.agreed.file().write().unwrap()
    }
}

/// The one change that a file makes.
#[track_caller]
fn one(changes: Vec<Change>) -> Change {
    let [change] = <[Change; 1]>::try_from(changes).unwrap_or_else(|all| panic!("{all:#?}"));
    change
}

#[test]
fn what_is_written_changes_nothing_and_says_what_was_applied() {
    for text in STARTERS.iter().chain(&[WHOLE]) {
        let world = World::of(text);
        let said = read(text.as_bytes()).unwrap();
        let said = FrameworkFile { amendment: AmendmentPart::default(), ..said };
        assert_eq!(world.agreed.file(), said);
        let written = world.written();
        assert_eq!(read(written.as_bytes()).unwrap(), said, "{written}");
        assert_eq!(world.changes(&written), []);
        assert_eq!(world.changes(text), []);
    }
}

#[test]
fn what_a_file_does_not_state_stays_as_it_is() {
    let world = World::of(WHOLE);
    for nothing in ["", "[framework]", "[[objective]]\ncode = \"1\"", "[[measure]]\ncode = \"A\""] {
        assert_eq!(world.changes(nothing), [], "{nothing}");
    }
    let one_target = r#"
        [[measure]]
        code = "A"
        targets = [{ key = { period = "FY2021" }, target = { shape = "standing", level = { at = "95" } } }]
    "#;
    assert_eq!(world.changes(one_target), []);
}

#[test]
fn another_target_says_how_it_compares_and_one_that_is_withdrawn_says_so() {
    let world = World::of(WHOLE);
    let text = |rest: &str| {
        format!(
            "[[measure]]\ncode = \"A\"\ntargets = [{{ key = {{ period = \"FY2021\" }}, {rest} }}]"
        )
    };
    let lower =
        one(world.changes(&text("target = { shape = \"standing\", level = { at = \"90\" } }")));
    assert_eq!((lower.event, lower.ease), ("measure.target_changed", Some(Ease::Easier)));
    let field = &lower.fields[0];
    assert_eq!((field.old.as_deref(), field.new.as_deref()), (Some("95"), Some("90")));
    let gone = one(world.changes(&text("state = \"withdrawn\"")));
    assert_eq!((gone.event, gone.ease), ("measure.target_withdrawn", Some(Ease::Lost)));
    let AllWrong(wrong) = world.compared(&text("state = \"in_force\"")).unwrap_err();
    assert_eq!(wrong[0].key, "measure `A`: target FY2021: target");
}

#[test]
fn another_definition_says_how_deep_it_goes_and_whether_figures_can_be_compared() {
    let world = World::of(WHOLE);
    let text = |rest: &str| format!("[[measure]]\ncode = \"A\"\ndefinition = {{ {rest} }}");
    let same = "polarity = { kind = \"higher_is_better\" }, decimals = 1";
    let source = one(world.changes(&text(&format!("unit = \"%\", source = \"Housing\", {same}"))));
    let does = source.definition.unwrap();
    assert_eq!((does.class, does.comparability), (ChangeClass::Clarifying, Comparability::Same {}));
    let rate = format!("unit = \"rate\", {same}");
    let does = one(world.changes(&text(&rate))).definition.unwrap();
    assert_eq!(does.comparability, Comparability::Broken {});
    let linked = format!("{}\nfactor = \"0.01\"", text(&rate));
    let does = one(world.changes(&linked)).definition.unwrap();
    let factor = "0.01".parse().unwrap();
    assert_eq!(does.comparability, Comparability::SameAfterFactor { factor });
}

#[test]
fn who_goes_by_another_code_is_found_by_the_one_before_and_once_only() {
    let mut world = World::of(WHOLE);
    let text = "[[objective]]\ncode = \"9\"\nwas = \"1\"\n[[measure]]\ncode = \"Z\"\nwas = \"A\"";
    let changes = world.changes(text);
    let events: Vec<&str> = changes.iter().map(|change| change.event).collect();
    assert_eq!(events, ["objective.revised", "measure.code_assigned"]);
    world.apply(changes);
    assert_eq!(world.changes(text), []);
    assert!(world.written().contains("objective = \"9\""), "{}", world.written());
}

#[test]
fn two_elements_are_never_one_part_and_a_retired_one_leaves_its_code_to_another() {
    let mut world = World::of(WHOLE);
    let text = "[[objective]]\ncode = \"9\"\nwas = \"1\"\n[[objective]]\ncode = \"1\"";
    let AllWrong(wrong) = world.compared(text).unwrap_err();
    assert_eq!(wrong[0].wrong, "another element of the file is this one");
    // Somebody adds a part and a measure whose codes others had before.
    let framework = world.agreed.current().unwrap().0;
    let (code, title) = ("2".parse().unwrap(), Words { en: "Parks".parse().unwrap(), cy: None });
    let added = objective::Added { framework, code, title, reason: terms().reason };
    world.tell(ObjectiveId::derived(&["other"]), added);
    let held = world.agreed.file().measures;
    for name in ["other", "another"] {
        let adopted = Adopted {
            framework,
            title: held[0].title.clone().unwrap(),
            treatment: Treatment::Tracker,
            level: MeasureLevel::Strategic,
            measures: Subject::PerformanceMeasure,
            definition: held[1].definition.clone().unwrap(),
            codes: vec![Code {
                scheme: "local".parse().unwrap(),
                code: "A".parse().unwrap(),
                from: None,
            }],
            baseline: None,
            targets: Vec::new(),
            places: Vec::new(),
            reason: terms().reason,
            authority: None,
        };
        world.tell(MeasureId::derived(&[name]), adopted);
    }
    let written = world.written();
    assert_eq!(read(written.as_bytes()).unwrap(), world.agreed.file(), "{written}");
    assert_eq!(world.changes(&written), []);
    assert_eq!(World::of(&written).changes(&written), []);
}

#[test]
fn places_are_all_that_a_file_names_and_tags_are_of_the_lists_it_names() {
    let mut world = World::of(WHOLE);
    let text = "[[measure]]\ncode = \"A\"\nplaces = [{ step = \"1.1\" }, { area = \"OH\" }]\ntags = { \"ways of working\" = [] }";
    let changes = world.changes(text);
    let events: Vec<&str> = changes.iter().map(|change| change.event).collect();
    assert_eq!(events, ["measure.placed", "measure.removed", "measure.tagged"]);
    world.apply(changes);
    assert_eq!(world.changes(text), []);
}

#[test]
fn what_a_file_names_and_nobody_knows_is_said_with_what_would_be_right() {
    let world = World::of(WHOLE);
    let text = r#"
        [[objective]]
        code = "2"
        [[step]]
        code = "3.1"
        objective = "7"
        [[measure]]
        code = "A"
        measures = "population_indicator"
        places = [{ area = "ZZ" }]
        tags = { "ways of working" = ["luck"], goals = ["x"] }
        [[measure]]
        code = "New"
    "#;
    let AllWrong(wrong) = world.compared(text).unwrap_err();
    let said: Vec<(&str, &str)> =
        wrong.iter().map(|it| (it.key.as_str(), it.wrong.as_str())).collect();
    let missing = "it is missing, and there is none yet";
    assert_eq!(
        said,
        [
            ("objective `2`: code", "it was retired from 2024-04-01 on"),
            ("step `3.1`: title", missing),
            ("step `3.1`: level", missing),
            ("step `3.1`: objective", "there is no objective `7`"),
            ("measure `A`: measures", "what it is about can't change; adopt another measure"),
            ("measure `A`: places", "there is no area `ZZ`"),
            ("measure `A`: tags.goals", "there is no term `x`"),
            ("measure `A`: tags.ways of working", "there is no term `luck`"),
            ("measure `New`: title", missing),
            ("measure `New`: treatment", missing),
            ("measure `New`: level", missing),
            ("measure `New`: measures", missing),
            ("measure `New`: definition", missing),
        ]
    );
    let AllWrong(none) = World::empty().compared("[[objective]]\ncode = \"1\"").unwrap_err();
    assert_eq!(none[0].key, "framework: title, from");
}

#[test]
fn a_scale_comes_with_the_rule_that_speaks_in_it_and_rights_come_last() {
    let world = World::of(WHOLE);
    let text = WHOLE
        .replace("code = \"green\"", "code = \"met\"")
        .replace("met = \"green\"", "met = \"met\"");
    let text =
        text.replace("by = \"Cabinet\"", "by = \"Council\"").replace("at = \"95\"", "at = \"97\"");
    let changes = world.changes(&text);
    let events: Vec<&str> = changes.iter().map(|change| change.event).collect();
    assert_eq!(
        events,
        ["framework.scale_set", "measure.target_changed", "framework.decision_right_set"]
    );
}
