scorecard-title = Cerdyn sgorio
scorecard-count = { $count ->
    [zero] Nid oedd dim mesurau ar waith.
    [one] Roedd un mesur ar waith.
    [two] Roedd dau fesur ar waith.
    [few] Roedd { $count } mesur ar waith.
    [many] Roedd { $count } mesur ar waith.
   *[other] Roedd { $count } mesur ar waith.
}
scorecard-asserted = { $count ->
    [zero] Nid oes dim ffigurau'n dibynnu ar air ffeil.
    [one] Mae un ffigur yn dibynnu ar air ffeil: ni thystiodd neb iddo yma.
    [two] Mae dau ffigur yn dibynnu ar air ffeil: ni thystiodd neb iddynt yma.
    [few] Mae { $count } ffigur yn dibynnu ar air ffeil: ni thystiodd neb iddynt yma.
    [many] Mae { $count } ffigur yn dibynnu ar air ffeil: ni thystiodd neb iddynt yma.
   *[other] Mae { $count } ffigur yn dibynnu ar air ffeil: ni thystiodd neb iddynt yma.
}
scorecard-empty = Nid oedd yr un mesur wedi'i fabwysiadu erbyn hynny. Dewiswch ddiwrnod diweddarach.
scorecard-nowhere = Heb amcan a heb faes
scorecard-all = Y cerdyn sgorio cyfan
changed = Newidiwyd
overridden-short = wedi'i ddatgan yn wahanol i'r rheol
pages = Tudalennau'r mesurau
page = Tudalen
compare-label = O gymharu â diwedd diwrnod arall
compare-hint = Gellir ei adael yn wag. Rhestrir yr hyn sy'n wahanol, a pham
compared-between = Yr hyn a newidiodd o { $from } i { $to }
compared-none = { $count ->
    [zero] Ni chofnodwyd dim yn y cyfamser y byddai ffigur, targed neu statws yn ei ddangos.
    [one] Edrychwyd ar un ffigur; mae'n dangos yr un peth ag o'r blaen.
    [two] Edrychwyd ar ddau ffigur; maent yn dangos yr un peth ag o'r blaen.
    [few] Edrychwyd ar { $count } ffigur; maent i gyd yn dangos yr un peth ag o'r blaen.
    [many] Edrychwyd ar { $count } ffigur; maent i gyd yn dangos yr un peth ag o'r blaen.
   *[other] Edrychwyd ar { $count } ffigur; maent i gyd yn dangos yr un peth ag o'r blaen.
}
compared-more = { $count ->
    [zero] Dangosir pob newid.
    [one] Ni ddangosir un newid arall; dewiswch ddiwrnod agosach.
    [two] Ni ddangosir dau newid arall; dewiswch ddiwrnod agosach.
    [few] Ni ddangosir { $count } newid arall; dewiswch ddiwrnod agosach.
    [many] Ni ddangosir { $count } newid arall; dewiswch ddiwrnod agosach.
   *[other] Ni ddangosir { $count } newid arall; dewiswch ddiwrnod agosach.
}
compared-rest = { $count ->
    [zero] Dangosir pob un.
    [one] Ni ddangosir un targed neu fesur arall; dewiswch ddiwrnod agosach.
    [two] Ni ddangosir dau darged neu fesur arall; dewiswch ddiwrnod agosach.
    [few] Ni ddangosir { $count } tharged neu fesur arall; dewiswch ddiwrnod agosach.
    [many] Ni ddangosir { $count } tharged neu fesur arall; dewiswch ddiwrnod agosach.
   *[other] Ni ddangosir { $count } targed neu fesur arall; dewiswch ddiwrnod agosach.
}
no-measure = heb ei fesur
part-measure = Mesur
part-figure = Ffigur
part-published = Ffigur fel y'i cyhoeddwyd
part-unit = Uned
part-target = Targed
part-rating = Statws
eased-title = Targedau a wnaed yn haws yn y cyfamser
eased-none = Ni wnaed yr un targed yn haws ac ni thynnwyd yr un ymaith yn y cyfamser.
eased-restored = fe'i hadferwyd wedyn
dropped-title = Mesurau a ollyngwyd yn y cyfamser
dropped-none = Ni ollyngwyd yr un mesur yn y cyfamser.
dropped-last = Ffigur olaf: { $figure } ar gyfer { $period }. Statws yn union cyn hynny: { $rated }.
dropped-never = Ni fu ffigur erioed.
dropped-off-track = Oddi ar y trywydd pan gafodd ei ollwng
drop-retired = ddim yn cael ei fesur mwyach
drop-replaced = disodlwyd gan fesur arall
drop-treatment-lowered = gwneir llai â'i ffigurau
drop-level-lowered = mae llai o bobl yn edrych arno
drop-frequency-reduced = adroddir yn llai aml
drop-target-lost = tynnwyd ei darged ymaith
drop-silent = nid oes neb yn dweud dim
drop-renumbered = mae ganddo god arall
