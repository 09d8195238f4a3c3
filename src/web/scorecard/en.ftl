scorecard-title = Scorecard
scorecard-count = { $count ->
    [one] One measure was in use.
   *[other] { $count } measures were in use.
}
scorecard-asserted = { $count ->
    [one] One figure rests on a file's word: nobody witnessed it here.
   *[other] { $count } figures rest on a file's word: nobody witnessed them here.
}
scorecard-empty = No measure had been adopted by then. Choose a later day.
scorecard-nowhere = Under no objective and in no area
scorecard-all = The whole scorecard
changed = Changed
overridden-short = stated otherwise than by the rule
pages = Pages of measures
page = Page
compare-label = Compared with the end of another day
compare-hint = May be left empty. What reads otherwise is listed, with why
compared-between = What changed from { $from } to { $to }
compared-none = { $count ->
    [0] Nothing was recorded in between that a figure, a target or a status would show.
    [one] One figure was looked at; it reads as it did.
   *[other] { $count } figures were looked at; they all read as they did.
}
compared-more = { $count ->
    [one] One more change is not shown; choose a nearer day.
   *[other] { $count } more changes are not shown; choose a nearer day.
}
compared-rest = { $count ->
    [one] One more target made easier or measure dropped is not shown; choose a nearer day.
   *[other] { $count } more targets made easier or measures dropped are not shown; choose a nearer day.
}
no-measure = not measured
part-measure = Measure
part-figure = Figure
part-published = Figure as published
part-unit = Unit
part-target = Target
part-rating = Status
eased-title = Targets made easier in between
eased-none = No target was made easier or taken away in between.
eased-restored = put back since
dropped-title = Measures dropped in between
dropped-none = No measure was dropped in between.
dropped-last = Last figure: { $figure } for { $period }. Status just before: { $rated }.
dropped-never = There never was a figure.
dropped-off-track = Off track when it was dropped
drop-retired = no longer measured
drop-replaced = replaced by another measure
drop-treatment-lowered = less is done with its figures
drop-level-lowered = fewer people look at it
drop-frequency-reduced = told less often
drop-target-lost = its target was taken away
drop-silent = nobody says anything
drop-renumbered = has another code
