"""The checker finds what is broken: each planted bug, with just the faults that bring it to light.

A bug is switched on in the workers of these runs only; see `tests.faults.planted`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.load import Mix
from tests.faults.nemesis import Fault
from tests.faults.runner import Plan, Run

ONLY_BOOK = {"book": 1}

CASES: dict[str, tuple[list[Fault], Mix, set[str]]] = {
    "ack-before-commit": (
        [
            Fault(2.0, "mongo-stop", 2.5),
            Fault(3.0, "flushall", 0.0, beside=True),
            Fault(3.1, "workers-kill", 0.0, beside=True),
        ],
        Mix(think=0.05),
        {"lost"},
    ),
    "no-fence": ([Fault(0.05, "stale", 2.0)], Mix(think=0.2, weights=ONLY_BOOK), {"double-booking"}),
    "epoch-ignored": ([Fault(3.0, "flushall", 0.0)], Mix(weights=ONLY_BOOK), {"seat-shown-free"}),
    "outbox-outside": (
        [Fault(0.8, "workers-kill", 0.0)],
        Mix(think=0.02, keyed=0, weights=ONLY_BOOK),
        {"ghost-seat"},
    ),
    "refused-from-memory": ([], Mix(think=0.02), {"refused-wrongly"}),
    "order-is-conflict": (
        [Fault(at, "mongo-stall", 2.0) for at in (0.3, 3.0, 6.0)],
        Mix(think=0.02, weights={"book": 30, "reschedule": 60, "cancel": 10}),
        {"ghost-seat", "refused-wrongly", "seat-shown-free"},
    ),
    "idempotency-ignored": ([Fault(0.1, "mongo-stall", 4.5)], Mix(), {"duplicate", "two-answers"}),
}
"""Bug → the faults and the load that show it, and the kinds of violation of which one must be found."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("bug", sorted(CASES))
def test_a_planted_bug_is_found(bug: str, tmp_path: Path) -> None:
    faults, mix, kinds = CASES[bug]
    plan = Plan(20.0, 1, faults, mix=mix, planted=bug, settle=2.0, after_faults=1.0)
    report = asyncio.run(Run(plan, tmp_path).go())
    print(report.table())
    assert kinds & set(report.kinds), report.table()
