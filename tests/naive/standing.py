"""What stands at a position: figures, targets, definitions, rules, ratings, links between definitions.

A second opinion, used by figures.py. Only events up to the moment that is asked for are looked at.
It takes periods, targets and bands from questions.py and nothing from the program.
"""

from collections import namedtuple
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, getcontext

from questions import (Ledger, band, days, earlier_period, event_name, level_of, lies_within,
                       overlapping_pool, points_of, split_kind, target_changes, upper)

getcontext().prec = 60  # twice the digits that a figure can have: products stay exact
RELATIVE = Decimal("1e-9")
COUNTS_ANEW = {"definition_change", "unit_or_scale", "denominator_update", "rebasing", "price_base",
               "boundary_change", "reclassification"}

Event = namedtuple("Event", "position name id fact instant")
# One version of a submission's content; `touches`: it gives the headline a version.
Version = namedtuple("Version", "position touches begun headline declared reported reason")
Governing = namedtuple("Governing", "position span level")
Rating = namedtuple("Rating", "word level track")  # level: whether the word is a level of the scale

def last(versions, position):
    """Of versions in the order of their positions the last one up to here; None where there is none."""
    found = None
    for version in versions:
        if version[0] <= position:
            found = version
    return found

def alike(one, other):
    """Equal to a relative 1e-9 of the larger."""
    return abs(one - other) <= RELATIVE * max(abs(one), abs(other))

def rounded(value, decimals):
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)  # half away from nought

def with_numbers(thing):
    """The same JSON with its quantities as numbers, so that 1.50 and 1.5 are equal."""
    quantities = ("low", "high", "rate", "absolute", "scale")
    if not isinstance(thing, dict):
        return thing
    said = {name: value for name, value in thing.items() if value is not None}
    return {name: Decimal(v) if name in quantities else with_numbers(v) for name, v in said.items()}

# ---- Periods.
def period_type(written):
    if ".." in written:
        return "custom" if len(written.split("..")[0]) == 10 else "pooled"
    kind, rest = split_kind(written)
    part = rest[5:6]
    if part == "":
        return {"": "calendar_year", "FY": "financial_year", "AY": "academic_year"}[kind]
    if part in "HQ":
        return ("financial_" if kind else "calendar_") + {"H": "half", "Q": "quarter"}[part]
    return "week" if part == "W" else "month"

def year_earlier(written):
    return overlapping_pool(written) or earlier_period(written)

def earliest_first(written):
    """By last day, then by first; of two with the same days the one written first is the later."""
    first, end = days(written)
    return end, first, [-ord(letter) for letter in written] + [1]

# ---- The events that count, each with the instant it was known at.
def counted(entries):
    """FORMAT: before the ledger opened the greatest asserted known-at so far, after it the time."""
    ledger, opened, instant, events = Ledger(), False, None, []
    for entry in entries:
        position, event = entry["position"], entry.get("event")
        if event is None or not ledger.counts(event):
            continue
        record, name = event["data"]["record"], event_name(event)
        ledger.heads[event["subject"]] = (record["revision"], position)
        opened = opened or name == "ledger.opened"
        said = event["time"] if opened else (record.get("asserted") or {}).get("known_at")
        if said is not None:
            said = datetime.fromisoformat(said).astimezone(timezone.utc)
            instant = said if instant is None else max(instant, said)
        identity = event["subject"].split("/", 1)[1]
        events.append((Event(position, name, identity, event["data"]["fact"], instant), event))
    return events

def headline_of(cells):
    found = [cell for cell in cells or [] if not cell.get("breakdown")]
    return found[-1] if found else None

class Measure:
    """All versions of what is said of one measure, as (position, …) in order."""
    def __init__(self):
        self.adopted = []  # with the framework
        self.definitions, self.treatments, self.levels, self.codes = [], [], [], []
        self.baselines, self.proposals = [], []
        self.targets = {}  # span -> versions of its expected headline target; None: withdrawn

