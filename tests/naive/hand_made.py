"""Hand-made histories for the second opinion on figures: small enough to see the answer.

    figures.py --self-test
"""

from figures import answers
from standing import History, counted, period_type, year_earlier

def hand_made(*told):
    """Entries from (subject, name, fact, known_at)."""
    heads, entries = {}, []
    for position, (subject, name, fact, *known) in enumerate(told, 1):
        revision, previous = heads.get(subject, (0, None))
        heads[subject] = revision + 1, position
        record = {"revision": revision + 1, "previous": previous}
        if known:
            record["asserted"] = {"known_at": known[0] + "T00:00:00.000000Z"}
        event = {"type": f"piperoll.{name}.v1", "subject": subject, "time": "2026-01-01T00:00:00.000000Z"}
        entries.append({"position": position, "event": {**event, "data": {"record": record, "fact": fact}}})
    return entries + [{"position": len(told) + 1, "reject": "bad"}]

RULE = {"met": "green", "near": "amber", "missed": "red", "tolerance": {"rate": "0.05"},
        "compare": "exact", "ends": "inclusive"}
SCALE = {"levels": [{"code": code, "track": track}
                    for code, track in [("green", "on"), ("amber", "at_risk"), ("red", "off")]]}
FRAMEWORK = ("framework/f", "framework.adopted", {"rating_rule": RULE, "scale": SCALE})

def said(**definition):
    kind = definition.pop("polarity", "higher_is_better")
    return {"polarity": {"kind": kind, "low": "4", "high": "6"} if kind == "goldilocks" else {"kind": kind},
            **definition}

# ---- The self-test: a few hand-made histories.
def standing(at):
    return {"shape": "standing", "level": {"at": at}}

def adopted(at="100", more=None, **definition):
    targets = [{"key": {"period": "FY2020"}, "target": standing(at)}]
    return ("measure/m", "measure.adopted", {"framework": "f", "treatment": "targeted", "level": "strategic",
            "definition": said(**definition), "targets": targets, **(more or {})})

def of_measure(name, known="2021-01-01", **fact):
    return ("measure/m", "measure." + name, fact, known)

def figure(value, period="FY2020-Q1", known="2021-01-01", **more):
    cell = {"value": value, **{name: more.pop(name) for name in ("numerator", "denominator") if name in more}}
    fact = {"measure": "m", "period": period, "cells": [cell], **more}
    return f"submission/{period}", "submission.submitted", fact, known

def revised(value, begun, code, period="FY2020-Q1", known="2021-02-01"):
    fact = {"measure": "m", "period": period, "content_from": begun, "changed": [{"value": value}]}
    return f"submission/{period}", "submission.revised", {**fact, "reason": {"code": code}}, known

def asked(told, question, **ask):
    return answers(hand_made(*told), [{"question": question, "at": len(told), "measure": "m", **ask}])[0]

def test_clock():
    told = [("ledger/l", "ledger.created", {}), (*adopted(), "2014-08-01"),
            figure("1", known="2013-01-01"), ("ledger/l", "ledger.opened", {}),
            revised("2", 3, "late_data", known="2030-01-01")]
    instants = History(counted(hand_made(*told)), 5).instants
    assert [at and at.year for at in instants.values()] == [None, 2014, 2014, 2026, 2026]

