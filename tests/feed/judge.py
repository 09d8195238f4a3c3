"""What others' programs say of the updates: the CloudEvents SDK, jsonschema, and AsyncAPI's own schema.

    python3 judge.py UPDATES.ndjson ASYNCAPI.json SPECS

`UPDATES.ndjson` holds a body a line; `SPECS` is the folder of @asyncapi/specs. Prints how many bodies
of each type were good; anything else ends with 1 and says what is wrong.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

SCHEMAS = "events/updates/schemas"


def main(updates: str, asyncapi: str, specs: str) -> int:
    with open(asyncapi, encoding="utf-8") as source:
        document = json.load(source)
    judge_document(document, os.path.join(specs, "schemas", "3.0.0.json"))
    payloads = payload_validators(document)
    frozen = frozen_validators()
    good: Counter[str] = Counter()
    with open(updates, "rb") as bodies:
        for number, body in enumerate(bodies, start=1):
            event = JSONFormat().read(CloudEvent, body)
            kind = event.get_type()
            assert kind in frozen, f"line {number}: {kind} has no schema on file"
            judge(number, frozen[kind], event.get_data())
            judge(number, payloads[kind], json.loads(body))
            # Whole numbers of CloudEvents have 32 bits.
            for name, value in event.get_attributes().items():
                small = not isinstance(value, int) or -(2**31) <= value < 2**31
                assert small, f"line {number}: {name} is {value}"
            good[kind] += 1
    print(json.dumps(good))
    return 0


def judge(number: int, validator, value) -> None:
    for error in validator.iter_errors(value):
        raise AssertionError(f"line {number}: {error.json_path}: {error.message}")


def judge_document(document: dict, path: str) -> None:
    with open(path, encoding="utf-8") as source:
        schema = json.load(source)
    errors = [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(document)]
    assert not errors, f"the document is no AsyncAPI 3.0.0: {errors[:5]}"


def payload_validators(document: dict) -> dict[str, Draft7Validator]:
    """A validator for each message, whose references lead into the document itself."""
    found = {}
    for message in document["components"]["messages"].values():
        schema = message["payload"] | {"components": document["components"]}
        Draft7Validator.check_schema(message["payload"])
        validator = Draft7Validator(schema, format_checker=FormatChecker())
        found[message["name"]] = validator
        for example in message["examples"]:
            judge(0, validator, example["payload"])
    return found


def frozen_validators() -> dict[str, Draft202012Validator]:
    found = {}
    for name in sorted(os.listdir(SCHEMAS)):
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as source:
            schema = json.load(source)
        Draft202012Validator.check_schema(schema)
        found[name.removesuffix(".json")] = Draft202012Validator(schema, format_checker=FormatChecker())
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
