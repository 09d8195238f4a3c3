"""Judge again what acts relied on, from the exported events alone.

An act names the versions of a framework and of a role that its decision used. Another may stand before
it. So: was the table of decision rights another there, does it accept the act's authority, and did the
role count?

    judged.py --at POSITION < entries.ndjson
    judged.py --self-test
"""
import argparse
import json
import sys
from datetime import date, datetime

from questions import LONDON, Ledger, event_name

SUBJECTS = {
    "measure.target_set": "target", "measure.target_changed": "target",
    "measure.target_corrected": "target", "measure.target_withdrawn": "target",
    "measure.baseline_set": "baseline", "measure.reclassified": "treatment",
    "measure.retired": "retirement", "measure.replaced": "retirement",
    "submission.rating_overridden": "rating_rule",
}

def asked_about(event):
    """What a table is asked about an event: (subject, class); None where it is not asked."""
    name = event_name(event)
    if name == "measure.definition_set":
        change = event["data"]["fact"].get("change")
        return change and ("definition", change["class"])
    return (SUBJECTS[name], "material") if name in SUBJECTS else None

def table_before(history, position):
    """The rows by code, as the events of a framework before a position leave them."""
    rows = {}
    for at, event in history:
        if at < position and event_name(event) == "framework.decision_right_set":
            fact = event["data"]["fact"]
            rows.pop(fact["right"]["code"], None)
            if fact.get("state", "in_force") == "in_force":
                rows[fact["right"]["code"]] = fact["right"]
    return rows

def speaking(rows, asked):
    spoken = [row for row in rows.values() if (row["subject"], row["class"]) == asked]
    return [] if asked[1] == "editorial" else sorted(spoken, key=lambda row: row["code"])

def accepts(row, authority):
    if authority is None or row["kind"] != authority["kind"] or row["by"] != authority.get("body"):
        return False
    if row.get("resolutions") and authority.get("resolution") not in row["resolutions"]:
        return False
    return set(row.get("consult") or []) <= set(authority.get("consulted") or [])

def right(history, seen, position, event):
    asked = asked_about(event)
    decided = speaking(table_before(history, seen + 1), asked)
    then = speaking(table_before(history, position), asked)
    if then and not any(accepts(row, event["data"]["fact"].get("authority")) for row in then):
        return "without_the_right"
    return "as_decided" if decided == then else "other_rights"

def role(history, position, event):
    spans = []  # of [first day, first day after or None]
    for at, said in history:
        if at >= position:
            continue
        fact = said["data"]["fact"]
        if event_name(said) == "role.granted":
            spans.append([fact["from"], fact.get("until")])
        else:
            for span in spans:
                if covers(span, date.fromisoformat(fact["on"])):
                    span[1] = fact["on"]
    day = datetime.fromisoformat(event["time"]).astimezone(LONDON).date()
    return "held" if any(covers(span, day) for span in spans) else "without_the_role"

def covers(span, day):
    first, after = span
    return date.fromisoformat(first) <= day and (after is None or day < date.fromisoformat(after))

def judged(entries, at):
    ledger, counted, histories, rows = Ledger(), {}, {}, []
    for entry in entries:
        position, event = entry["position"], entry.get("event")
        if position > at or event is None or not ledger.counts(event):
            continue
        ledger.heads[event["subject"]] = (event["data"]["record"]["revision"], position)
        row = {"position": position, "right": None, "role": None, "unseen": []}
        for seen in event["data"]["record"].get("relied_on") or []:
            subject = counted.get(seen, "/")
            history = histories.get(subject, [])
            between = [(p, event_name(it)) for p, it in history if seen < p < position]
            if subject.startswith("framework/") and asked_about(event):
                row["right"] = right(history, seen, position, event)
                row["unseen"] += [p for p, name in between if name == "framework.decision_right_set"]
            elif subject.startswith("role/"):
                row["role"] = role(history, position, event)
                row["unseen"] += [p for p, _ in between]
        if row["right"] or row["role"]:
            rows.append(row)
        counted[position] = event["subject"]
        histories.setdefault(event["subject"], []).append((position, event))
    return rows

def self_test():
    def entry(position, subject, name, fact, revision, previous, relied_on=()):
        record = {"revision": revision, "previous": previous, "relied_on": list(relied_on)}
        event = {"type": f"piperoll.{name}.v1", "subject": subject, "time": "2024-06-30T23:30:00Z"}
        return {"position": position, "event": {**event, "data": {"record": record, "fact": fact}}}

    def row(by):
        right = {"code": "a", "subject": "target", "class": "material", "kind": "body_decision", "by": by}
        return {"right": right}

    cabinet = {"authority": {"kind": "body_decision", "body": "Cabinet"}}
    entries = [
        entry(1, "framework/f", "framework.decision_right_set", row("Cabinet"), 1, None),
        entry(2, "role/r", "role.granted", {"from": "2024-01-01", "until": "2024-07-01"}, 1, None),
        entry(3, "measure/m", "measure.target_set", cabinet, 1, None, [1]),
        entry(4, "framework/f", "framework.decision_right_set", row("Council"), 2, 1),
        entry(5, "measure/m", "measure.target_set", cabinet, 2, 3, [1, 2]),
        entry(6, "framework/f", "framework.decision_right_set", {**row("Council"), "state": "withdrawn"}, 3, 4),
        entry(7, "measure/m", "measure.target_set", cabinet, 3, 5, [4]),
    ]
    told = [(it["position"], it["right"], it["role"], it["unseen"]) for it in judged(entries, 7)]
    assert told == [
        (3, "as_decided", None, []),
        # In London the day after had begun, on which the role was over.
        (5, "without_the_right", "without_the_role", [4]),
        (7, "other_rights", None, [6]),
    ], told
    print("self-test passed")

def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description="Judge again what acts relied on.")
    parser.add_argument("--at", type=int, required=True)
    entries = [json.loads(line) for line in sys.stdin if line.strip()]
    print(json.dumps(judged(entries, parser.parse_args().at)))

if __name__ == "__main__":
    main()
