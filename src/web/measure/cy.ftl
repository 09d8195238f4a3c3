latest = Ffigur diweddaraf
better = Pa ffordd sy'n well
better-unknown = Ni ddywedodd neb
better-higher = Mae ffigur uwch yn well
better-lower = Mae ffigur is yn well
better-between = Bod o fewn band sydd orau
better-neither = Nid yw'r naill ffordd yn well na'r llall
places = Ble mae'n perthyn
measure-retired = Ni chaiff y mesur hwn ei fesur o { $day } ymlaen.
measure-replaced = Mae mesur arall yn cymryd lle hwn o { $day } ymlaen.
duty-accountable = Yn atebol am berfformiad
duty-steward = Yn atebol am y ffigur
duty-contributor = Yn cyfrannu
duty-nobody = Neb
over-time = Dros amser
over-time-none = Nid oes neb wedi dweud dim amdano eto.
over-time-table = Pob cyfnod, fel yr oedd yn hysbys i'r cofnod hwn
versions = Fersiynau o'r ffigur
chart-caption = Mae'r llinell yn dangos y ffigurau a'r llinell doredig y targed; dywed y tabl isod yr un peth.
chart-title = Ffigurau { $measure } dros amser
chart-description = O { $first } ar gyfer { $from } i { $last } ar gyfer { $to }. Mae pob ffigur yn y tabl isod.
chart-target = targed { $target }
chosen = Pob fersiwn o un ffigur:
under-title = Statws y ffigur o dan bob fersiwn o'i darged
under-version = Fersiwn o'r targed
under-status = Statws oddi tano
governs = Mewn grym
versions-title = Pob fersiwn o'r ffigur
known = Yn hysbys
what = Beth ddigwyddodd
how = Sut mae'n hysbys
how-asserted = o ffeil
how-witnessed = tystiwyd iddo yma
submission-submitted = Cyflwynwyd
submission-revised = Diwygiwyd
submission-withdrawn = Tynnwyd yn ôl
submission-no-value-declared = Datganwyd nad oes un
submission-commentary-written = Ysgrifennwyd sylwebaeth
signed-title = Pwy a'i llofnododd
signed-covers = Yn cwmpasu:
signed-ended = Daeth i ben oherwydd:
signature-current = Yn cwmpasu'r hyn sydd mewn grym
signature-lapsed = Wedi darfod: cofnodwyd rhywbeth mwy newydd
signature-withdrawn = Tynnwyd yn ôl
signature-refused = Gwrthodwyd
signature-outstanding = Nid oes neb wedi llofnodi eto
scope-figures = ffigurau
scope-judgement = barn
scope-words = geiriau
words-erased = Dilëwyd yr hyn a ysgrifennwyd yma.
words-withheld = Mae rhywbeth wedi'i ysgrifennu yma nad yw eich rolau'n gadael ichi ei ddarllen.
definitions = Ystyr y ffigur, fesul fersiwn
definition-first = Y diffiniad cyntaf
definition-unknown = Ni phennwyd effaith y newid hwn
stated = Wedi'i ddatgan yn wahanol i'r rheol: { $event }.
stated-rule = Yn ôl y rheol:
chosen-none = Nid oedd dim yn sefyll ar gyfer y cyfnod hwnnw ar yr adeg hon.
over-time-earlier = { $count ->
    [zero] Dangosir pob cyfnod.
    [one] Ni ddangosir un cyfnod cynharach yma.
    [two] Ni ddangosir dau gyfnod cynharach yma.
    [few] Ni ddangosir { $count } chyfnod cynharach yma.
    [many] Ni ddangosir { $count } chyfnod cynharach yma.
   *[other] Ni ddangosir { $count } cyfnod cynharach yma.
}
break-broken = Ni ellir ei gymharu â'r cyfnod blaenorol
break-factor = Gellir cymharu'r cyfnod blaenorol ar ôl ei luosi â { $factor }
chart-break = toriad
chart-broken = Mae'r llinell yn torri lle na ellir cymharu ffigurau: cyn { $periods }.
figure-exactly = { $figure } (yn union: { $exact })
parts-title = Rhannau o'r boblogaeth
parts-none = Nid oes dim wedi'i gofnodi ar gyfer rhannau o'r boblogaeth yn y cyfnod hwn.
parts-state = Nid oes gan yr un rhan o'r boblogaeth ffigur: { $state }.
parts-more = { $count ->
    [zero] Dangosir pob rhan yma.
    [one] Ni ddangosir un rhan arall yma.
    [two] Ni ddangosir dwy ran arall yma.
    [few] Ni ddangosir { $count } rhan arall yma.
    [many] Ni ddangosir { $count } rhan arall yma.
   *[other] Ni ddangosir { $count } rhan arall yma.
}
part-of = Rhan
part-status = Pa mor derfynol ydyw
versions-earlier = Dangos y fersiynau cynharach
since = Yr hyn a newidiodd ers hynny:
since-none = Nid oes dim y mae llofnod yn ei gwmpasu wedi newid ers hynny.
since-covered = wedi'i gwmpasu gan lofnod
since-uncovered = heb ei gwmpasu gan yr un llofnod
since-more = { $count ->
    [zero] Dangosir pob newid yma.
    [one] Ni ddangosir un newid arall yma.
    [two] Ni ddangosir dau newid arall yma.
    [few] Ni ddangosir { $count } newid arall yma.
    [many] Ni ddangosir { $count } newid arall yma.
   *[other] Ni ddangosir { $count } newid arall yma.
}
touched-figures = y ffigurau
touched-definition = y diffiniad
touched-target = y targed
touched-rule = y rheol ar gyfer statws
touched-words = y sylwebaeth
