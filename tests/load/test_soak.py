"""The soak of the live feed, in its short form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(100)
def test_sockets_that_come_and_go_while_others_book_miss_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests.soak", "--seconds", "5", "--sockets", "100"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no client missed anything" in done.stdout
