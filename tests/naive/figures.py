"""A second opinion on the questions about figures: what changed, can be compared, was overridden.

It reads the entries of a ledger and works the answers out from the format and the written rules
alone. It uses nothing of the program: no code, no read model, no table. It is written in the
dullest way that could be right, so that where it and the program differ, one can see who is wrong.

    figures.py ASKS.json [--whole-numbers] < entries.ndjson
    figures.py --self-test

One answer per ask, in order. All numbers are printed as text, equal ones alike; with
--whole-numbers positions and counts are printed as numbers instead.
"""

import json
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import combinations

from questions import level_of_last_point, value_for
from standing import (BREAKS, COUNTS_ANEW, FRAMEWORK, History, alike, changed_inputs, counted,
                      counted_anew, differs, factor_between, finest, hand_made, how_it_did, last, levels_of,
                      moved, number, period_type, quotient, rate, rounded, said, shown, stated_is,
                      steps_between, verdict_on, year_earlier)

# ---- Q8 comparable.
def comparable(history, ask):
    measure, at = ask["measure"], ask["at"]
    periods = ask["a_period"], ask["b_period"]
    lengths = ["period_length"] if len({period_type(period) for period in periods}) > 1 else []
    if any(history.value(measure, period, at) is None for period in periods):
        return {"verdict": "unknown", "factor": None, "breaks": lengths}
    made = [history.headline_position(measure, period, at) for period in periods]
    one, other = [history.definition(measure, position) for position in made]
    factor = history.link(measure, *made)
    verdict = verdict_on(factor, one, other), None
    if verdict[0] == "same_after_factor":
        verdict = verdict[0], number(factor) if made[0] < made[1] else quotient(factor)
    point = history.definition(measure, at).get("aggregation") == "point"
    if lengths and not point:
        verdict = "broken", None
    found = [word for word, field in BREAKS if differs(field, one, other)]
    return {"verdict": verdict[0], "factor": verdict[1], "breaks": found + lengths}

# ---- Q4 figure-differs.
def figure_differs(history, ask):
    measure, period = ask["measure"], ask["period"]
    a, b = sorted((ask["a"], ask["b"]))
    values = history.value(measure, period, a), history.value(measure, period, b)
    printed = shown(history, measure, period, a), shown(history, measure, period, b)
    steps = steps_between(history, measure, period, a, b)
    return {
        "a": number(values[0]), "b": number(values[1]),
        "same_exact": values[0] == values[1], "same_shown": printed[0] == printed[1],
        "cause": cause_of(history, measure, period, (a, b), values, printed, steps),
        "steps": [[position, kind, number(value), number(size)] for position, kind, value, size, _ in steps],
    }

def cause_of(history, measure, period, moments, values, printed, steps):
    if None in values:
        return None if values == (None, None) else "absent_in_a" if values[0] is None else "absent_in_b"
    if values[0] == values[1]:
        units = [history.definition(measure, at).get("unit") for at in moments]
        if units[0] is not None and units[0] != units[1]:
            return "redefined"
        if printed[0] != printed[1]:
            return "rounding_only"
        return "renamed" if len({history.code(measure, at) for at in moments}) > 1 else None
    made = history.headline_position(measure, period, moments[0])
    factor = history.link(measure, made, max(step[0] for step in steps if step[1] == "figure"))
    moving = [step for step in steps if step[3] is not None]
    reasons = {step[4] for step in moving} - {None}
    if factor not in (None, 1) and alike(values[0] * factor, values[1]):
        return "rescaled"
    if factor is None or "definition_change" in reasons:
        return "redefined"
    if reasons & COUNTS_ANEW:
        return "restated"
    return "finalised" if reasons == {"finalised"} else "revised"

# ---- Q9 re-perform.
def re_perform(history, ask):
    measure, period, at = ask["measure"], ask["period"], ask["at"]
    content = history.content(measure, period, at)
    if content is None or content.begun is None:
        return None
    headline, stored = content.headline or {}, history.value(measure, period, at)
    parts = headline.get("numerator"), headline.get("denominator")
    why_not = ("no_figure" if stored is None else "no_numerator" if None in parts
               else "zero_denominator" if Decimal(parts[1]) == 0 else None)
    if why_not:
        return {"recomputed": None, "verdict": "cannot", "why_not": why_not}
    definition = history.definition(measure, history.headline_position(measure, period, at))
    found = Decimal(parts[0]) * definition.get("scale", Decimal(1)) / Decimal(parts[1])
    decimals = definition.get("decimals")
    if decimals is None:
        decimals = len(headline["value"].partition(".")[2])
    verdict = ("agrees" if alike(found, stored)
               else "agrees_rounded" if rounded(found, decimals) == rounded(stored, decimals) else "differs")
    return {"recomputed": quotient(found), "verdict": verdict, "why_not": None}

