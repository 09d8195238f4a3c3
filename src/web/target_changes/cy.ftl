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
changes-known = Yr hyn oedd yn hysbys pan newidiwyd y targed: { $figure } ar gyfer { $period }
changes-unknown = Nid oedd dim yn hysbys am y ffigur pan newidiwyd y targed
changes-year = O gymharu â'r targed ar gyfer { $period }: { $ease }
rated-before = Statws y ffigur hwnnw o dan yr hen darged:
rated-after = Statws y ffigur hwnnw o dan y targed newydd:
timing-before-start = Gwnaed y newid cyn i'r cyfnod ddechrau.
timing-in-period = Gwnaed y newid tra oedd y cyfnod yn rhedeg.
timing-after-end = Gwnaed y newid ar ôl i'r cyfnod ddod i ben.
timing-after-value-known = Gwnaed y newid ar ôl i'r ffigur ddod yn hysbys.
changes-earlier = Dangos y newidiadau cynharach
changes-other-rights = Roedd pwy a gâi benderfynu hyn wedi newid erbyn iddo gael ei gofnodi; derbyniwyd y penderfyniad yr un fath.
changes-without-the-right = Gwnaed heb yr hawl: erbyn iddo gael ei gofnodi, eraill oedd i benderfynu hyn.
changes-without-the-role = Gwnaed heb y rôl: nid oedd yn cyfrif pan gofnodwyd y newid.
