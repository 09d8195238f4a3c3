"""What a collector was sent, as OpenTelemetry's own messages read it.

    python3 decode.py FOLDER

Each file of `FOLDER` is the body of one request. Prints every span of them, a JSON object a line; a body
that is no export of spans ends it with 1.
"""

from __future__ import annotations

import json
import os
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def main(folder: str) -> int:
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as body:
            request = ExportTraceServiceRequest.FromString(body.read())
        for resource in request.resource_spans:
            about = plain(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    print(json.dumps(shown(span) | {"resource": about, "scope": scope.scope.name}))
    return 0


def shown(span) -> dict:
    assert len(span.trace_id) == 16 and len(span.span_id) == 8, f"{span.name}: ids of another length"
    return {
        "trace": span.trace_id.hex(),
        "span": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "name": span.name,
        "kind": Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        "began": span.start_time_unix_nano,
        "ended": span.end_time_unix_nano,
        "status": Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_").lower(),
        "said": plain(span.attributes),
    }


def plain(attributes) -> dict:
    found = {}
    for attribute in attributes:
        assert attribute.key not in found, f"{attribute.key} is said twice"
        found[attribute.key] = getattr(attribute.value, attribute.value.WhichOneof("value"))
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
