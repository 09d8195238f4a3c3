//! Keep a list of the body's own: goals, ways of working, principles, workstreams.

use std::collections::BTreeSet;

use piperoll_events::EntityRef;
use piperoll_events::framework::TaxonomySet;
use piperoll_events::ids::FrameworkId;

use super::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the list, whole.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTaxonomy {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The list, and why.
    pub fact: TaxonomySet,
}

impl Command for SetTaxonomy {
    const NAME: &'static str = "framework.set_taxonomy";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if framework.adopted.is_none() {
            return Err(Rejection::Missing("the framework"));
        }
        let taxonomy = &self.fact.taxonomy;
        let codes: BTreeSet<&str> = taxonomy.terms.iter().map(|term| term.code.as_str()).collect();
        if codes.is_empty() {
            return Err(Rejection::Malformed("there is nothing on the list"));
        }
        if codes.len() != taxonomy.terms.len() {
            return Err(Rejection::Malformed("two terms of the list have one code"));
        }
        if framework.taxonomies.get(&taxonomy.code) == Some(taxonomy) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, ways};
    use crate::commands::spec::given;

    #[test]
    fn a_list_is_set_where_it_differs_and_says_each_thing_once() {
        let set = |change: &dyn Fn(&mut TaxonomySet)| {
            let mut fact = ways();
            change(&mut fact);
            SetTaxonomy { framework: FrameworkId::derived(&["x"]), fact }
        };
        let first = set(&|_| ());
        given([]).when(&first).then_refused("missing");
        given([adopted().into()]).when(&first).then_recorded(ways());
        given([adopted().into(), ways().into()]).when(&first).then_unchanged();
        let fewer = set(&|fact| fact.taxonomy.terms.truncate(1));
        given([adopted().into(), ways().into()]).when(&fewer).then_recorded(fewer.fact.clone());
        let twice = set(&|fact| fact.taxonomy.terms[1] = fact.taxonomy.terms[0].clone());
        given([adopted().into()]).when(&twice).then_refused("malformed");
        let empty = set(&|fact| fact.taxonomy.terms.clear());
        given([adopted().into()]).when(&empty).then_refused("malformed");
    }
}
