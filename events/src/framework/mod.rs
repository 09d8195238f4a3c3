//! A framework: the agreed set for a body and a span of time.
//!
//! Events: [`adopted`], [`rating_rule_set`], [`decision_right_set`],
//! [`sign_off_chain_set`].

crate::registry::events! {
    /// What happened to a framework.
    Framework {
        adopted::Adopted = "piperoll.framework.adopted.v1" since "0.2.0" before "0.1.0",
        decision_right_set::DecisionRightSet = "piperoll.framework.decision_right_set.v1" since "0.2.0",
        sign_off_chain_set::SignOffChainSet = "piperoll.framework.sign_off_chain_set.v1" since "0.2.0",
        rating_rule_set::RatingRuleSet = "piperoll.framework.rating_rule_set.v1" since "0.2.0" before "0.1.0",
    }
}
