"""The private NATS server of one home.

**Invariant:** it counts as up only when the client port and the monitor both answer under this
home's own name, the owner's password is taken, and every acknowledged write is synced to the disk.
"""

from __future__ import annotations

import json
import os
import socket

from ground import CannotRun, fetch, processes
from ground.home import Home, write_private

USERS = ["owner", "writer", "reader", "publisher", "subscriber"]


def pid(home: Home) -> int | None:
    """The server of this home, whether or not it answers yet."""
    return processes.find("-c", _conf(home))


def observe(home: Home) -> dict | None:
    """Version, ports and folder of the server when it is up and is ours, else None."""
    ports = home.facts.get("ports", {})
    # Without a process of ours there is nobody to ask; a stranger on the port could stall us.
    if "nats" not in ports or "monitor" not in ports or (process := pid(home)) is None:
        return None
    try:
        name = _greet(ports["nats"], home.password("nats-owner"))
        seen = json.loads(_fetch_monitor(ports["monitor"], "/varz"))
        healthy = json.loads(_fetch_monitor(ports["monitor"], "/healthz")).get("status") == "ok"
    except (OSError, ValueError):
        return None
    if name != home.name or seen.get("server_name") != home.name or not healthy:
        return None
    if not seen.get("jetstream", {}).get("config", {}).get("sync_always"):
        raise CannotRun(
            "nats-server answers but does not sync every write (`sync_always` is not "
            "in /varz): stop it, mend deploy/nats.conf and start again."
        )
    return {
        "version": seen["version"],
        "port": ports["nats"],
        "monitor_port": ports["monitor"],
        "pid": process,
        "data": home.join("nats", "jetstream"),
        "log": log(home),
    }


def launch(home: Home):
    """Writes the configuration and starts the server; the caller waits for `observe`."""
    program = fetch.nats_server()
    client, monitor = home.ports(["nats", "monitor"])
    text = _filled(home, client, monitor)
    write_private(_conf(home), text, home.runner)
    return processes.launch([program, "-c", _conf(home)], home.join("nats"), log(home), home.runner)


def outdated(home: Home) -> bool:
    """Whether the configuration that it was started with is not the one it would get."""
    ports = home.facts["ports"]
    try:
        with open(_conf(home), encoding="utf-8") as kept:
            return kept.read() != _filled(home, ports["nats"], ports["monitor"])
    except OSError:
        return True


def prepare(home: Home) -> bool:
    """Nothing to set up inside: the configuration says it all."""
    return True


def stop(home: Home, killing: bool) -> bool:
    """True if there was something to stop."""
    if (found := pid(home)) is None:
        return False
    if not processes.end_surely(found, killing):
        raise CannotRun(f"nats-server (process {found}) does not end: look at {log(home)}.")
    return True


def log(home: Home) -> str:
    return home.join("nats", "nats.log")


def url(home: Home, user: str) -> str:
    return f"nats://{user}:{home.password('nats-' + user)}@127.0.0.1:{home.facts['ports']['nats']}"


def _conf(home: Home) -> str:
    return home.join("nats", "nats.conf")


def _filled(home: Home, client: int, monitor: int) -> str:
    """`deploy/nats.conf` with what belongs to this home; passwords that are missing are made."""
    template = os.path.join(os.path.dirname(__file__), "..", "nats.conf")
    with open(template, encoding="utf-8") as source:
        text = source.read()
    filled = {
        "name": home.name,
        "client_port": client,
        "monitor_port": monitor,
        "store": home.join("nats", "jetstream"),
    }
    filled.update({who: home.password(f"nats-{who}") for who in USERS})
    for key, value in filled.items():
        quoted = str(value).replace("\\", "\\\\").replace('"', '\\"')
        text = text.replace("{{" + key + "}}", quoted)
    return text


def _greet(port: int, password: str) -> str | None:
    """Logs in as the owner; gives the name the server goes by."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        stream = line.makefile("rwb")
        greeting = stream.readline(65536)
        if not greeting.startswith(b"INFO "):
            raise OSError("not a NATS server")
        who = {
            "user": "owner",
            "pass": password,
            "verbose": False,
            "pedantic": False,
            "lang": "python",
            "version": "0",
            "protocol": 1,
        }
        stream.write(b"CONNECT " + json.dumps(who).encode() + b"\r\nPING\r\n")
        stream.flush()
        answer = stream.readline(65536)
        while answer.startswith(b"INFO "):
            answer = stream.readline(65536)
        if not answer.startswith(b"PONG"):
            raise OSError("the server does not know the password")
        return json.loads(greeting[5:]).get("server_name")


def _fetch_monitor(port: int, path: str) -> bytes:
    # HTTP/1.0 by hand: the answer ends where the connection does, and Python's own client takes
    # longer to import than everything else here takes to run.
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while part := line.recv(65536):
            answer += part
    return answer.partition(b"\r\n\r\n")[2]
