"""The fault runner in its short form: every kind of fault at least once, nothing lost, no promise broken.

The long form: ``python -m tests.faults --seconds 3600``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.nemesis import FAULTS, schedule
from tests.faults.runner import Plan, Run

SEED = 20
SECONDS = 60.0


@pytest.mark.timeout(300)
def test_no_promise_is_broken_whatever_fails(tmp_path: Path) -> None:
    faults = schedule(SECONDS, SEED, pace=3.0, pairs=0.1)
    assert {fault.name for fault in faults} == set(FAULTS)
    report = asyncio.run(Run(Plan(SECONDS, SEED, faults, rotate=45.0), tmp_path).go())
    print(report.table())
    assert not report.violations, report.table()
    assert report.faults.total() == len(faults)
    assert report.history.totals["book", "ok"] > 300


def test_a_seed_gives_the_same_schedule_again() -> None:
    assert schedule(100, 1) == schedule(100, 1)
    assert schedule(100, 1) != schedule(100, 2)
