//! Words that tables keep as small numbers.
//!
//! **Invariant:** a number that was ever written is never given another word.

use piperoll_events::cell::FigureStatus;
use piperoll_events::envelope::Channel;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::step::added::StepLevel;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::target::TargetShape;
use piperoll_events::{EntityKind, PeriodType, Tier};

/// Declares how a word stands in tables, both ways.
macro_rules! numbered {
    ($($kind:ty { $($word:ident = $number:literal),* $(,)? })*) => {$(
        impl $crate::runtime::numbered::Numbered for $kind {
            fn number(self) -> i16 {
                match self { $(Self::$word => $number),* }
            }
            fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$word),)* _ => None }
            }
        }
    )*};
}

/// A word that tables keep as a number.
pub(crate) trait Numbered: Sized {
    /// The number kept.
    fn number(self) -> i16;
    /// The word that a number stands for.
    fn from_number(number: i16) -> Option<Self>;
}

pub(crate) use numbered;

numbered! {
    EntityKind {
        Ledger = 1, Import = 2, Framework = 3, Objective = 4, Step = 5, Area = 6, Measure = 7,
        Submission = 8, Post = 9, Role = 10,
    }
    Treatment { Targeted = 1, Contextual = 2, Tracker = 3, Volumetric = 4 }
    MeasureLevel { Strategic = 1, Operational = 2 }
    Subject { PopulationIndicator = 1, PerformanceMeasure = 2 }
    StepLevel { Regional = 1, Local = 2 }
    FigureStatus { Provisional = 1, Final = 2, Estimate = 3 }
    NoValue {
        AwaitingSource = 1, NotApplicable = 2, NotCollected = 3, Discontinued = 4,
        SuppressedAtSource = 5, WithheldPendingValidation = 6,
    }
    Channel { Page = 1, Api = 2, Import = 3, System = 4 }
    Tier { Expected = 1, Minimum = 2, Stretch = 3 }
    PeriodType {
        CalendarYear = 1, CalendarHalf = 2, CalendarQuarter = 3, FinancialYear = 4,
        FinancialHalf = 5, FinancialQuarter = 6, AcademicYear = 7, Month = 8, Week = 9,
        Pooled = 10, Custom = 11,
    }
    TargetShape { Standing = 1, Profile = 2, Point = 3, LongTerm = 4 }
}