def test_links():
    lower = said(polarity="lower_is_better")
    told = [FRAMEWORK, adopted(unit="%", decimals=1), figure("50"), figure("0", "FY2020-Q2"),
            figure("70", "FY2020-Q3"),
            of_measure("definition_set", definition={**lower, "unit": "rate", "decimals": 1}),
            revised("0.5", 3, "none_recorded"), revised("0.70", 5, "none_recorded", "FY2020-Q3"),
            revised("0.6", 3, "source_revised", known="2021-03-01")]
    answer = asked(told, "comparable", a_period="FY2020-Q2", b_period="FY2020-Q3")
    assert answer == {"verdict": "same_after_factor", "factor": "0.01", "breaks": ["unit", "polarity"]}
    answer = asked(told, "comparable", a_period="FY2020-Q3", b_period="FY2020-Q2")
    assert (answer["verdict"], answer["factor"]) == ("same_after_factor", "100")
    assert asked(told, "comparable", a_period="FY2020-Q1", b_period="FY2020-Q3")["verdict"] == "same"
    assert asked(told[:7], "comparable", a_period="FY2020-Q1", b_period="FY2020-Q2")["verdict"] == "broken"
    unknown = asked(told, "comparable", a_period="FY2020", b_period="FY2020-Q2")
    assert unknown == {"verdict": "unknown", "factor": None, "breaks": ["period_length"]}
    answer = asked(told, "figure-differs", period="FY2020-Q1", a=7, b=5)
    assert (answer["a"], answer["b"], answer["cause"]) == ("50", "0.5", "rescaled")
    assert answer["steps"] == [[6, "definition", None, None], [7, "figure", "0.5", "-49.5"]]
    assert asked(told, "figure-differs", period="FY2020-Q1", a=7, b=9)["cause"] == "revised"
    assert asked(told, "figure-differs", period="FY2020-Q2", a=5, b=9)["cause"] == "redefined"
    assert asked(told, "figure-differs", period="FY2020-Q2", a=1, b=9)["cause"] == "absent_in_a"

def test_standing():
    path = {"shape": "profile", "points": [{"period": "FY2020-Q1", "level": {"at": "1"}}]}
    words = {"shape": "point", "words": "all"}
    told = [adopted("3"), of_measure("target_set", key={"period": "FY2020..FY2021"}, target=path),
            of_measure("target_set", key={"period": "FY2020-Q2"}, target=words),
            of_measure("target_set", key={"period": "2020"}, target=standing("4"))]
    history = History(counted(hand_made(*told)), 4)
    for period, span, level in [
        ("FY2020-Q1", "FY2020..FY2021", 1), ("FY2020-Q2", "FY2020-Q2", None), ("FY2020", "FY2020", 3),
        ("2020-05", "FY2020", 3), ("FY2020-Q4", "FY2020", 3), ("2020-W10", "2020", 4),
    ]:
        found = history.governing("m", period, 4)
        assert (found.span, found.level and found.level[0]) == (span, level), period
    assert year_earlier("FY2010..FY2012") == "FY2009..FY2011" and period_type("2020-W10") == "week"
    for value, kind, word in [("95", "higher_is_better", "amber"), ("94.9", "higher_is_better", "red"),
                              ("105", "lower_is_better", "amber"), ("100", "none", "not_comparable")]:
        told = [FRAMEWORK, adopted(polarity=kind), figure(value)]
        assert History(counted(hand_made(*told)), 3).rating("m", "FY2020-Q1", 3).word == word
    told[1:] = [adopted("5", polarity="goldilocks"), figure("3.9")]
    assert History(counted(hand_made(*told)), 3).rating("m", "FY2020-Q1", 3).word == "amber"

def test_performance():
    told = [adopted(scale="100", decimals=1), figure("33.3", numerator="1", denominator="3"),
            figure("33", "FY2020-Q2")]
    answer = asked(told, "re-perform", period="FY2020-Q1")
    assert answer == {"recomputed": "33.3333333333", "verdict": "agrees_rounded", "why_not": None}
    assert asked(told, "re-perform", period="FY2020-Q2")["why_not"] == "no_numerator"
    assert asked(told, "re-perform", period="FY2020-Q3") is None
    told = [adopted("40", {"baseline": {"period": "FY2019", "value": "10"}}),
            of_measure("baseline_set", baseline={"period": "FY2019", "value": "20"}),
            of_measure("baseline_proposed", baseline={"period": "FY2019", "value": "15"}), figure("30"),
            of_measure("target_changed", key={"period": "FY2020"}, new=standing("20"))]
    answer = asked(told, "baseline-moved", period="FY2020-Q1")
    assert answer["versions"] == [[1, "set", "10", None], [2, "set", "20", "10"], [3, "proposed", "15", None]]
    assert [row[2:] for row in answer["progress"]] == [
        ["0.666667", None], ["2", None], ["0.5", None], [None, "target_is_baseline"]]