# ---- Q10 baseline-moved.
def baseline_moved(history, ask):
    measure, period, at = ask["measure"], ask["period"], ask["at"]
    known = history.measures.get(measure)
    sets, proposals = (known.baselines, known.proposals) if known else ([], [])
    before = [None] + [value for _, value in sets]
    versions = [[p, "set", number(value), number(old)] for (p, value), old in zip(sets, before)]
    versions += [[p, "proposed", number(value), None] for p, value in proposals]
    progress = [[start, to, *share(history, measure, period, at, baseline, to)]
                for start, baseline in [("original", sets[:1]), ("current", sets[-1:])]
                for to in ("original", "current")]
    return {"versions": sorted(versions), "progress": progress}

def aimed_at(history, measure, period, at, which):
    """(position, value) of the target; the original is what the first version of the same key said."""
    governing = history.governing(measure, period, at)
    if governing is None:
        return None
    if which == "current":
        return governing.level and (governing.position, governing.level[0])
    position, target = history.measures[measure].targets[governing.span][0]
    level = value_for(target, governing.span, period) or level_of_last_point(target)
    return level and (position, level[0])

def share(history, measure, period, at, baseline, to):
    value, made = history.value(measure, period, at), history.headline_position(measure, period, at)
    if value is None or not baseline:
        return None, "no_figure" if value is None else "no_baseline"
    factor = history.link(measure, baseline[0][0], made)
    if factor is None:
        return None, "not_comparable"
    start, polarity = baseline[0][1] * factor, history.definition(measure, at)["polarity"]
    if polarity["kind"] == "goldilocks":
        middle = (polarity["low"] + polarity["high"]) / 2
        gone, whole = abs(start - middle) - abs(value - middle), abs(start - middle)
    else:
        target = aimed_at(history, measure, period, at, to)
        factor = target and history.link(measure, target[0], made)
        if factor is None:
            return None, "no_target" if target is None else "not_comparable"
        gone, whole = value - start, target[1] * factor - start
    if whole == 0:
        return None, "target_is_baseline"
    return number((gone / whole).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)), None

# ---- Q11 overridden.
def overridden(history, ask):
    at, after, to = ask["at"], ask["from"], ask["to"]
    rows = [row for key, versions in history.overrides.items() for position, override in versions
            if after < position <= to and history.exists(key[0], at)
            for row in [override_row(history, key, position, override, at)]]
    reported = {(event.fact["measure"], event.fact["period"]) for event in history.events
                if after < event.position <= to and event.name.startswith("submission.")
                and event.fact.get("rating_as_reported") is not None}
    rows += [row for key in reported for row in [reported_row(history, key, to)] if row]
    rows.sort(key=lambda row: row[0])
    return [row for _, row in rows]

def override_row(history, key, position, override, at):
    """With its place in the answer."""
    measure, period = key
    latest = history.overrides[key][-1][0]
    in_force = history.inputs_hold(measure, period, position, override, at)
    later = [part for part in history.parts(measure, period, at) if part is not None and part > position]
    standing, ended_by = "in_force", None
    if latest > position:
        standing, ended_by = "superseded", latest
    elif not in_force:
        standing, ended_by = "ended", min(later, default=None)
    computed = override.get("computed") or "no_rule"
    scale = history.rule_line(measure, at)[2]
    return ("overridden", history.code(measure, at), position, measure, period), {
        "class": "overridden", "measure": measure, "period": period, "computed": computed,
        "stated": override["stated"], "stated_is": stated_is(scale, override["stated"], computed),
        "position": position, "standing": standing, "ended_by": ended_by}

def reported_row(history, key, to):
    measure, period = key
    content = history.content(measure, period, to)
    if content is None or content.reported is None or not history.exists(measure, to):
        return None
    ours, scale = history.rating(measure, period, to, overrides=False), history.rule_line(measure, to)[2]
    codes = [level["code"] for level in levels_of(scale)]
    if content.reported not in codes or not ours.level or ours.word == content.reported:
        return None
    position = history.headline_position(measure, period, to)
    return ("reported_differs", history.code(measure, to), position, measure, period), {
        "class": "reported_differs", "measure": measure, "period": period, "computed": ours.word,
        "stated": content.reported, "stated_is": stated_is(scale, content.reported, ours.word),
        "position": position, "standing": "not_used", "ended_by": None}

