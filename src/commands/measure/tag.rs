//! Say what a measure has to do with one of its framework's lists.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::Tagged;

use super::Measure;
use crate::commands::framework::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set all tags of one taxonomy.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Of which measure.
    pub measure: MeasureId,
    /// The tags, and why.
    pub fact: Tagged,
}

impl Command for Tag {
    const NAME: &'static str = "measure.tag";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        let Tagged { taxonomy, codes, .. } = &self.fact;
        if codes.iter().enumerate().any(|(n, code)| codes.iter().take(n).any(|it| it == code)) {
            return Err(Rejection::Malformed("one tag stands twice"));
        }
        let held = measure.tags.get(taxonomy).map_or(&[][..], Vec::as_slice);
        if held == codes.as_slice() {
            return Ok(Decision::Unchanged);
        }
        let framework = measure.framework().first().copied();
        if let Some(framework) = framework.and_then(|it| ground.find::<Framework>(it)) {
            framework.has_terms(taxonomy, codes)?;
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted as framework_adopted, ways};
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::ids::FrameworkId;

    fn tag(codes: &[&str]) -> Tag {
        let codes = codes.iter().map(|code| code.parse().unwrap()).collect();
        let fact = Tagged { taxonomy: "ways".parse().unwrap(), codes, reason: reason() };
        Tag { measure: MeasureId::derived(&["x"]), fact }
    }

    #[test]
    fn tags_are_set_whole_and_taken_off_with_an_empty_list() {
        let both = tag(&["long_term", "prevention"]);
        given([]).when(&both).then_refused("missing");
        given([adopted().into()]).when(&tag(&[])).then_unchanged();
        given([adopted().into()]).when(&both).then_recorded(both.fact.clone());
        let history = [adopted().into(), both.fact.clone().into()];
        given(history.clone()).when(&both).then_unchanged();
        given(history).when(&tag(&[])).then_recorded(tag(&[]).fact);
        let twice = tag(&["prevention", "prevention"]);
        given([adopted().into()]).when(&twice).then_refused("malformed");
    }

    #[test]
    fn a_tag_is_a_term_of_the_frameworks_own_list() {
        let lists = [framework_adopted().into(), ways().into()];
        let with = given([adopted().into()]).beside(FrameworkId::derived(&["f"]), lists);
        with.when(&tag(&["prevention"])).then_recorded(tag(&["prevention"]).fact);
        with.when(&tag(&["luck"])).then_refused("no_such_term");
        let bare = [framework_adopted().into()];
        let without = given([adopted().into()]).beside(FrameworkId::derived(&["f"]), bare);
        without.when(&tag(&["prevention"])).then_refused("no_such_term");
    }
}
