"""The soak of the live feed, in its short form."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from api import views
from engine.live import Picture
from loadtests.soak import EACH, Watched

ROOT = Path(__file__).parents[2]


def shown(minutes: int, state: str) -> Picture:
    """A picture of one slot that starts in so many minutes."""
    picture = Picture("ann")
    picture.epoch, picture.version, picture.live = "e", EACH, True
    start = views.instant(int(time.time()) + minutes * 60)
    picture.slots = {"ann-1": {"id": "ann-1", "start": start, "free": 1, "state": state}}
    return picture


@pytest.mark.parametrize(("minutes", "contradictions"), [(60, 1), (-60, 0)], ids=["to come", "begun"])
def test_two_states_of_one_version_contradict_each_other_unless_the_slot_has_begun(
    minutes: int, contradictions: int
) -> None:
    """The soak ran into the full hour: some had asked before it, others after it."""
    watched = Watched()
    watched.note(shown(minutes, "open"))
    watched.note(shown(minutes, "open"))
    assert not watched.counts["contradictions"]
    watched.note(shown(minutes, "past"))
    assert watched.counts["contradictions"] == contradictions


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
