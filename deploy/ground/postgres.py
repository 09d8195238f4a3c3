"""The private Postgres of one home.

**Invariant:** it counts as up only when a login with this home's own password succeeds and
`SHOW data_directory` names this home's data; data made by one major release is never opened with
another.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

from ground import CannotRun, fetch, pins, processes, sql
from ground.home import Home, write_private

# A Unix socket's path may be 107 bytes; the server adds `/.s.PGSQL.<port>`.
LONGEST_SOCKET_FOLDER = 90
# SQLSTATE invalid_password.
WRONG_PASSWORD = "28P01"


def pid(home: Home) -> int | None:
    """The postmaster of this home, whether or not it answers yet."""
    return processes.find("-D", _data(home))


def observe(home: Home) -> dict | None:
    """Version, port and folder of the server when it is up, is ours and is set up, else None."""
    port = home.facts.get("ports", {}).get("postgres")
    # Without a process of ours there is nobody to ask; a stranger on the port could stall us.
    if port is None or (process := pid(home)) is None:
        return None
    try:
        with _as_admin(home, port) as admin:
            folder, version, databases = admin.ask(
                "select current_setting('data_directory'), current_setting('server_version'), "
                "(select count(*) from pg_database where datname = 'piperoll')"
            )[0]
    except (OSError, sql.SqlError):
        return None
    if folder is None or os.path.realpath(folder) != _data(home) or databases != "1":
        return None
    return {
        "version": version.split()[0],
        "port": port,
        "pid": process,
        "data": _data(home),
        "log": log(home),
    }


def launch(home: Home):
    """Finds the programs, makes the data if there is none, starts; the caller waits."""
    programs = _find_programs(home)
    _clear_strays(home)
    if not os.path.exists(os.path.join(_data(home), "PG_VERSION")):
        _make_data(home, programs)
    (port,) = home.ports(["postgres"])
    sockets = home.join("postgres", "run")
    shutil.rmtree(sockets, ignore_errors=True)
    subprocess.run(["mkdir", "-m", "700", sockets], check=True, **processes.as_runner(home.runner))
    with open(
        os.path.join(os.path.dirname(__file__), "..", "postgres.conf"), encoding="utf-8"
    ) as source:
        text = source.read()
    # The setting is a list with quoting rules of its own; everybody here uses TCP, so an unusual
    # path goes without.
    plain = re.fullmatch("[A-Za-z0-9_./ -]+", sockets)
    if not plain or len(sockets) > LONGEST_SOCKET_FOLDER:
        sockets = ""
    filled = {"name": home.name, "port": str(port), "sockets": sockets}
    for key, value in filled.items():
        text = text.replace("{{" + key + "}}", value)
    write_private(os.path.join(_data(home), "piperoll.conf"), text, home.runner)
    return processes.launch(
        [*home.under, os.path.join(programs, "postgres"), "-D", _data(home)],
        home.join("postgres"),
        log(home),
        home.runner,
    )


def outdated(home: Home) -> bool:
    """Its settings are read when it starts; none of them is worth a restart."""
    return False


def prepare(home: Home) -> bool:
    """Makes the role and the database that are handed out; False while nobody answers yet."""
    try:
        with _as_admin(home, home.facts["ports"]["postgres"]) as admin:
            if not admin.ask("select 1 from pg_roles where rolname = 'piperoll'"):
                admin.ask(
                    "create role piperoll login createdb createrole "
                    f"password '{home.password('postgres-piperoll')}'"
                )
            if not admin.ask("select 1 from pg_database where datname = 'piperoll'"):
                admin.ask("create database piperoll owner piperoll")
    except sql.SqlError as error:
        if error.code == WRONG_PASSWORD:
            raise CannotRun(
                f"Postgres does not take the password kept in {home.secrets}: put that "
                "folder back as it was, or begin afresh with `deploy/local stop --wipe`."
            ) from None
        return False
    except OSError:
        return False
    return True


def stop(home: Home, killing: bool) -> bool:
    """True if there was something to stop."""
    if (found := pid(home)) is None:
        return False
    if not killing:
        # SIGINT rolls back what is open and shuts down; SIGQUIT gives up and recovers next time.
        for how, patience_s in ((signal.SIGINT, 30), (signal.SIGQUIT, 10)):
            if processes.end([found], how, patience_s):
                return True
    # The postmaster first: were a backend to die before it, it would start to recover.
    family = [found] + [other for other in processes.working_in(_data(home)) if other != found]
    if not processes.end(family, signal.SIGKILL, 10):
        raise CannotRun(f"Postgres (process {found}) does not end: look at {log(home)}.")
    return True


def log(home: Home) -> str:
    return home.join("postgres", "postgres.log")


def url(home: Home) -> str:
    return (
        f"postgresql://piperoll:{home.password('postgres-piperoll')}"
        f"@127.0.0.1:{home.facts['ports']['postgres']}/piperoll"
    )


def _data(home: Home) -> str:
    return home.join("postgres", "data")


def _as_admin(home: Home, port: int) -> sql.Connection:
    return sql.Connection(port, "postgres", home.password("postgres-admin"), "postgres")


def _clear_strays(home: Home) -> None:
    """After a kill: backends outlive their postmaster for a moment, and while one does, the shared
    memory is in use and a start is refused."""
    strays = processes.working_in(_data(home))
    if (
        strays
        and not processes.wait_gone(strays, 1)
        and not processes.end(strays, signal.SIGKILL, 10)
    ):
        raise CannotRun(
            f"processes {strays} still work in {_data(home)}: end them and start again."
        )
    # Postgres itself replaces the file a dead server left behind, unless there is a process of that
    # id: one that has ended but was not yet reaped, or another program that was given the same id.
    # We hold the lock and have just seen that none is ours.
    stale = os.path.join(_data(home), "postmaster.pid")
    try:
        with open(stale, encoding="utf-8") as left:
            if os.path.exists(f"/proc/{int(left.readline())}"):
                os.unlink(stale)
    except (FileNotFoundError, ValueError):
        pass


def _make_data(home: Home, programs: str) -> None:
    """Into a folder beside, then renamed: a kill in the middle leaves nothing that looks whole."""
    fresh = home.join("postgres", "data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    home.password("postgres-piperoll")
    with tempfile.TemporaryDirectory(prefix="init-", dir=home.join("postgres")) as folder:
        os.chmod(folder, 0o711)
        word = os.path.join(folder, "password")
        write_private(word, home.password("postgres-admin") + "\n", home.runner)
        done = _run(
            home,
            [
                os.path.join(programs, "initdb"),
                "--pgdata",
                fresh,
                "--username",
                "postgres",
                "--pwfile",
                word,
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--locale",
                _locale(),
                "--lc-messages",
                "C",
                "--data-checksums",
            ],
        )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise CannotRun(f"initdb could not make a Postgres in {home.path}; its last word: {last}")
    with open(os.path.join(fresh, "postgresql.conf"), "a", encoding="utf-8") as conf:
        conf.write("\ninclude = 'piperoll.conf'\n")
    os.rename(fresh, _data(home))


def _locale() -> str:
    """C.UTF-8 where there is one (it folds Welsh letters; plain C knows only English ones)."""
    listed = (
        subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
        if shutil.which("locale")
        else ""
    )
    return next((name for name in listed.split() if name.lower() in ("c.utf8", "c.utf-8")), "C")


def _find_programs(home: Home) -> str:
    """The folder of programs to use: the one used before, one on the machine, or one fetched."""
    needed = _data_release(home)
    chosen = None
    for folder in _candidates(home):
        release = _release(home, folder)
        if release is not None and (
            release == needed if needed else release >= pins.POSTGRES_LEAST
        ):
            chosen = folder
            break
    if chosen is None:
        chosen = _obtain(home, needed)
    if home.facts.get("postgres_programs") != chosen:
        home.facts["postgres_programs"] = chosen
        home.save()
    return chosen


def _candidates(home: Home):
    asked = os.environ.get("PIPEROLL_POSTGRES_BIN")
    kept = home.facts.get("postgres_programs")
    fetched = f"postgres-{pins.POSTGRES_VERSION}"
    if asked == "download":
        return
    if asked:
        yield asked
        return
    # What was fetched is checked before every launch, so it comes only through `fetch`.
    if kept and fetched not in kept:
        yield kept
    installed = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    yield from sorted(
        installed, reverse=True, key=lambda path: [int(n) for n in re.findall(r"\d+", path)]
    )
    for folder in os.get_exec_path():
        program = os.path.join(folder, "postgres")
        if os.path.exists(program):
            # Often a lone link: its neighbours, and its libraries, are where it leads.
            yield os.path.dirname(os.path.realpath(program))


def _obtain(home: Home, needed: int | None) -> str:
    asked = os.environ.get("PIPEROLL_POSTGRES_BIN")
    if asked and asked != "download":
        raise CannotRun(
            f"PIPEROLL_POSTGRES_BIN names {asked}, which has no initdb and postgres of "
            f"release {needed or f'{pins.POSTGRES_LEAST} or later'}: correct it or "
            "unset it."
        )
    if needed and needed != int(pins.POSTGRES_VERSION.split(".")[0]):
        raise CannotRun(
            f"the data in {home.path} was made by Postgres {needed}, which is no longer "
            "found: install it again, or begin afresh with `deploy/local stop --wipe`."
        )
    if not needed and asked != "download" and fetch.postgres_from_apt():
        for folder in _candidates(home):
            if (_release(home, folder) or 0) >= pins.POSTGRES_LEAST:
                return folder
    folder = fetch.postgres_from_npm()
    if _release(home, folder) is None:
        raise CannotRun(
            f"the Postgres in {folder} does not run here: put the cache in a folder that "
            "everyone may pass through, and where programs may run, with PIPEROLL_CACHE."
        )
    return folder


def _data_release(home: Home) -> int | None:
    try:
        with open(os.path.join(_data(home), "PG_VERSION"), encoding="ascii") as kept:
            return int(kept.read())
    except FileNotFoundError:
        return None


def _release(home: Home, folder: str) -> int | None:
    """The major release of a complete set of programs that the server's user may run, else None."""
    found = set()
    for program in ("postgres", "initdb"):
        try:
            done = _run(home, [os.path.join(folder, program), "--version"])
        except OSError:
            return None
        version = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
        found.add(int(version.group(1)) if version and done.returncode == 0 else None)
    return found.pop() if len(found) == 1 else None


def _run(home: Home, command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=processes.plain_environment(),
        **processes.as_runner(home.runner),
    )
