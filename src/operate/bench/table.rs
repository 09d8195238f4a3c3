//! Figures with their spread, and whether a goal was met.

use serde::Serialize;

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What was measured.
    pub of: String,
    /// In what.
    pub unit: &'static str,
    /// The runs.
    pub spread: Spread,
    /// What it should be.
    pub goal: Option<Goal>,
}

/// Several runs of one thing.
#[derive(Debug, Clone, Serialize)]
pub struct Spread {
    /// How many runs.
    pub runs: usize,
    /// The least.
    pub least: f64,
    /// The middle one.
    pub median: f64,
    /// The most.
    pub most: f64,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
}

impl Spread {
    /// The spread of these runs.
    #[must_use]
    pub fn of(mut runs: Vec<f64>) -> Self {
        runs.sort_by(f64::total_cmp);
        let at = |index: usize| runs.get(index).copied().unwrap_or(f64::NAN);
        let last = runs.len().saturating_sub(1);
        Self {
            runs: runs.len(),
            least: at(0),
            median: at(last.checked_div(2).unwrap_or(0)),
            most: at(last),
        }
    }
}

impl Figure {
    /// Whether the median meets the goal, in plain words.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.goal {
            None => String::new(),
            Some(Goal::AtLeast(least)) if self.spread.median >= least => {
                format!("met: {least} or more")
            }
            Some(Goal::AtLeast(least)) => format!("MISSED: {least} or more"),
            Some(Goal::AtMost(most)) if self.spread.median <= most => {
                format!("met: {most} or less")
            }
            Some(Goal::AtMost(most)) => format!("MISSED: {most} or less"),
        }
    }
}

/// A count as a number to divide; counts here are far below where that would lose anything.
#[must_use]
pub fn count(n: u64) -> f64 {
    let low = u32::try_from(n & u64::from(u32::MAX)).unwrap_or(0);
    let high = u32::try_from(n >> 32).unwrap_or(0);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed_by_the_median() {
        let figure = |goal| Figure {
            of: "x".to_owned(),
            unit: "ms",
            spread: Spread::of(vec![9.0, 1.0, 5.0]),
            goal: Some(goal),
        };
        assert_eq!(figure(Goal::AtLeast(5.0)).verdict(), "met: 5 or more");
        assert_eq!(figure(Goal::AtMost(4.9)).verdict(), "MISSED: 4.9 or less");
    }

    #[test]
    fn counts_are_exact() {
        assert!((count(10_000_000_000) - 1e10).abs() < 0.5);
    }
}
