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

from questions import key_of, level_of_last_point, lies_within, value_for
from standing import (BREAKS, COUNTS_ANEW, History, alike, changed_inputs, contributing, counted,
                      counted_anew, differs, factor_between, finest, how_it_did, last, levels_of, moved,
                      number, period_type, quotient, rate, rounded, shown, stated_is, steps_between,
                      verdict_on, year_earlier)

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
    moving = contributing(values[0], [step for step in steps if step[1] == "figure"])
    reasons = {step[4] for step in moving} - {None}
    redefined = any(step[1] == "definition" for step in steps)
    if factor not in (None, 1) and alike(values[0] * factor, values[1]):
        return "rescaled"
    if factor is None or (redefined and "definition_change" in reasons):
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
    standing, ended_by = "in_force", None
    if latest > position:
        standing, ended_by = "superseded", latest
    elif not in_force:
        standing, ended_by = "ended", first_without(history, key, position, override)
    before, computed = position - 1, "no_rule"
    if history.exists(measure, before):
        computed = history.rating(measure, period, before, overrides=False).word
    scale = history.rule_line(measure, at)[2]
    return ("overridden", history.code(measure, at), position, measure, period), {
        "class": "overridden", "measure": measure, "period": period, "computed": computed,
        "stated": override["stated"], "stated_is": stated_is(scale, override["stated"], computed),
        "position": position, "standing": standing, "ended_by": ended_by}

def first_without(history, key, position, override):
    """The first event after which it stood no longer; None where it never stood."""
    if not history.inputs_hold(*key, position, override, position):
        return None
    later = (event.position for event in history.events if event.position > position)
    return next((at for at in later if not history.inputs_hold(*key, position, override, at)), None)

def reported_row(history, key, to):
    measure, period = key
    content = history.content(measure, period, to)
    if content is None or content.reported is None or not history.exists(measure, to):
        return None
    ours, scale = history.rating(measure, period, to, overrides=False), history.rule_line(measure, to)[2]
    reported = level_called(content.reported, scale)
    if reported is None or not ours.level or ours.word == reported:
        return None
    position = history.headline_position(measure, period, to)
    return ("reported_differs", history.code(measure, to), position, measure, period), {
        "class": "reported_differs", "measure": measure, "period": period, "computed": ours.word,
        "stated": reported, "stated_is": stated_is(scale, reported, ours.word),
        "position": position, "standing": "not_used", "ended_by": None}

def level_called(reported, scale):
    """The level that a publisher means: by its code or its words, in capitals or not."""
    for level in levels_of(scale):
        names = [level["code"], *(word for word in level.get("words", {}).values() if word)]
        if reported.strip().lower() in [name.lower() for name in names]:
            return level["code"]
    return None

# ---- Q12 turned-green.
def touched(history, a, b):
    """The (measure, period) that something between a and b bears on."""
    cells, whole, aimed = set(), set(), set()
    for event in history.events:
        entity, what = event.name.split(".")
        if not a < event.position <= b:
            continue
        if entity == "submission" and not what.startswith("sign"):
            cells.add((event.fact["measure"], event.fact.get("period")))
        elif entity == "measure" and what in ("adopted", "definition_set", "reclassified"):
            whole.add(event.id)
        elif entity == "measure" and what.startswith("target_"):
            aimed |= {(event.id, name) for name in named_by(event.fact)}
        elif entity == "framework" and what in ("adopted", "rating_rule_set", "scale_set"):
            whole |= {id for id in history.measures if history.framework(id, b) == event.id}
    return sorted(key for key in history.told if history.content(*key, b)
                  and history.exists(key[0], a) and (key in cells or key[0] in whole or any(
                      measure == key[0] and lies_within(key[1], name) for measure, name in aimed)))

def named_by(fact):
    """The periods for which a target says something, before or after."""
    key, names = fact["key"], set()
    _, breakdown, tier = key_of(key)
    if breakdown != () or tier != "expected":
        return names
    for target in (fact.get("target"), fact.get("old"), fact.get("new")):
        if target is not None:
            points = {point["period"] for point in target.get("points") or []}
            whole = target["shape"] != "profile" or not points
            names |= points | ({key["period"]} if whole else set())
    return names

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

def main():
    if sys.argv[1:] == ["--self-test"]:
        import hand_made
        return hand_made.test_all(), print("self-test passed")
    paths = [word for word in sys.argv[1:] if word != "--whole-numbers"]
    with open(paths[0], encoding="utf-8") as file:
        asks = json.load(file)
    found = answers([json.loads(line) for line in sys.stdin if line.strip()], asks)
    print(json.dumps(found if "--whole-numbers" in sys.argv else numbers_as_text(found)))

if __name__ == "__main__":
    main()