# ---- Q12 turned-green.
def touched(history, a, b):
    """The (measure, period) that something between a and b bears on."""
    cells, whole = set(), set()
    for event in history.events:
        entity, what = event.name.split(".")
        if not a < event.position <= b:
            continue
        if entity == "submission" and not what.startswith("sign"):
            cells.add((event.fact["measure"], event.fact.get("period")))
        elif entity == "measure" and what.split("_")[0] in ("adopted", "target", "definition", "reclassified"):
            whole.add(event.id)
        elif entity == "framework" and what in ("adopted", "rating_rule_set"):
            whole |= {id for id, measure in history.measures.items() if measure.framework == event.id}
    return sorted(key for key in history.told if history.content(*key, b)
                  and history.exists(key[0], a) and (key in cells or key[0] in whole))

def turned_green(history, ask):
    a, b = sorted((ask["a"], ask["b"]))
    rows, counts = [], {}
    for measure, period in touched(history, a, b):
        if ask["of"] == "direction":
            row = direction_row(history, measure, period, a, b, counts)
        else:
            row = rating_row(history, measure, period, a, b, ask.get("include"), counts)
        if row is not None:
            ratings = [history.rating(measure, period, at).word for at in (a, b)]
            rows.append({"measure": measure, "period": period, **row,
                         "a_rating": ratings[0], "b_rating": ratings[1]})
    return {"rows": rows, "cells": counts}

def count(counts, what):
    counts[what] = counts.get(what, 0) + 1

def direction_row(history, measure, period, a, b, counts):
    then, now = history.direction(measure, period, a), history.direction(measure, period, b)
    if "unknown" not in (then, now):
        count(counts, "with_a_direction_at_both")
    if (then, now) != ("worse", "better"):
        return None
    for of in (period, year_earlier(period)):
        values = history.value(measure, of, a), history.value(measure, of, b)
        if moved(*values, factor_between(history, measure, of, a, b)):
            return count(counts, "explained_by_figure")
    changed = changed_inputs(history.inputs(measure, period, a), history.inputs(measure, period, b))
    sufficient = ["polarity"] if "polarity" in changed else []
    return {"cause": "alone", "changed": changed, "sufficient": sufficient}

def rating_row(history, measure, period, a, b, include, counts):
    then, now = history.rating(measure, period, a), history.rating(measure, period, b)
    if then.level and now.level:
        count(counts, "rated_at_both")
    elif then.level or now.level:
        count(counts, "lost_rating" if then.level else "rated_at_second_only")
    bad = ("off", "at_risk") if include == "at_risk" else ("off",)
    if then.track not in bad or now.track != "on":
        return None
    at_a, at_b = history.inputs(measure, period, a), history.inputs(measure, period, b)
    changed, factor = changed_inputs(at_a, at_b), factor_between(history, measure, period, a, b)
    values = history.value(measure, period, a), history.value(measure, period, b)
    in_unit_of_a = values[1] / factor if values[1] is not None and factor else values[1]
    suppressed = history.content(measure, period, b).declared == "suppressed_at_source"
    if moved(*values, factor) and rate(in_unit_of_a, suppressed, at_a, overrides=False).track == "on":
        if counted_anew(history, measure, period, a, b):
            return {"cause": "restated", "changed": changed, "sufficient": []}
        return count(counts, "explained_by_figure")

    def suffices(names):
        inputs = {name: (at_b if name in names else at_a)[name] for name in at_a}
        value = values[1] if "unit" in names else in_unit_of_a
        return rate(value, suppressed, inputs).track == "on"

    alone = [name for name in changed if suffices([name])]
    if alone:
        return {"cause": "alone", "changed": changed, "sufficient": alone}
    sets = [names for size in range(2, len(changed) + 1) for names in combinations(changed, size)]
    joint = next((list(names) for names in sets if suffices(names)), [])
    return {"cause": "joint", "changed": changed, "sufficient": joint}

# ---- Q5 measures-dropped.
DROPS = ["retired", "replaced", "treatment_lowered", "level_lowered", "frequency_reduced", "target_lost",
         "silent", "renumbered"]