def test_ratings():
    override = {"measure": "m", "period": "FY2020-Q1", "computed": "red", "stated": "green",
                "inputs": [4, 3, 2, 1]}
    half = {"period": "FY2020-H1"}  # narrower than the first, so it governs
    told = [FRAMEWORK, adopted("50"), of_measure("target_set", key=half, target=standing("100")),
            figure("90", rating_as_reported="amber"),
            ("submission/FY2020-Q1", "submission.rating_overridden", override),
            of_measure("target_changed", key=half, new=standing("85"))]
    span = {"from": 0, "to": 6}
    rows = asked(told, "overridden", **span)
    assert [(row["class"], row["standing"], row["ended_by"], row["stated_is"]) for row in rows] == [
        ("overridden", "ended", 6, "better"), ("reported_differs", "not_used", None, "worse")]
    assert asked(told[:5], "overridden", **{"from": 4, "to": 5})[0]["standing"] == "in_force"
    twice = told[:5] + [revised("91", 4, "error"), revised("92", 4, "error")]
    assert asked(twice, "overridden", **{"from": 0, "to": 7})[0]["ended_by"] == 6
    answer = asked(told, "turned-green", a=4, b=5, of="rating", include="off_track")
    assert (answer["rows"][0]["sufficient"], answer["cells"]) == (["override"], {"rated_at_both": 1})
    answer = asked(told, "turned-green", a=6, b=4, of="rating", include="off_track")
    assert (answer["rows"][0]["cause"], answer["rows"][0]["sufficient"]) == ("alone", ["target"])
    lower = said(polarity="lower_is_better")
    told[4:] = [revised("101", 4, "rebasing"), of_measure("definition_set", definition=lower)]
    assert asked(told, "turned-green", a=4, b=5, of="rating")["rows"][0]["cause"] == "restated"
    told[4:5] = [figure("95", "FY2019-Q1")]
    answer = asked(told, "turned-green", a=5, b=6, of="direction")
    assert (answer["rows"][0]["sufficient"], answer["rows"][0]["period"]) == (["polarity"], "FY2020-Q1")

def test_drops():
    codes = [{"scheme": "local", "code": code} for code in ("A1", "B1")]
    told = [FRAMEWORK, adopted(more={"codes": codes[:1]}, period_types=["month", "financial_quarter"]),
            figure("99", "FY2019-Q4"), figure("90"), figure("80", "FY2020-Q2"),
            of_measure("target_withdrawn", key={"period": "FY2020"}, old=standing("100.0")),
            of_measure("definition_set", definition=said(period_types=["financial_year"])),
            of_measure("reclassified", treatment="volumetric", old_treatment="targeted"),
            of_measure("code_assigned", code=codes[1]),
            of_measure("reclassified", treatment="targeted"), of_measure("retired")]
    rows = asked(told, "measures-dropped", **{"from": 5, "to": 11, "include": ["renumbered"]})
    assert [(row["drop"], row["from"], row["to"], row["reinstated_at"]) for row in rows] == [
        ("target_lost", "100.0", None, None),
        ("frequency_reduced", "month financial_quarter", "financial_year", None),
        ("treatment_lowered", "targeted", "volumetric", 10),
        ("renumbered", "A1", "B1", None), ("retired", None, None, None)]
    first = rows[0]
    assert (first["period"], first["figure"], first["rating"]) == ("FY2020-Q2", "80", "red")
    assert (first["was_off_track"], first["off_track_periods"], rows[2]["was_off_track"]) == (True, 2, None)


def test_all():
    for test in [test_clock, test_links, test_standing, test_performance, test_ratings, test_drops]:
        test()
