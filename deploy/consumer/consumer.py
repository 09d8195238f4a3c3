#!/usr/bin/env python3
"""A subscriber to copy: keeps a local copy of one ledger's updates in SQLite, and keeps it right.

    python3 consumer.py follow --ledger northmoor
    python3 consumer.py show ratings

**Invariant:** the rows and the sequence of the last update that they hold change in one transaction.
So whatever ends this program, and wherever, the copy is what the ledger said at one of its positions,
and the next run goes on at the update after it. A gap is never stepped over.

Exit status: 0 fine; 1 the copy can't be kept up, and the last line says what to do; 2 could not run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

try:
    import nats
    from nats.errors import Error as NatsError
    from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, ReplayPolicy
    from nats.js.errors import NotFoundError
except ImportError:
    sys.exit("nats-py is missing: python3 -m pip install --require-hashes -r requirements.txt")

FINE, FINDING, COULD_NOT_RUN = 0, 1, 2
USER = "subscriber"
BATCH = 500
QUIET_S = 5.0


class Stop(Exception):
    """Why the copy can't be kept up, and what to do."""


@dataclass(frozen=True)
class Kind:
    """How one kind of update is kept: a table, its key, what else is worth a column."""

    schema: str
    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    row: Callable[[dict], dict]
    gone: tuple[str, ...] = ()


def about(data: dict) -> dict:
    """The columns that nearly every kind begins with."""
    measure, period = data["measure"], data.get("period") or {}
    return {"measure": measure["id"], "code": measure.get("code"), "period": period.get("code", "")}


def parted(data: dict) -> str:
    """A breakdown in one text: `sex=f; size=small`, empty for the whole population."""
    return "; ".join(f"{tag['taxonomy']}={tag['code']}" for tag in data["breakdown"])


def figure(data: dict) -> dict:
    told = ("value", "numerator", "denominator", "unit", "status", "no_value")
    row = about(data) | {"breakdown": parted(data), "state": data["state"]}
    return row | {name: data.get(name) for name in told}


def target(data: dict) -> dict:
    aimed = data.get("target") or {}
    level = aimed.get("level") or {}
    row = about(data) | {"breakdown": parted(data), "tier": data["tier"], "state": data["state"]}
    return row | {"shape": aimed.get("shape"), "at": level.get("at"), "upto": level.get("to")}


def sign_off(data: dict) -> dict:
    told = ("given_at", "stage", "post", "state", "ended_by", "lapsed_by")
    return about(data) | {name: data.get(name) for name in told}


def rating(data: dict) -> dict:
    now, was = data["rating"], data.get("was") or {}
    told = {"rating": now.get("level") or now["kind"], "was": was.get("level") or was.get("kind")}
    return about(data) | told | {"published": data.get("published")}


def measure(data: dict) -> dict:
    row = {"measure": data["measure"]["id"], "code": data["measure"].get("code")}
    title = data["measure"]["title"]
    ended = (data.get("ended") or {}).get("from")
    return row | {"title": title["en"], "title_cy": title.get("cy"), "ended": ended}


def definition(data: dict) -> dict:
    told = data["definition"]
    row = {"measure": data["measure"]["id"], "code": data["measure"].get("code")}
    polarity = told["polarity"]["kind"]
    return row | {"unit": told.get("unit"), "decimals": told.get("decimals"), "polarity": polarity}


def structure(data: dict) -> dict:
    told = {name: data.get(name) for name in ("part", "id", "code", "parent", "state")}
    return told | {"title": data["title"]["en"], "title_cy": data["title"].get("cy")}


def kind(name: str, key: str, columns: str, row: Callable[[dict], dict], gone: str = "") -> Kind:
    schema = f"urn:piperoll:0.2.0:piperoll.update.{name}.v1"
    return Kind(schema, name, tuple(key.split()), tuple(columns.split()), row, tuple(gone.split()))


# Every schema that this program knows. Of another it can't say what it means: then it stops.
KINDS = [
    kind("structure", "part id", "code title title_cy parent state", structure),
    kind("measure", "measure", "code title title_cy ended", measure),
    kind("definition", "measure", "code unit decimals polarity", definition),
    kind(
        "figure",
        "measure period breakdown",
        "code state value numerator denominator unit status no_value",
        figure,
        gone="gone",
    ),
    kind(
        "target",
        "measure period breakdown tier",
        "code state shape at upto",
        target,
        gone="withdrawn",
    ),
    kind("sign_off", "measure period given_at", "code stage post state ended_by lapsed_by", sign_off),
    kind("rating", "measure period", "code rating was published", rating),
]
BY_SCHEMA = {kind.schema: kind for kind in KINDS}
BY_TABLE = {kind.table: kind for kind in KINDS}


