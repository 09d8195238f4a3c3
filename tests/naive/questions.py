"""A second opinion on the questions about targets (who changed them, which were made easier).

It reads the entries of a ledger and works the answer out from the format and the written rules
alone. It uses nothing of the program: no code, no read model, no table. It is written in the
dullest way that could be right, so that where it and the program differ, one can see who is wrong.

    questions.py targets --at POSITION --from POSITION --to POSITION < entries.ndjson
    questions.py --self-test
"""

import argparse
import json
import sys
from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
# Numbers are only ever compared, never added; Python compares decimals exactly, however long.

# ---- Periods: the first and the last day, and the same period one year earlier.
def months(year, month, count):
    """The days of `count` whole months; month 13 is January of the next year."""
    last_month = month + count - 1
    first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    year, month = year + (last_month - 1) // 12, (last_month - 1) % 12 + 1
    return first, date(year, month, monthrange(year, month)[1])

def split_kind(written):
    """FY2021-Q1 is the kind FY and the rest 2021-Q1; a calendar period has the kind ''."""
    return (written[:2], written[2:]) if written[:2] in ("FY", "AY") else ("", written)

def days(written):
    """The first and the last day of a period."""
    if ".." in written:
        first, last = written.split("..")
        if len(first) == 10:  # a span of days, not years pooled
            return date.fromisoformat(first), date.fromisoformat(last)
        return days(first)[0], days(last)[1]
    kind, rest = split_kind(written)
    year, part = int(rest[:4]), rest[5:]
    start = {"": 1, "FY": 4, "AY": 9}[kind]
    if part == "":
        return months(year, start, 12)
    if part[0] in "HQ":
        length = 6 if part[0] == "H" else 3
        return months(year, start + length * (int(part[1]) - 1), length)
    if part[0] == "W":
        monday = date.fromisocalendar(year, int(part[1:]), 1)
        return monday, monday + timedelta(days=6)
    return months(year, int(part), 1)

def day_a_year_earlier(day):
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)

def earlier_period(written):
    """The equivalent earlier period, of the same written type; None where there is none."""
    if ".." in written:
        first, last = written.split("..")
        if len(first) == 10:
            return "..".join(str(day_a_year_earlier(day)) for day in days(written))
        kind, first_year, last_year = split_kind(first)[0], int(first[-4:]), int(last[-4:])
        pooled = last_year - first_year + 1
        return f"{kind}{first_year - pooled:04}..{kind}{last_year - pooled:04}"
    kind, rest = split_kind(written)
    year, part = int(rest[:4]) - 1, rest[4:]
    if part.startswith("-W") and int(part[2:]) > date(year, 12, 28).isocalendar().week:
        return None
    return f"{kind}{year:04}{part}"

def overlapping_pool(written):
    """Of pooled years the pool that ends one year earlier; None for every other period."""
    first, dots, last = written.partition("..")
    if not dots or len(first) == 10:
        return None
    kind = split_kind(first)[0]
    return f"{kind}{int(first[-4:]) - 1:04}..{kind}{int(last[-4:]) - 1:04}"

def lies_within(inner, outer):
    return days(outer)[0] <= days(inner)[0] and days(inner)[1] <= days(outer)[1]

# ---- Targets: what a target says, for one period and as a whole. A level is a pair (at, to or
# None); neither a pair nor a number as text is ever false, so `or` means "where there is none".
def level_of(thing):
    level = thing.get("level")
    return level and (Decimal(level["at"]), level.get("to") and Decimal(level["to"]))

def points_of(target):
    return [(point["period"], level_of(point)) for point in target.get("points") or []]

def value_by_shape(target, span, period):
    """A point with that very period wins; else what the shape gives; no fall-back."""
    for point_period, level in points_of(target):
        if point_period == period:
            return level
    shape = target["shape"]
    reached = lies_within(period, span) if shape == "standing" else shape != "profile" and period == span
    return level_of(target) if reached else None

def value_for(target, span, period):
    """As above, and where that gives nothing, the target's own level."""
    return value_by_shape(target, span, period) or level_of(target)

def level_of_last_point(target):
    """The level of the point whose period ends last; of several, the one standing last in the list."""
    by_end = sorted(points_of(target), key=lambda point: days(point[0])[1])  # keeps the order of equals
    return by_end[-1][1] if by_end else None

def value_as_a_whole(target, span):
    return value_by_shape(target, span, span) or level_of_last_point(target)

# ---- Ease: D5.
def band(level, polarity):
    at, to = level
    if to is not None:
        return at, to
    low, high = Decimal(polarity["low"]), Decimal(polarity["high"])
    return (low, high) if low <= at <= high else (at, at)

def upper(level):
    return level[0] if level[1] is None else level[1]

