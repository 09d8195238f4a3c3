//! A framework: the agreed set for a body and a span of time.
//!
//! Events: [`adopted`], [`revised`], [`rating_rule_set`], [`scale_set`], [`decision_right_set`],
//! [`sign_off_chain_set`], [`taxonomy_set`]; of a file of changes [`amendment_begun`], [`amended`],
//! [`amendment_given_up`].

crate::registry::events! {
    /// What happened to a framework.
    Framework {
        adopted::Adopted = "piperoll.framework.adopted.v1" since "0.2.0" before "0.1.0",
        decision_right_set::DecisionRightSet = "piperoll.framework.decision_right_set.v1" since "0.2.0",
        sign_off_chain_set::SignOffChainSet = "piperoll.framework.sign_off_chain_set.v1" since "0.2.0",
        rating_rule_set::RatingRuleSet = "piperoll.framework.rating_rule_set.v1" since "0.2.0" before "0.1.0",
        revised::Revised = "piperoll.framework.revised.v1" since "0.3.0",
        scale_set::ScaleSet = "piperoll.framework.scale_set.v1" since "0.3.0",
        taxonomy_set::TaxonomySet = "piperoll.framework.taxonomy_set.v1" since "0.3.0",
        amendment_begun::AmendmentBegun = "piperoll.framework.amendment_begun.v1" since "0.3.0",
        amended::Amended = "piperoll.framework.amended.v1" since "0.3.0",
        amendment_given_up::AmendmentGivenUp = "piperoll.framework.amendment_given_up.v1" since "0.3.0",
    }
}