TREATMENTS = ["volumetric", "tracker", "contextual", "targeted"]  # from the lowest
LEVELS = ["operational", "strategic"]
def measures_dropped(history, ask):
    rows = []
    for event in history.events:
        before = event.position - 1
        if not ask["from"] < event.position <= ask["to"] or not event.name.startswith("measure."):
            continue
        if not history.exists(event.id, before):
            continue
        for drop, said in drops_in(history, event, before):
            if drop != "renumbered" or "renumbered" in (ask.get("include") or []):
                place = event.position, history.code(event.id, before), DROPS.index(drop)
                row = {"position": event.position, "measure": event.id, "drop": drop, "from": None,
                       "to": None, "replaced_by": None, "reinstated_at": None}
                rows.append((place, {**row, **how_it_did(history, event.id, before), **said}))
    return [row for _, row in sorted(rows, key=lambda row: row[0])]

def drops_in(history, event, before):
    what, fact, measure = event.name.removeprefix("measure."), event.fact, history.measures[event.id]
    if what == "retired":
        yield "retired", {}
    if what == "replaced":
        yield "replaced", {"replaced_by": fact["by"]}
    if what == "reclassified":
        for drop, versions, order, field in [
            ("treatment_lowered", measure.treatments, TREATMENTS, "treatment"),
            ("level_lowered", measure.levels, LEVELS, "level"),
        ]:
            old, new = last(versions, before)[1], last(versions, event.position)[1]
            if order.index(new) < order.index(old):
                back = [p for p, word in versions
                        if p > event.position and order.index(word) >= order.index(old)]
                yield drop, {"from": old, "to": new, "reinstated_at": min(back, default=None)}
    if what == "definition_set":
        old, new = [history.definition(event.id, at).get("period_types") or []
                    for at in (before, event.position)]
        if old and new and finest(new) > finest(old):
            types = [(p, later.get("period_types")) for p, later, _ in measure.definitions]
            back = [p for p, named in types
                    if p > event.position and (not named or finest(named) <= finest(old))]
            yield "frequency_reduced", {"from": " ".join(old), "to": " ".join(new),
                                        "reinstated_at": min(back, default=None)}
    if what == "target_withdrawn":
        withdrawn = any((event.position, None) in versions for versions in measure.targets.values())
        stands = [span for span, versions in measure.targets.items()
                  if (last(versions, event.position) or (0, None))[1] is not None]
        if withdrawn and not stands:
            level = (fact.get("old") or {}).get("level")
            back = [p for versions in measure.targets.values() for p, target in versions
                    if p > event.position and target is not None]
            yield "target_lost", {"from": level and level["at"], "reinstated_at": min(back, default=None)}
    if what == "code_assigned":
        code = fact["code"]
        of_scheme = last([(p, c) for p, scheme, c in measure.codes if scheme == code["scheme"]], before)
        if of_scheme is not None and of_scheme[1] != code["code"]:
            yield "renumbered", {"from": history.code(event.id, before),
                                 "to": history.code(event.id, event.position)}

# ---- The answers.
QUESTIONS = {"comparable": comparable, "figure-differs": figure_differs, "re-perform": re_perform,
             "baseline-moved": baseline_moved, "overridden": overridden, "turned-green": turned_green,
             "measures-dropped": measures_dropped}

def answers(entries, asks):
    events, found, history, at = counted(entries), [None] * len(asks), None, None
    for place, ask in sorted(enumerate(asks), key=lambda asked: asked[1]["at"]):
        if ask["at"] != at:  # one history at a time
            at = ask["at"]
            history = History(events, at)
        found[place] = QUESTIONS[ask["question"]](history, ask)
    return found

def numbers_as_text(thing):
    if isinstance(thing, list):
        return [numbers_as_text(part) for part in thing]
    if isinstance(thing, dict):
        return {name: numbers_as_text(part) for name, part in thing.items()}
    return str(thing) if isinstance(thing, int) and not isinstance(thing, bool) else thing

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

def main():
    if sys.argv[1:] == ["--self-test"]:
        return test_standing(), test_clock(), test_links(), test_performance(), test_ratings(), \
            test_drops(), print("self-test passed")
    paths = [word for word in sys.argv[1:] if word != "--whole-numbers"]
    with open(paths[0], encoding="utf-8") as file:
        asks = json.load(file)
    found = answers([json.loads(line) for line in sys.stdin if line.strip()], asks)
    print(json.dumps(found if "--whole-numbers" in sys.argv else numbers_as_text(found)))

if __name__ == "__main__":
    main()
