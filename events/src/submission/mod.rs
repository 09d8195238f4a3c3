//! A submission: the return for one measure and one reference period.
//!
//! A submission's content begins with `submitted` and ends with `withdrawn` or
//! `no_value_declared`; it may begin again. Every event names its measure and period, and
//! `content_from` the place where the content began, so that a reader needs no history to file it.
//!
//! Events: [`submitted`], [`revised`], [`withdrawn`], [`no_value_declared`],
//! [`commentary_written`], [`rating_overridden`], [`signed_off`], [`sign_off_refused`],
//! [`sign_off_withdrawn`].

crate::registry::events! {
    /// What happened to a submission.
    Submission {
        submitted::Submitted = "piperoll.submission.submitted.v1" since "0.1.0",
        revised::Revised = "piperoll.submission.revised.v1" since "0.1.0",
        withdrawn::Withdrawn = "piperoll.submission.withdrawn.v1" since "0.1.0",
        no_value_declared::NoValueDeclared =
            "piperoll.submission.no_value_declared.v1" since "0.1.0",
        commentary_written::CommentaryWritten =
            "piperoll.submission.commentary_written.v1" since "0.1.0",
        rating_overridden::RatingOverridden =
            "piperoll.submission.rating_overridden.v1" since "0.2.0",
        signed_off::SignedOff = "piperoll.submission.signed_off.v1" since "0.2.0",
        sign_off_refused::SignOffRefused =
            "piperoll.submission.sign_off_refused.v1" since "0.2.0",
        sign_off_withdrawn::SignOffWithdrawn =
            "piperoll.submission.sign_off_withdrawn.v1" since "0.2.0",
    }
}