class History:
    """Everything up to `at`. Later events are as if they had never been."""
    def __init__(self, events, at):
        self.events, self.measures, self.frameworks = [], {}, {}
        self.told, self.overrides = {}, {}  # (measure, period) -> versions
        self.instants, self.steps = {}, {}
        for event, raw in events:
            if event.position <= at:
                self.events.append(event)
                self.instants[event.position] = event.instant
                self.take_in(event, raw)

    def take_in(self, event, raw):
        entity, what = event.name.split(".")
        if entity == "framework" and what in ("adopted", "rating_rule_set", "scale_set"):
            rule = event.fact.get("rule" if what == "rating_rule_set" else "rating_rule")
            lines = self.frameworks.setdefault(event.id, [])
            scale = event.fact.get("scale") or (lines[-1][2] if lines else None)
            lines.append((event.position, with_numbers(rule), scale))
        elif entity == "measure":
            self.of_measure(event, what, raw)
        elif entity == "submission" and event.fact.get("period") is not None:
            self.of_submission(event, what)

    def of_measure(self, event, what, raw):
        position, fact = event.position, event.fact
        measure = self.measures.setdefault(event.id, Measure())
        if what == "adopted":
            measure.adopted.append((position, fact["framework"]))
        if what in ("adopted", "definition_set"):
            comparability = (fact.get("change") or {}).get("comparability")
            measure.definitions.append((position, with_numbers(fact["definition"]), comparability))
        if what in ("adopted", "reclassified"):
            for versions, name in [(measure.treatments, "treatment"), (measure.levels, "level")]:
                if fact.get(name) is not None:
                    versions.append((position, fact[name]))
        if what in ("adopted", "baseline_set") and fact.get("baseline") is not None:
            measure.baselines.append((position, Decimal(fact["baseline"]["value"])))
        if what == "baseline_proposed":
            measure.proposals.append((position, Decimal(fact["baseline"]["value"])))
        codes = [fact["code"]] if what == "code_assigned" else []
        if what == "adopted":
            codes = fact.get("codes") or []
        measure.codes += [(position, code["scheme"], code["code"]) for code in codes]
        for (span, breakdown, tier), _, _, new in target_changes(raw):
            if breakdown == () and tier == "expected":
                measure.targets.setdefault(span, []).append((position, new))

    def of_submission(self, event, what):
        position, fact = event.position, event.fact
        key = fact["measure"], fact["period"]
        if what == "rating_overridden":
            self.overrides.setdefault(key, []).append((position, fact))
        if what not in ("submitted", "revised", "no_value_declared", "withdrawn"):
            return
        versions = self.told.setdefault(key, [])
        reason = (fact.get("reason") or {}).get("code")
        if what == "submitted":
            headline, reported = headline_of(fact["cells"]), fact.get("rating_as_reported")
            version = Version(position, True, position, headline, None, reported, None)
        elif what == "no_value_declared":
            version = Version(position, True, position, None, fact["state"], None, reason)
        elif what == "withdrawn":
            version = Version(position, True, None, None, None, None, reason)
        else:
            before = versions[-1] if versions else None
            if before is None or before.begun != fact["content_from"]:
                return
            changed, removed = headline_of(fact.get("changed")), [] in (fact.get("removed") or [])
            headline = None if removed else changed or before.headline
            reported = fact.get("rating_as_reported")
            reported = before.reported if reported is None else reported.get("now")
            version = Version(position, removed or changed is not None, before.begun, headline,
                              before.declared, reported, reason)
        versions.append(version)

    # ---- Single things at a position.
    def exists(self, measure, at):
        return measure in self.measures and last(self.measures[measure].adopted, at) is not None

    def framework(self, measure, at):
        found = last(self.measures[measure].adopted, at)
        return found and found[1]

    def periods_of(self, measure):
        return sorted((p for m, p in self.told if m == measure), key=earliest_first)

    def definition(self, measure, at):
        found = last(self.measures[measure].definitions, at) if measure in self.measures else None
        return found and found[1]

    def content(self, measure, period, at):
        return last(self.told.get((measure, period), []), at)

    def headline_position(self, measure, period, at):
        """Where the headline that stands was said; signs of the other cells don't move it."""
        found = last([v for v in self.told.get((measure, period), []) if v.touches], at)
        return found and found.position

    def text(self, measure, period, at):
        """The headline's value as it is written."""
        content = self.content(measure, period, at)
        return content and content.headline and content.headline.get("value")

    def value(self, measure, period, at):
        text = self.text(measure, period, at)
        return None if text is None else Decimal(text)

    def code(self, measure, at):
        codes = self.measures[measure].codes
        by_scheme = {scheme: code for position, scheme, code in codes if position <= at}
        return by_scheme[min(by_scheme)] if by_scheme else measure

    def rule_line(self, measure, at):
        """(position, rule, scale) of the measure's framework."""
        return last(self.frameworks.get(self.framework(measure, at), []), at) or (None, None, None)

    # ---- Targets.
    def governing(self, measure, period, at):
        candidates = []
        for span, versions in self.measures[measure].targets.items():
            position, target = last(versions, at) or (None, None)
            if target is None:
                continue
            points = [level for of, level in points_of(target) if of == period]
            if points:
                level = points[0]
            elif span == period and target["shape"] != "profile":
                level = level_of(target)
            elif span == period and not points_of(target):
                level = None  # a path without points
            elif target["shape"] == "standing" and lies_within(period, span):
                level = level_of(target)
            else:
                continue
            first, end = days(span)
            named = bool(points) or span == period
            rank = (not named, span != period, (end - first).days, -position, span)
            candidates.append((rank, Governing(position, span, level)))
        return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None

    # ---- Ratings.
    def inputs(self, measure, period, at):
        """All that a rating comes from, but the figure; in the order of QUESTIONS Q12."""
        definition, target = self.definition(measure, at), self.governing(measure, period, at)
        _, rule, scale = self.rule_line(measure, at)
        override = self.override_in_force(measure, period, at)
        return {
            "target": target and target.level, "polarity": definition["polarity"],
            "unit": definition.get("unit"), "definition": definition.get("decimals"),
            "rule": (rule, scale), "treatment": last(self.measures[measure].treatments, at)[1],
            "override": override and override["stated"],
        }

    def parts(self, measure, period, at):
        """The positions of the versions in force: headline, target, definition, rule."""
        target = self.governing(measure, period, at)
        definition = last(self.measures[measure].definitions, at)
        return [self.headline_position(measure, period, at), target and target.position,
                definition and definition[0], self.rule_line(measure, at)[0]]

    def inputs_hold(self, measure, period, position, override, at):
        """Every input is in force, nothing in force is newer, no part of a computed level is gone."""
        parts = self.parts(measure, period, at)
        there = {part for part in parts if part is not None}
        whole = override.get("computed") is None or None not in parts
        return set(override["inputs"]) <= there and max(there, default=0) <= position and whole

    def override_in_force(self, measure, period, at):
        found = last(self.overrides.get((measure, period), []), at)
        return found[1] if found and self.inputs_hold(measure, period, *found, at) else None

    def rating(self, measure, period, at, overrides=True):
        content = self.content(measure, period, at)
        suppressed = content is not None and content.declared == "suppressed_at_source"
        inputs = self.inputs(measure, period, at)
        return rate(self.value(measure, period, at), suppressed, inputs, overrides)

    def direction(self, measure, period, at):
        """Against the same period a year earlier."""
        earlier = year_earlier(period)
        now, then = self.value(measure, period, at), earlier and self.value(measure, earlier, at)
        polarity = self.definition(measure, at)["polarity"]
        if now is None or then is None or polarity["kind"] == "none":
            return "unknown"
        goodness = {"higher_is_better": lambda value: value, "lower_is_better": lambda value: -value,
                    "goldilocks": lambda value: -max(polarity["low"] - value, value - polarity["high"], 0)}
        good = goodness[polarity["kind"]]
        return "better" if good(now) > good(then) else "worse" if good(now) < good(then) else "same"

    # ---- Links between definitions.
    def version_index(self, measure, position):
        """Which version of the definition something recorded here was made under."""
        return sum(version[0] <= position for version in self.measures[measure].definitions) - 1

    def step(self, measure, index):
        """What a figure under the version before is multiplied by; None: broken."""
        if (measure, index) not in self.steps:
            self.steps[measure, index] = self.work_out_step(measure, index)
        return self.steps[measure, index]

    def work_out_step(self, measure, index):
        (_, old, _), (position, new, said) = self.measures[measure].definitions[index - 1:index + 1]
        if said is not None and said["kind"] == "same_after_factor":
            return Decimal(said["factor"])
        broken = said["kind"] == "broken" if said is not None else breaks(old, new)
        return self.observed_factor(measure, position) if broken else Decimal(1)

    def observed_factor(self, measure, position):
        later = sorted((v.position, period, v.headline and v.headline.get("value"))
                       for (of, period), versions in self.told.items() if of == measure
                       for v in versions if v.touches and v.position > position)
        powers = []
        for at, period, text in later:
            if self.instants[at] != self.instants[later[0][0]]:
                break
            old, new = self.value(measure, period, position - 1), text and Decimal(text)
            if old is None or new is None or old == new == 0:
                continue
            fit = [k for k in range(-6, 7) if old and new and alike(old.scaleb(k), new)]
            powers.append(fit[0] if fit else None)
        one = set(powers)
        if len(powers) < 2 or len(one) > 1 or one & {None, 0}:
            return None
        return Decimal(1).scaleb(one.pop())

    def link(self, measure, made_at, wanted_at):
        """What a thing made here is multiplied by to stand beside one made there; None: broken."""
        start, end = self.version_index(measure, made_at), self.version_index(measure, wanted_at)
        product = Decimal(1)
        for index in range(min(start, end) + 1, max(start, end) + 1):
            factor = self.step(measure, index)
            if not factor:
                return None
            product *= factor
        return product if start <= end else 1 / product

