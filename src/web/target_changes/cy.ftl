changes-title = Pwy newidiodd y targed: { $measure }
changes-none = { $count ->
    [zero] Nid oedd neb wedi gosod targed erbyn hynny.
    [one] Edrychwyd ar un newid; nid yw'n ymwneud â'r cyfnod hwn.
    [two] Edrychwyd ar ddau newid; nid yw'r naill na'r llall yn ymwneud â'r cyfnod hwn.
    [few] Edrychwyd ar { $count } newid; nid oes yr un yn ymwneud â'r cyfnod hwn.
    [many] Edrychwyd ar { $count } newid; nid oes yr un yn ymwneud â'r cyfnod hwn.
   *[other] Edrychwyd ar { $count } newid; nid oes yr un yn ymwneud â'r cyfnod hwn.
}
changes-period = Newidiadau i'r targed ar gyfer
changes-all = Dangos y newidiadau ar gyfer pob cyfnod
changes-known = Yn hysbys pan gafodd ei newid: { $figure } ar gyfer { $period }
changes-unknown = Nid oedd dim yn hysbys am ei ffigur pan gafodd ei newid
changes-year = O gymharu â'r targed ar gyfer { $period }: { $ease }
rated-before = Statws y ffigur hwnnw o dan yr hen darged:
rated-after = Statws y ffigur hwnnw o dan y targed newydd:
timing-before-start = cyn i'r cyfnod ddechrau
timing-in-period = tra oedd y cyfnod yn rhedeg
timing-after-end = pan oedd y cyfnod ar ben
timing-after-value-known = pan oedd y ffigur yn hysbys
