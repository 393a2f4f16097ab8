"""The first load scenario, as CI runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(90)
def test_ten_seconds_of_customers_meet_no_unexpected_answer_and_every_seat_is_accounted_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests.ci", "--seconds", "10", "--users", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=80,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no other seat is taken" in done.stdout