def breaks(old, new):
    if old.get("scale") != new.get("scale"):
        return True
    fields = ("unit", "formula", "numerator", "denominator", "price_base", "aggregation")
    return any(old.get(f) is not None and old.get(f) != new.get(f) for f in fields)

def levels_of(scale):
    return scale["levels"] if scale else []

def track_of(scale, word):
    return {level["code"]: level["track"] for level in levels_of(scale)}.get(word)

def rate(value, suppressed, inputs, overrides=True):
    rule, scale = inputs["rule"]
    if overrides and inputs["override"] is not None:
        return Rating(inputs["override"], True, track_of(scale, inputs["override"]))
    for reason, holds in [
        ("tracker", inputs["treatment"] != "targeted"), ("suppressed", suppressed),
        ("no_figure", value is None), ("no_target", inputs["target"] is None),
        ("no_rule", rule is None), ("not_comparable", inputs["polarity"]["kind"] == "none"),
    ]:
        if holds:
            return Rating(reason, False, None)
    word = level_reached(value, inputs["target"], inputs["polarity"], inputs["definition"], rule)
    return Rating(word, True, track_of(scale, word))

def level_reached(value, target, polarity, decimals, rule):
    if rule["compare"] == "published" and decimals is not None:
        value = rounded(value, decimals)
    if polarity["kind"] == "higher_is_better":
        miss, end = target[0] - value, target[0]
    elif polarity["kind"] == "lower_is_better":
        miss, end = value - upper(target), upper(target)
    else:
        low, high = band(target, polarity)
        miss, end = (low - value, low) if value < low else (value - high, high)
    if miss <= 0:
        return rule["met"]
    tolerance = rule.get("tolerance") or {}
    margin = max(tolerance.get("rate", 0) * abs(end), tolerance.get("absolute", 0))
    near = miss <= margin if rule["ends"] == "inclusive" else miss < margin
    return rule["near"] if near and "near" in rule else rule["missed"]