def ease_of_levels(old, new, polarity):
    if polarity["kind"] == "higher_is_better":
        return "easier" if new[0] < old[0] else "harder" if new[0] > old[0] else "unchanged"
    if polarity["kind"] == "lower_is_better":
        before, after = upper(old), upper(new)
        return "easier" if after > before else "harder" if after < before else "unchanged"
    if polarity["kind"] == "goldilocks":
        (old_low, old_high), (new_low, new_high) = band(old, polarity), band(new, polarity)
        if (old_low, old_high) == (new_low, new_high):
            return "unchanged"
        if new_low <= old_low and old_high <= new_high:
            return "easier"
        return "harder" if old_low <= new_low and new_high <= old_high else "moved"
    return "unchanged" if old == new else "not_comparable"

def by_words(old, new):
    return "unchanged" if old.get("words") == new.get("words") else "not_comparable"

def ease_of_change(old, new, span, polarity):
    everything = [(t["shape"], level_of(t), points_of(t), t.get("words")) for t in (old, new)]
    if everything[0] == everything[1]:
        return "unchanged"
    periods = {period for target in (old, new) for period, _ in points_of(target)}
    if level_of(old) or level_of(new):
        periods.add(span)
    found = set()
    for period in periods:
        old_level, new_level = value_for(old, span, period), value_for(new, span, period)
        if old_level and new_level:
            found.add(ease_of_levels(old_level, new_level, polarity))
        elif old_level or new_level:
            found.add("lost" if old_level else "first")
    if not found:
        return by_words(old, new)
    if "not_comparable" in found:
        return "not_comparable"
    found.discard("unchanged")
    return "mixed" if len(found) > 1 else found.pop() if found else "unchanged"

# ---- The ledger as it stands: applied one counted event after the other.
class Ledger:
    def __init__(self):
        self.heads = {}  # subject -> (revision, position) of its last counted event
        self.polarity = {}  # measure -> polarity
        self.targets = {}  # measure -> {(period, breakdown, tier): target}
        self.headlines = {}  # measure -> {subject of the submission: (period, headline or None)}
        self.opened, self.instant = False, None

    def counts(self, event):
        record = event["data"]["record"]
        revision, previous = self.heads.get(event["subject"], (0, None))
        return record["revision"] == revision + 1 and record.get("previous") == previous

    def move_clock(self, event):
        """Take the event's own instants; this comes before the event is looked at."""
        self.opened = self.opened or event_name(event) == "ledger.opened"
        asserted = event["data"]["record"].get("asserted") or {}
        said = [asserted.get("known_at"), event["time"] if self.opened else None]
        instants = [datetime.fromisoformat(instant) for instant in said if instant is not None]
        self.instant = max(instants + ([self.instant] if self.instant else []), default=None)

    def apply(self, position, event):
        name, fact, record = event_name(event), event["data"]["fact"], event["data"]["record"]
        self.heads[event["subject"]] = (record["revision"], position)
        measure = event["subject"].split("/", 1)[1]
        if name in ("measure.adopted", "measure.definition_set"):
            self.polarity[measure] = fact["definition"]["polarity"]
        if name == "measure.adopted":
            self.targets[measure] = {}
        for key, _, _, new in target_changes(event):
            self.targets.setdefault(measure, {})[key] = new  # None: no target stands
        if name.startswith("submission."):
            self.apply_submission(position, event, name, fact)

    def apply_submission(self, position, event, name, fact):
        subject, of_measure = event["subject"], self.headlines.setdefault(fact.get("measure"), {})
        if name == "submission.submitted":
            of_measure[subject] = (fact["period"], headline_in(fact["cells"], position, event))
        elif name in ("submission.withdrawn", "submission.no_value_declared"):
            of_measure.pop(subject, None)
        elif name == "submission.revised" and subject in of_measure:
            period, headline = of_measure[subject]
            changed = [cell for cell in fact.get("changed") or [] if not cell.get("breakdown")]
            if changed or [] in (fact.get("removed") or []):
                headline = headline_in(changed, position, event)
            of_measure[subject] = (period, headline)

def event_name(event):
    """piperoll.measure.adopted.v1 is called measure.adopted here."""
    return ".".join(event["type"].split(".")[1:-1])

def headline_in(cells, position, event):
    """The value of the cell with the empty breakdown, with who said it and where; None without a value."""
    for cell in cells:
        if not cell.get("breakdown") and cell.get("value") is not None:
            return {"value": cell["value"], "position": position, "event": event}
    return None

def key_of(key):
    breakdown = tuple((tag["taxonomy"], tag["code"]) for tag in key.get("breakdown") or [])
    return key["period"], breakdown, key.get("tier") or "expected"

