changes-title = Who changed the target: { $measure }
changes-none = { $count ->
    [0] Nobody had set a target by then.
    [one] One change was looked at; it is not about this period.
   *[other] { $count } changes were looked at; none is about this period.
}
changes-period = Changes of the target for
changes-all = Show the changes for every period
changes-known = Known when the target was changed: { $figure } for { $period }
changes-unknown = Nothing was known of its figure when the target was changed
changes-year = Against the target for { $period }: { $ease }
rated-before = Status of that figure under the old target:
rated-after = Status of that figure under the new target:
timing-before-start = The change was made before the period began.
timing-in-period = The change was made while the period ran.
timing-after-end = The change was made when the period was over.
timing-after-value-known = The change was made when the figure was known.
changes-earlier = Show the earlier changes
changes-other-rights = Who may decide this had changed by the time it was recorded; the decision was accepted all the same.
changes-without-the-right = Made without the right: by the time it was recorded, others had to decide this.
changes-without-the-role = Made without the role: it did not count when the change was recorded.
