latest = Latest figure
better = Which way is better
better-unknown = Nobody said
better-higher = Higher is better
better-lower = Lower is better
better-between = Within a band is best
better-neither = Neither way is better
places = Where it stands
measure-retired = From { $day } on this measure is not measured.
measure-replaced = From { $day } on another measure takes the place of this one.
duty-accountable = Answers for performance
duty-steward = Answers for the figure
duty-contributor = Contributes
duty-nobody = Nobody
over-time = Over time
over-time-none = Nobody has said anything about it yet.
over-time-table = Every period, as this record knew it
versions = Versions of the figure
chart-caption = The line shows the figures, the dashes the target; the table below says the same.
chart-title = Figures of { $measure } over time
chart-description = From { $first } for { $from } to { $last } for { $to }. Every figure stands in the table below.
chart-target = target { $target }
chosen = Every version of one figure:
under-title = The figure's status under each version of its target
under-version = Version of the target
under-status = Status under it
governs = Governs
versions-title = Every version of the figure
known = Known
what = What happened
how = How it is known
how-asserted = from a file
how-witnessed = witnessed here
submission-submitted = Submitted
submission-revised = Revised
submission-withdrawn = Withdrawn
submission-no-value-declared = Declared that there is none
submission-commentary-written = Commentary written
signed-title = Who signed it
signed-covers = Covers
signed-ended = Ended by
signature-current = Covers what stands
signature-lapsed = Lapsed: something is newer
signature-withdrawn = Withdrawn
signature-refused = Refused
signature-outstanding = Nobody has signed yet
scope-figures = figures
scope-judgement = judgement
scope-words = words
words-erased = What was written here has been erased.
words-withheld = Something is written here that your roles don't let you read.
definitions = What the figure means, version by version
definition-first = First definition
definition-unknown = What this changed was not worked out
stated = Stated otherwise than by the rule, in { $event }.
stated-rule = By the rule:
chosen-none = Nothing stood for the period asked about at this moment.
over-time-earlier = { $count ->
    [one] One earlier period is not shown here.
   *[other] { $count } earlier periods are not shown here.
}
break-broken = Not comparable with the period before
break-factor = The period before compares once multiplied by { $factor }
chart-break = break
chart-broken = The line breaks where figures don't compare: before { $periods }.
figure-exactly = { $figure } (exactly { $exact })
parts-title = Parts of the population
parts-none = Nothing is recorded for parts of the population in this period.
parts-state = No part of the population has a figure: { $state }.
parts-more = { $count ->
    [one] One more part is not shown here.
   *[other] { $count } more parts are not shown here.
}
part-of = Part
part-status = How settled it is
versions-earlier = Show the earlier versions
since = What changed since:
since-none = Nothing that a signature covers has changed since.
since-covered = covered by a signature
since-uncovered = not covered by any signature
since-more = { $count ->
    [one] One further change is not shown here.
   *[other] { $count } further changes are not shown here.
}
touched-figures = the figures
touched-definition = the definition
touched-target = the target
touched-rule = the rule for statuses
touched-words = the commentary
