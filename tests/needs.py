"""What the app's tests need beside Python: Node, the app's packages, its web build, Chromium.

Where something is missing the tests skip and say how to get it; in CI SLOTLINE_COMPLETE makes that a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]
MOBILE = ROOT / "mobile"
BUILD = MOBILE / "dist"


def missing(what: str, how: str) -> NoReturn:
    text = f"{what} is missing: {how}"
    if os.environ.get("SLOTLINE_COMPLETE"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


@cache
def node_major() -> int:
    """0 without Node."""
    node = shutil.which("node")
    if node is None:
        return 0
    said = subprocess.run([node, "-p", "process.versions.node"], capture_output=True, text=True, check=False).stdout
    return int(said.partition(".")[0] or 0)


def packages() -> Path:
    """The folder of the app, with Node and its packages in place."""
    if node_major() < 20:
        missing("Node 20 or newer", "install it from your distribution or nodejs.org, then run make web")
    if not (MOBILE / "node_modules" / ".stamp").is_file():
        missing("mobile/node_modules", "run make web")
    return MOBILE


def web_build() -> Path:
    if not (BUILD / "index.html").is_file():
        missing("the app's web build", "run make web (it needs Node 20 or newer)")
    return BUILD


def chromium() -> str:
    """The path of a Chromium that is installed here."""
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        if found := shutil.which(name):
            return found
    return missing("Chromium", "Debian, Ubuntu: apt-get install chromium")