def shown(history, measure, period, at):
    """The figure as printed: padded to the decimals; as written where none are said."""
    text, definition = history.text(measure, period, at), history.definition(measure, at) or {}
    if text is None or definition.get("decimals") is None:
        return text
    value = rounded(Decimal(text), definition["decimals"])
    return format(value if value else abs(value), "f")

def steps_between(history, measure, period, a, b):
    """(position, kind, value, size, reason) of all that gave the headline or the definition a version."""
    steps, old = [], history.value(measure, period, a)
    for version in history.told.get((measure, period), []):
        if a < version.position <= b and version.touches:
            new = history.value(measure, period, version.position)
            moved = old is not None and new is not None and old != new
            steps.append((version.position, "figure", new, new - old if moved else None, version.reason))
            old = new
    of_measure = history.measures.get(measure)
    definitions = of_measure.definitions if of_measure else []
    steps += [(it[0], "definition", None, None, None) for it in definitions if a < it[0] <= b]
    return sorted(steps, key=lambda step: step[0])

def factor_between(history, measure, period, a, b):
    """From the unit of the figure at a to that at b; None: broken, or one is missing."""
    made = [history.headline_position(measure, period, at) for at in (a, b)]
    return None if None in made else history.link(measure, *made)

def moved(one, other, factor):
    """A figure moved if it is another one even after the factor."""
    if one is None or other is None:
        return one is not other
    return not alike(one, other) and (factor is None or not alike(one * factor, other))

