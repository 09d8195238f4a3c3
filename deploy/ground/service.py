"""Piperoll itself over the servers of one home: `piperoll all`, for the demo.

**Invariant:** it counts as up only when it answers on its port as alive; it is found by its own
command line, which names the home's state.
"""

from __future__ import annotations

import os
import urllib.request

from ground import CannotRun, processes
from ground.home import Home


def pid(home: Home) -> int | None:
    return processes.find(*_begins(home))


def observe(home: Home) -> dict | None:
    """Port and process when it answers, else None."""
    port = home.facts.get("ports", {}).get("http")
    if port is None or (process := pid(home)) is None:
        return None
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
            alive = answer.status == 200
    except OSError:
        return None
    return {"pid": process, "port": port, "url": f"http://127.0.0.1:{port}"} if alive else None


def launch(home: Home, program: str, ledgers: list[str], settings: dict[str, str]):
    [port] = home.ports(["http"])
    command = [os.path.realpath(program), *_begins(home), "--listen", f"127.0.0.1:{port}"]
    for ledger in ledgers:
        command += ["--ledger", ledger]
    return processes.launch(command, home.path, log(home), None, settings)


def stop(home: Home, killing: bool) -> bool:
    """True if there was something to stop."""
    if (found := pid(home)) is None:
        return False
    if not processes.end_surely(found, killing):
        raise CannotRun(f"piperoll (process {found}) does not end: look at {log(home)}.")
    return True


def log(home: Home) -> str:
    return home.join("piperoll.log")


def _begins(home: Home) -> list[str]:
    return ["all", "--state", home.state]
