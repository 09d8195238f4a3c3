"""Starts a server that outlives us, finds it again, and ends it.

**Invariant:** a process is ours only if its own command line (or, for a stray Postgres backend, its
working folder) names our home. There are no files of process ids to go stale: after a crash, a
reboot or a reused id, what `/proc` says is still the truth.
"""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import time

# Below the kernel's usual range for outgoing connections (32768 and up), so that no client borrows
# a server's port while the server is being restarted.
PORTS = range(20000, 32000)


def running(pid: int) -> bool:
    """False also for a zombie: it has ended, its parent merely has not looked yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def find(*arguments: str) -> int | None:
    """The process whose first arguments after the program are exactly these."""
    found = {pid for pid in _every() if _arguments(pid)[1 : 1 + len(arguments)] == list(arguments)}
    # A freshly forked child shows its parent's command line until it renames itself.
    found = {pid for pid in found if _parent(pid) not in found}
    return min(found, default=None)


def working_in(folder: str) -> list[int]:
    """Every process whose working folder is this one: a Postgres server and its backends."""
    found = []
    for pid in _every():
        try:
            if os.readlink(f"/proc/{pid}/cwd") == folder and running(pid):
                found.append(pid)
        except OSError:
            continue
    return found


def launch(
    command: list[str],
    folder: str,
    log: str,
    runner: str | None,
    settings: dict[str, str] | None = None,
) -> subprocess.Popen:
    """Starts a server in a session of its own, holding nothing of ours open.

    Its output goes to `log`: a server that inherited our standard output would keep
    `$(deploy/local start)` waiting for as long as it lives.
    """
    if os.path.exists(log) and os.path.getsize(log) > 10_000_000:
        os.replace(log, log + ".1")
    with open(log, "ab") as out:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=plain_environment() | (settings or {}),
            start_new_session=True,
            **as_runner(runner),
        )


def as_runner(runner: str | None) -> dict:
    """What `subprocess` needs to drop to `runner`, without any of our groups."""
    if runner is None:
        return {}
    entry = pwd.getpwnam(runner)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def plain_environment() -> dict[str, str]:
    """Nothing of the caller's: a stray PGPORT or LC_ALL must not change what a server does."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def end(pids: list[int], with_signal: signal.Signals, patience_s: float) -> bool:
    """Signals them in the order given and waits; True when all are gone."""
    for pid in pids:
        try:
            os.kill(pid, with_signal)
        except ProcessLookupError:
            continue
    return wait_gone(pids, patience_s)


def end_surely(pid: int, killing: bool) -> bool:
    """In good order, or by force where that is asked for or needed; True when it is gone."""
    if not killing and end([pid], signal.SIGTERM, 20):
        return True
    return end([pid], signal.SIGKILL, 10)


def wait_gone(pids: list[int], patience_s: float) -> bool:
    """True as soon as none of them runs any more."""
    until = time.monotonic() + patience_s
    while any(running(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def port_is_free(port: int) -> bool:
    """Whether a server could listen there this instant."""
    with socket.socket() as attempt:
        # As the servers do: connections that linger after a restart are not in the way.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
            attempt.listen(1)
        except OSError:
            return False
    return True


def free_port(but_not: set[int]) -> int:
    """A port nobody listens on; another may still take it, so a failed launch asks again."""
    for _ in range(2000):
        port = random.choice(PORTS)
        if port not in but_not and port_is_free(port):
            return port
    raise OSError("no free port")


def _every() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _arguments(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            return os.fsdecode(line.read()).split("\0")
    except OSError:
        return []


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0
