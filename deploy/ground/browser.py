"""Finds Chromium for the page tests, or as root has the distribution's installed.

**Invariant:** no path is given that did not say its version when run: some distributions put a
program in the browser's place that only asks for another package.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from ground import CannotRun, fetch

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
APT_NAMES = ["chromium"]


def chromium() -> str:
    """The path of a Chromium that runs here."""
    if named := os.environ.get("PIPEROLL_CHROMIUM"):
        if found := shutil.which(named):
            if _runs(found):
                return os.path.abspath(found)
        raise CannotRun(f"PIPEROLL_CHROMIUM names {named}, which does not run: name another.")
    if found := _on_path() or _installed():
        return found
    raise CannotRun(
        "Chromium, in which the pages are tested, was not found: have it installed "
        "(Debian: `apt-get install chromium`), or name one in PIPEROLL_CHROMIUM."
    )


def _installed() -> str | None:
    """Two tests may ask at once; whoever comes second finds what the first had installed."""
    if not fetch.may_install():
        return None
    with fetch.one_at_a_time("chromium"):
        if found := _on_path():
            return found
        if (name := fetch.available(APT_NAMES)) is None:
            return None
        fetch.install(name, "a browser, 300 MB with its parts")
        return _on_path()


def _on_path() -> str | None:
    for found in filter(None, map(shutil.which, NAMES)):
        if _runs(found):
            return found
    return None


def _runs(program: str) -> bool:
    try:
        said = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0 and "Chrom" in said.stdout