class Copy:
    """The copy: one table a kind, and one row that says how far it has come."""

    def __init__(self, path: str):
        self.path = path
        self.link = sqlite3.connect(path, isolation_level=None)
        # An update that was said to be applied stays applied, also when the power fails.
        self.link.execute("pragma journal_mode = wal")
        self.link.execute("pragma synchronous = full")
        self.link.execute("begin immediate")
        self.link.execute(
            "create table if not exists feed (one integer primary key check (one = 1), "
            "source text not null, stream_created text not null, sequence integer not null, "
            "position integer not null)"
        )
        for kind in KINDS:
            columns = ", ".join(f'"{name}"' for name in kind.key + kind.columns)
            key = ", ".join(f'"{name}"' for name in kind.key)
            self.link.execute(
                f"create table if not exists {kind.table} ({columns}, sequence integer not null, "
                f"data text not null, primary key ({key}))"
            )
        self.link.execute("commit")
        found = self.link.execute("select source, stream_created, sequence, position from feed")
        self.source, self.created, self.sequence, self.position = found.fetchone() or ("", "", 0, 0)

    def check(self, created: str, last: int) -> None:
        """Whether the stream is the one that the copy is of."""
        if self.sequence and (created != self.created or last < self.sequence):
            raise Stop(
                f"the stream of updates was made again at {created} (this copy is of the one made at "
                f"{self.created}): begin again with an empty copy; remove {self.path}"
            )
        self.created = created

    def apply(self, events: list[tuple[int, dict]]) -> None:
        """Applies all updates of one position, and moves the sequence: all of it or nothing."""
        sequence, last = events[-1]
        self.link.execute("begin immediate")
        try:
            for at, event in events:
                self._put(at, event)
            self.link.execute(
                "insert into feed values (1, ?, ?, ?, ?) on conflict (one) do update set "
                "sequence = excluded.sequence, position = excluded.position",
                (last["source"], self.created, sequence, int(last["position"])),
            )
            self.link.execute("commit")
        except BaseException:
            self.link.execute("rollback")
            raise
        self.source, self.sequence, self.position = last["source"], sequence, int(last["position"])

    def _put(self, sequence: int, event: dict) -> None:
        kind, row = BY_SCHEMA[event["dataschema"]], BY_SCHEMA[event["dataschema"]].row(event["data"])
        if row.get("state") in kind.gone:
            where = " and ".join(f'"{name}" is ?' for name in kind.key)
            key = [row[name] for name in kind.key]
            self.link.execute(f"delete from {kind.table} where {where}", key)
            return
        values = [row[name] for name in kind.key + kind.columns]
        values += [sequence, json.dumps(event["data"], ensure_ascii=False)]
        marks = ", ".join("?" * len(values))
        self.link.execute(f"insert or replace into {kind.table} values ({marks})", values)


class Subscriber:
    """Hands updates to a copy: in order, each once, all of a position together."""

    def __init__(self, copy: Copy, ledger: str, told: Callable[[int, dict], None]):
        self.copy, self.stream, self.told = copy, f"piperoll_out_{ledger}", told
        self.waiting: list[tuple[int, dict]] = []

    async def follow(self, urls: str, until_caught_up: bool) -> None:
        """Follows the stream: to its end as it is now, or for ever."""
        servers = urls.split(",")
        who = urlsplit(servers[0])
        link = await nats.connect(
            servers,
            # Said once for all: a server that the client hears of from another comes without.
            user=who.username and unquote(who.username),
            password=who.password and unquote(who.password),
            # The server answers this user under this prefix only.
            inbox_prefix=f"_INBOX_{USER}".encode(),
            max_reconnect_attempts=-1,
            error_cb=report,
        )
        try:
            js = link.jetstream()
            # None: a server is there and the stream's leader is not, yet.
            while (last := await self.looked(js)) is None:
                pass
            while not until_caught_up or self.copy.sequence < last:
                await self.one_consumer(js, last if until_caught_up else None)
        finally:
            await link.close()

    async def looked(self, js) -> int | None:
        """As `examine`; None where NATS can't say, after a pause."""
        try:
            return await self.examine(js)
        except NatsError as problem:
            await rest(problem)
            return None

    async def examine(self, js) -> int:
        """The last sequence there is, of the stream that this copy is of."""
        try:
            info = await js.stream_info(self.stream)
        except NotFoundError:
            raise Stop(f"there is no stream {self.stream}: is the ledger's name right?") from None
        self.copy.check(str(info.created), info.state.last_seq)
        return info.state.last_seq

    async def one_consumer(self, js, until: int | None) -> None:
        """Follows with one consumer, which the server forgets when it is no longer asked."""
        # What was handed over in part goes with the consumer: its position is asked for again.
        self.waiting.clear()
        config = ConsumerConfig(
            name=f"copy_{uuid.uuid4().hex}",
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.copy.sequence + 1,
            replay_policy=ReplayPolicy.INSTANT,
            mem_storage=True,
            inactive_threshold=60,
        )
        try:
            made = await js.add_consumer(self.stream, config)
            subscription = await js.pull_subscribe_bind(consumer=made.name, stream=self.stream)
            while until is None or self.copy.sequence < until:
                try:
                    messages = await subscription.fetch(BATCH, timeout=QUIET_S)
                except (asyncio.TimeoutError, nats.errors.TimeoutError):
                    # Quiet, or deaf: a consumer on a stream made again says nothing at all.
                    if await self.examine(js) > self.copy.sequence:
                        return
                    continue
                for message in messages:
                    self.take(message.metadata.sequence.stream, message.data)
        except NatsError as problem:
            await rest(problem)

    def take(self, sequence: int, body: bytes) -> None:
        """One update, in its place or not at all."""
        due = (self.waiting[-1][0] if self.waiting else self.copy.sequence) + 1
        if sequence != due:
            raise Stop(
                f"update {due} is missing: {sequence} came. Something removed it from {self.stream}; "
                f"tell its operator. This copy is right as at position {self.copy.position} and goes "
                f"no further; when the stream is whole again, remove {self.copy.path} and begin again"
            )
        event = json.loads(body)
        if self.copy.source and event["source"] != self.copy.source:
            raise Stop(
                f"update {sequence} is of {event['source']} and this copy of {self.copy.source}: the "
                f"ledger was made anew. Remove {self.copy.path} and begin again"
            )
        if event["dataschema"] not in BY_SCHEMA:
            raise Stop(
                f"update {sequence} follows {event['dataschema']}, which this program doesn't know: "
                "take a release that does (events/CHANGELOG.md says what is new), then run it again"
            )
        self.waiting.append((sequence, event))
        if event["part"] == event["parts"]:
            self.copy.apply(self.waiting)
            for at, applied in self.waiting:
                self.told(at, applied)
            self.waiting.clear()


