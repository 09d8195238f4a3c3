"""The private NATS of one home: one server, or a cluster of three.

**Invariant:** a server counts as up only when the client port and the monitor both answer under its
own name, the owner's password is taken, and every acknowledged write is synced to the disk. A
cluster is ready only when all three are up and have one leader.
"""

from __future__ import annotations

import json
import os
import socket

from ground import CannotRun, fetch, processes
from ground.home import Home, write_private

USERS = ["owner", "writer", "reader", "publisher", "subscriber"]
MEMBERS = ["nats-1", "nats-2", "nats-3"]


class Server:
    """One nats-server: the only one of its home (`nats`), or a member of its cluster (`nats-2`)."""

    def __init__(self, called: str):
        self.called = called
        self.suffix = called.removeprefix("nats")
        self.clustered = called in MEMBERS

    def name(self, home: Home) -> str:
        """What it calls itself."""
        return home.name + self.suffix

    def pid(self, home: Home) -> int | None:
        """The process, whether or not it answers yet."""
        return processes.find("-c", self._conf(home))

    def observe(self, home: Home) -> dict | None:
        """Version, ports and folder of the server when it is up and is ours, else None."""
        ports = home.facts.get("ports", {})
        wanted = self._port_names()
        # Without a process of ours there is nobody to ask; a stranger on the port could stall us.
        if not set(wanted) <= set(ports) or (process := self.pid(home)) is None:
            return None
        client, monitor = (ports[name] for name in wanted[:2])
        # A member that is cut off from the others, or waits for them, is up all the same.
        health = "/healthz?js-enabled-only=true" if self.clustered else "/healthz"
        try:
            name = _greet(client, home.password("nats-owner"))
            seen = json.loads(_fetch_monitor(monitor, "/varz"))
            healthy = json.loads(_fetch_monitor(monitor, health)).get("status") == "ok"
        except (OSError, ValueError):
            return None
        if name != self.name(home) or seen.get("server_name") != name or not healthy:
            return None
        if not seen.get("jetstream", {}).get("config", {}).get("sync_always"):
            raise CannotRun(
                "nats-server answers but does not sync every write (`sync_always` is not "
                "in /varz): stop it, mend deploy/nats.conf and start again."
            )
        return {
            "version": seen["version"],
            "port": client,
            "monitor_port": monitor,
            "pid": process,
            "data": home.join(self.called, "jetstream"),
            "log": self.log(home),
        }

    def launch(self, home: Home):
        """Writes the configuration and starts the server; the caller waits for `observe`."""
        program = fetch.nats_server()
        self.reserve(home)
        write_private(self._conf(home), self._filled(home), home.runner)
        return processes.launch(
            [*home.under, program, "-c", self._conf(home)],
            home.join(self.called),
            self.log(home),
            home.runner,
        )

    def reserve(self, home: Home) -> None:
        """Chooses ports that are free now; last time's where they are."""
        home.ports(self._port_names())

    def outdated(self, home: Home) -> bool:
        """Whether the configuration that it was started with is not the one it would get."""
        try:
            with open(self._conf(home), encoding="utf-8") as kept:
                return kept.read() != self._filled(home)
        except OSError:
            return True

    def prepare(self, home: Home) -> bool:
        """Nothing to set up inside: the configuration says it all."""
        return True

    def stop(self, home: Home, killing: bool) -> bool:
        """True if there was something to stop."""
        if (found := self.pid(home)) is None:
            return False
        # One that is paused (SIGSTOP) ends by force alone; `end_surely` comes to that.
        if not processes.end_surely(found, killing):
            raise CannotRun(f"nats-server (process {found}) does not end: look at {self.log(home)}.")
        return True

    def log(self, home: Home) -> str:
        return home.join(self.called, "nats.log")

    def _conf(self, home: Home) -> str:
        return home.join(self.called, "nats.conf")

    def _port_names(self) -> list[str]:
        names = ["nats", "monitor"] + (["route"] if self.clustered else [])
        return [name + self.suffix for name in names]

    def _filled(self, home: Home) -> str:
        """The templates with what belongs to this server; passwords that are missing are made."""
        ports = home.facts["ports"]
        filled = {
            "name": self.name(home),
            "client_port": ports["nats" + self.suffix],
            "monitor_port": ports["monitor" + self.suffix],
            "store": home.join(self.called, "jetstream"),
        }
        filled.update({who: home.password(f"nats-{who}") for who in USERS})
        text = _template("nats.conf")
        if self.clustered:
            text += _template("nats-cluster.conf")
            filled["cluster"] = home.name
            filled["route"] = home.password("nats-route")
            for member in MEMBERS:
                filled[f"route_port_{member[-1]}"] = home.road(self.called, member)
            filled["route_port"] = ports["route" + self.suffix]
            # Where roads are given, nobody is to find another way: that port is never listened on.
            filled["told_port"] = 1 if home.facts.get("roads") else filled["route_port"]
        for key, value in filled.items():
            quoted = str(value).replace("\\", "\\\\").replace('"', '\\"')
            text = text.replace("{{" + key + "}}", quoted)
        return text


def servers(home: Home) -> dict[str, Server]:
    """The servers of a home, by what they are called there."""
    return {called: Server(called) for called in home.nats}


def prepare_cluster(home: Home) -> None:
    """Gives every member its ports before the first starts: each is told the routes of all."""
    for server in servers(home).values():
        if server.clustered and server.pid(home) is None:
            server.reserve(home)


def leader(home: Home) -> str | None:
    """The member that all three, each ready for JetStream, name as the leader; else None."""
    named = set()
    for called in MEMBERS:
        port = home.facts["ports"][called.replace("nats", "monitor")]
        try:
            healthy = json.loads(_fetch_monitor(port, "/healthz")).get("status") == "ok"
            group = json.loads(_fetch_monitor(port, "/jsz")).get("meta_cluster", {})
        except (OSError, ValueError):
            return None
        if not healthy or group.get("cluster_size") != len(MEMBERS):
            return None
        named.add(group.get("leader"))
    found = named.pop() if len(named) == 1 else None
    return found.replace(home.name, "nats") if found else None


def url(home: Home, user: str) -> str:
    """Every server under the credential of one user, separated by commas."""
    password, ports = home.password(f"nats-{user}"), home.facts["ports"]
    return ",".join(f"nats://{user}:{password}@127.0.0.1:{ports[each]}" for each in home.nats)


def monitors(home: Home) -> str:
    """Every monitor, separated by commas."""
    ports = [home.facts["ports"][each.replace("nats", "monitor")] for each in home.nats]
    return ",".join(f"http://127.0.0.1:{port}" for port in ports)


def _template(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), "..", name), encoding="utf-8") as source:
        return source.read()


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