def target_changes(event):
    """What one event does to targets: a list of (key, what happened, old, new)."""
    name, fact = event_name(event), event["data"]["fact"]
    if name == "measure.adopted":
        last_of_key = {key_of(first["key"]): first["target"] for first in fact.get("targets") or []}
        return [(key, "set", None, target) for key, target in last_of_key.items()]
    if not name.startswith("measure.target_"):
        return []
    happened = name.removeprefix("measure.target_")
    new = fact["target"] if happened == "set" else fact.get("new")
    return [(key_of(fact["key"]), happened, fact.get("old"), new)]

# ---- The actual known then: D4.
def said_together(one, other):
    """Whether two events were recorded by one command, one file, or at one instant."""
    records = one["data"]["record"], other["data"]["record"]
    one_file, other_file = [(record.get("asserted") or {}).get("import") for record in records]
    if records[0]["command_id"] == records[1]["command_id"]:
        return True
    if one_file is None and other_file is None:
        return datetime.fromisoformat(one["time"]) == datetime.fromisoformat(other["time"])
    return one_file == other_file

def latest(candidates):  # by last day, then by later first day, then by written form
    return max(candidates, key=lambda c: (days(c[0])[1], days(c[0])[0], c[0], c[1]["position"]))

def known_actual(ledger, measure, event, span, shape):
    standing_now = [h for h in ledger.headlines.get(measure, {}).values() if h[1] is not None]
    candidates = [h for h in standing_now if not said_together(h[1]["event"], event)]
    same = [c for c in candidates if c[0] == span]
    within = [c for c in candidates if c[0] != span and lies_within(c[0], span)]
    before = [c for c in candidates if days(c[0])[1] < days(span)[0]]
    for basis, found in [("same_period", same), ("sub_period", within), ("earlier_period", before)]:
        if found and (basis != "sub_period" or shape in ("profile", "standing")):
            period, said = latest(found)
            return {"basis": basis, "period": period, "value": said["value"], "position": said["position"]}
    return {"basis": "none"}

def timing(instant, span, known):
    if instant is None:
        return None
    if known is not None and known["basis"] == "same_period":
        return "after_value_known"
    day, (first, last) = instant.astimezone(LONDON).date(), days(span)
    return "before_start" if day < first else "after_end" if day > last else "in_period"

def met(target, span, known, polarity):
    if target is None or known is None or known["basis"] == "none":
        return None
    level = value_for(target, span, known["period"]) or level_of_last_point(target)
    if level is None or polarity["kind"] == "none":
        return None
    value = Decimal(known["value"])
    if polarity["kind"] == "higher_is_better":
        return value >= level[0]
    if polarity["kind"] == "lower_is_better":
        return value <= upper(level)
    low, high = band(level, polarity)
    return low <= value <= high

# ---- The answer.
def year_on_year(ledger, measure, key, happened, new, polarity):
    if happened in ("corrected", "withdrawn"):
        return None
    stands = ledger.targets.get(measure, {})
    candidates = [earlier_period(key[0]), overlapping_pool(key[0])]
    # A target that was withdrawn stands no more, whatever its key.
    earlier = next((it for it in candidates if it and stands.get((it, *key[1:]))), None)
    if earlier is None:
        return None
    old = stands[(earlier, *key[1:])]
    levels = value_as_a_whole(old, earlier), value_as_a_whole(new, key[0])
    return by_words(old, new) if None in levels else ease_of_levels(*levels, polarity)

def row_of(ledger, position, event, key, happened, old, new):
    """One row; the ledger stands as it did just before the event, its clock at the event."""
    measure = event["subject"].split("/", 1)[1]
    period, breakdown, tier = key
    polarity = ledger.polarity.get(measure, {"kind": "none"})
    if event_name(event) == "measure.adopted":
        polarity = event["data"]["fact"]["definition"]["polarity"]
    shape = (old if new is None else new)["shape"]
    known = None if breakdown else known_actual(ledger, measure, event, period, shape)
    ease = {"set": "first", "withdrawn": "lost", "corrected": None}.get(happened)
    if happened == "changed":
        ease = ease_of_change(old, new, period, polarity)
    may_judge = None if happened == "corrected" else known
    return {
        "position": position, "measure": measure, "happened": happened,
        "period": period, "breakdown": [list(tag) for tag in breakdown], "tier": tier, "ease": ease,
        "year_on_year": year_on_year(ledger, measure, key, happened, new, polarity),
        "known": known, "timing": timing(ledger.instant, period, known),
        "met_under_old": met(old, period, may_judge, polarity),
        "met_under_new": met(new, period, may_judge, polarity),
    }

def place_of(row):
    breakdown = ",".join("=".join(tag) for tag in row["breakdown"])
    return row["position"], row["period"], breakdown, row["tier"]

