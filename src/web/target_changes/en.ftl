changes-title = Who changed the target: { $measure }
changes-none = { $count ->
    [0] Nobody had set a target by then.
    [one] One change was looked at; it is not about this period.
   *[other] { $count } changes were looked at; none is about this period.
}
changes-period = Changes of the target for
changes-all = Show the changes for every period
changes-known = Known when it was changed: { $figure } for { $period }
changes-unknown = Nothing was known of its figure when it was changed
changes-year = Against the target for { $period }: { $ease }
rated-before = Status of that figure under the old target:
rated-after = Status of that figure under the new target:
timing-before-start = before the period began
timing-in-period = while the period ran
timing-after-end = when the period was over
timing-after-value-known = when the figure was known