def changed_inputs(at_a, at_b):
    return [name for name in at_a if at_a[name] != at_b[name]]

def contributing(start, steps):
    """The figure steps that still count: what came back to an earlier value undoes all in between."""
    kept = []
    for step in steps:
        held = [start] + [earlier[2] for earlier in kept]
        if step[2] in held:
            kept = kept[:held.index(step[2])]
        else:
            kept.append(step)
    return kept

def counted_anew(history, measure, period, a, b):
    figures = [step for step in steps_between(history, measure, period, a, b) if step[1] == "figure"]
    steps = contributing(history.value(measure, period, a), figures)
    made = [history.headline_position(measure, period, at) for at in (a, b)]
    broken = None not in made and history.link(measure, *made) is None
    return broken or any(step[4] in COUNTS_ANEW for step in steps)

def stated_is(scale, stated, computed):
    codes = [level["code"] for level in levels_of(scale)]
    if stated not in codes or computed not in codes or stated == computed:
        return "same"
    return "better" if codes.index(stated) < codes.index(computed) else "worse"

def how_it_did(history, measure, at):
    """The last figure, its rating, and how many in a row up to it were off track."""
    contents = [(period, history.content(measure, period, at)) for period in history.periods_of(measure)]
    series = [(period, content) for period, content in contents if content and content.begun is not None]
    ratings = [(period, history.rating(measure, period, at)) for period, _ in series
               if history.value(measure, period, at) is not None]
    period, rating = ratings[-1] if ratings else (None, None)
    in_a_row = 0
    for _, earlier in reversed(ratings):
        if earlier.track != "off":
            break
        in_a_row += 1
    return {
        "period": period, "figure": period and number(history.value(measure, period, at)),
        "rating": rating.word if rating else "no_figure",
        "was_off_track": rating.track == "off" if rating and rating.track else None,
        "off_track_periods": in_a_row, "no_figure": series[-1][1].declared if series else None,
    }

# ---- What differs between two definitions.
BREAKS = [("unit", "unit"), ("scale", "scale"), ("polarity", "polarity"), ("frequency", "period_types"),
          ("numerator", "numerator"), ("denominator", "denominator"), ("aggregation", "aggregation"),
          ("source", "source"), ("price_base", "price_base")]

def differs(field, one, other):
    return (one.get(field) or None) != (other.get(field) or None)  # no types named is none said

def verdict_on(factor, one, other):
    if factor is None or factor != 1:
        return "broken" if factor is None else "same_after_factor"
    fields = ["formula"] + [field for _, field in BREAKS if field != "polarity"]
    care = any(differs(field, one, other) for field in fields)
    return "with_care" if care else "same"

FINENESS = {"week": 7, "month": 30, "quarter": 91, "half": 182, "year": 365, "custom": 365, "pooled": 730}

def finest(types):
    return min(FINENESS[word.split("_")[-1]] for word in types)

# ---- Numbers as they are printed.
def number(value):
    return None if value is None else format(value.normalize() if value else Decimal(0), "f")

def quotient(value):
    """To 12 significant digits."""
    return None if value is None else number(Context(prec=12, rounding=ROUND_HALF_EVEN).plus(value))