async def rest(problem: Exception) -> None:
    print(f"consumer.py: {problem or type(problem).__name__}; going on", file=sys.stderr)
    await asyncio.sleep(1)


async def report(problem: Exception) -> None:
    print(f"consumer.py: {problem or type(problem).__name__}", file=sys.stderr)


def tell(sequence: int, event: dict) -> None:
    """One line an update."""
    kind = BY_SCHEMA[event["dataschema"]]
    row = kind.row(event["data"])
    shown = [str(row[name]) for name in kind.columns if row[name] not in (None, "")]
    place = row.get("period") or ""
    print(f"{sequence:>7}  {event['position']:>7}  {kind.table:<10} {' '.join([place, *shown]).strip()}")


def show(copy: Copy, kind: Kind, as_json: bool) -> None:
    """A table of the copy."""
    names = kind.key + kind.columns
    listed = ", ".join(f'"{name}"' for name in names)
    key = ", ".join(f'"{name}"' for name in kind.key)
    rows = copy.link.execute(f"select {listed} from {kind.table} order by {key}").fetchall()
    if as_json:
        told = {"source": copy.source, "sequence": copy.sequence, "position": copy.position}
        print(json.dumps(told | {"rows": [dict(zip(names, row)) for row in rows]}, indent=1))
        return
    print("\t".join(names))
    for row in rows:
        print("\t".join("" if value is None else str(value) for value in row))


def parse(arguments: list[str]):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--copy", default="copy.sqlite3", metavar="FILE", help="where the copy lies")
    verbs = parser.add_subparsers(dest="verb", required=True)
    follow = verbs.add_parser("follow", help="bring the copy up and keep it up")
    follow.add_argument("--ledger", required=True, help="the ledger's name")
    follow.add_argument(
        "--nats",
        default=os.environ.get("PIPEROLL_NATS_SUBSCRIBER_URL"),
        help="nats://user:password@host:port, several with commas (default: $PIPEROLL_NATS_SUBSCRIBER_URL)",
    )
    follow.add_argument("--until-caught-up", action="store_true", help="end at the last update")
    follow.add_argument("--quiet", action="store_true", help="don't print what is applied")
    shown = verbs.add_parser("show", help="print a table of the copy")
    shown.add_argument("table", choices=[*BY_TABLE, *(f"{name}s" for name in BY_TABLE)])
    shown.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def main() -> int:
    options = parse(sys.argv[1:])
    try:
        copy = Copy(options.copy)
        if options.verb == "show":
            named = BY_TABLE.get(options.table) or BY_TABLE[options.table[:-1]]
            show(copy, named, options.json)
            return FINE
        if not options.nats:
            print("consumer.py: give --nats, or PIPEROLL_NATS_SUBSCRIBER_URL", file=sys.stderr)
            return COULD_NOT_RUN
        told = (lambda *_: None) if options.quiet else tell
        subscriber = Subscriber(copy, options.ledger, told)
        asyncio.run(subscriber.follow(options.nats, options.until_caught_up))
        print(f"the copy holds update {copy.sequence}, as at position {copy.position}")
        return FINE
    except Stop as stopped:
        print(f"consumer.py: {stopped}", file=sys.stderr)
        return FINDING
    except (OSError, sqlite3.Error, NatsError) as problem:
        print(f"consumer.py: {problem or type(problem).__name__}", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return FINE


if __name__ == "__main__":
    sys.exit(main())
