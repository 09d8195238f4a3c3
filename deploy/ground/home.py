"""The folder that belongs to one private pair of servers: its ports, passwords, data and lock.

**Invariant:** everything `deploy/local` makes for a checkout lies in here, so removing the folder
removes it all; the passwords are readable by the person who started the servers and nobody else.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import time
from contextlib import contextmanager

from ground import CannotRun, processes

MARK = "home.json"


def base() -> str:
    """`/var/tmp/piperoll-<uid>`: world-traversable, as an unprivileged Postgres must enter it."""
    return f"/var/tmp/piperoll-{os.getuid()}"


def default_path(checkout: str) -> str:
    """One home a checkout, found again without writing anything into the checkout."""
    digest = hashlib.sha256(os.path.realpath(checkout).encode()).hexdigest()
    return os.path.join(base(), f"local-{digest[:8]}")


class Home:
    """Paths, and the few facts that must survive a restart (kept in `home.json`)."""

    def __init__(self, path: str):
        self.path = os.path.realpath(path)
        self.secrets = self.join("secrets")
        self.state = self.join("state")
        self.facts = self._read_facts()

    def join(self, *parts: str) -> str:
        return os.path.join(self.path, *parts)

    def exists(self) -> bool:
        return os.path.exists(self.join(MARK))

    @property
    def name(self) -> str:
        """What the servers call themselves; never the same again once a home is wiped."""
        return self.facts["name"]

    @property
    def runner(self) -> str | None:
        """The user the servers run as, or None for the user who calls."""
        return self.facts["runner"]

    @property
    def nats(self) -> list[str]:
        """What the NATS servers are called here: one, or the three of a cluster."""
        return ["nats-1", "nats-2", "nats-3"] if self.facts.get("cluster") else ["nats"]

    @property
    def under(self) -> list[str]:
        """The command under which the servers run; none but in drills."""
        return self.facts.get("under", [])

    def road(self, member: str, to: str) -> int:
        """The port by which one server of a cluster reaches another: the other's own but in drills."""
        return self.facts.get("roads", {}).get(member, {}).get(to) or self.facts["ports"][
            to.replace("nats", "route")
        ]

    def create(self, cluster: bool = False) -> None:
        """Makes the folders and passwords that are not there yet."""
        if not self.exists():
            os.chmod(self.path, 0o711)
            runner = _choose_runner()
            self._probe(runner)
            leaf = re.sub("[^A-Za-z0-9_-]", "-", os.path.basename(self.path))
            self.facts = {
                "made_by": "deploy/local",
                "name": f"piperoll-{leaf}-{secrets.token_hex(4)}",
                "runner": runner,
                "ports": {},
                "cluster": cluster,
            }
            self.save()
        elif os.stat(self.join(MARK)).st_uid != os.getuid():
            owner = _user_name(os.stat(self.join(MARK)).st_uid)
            raise CannotRun(
                f"{self.path} belongs to {owner}: run as that user, or give another "
                "folder with --home."
            )
        elif cluster and not self.facts.get("cluster"):
            raise CannotRun(
                f"{self.path} was made with one NATS server: give a new folder with --home for a "
                "cluster, or remove this one and its data first (`stop --wipe`)."
            )
        for folder in (self.secrets, self.state):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        for folder in map(self.join, [*self.nats, "postgres"]):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            _give(folder, self.runner)

    def save(self) -> None:
        """Replaces `home.json` in one step, so that a kill leaves the old one or the new one."""
        temporary = self.join(MARK + ".tmp")
        with open(temporary, "w", encoding="utf-8") as out:
            json.dump(self.facts, out, indent=1)
            out.write("\n")
        os.replace(temporary, self.join(MARK))

    def password(self, who: str) -> str:
        """Reads a password, or makes one up; only characters that a URL leaves alone."""
        path = os.path.join(self.secrets, who)
        try:
            with open(path, encoding="ascii") as kept:
                word = kept.read().strip()
                if word:
                    return word
        except FileNotFoundError:
            pass
        word = secrets.token_hex(20)
        write_private(path, word + "\n", None)
        return word

    def ports(self, names: list[str]) -> list[int]:
        """Last time's ports if they are free, so that running clients reconnect; else others."""
        kept = self.facts["ports"]
        for name in names:
            if name not in kept or not processes.port_is_free(kept[name]):
                kept[name] = processes.free_port(set(kept.values()))
        self.save()
        return [kept[name] for name in names]

    @contextmanager
    def lock(self, when_gone, patience_s: float = 180):
        """One `start` or `stop` at a time. The lock lies in the folder that `--wipe` removes, so
        whoever gets it makes sure that it is still the lock others would find, and `when_gone` says
        what to do if the folder is no longer there (make it again, or raise)."""
        path = self.join("lock")
        until = time.monotonic() + patience_s
        while True:
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except FileNotFoundError:
                when_gone()
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_the_file_at(path, handle):
                    break
            except BlockingIOError:
                if time.monotonic() > until:
                    os.close(handle)
                    raise CannotRun(
                        f"another deploy/local has held {path} for {patience_s:.0f} s: "
                        "wait for it, or end it and try again."
                    ) from None
            os.close(handle)
            time.sleep(0.02)
        try:
            yield
        finally:
            os.close(handle)

    def wipe(self) -> None:
        """Removes the folder; refuses any that is not marked as ours."""
        if not self.exists():
            raise CannotRun(
                f"{self.path} has no {MARK}, so deploy/local did not make it and does "
                "not remove it."
            )
        # Out of the way in one step: removed piece by piece, it would lose its lock before its
        # data, and a start that is waiting would build in the middle of it.
        doomed = f"{self.path}.removed-{secrets.token_hex(4)}"
        os.rename(self.path, doomed)
        shutil.rmtree(doomed)

    def make_enterable(self) -> None:
        """Creates the folder itself (and the shared base), before the lock can be taken in it."""
        if self.path.startswith(base() + os.sep):
            _make_base()
        unmarked = os.path.isdir(self.path) and not self.exists()
        if unmarked and set(os.listdir(self.path)) - {"lock", "probe", MARK + ".tmp"}:
            raise CannotRun(
                f"{self.path} is not empty and was not made by deploy/local: give an "
                "empty or a new folder with --home."
            )
        try:
            os.makedirs(self.path, mode=0o711, exist_ok=True)
        except OSError as error:
            raise CannotRun(
                f"{self.path} cannot be made ({error.strerror}): give another folder with --home."
            ) from None

    def _probe(self, runner: str | None) -> None:
        """Before anything is made: can the server's user get here at all?"""
        probe = self.join("probe")
        os.makedirs(probe, mode=0o700, exist_ok=True)
        _give(probe, runner)
        entered = subprocess.run(
            ["test", "-w", probe], cwd="/", check=False, **processes.as_runner(runner)
        )
        if entered.returncode != 0:
            shutil.rmtree(self.path)
            raise CannotRun(
                f"the user `{runner}`, as whom root must run the servers, cannot enter "
                f"{self.path}: give a folder that everyone may pass through with "
                f"--home, such as one under {base()}."
            )
        os.rmdir(probe)

    def _read_facts(self) -> dict:
        try:
            with open(self.join(MARK), encoding="utf-8") as kept:
                return json.load(kept)
        except FileNotFoundError:
            return {}
        except (PermissionError, NotADirectoryError) as error:
            raise CannotRun(
                f"{self.path} cannot be read ({error.strerror}): run as the user who "
                "made it, or give another folder with --home."
            ) from None


def write_private(path: str, text: str, runner: str | None) -> None:
    """Writes a file that only its owner may read, complete or not at all."""
    temporary = path + ".tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    _give(temporary, runner)
    os.replace(temporary, path)


def _give(path: str, runner: str | None) -> None:
    if runner is not None:
        entry = pwd.getpwnam(runner)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _make_base() -> None:
    try:
        os.mkdir(base(), 0o755)
        os.chmod(base(), 0o755)
    except FileExistsError:
        # Anyone may write to /var/tmp: somebody else's folder of this name is not ours to trust.
        found = os.lstat(base())
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise CannotRun(
                f"{base()} exists but is not a folder of yours: have it removed, or "
                "give another folder with --home."
            ) from None


def _choose_runner() -> str | None:
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    raise CannotRun(
        "Postgres refuses to run as root and there is no user `postgres` or `nobody` "
        "to drop to: add one of them, or run as an ordinary user."
    )


def _user_name(uid: int) -> str:
    try:
        return f"`{pwd.getpwuid(uid).pw_name}`"
    except KeyError:
        return f"the user with id {uid}"


def _is_the_file_at(path: str, handle: int) -> bool:
    try:
        there, held = os.stat(path), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