def targets(entries, at, after, to):
    ledger, rows = Ledger(), []
    for entry in entries:
        position, event = entry["position"], entry.get("event")
        if position > at or event is None or not ledger.counts(event):
            continue
        ledger.move_clock(event)
        if after < position <= to:
            for key, happened, old, new in target_changes(event):
                rows.append(row_of(ledger, position, event, key, happened, old, new))
        ledger.apply(position, event)
    return {"rows": sorted(rows, key=place_of)}

# ---- The self-test: a handful of hand-made entries.
def test_periods():
    for written, first, last, earlier in [
        ("FY2021-Q4", "2022-01-01", "2022-03-31", "FY2020-Q4"),
        ("2020-W53", "2020-12-28", "2021-01-03", None),
        ("FY2010..FY2012", "2010-04-01", "2013-03-31", "FY2007..FY2009"),
        ("2019-03-01..2020-02-29", "2019-03-01", "2020-02-29", "2018-03-01..2019-02-28"),
    ]:
        assert days(written) == (date.fromisoformat(first), date.fromisoformat(last)), written
        assert earlier_period(written) == earlier, written

def standing(at, *path):
    points = [{"period": f"2021-Q{n}", "level": {"at": value}} for n, value in enumerate(path, 1)]
    return {"shape": "standing", "level": at and {"at": at}, "points": points}

def test_ease():
    for old, new, kind, ease in [
        (standing("97"), standing("97.00"), "higher_is_better", "unchanged"),
        (standing("97"), standing("96"), "lower_is_better", "harder"),
        (standing("5"), standing("4.5"), "goldilocks", "unchanged"),
        (standing("5"), standing("7"), "goldilocks", "moved"),
        (standing(None, "1", "2"), standing(None, "0", "3"), "higher_is_better", "mixed"),
        (standing("2"), standing("2", "1"), "higher_is_better", "easier"),
    ]:
        assert ease_of_change(old, new, "2021", {"kind": kind, "low": "4", "high": "6"}) == ease

def hand_made():
    def entry(position, subject, name, time, fact, revision=1, previous=None, **record):
        record = {"revision": revision, "previous": previous, "command_id": str(position), **record}
        event = {"type": f"piperoll.{name}.v1", "subject": subject, "time": time}
        return {"position": position, "event": {**event, "data": {"record": record, "fact": fact}}}

    first = [{"key": {"period": period}, "target": standing(at)}
             for period, at in [("FY2021", "1"), ("FY2021", "95"), ("FY2020", "97")]]
    adopted = {"definition": {"polarity": {"kind": "higher_is_better"}}, "targets": first}
    asserted = {"import": "i", "known_at": "2021-03-31T23:30:00Z"}
    figure = {"measure": "m", "period": "FY2021-Q1", "cells": [{"value": "94"}]}
    change = {"key": {"period": "FY2021"}, "old": standing("95"), "new": standing("94")}
    return [
        entry(1, "measure/m", "measure.adopted", "2022-09-01T00:00:00Z", adopted, asserted=asserted),
        entry(2, "ledger/l", "ledger.opened", "2021-05-01T00:00:00Z", {}),
        entry(3, "submission/s", "submission.submitted", "2021-08-01T00:00:00Z", figure),
        entry(4, "measure/m", "measure.target_changed", "2021-09-01T00:00:00Z", change, 2, 1),
        {"position": 5, "reject": "bad"},
        entry(6, "measure/m", "measure.target_changed", "2021-09-01T00:00:00Z", change, 2, 1),
    ]

def test_ledger():
    entries = hand_made()
    of_2020, of_2021, changed = targets(entries, 6, 0, 6)["rows"]
    assert (of_2020["period"], of_2020["timing"], of_2020["ease"]) == ("FY2020", "after_end", "first")
    assert (of_2021["timing"], of_2021["known"]["basis"]) == ("in_period", "none")
    assert (changed["ease"], changed["year_on_year"], changed["timing"]) == ("easier", "easier", "in_period")
    known = {"basis": "sub_period", "period": "FY2021-Q1", "value": "94", "position": 3}
    assert (changed["known"], changed["met_under_old"], changed["met_under_new"]) == (known, False, True)
    entries[3]["event"]["data"]["record"]["command_id"] = "3"
    assert targets(entries, 6, 3, 6)["rows"][0]["known"] == {"basis": "none"}

def main():
    parser = argparse.ArgumentParser(description="Work out the answers about targets on one's own.")
    parser.add_argument("question", choices=["targets"])
    for name, place in [("--at", "at"), ("--from", "after"), ("--to", "to")]:
        parser.add_argument(name, type=int, required=True, dest=place)
    if sys.argv[1:] == ["--self-test"]:
        return test_periods(), test_ease(), test_ledger(), print("self-test passed")
    said = parser.parse_args()
    entries = [json.loads(line) for line in sys.stdin if line.strip()]
    print(json.dumps(targets(entries, said.at, said.after, said.to)))

if __name__ == "__main__":
    main()
