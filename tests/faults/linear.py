"""Whether what happened to one seat can be put in an order: a checker after Wing and Gong (1993), with memory (Lowe).

The model is a register that holds its owner: ``take`` needs nobody there, ``leave`` needs its own owner there, and at
the end the register must hold who really has the seat.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple


class Event(NamedTuple):
    """``end`` is infinite for an operation that nobody was answered: it may have happened at any time, or never."""

    begin: float
    end: float
    take: bool
    owner: str


MOST_STATES = 200_000


def linearizable(events: Sequence[Event], final: str | None) -> bool:
    """Raises OverflowError when the search grows beyond all bounds."""
    ordered = sorted(events)
    needed = sum(1 << index for index, event in enumerate(ordered) if event.end < inf)
    seen: set[tuple[int, str | None]] = set()
    stack: list[tuple[int, str | None]] = [(0, None)]
    while stack:
        state = stack.pop()
        if state in seen:
            continue
        seen.add(state)
        if len(seen) > MOST_STATES:
            raise OverflowError("too many orders to look at")
        done, owner = state
        if done & needed == needed and owner == final:
            return True
        stack.extend(_next(ordered, done, owner))
    return False


def _next(ordered: Sequence[Event], done: int, owner: str | None) -> list[tuple[int, str | None]]:
    """The states one step on: of an operation that nothing unfinished precedes, and that the register allows."""
    first_end = min((event.end for index, event in enumerate(ordered) if not done >> index & 1), default=inf)
    states: list[tuple[int, str | None]] = []
    for index, event in enumerate(ordered):
        if event.begin > first_end:
            break
        if done >> index & 1:
            continue
        if event.take and owner is None:
            states.append((done | 1 << index, event.owner))
        elif not event.take and owner == event.owner:
            states.append((done | 1 << index, None))
    return states[::-1]


def most_at_once(intervals: Sequence[tuple[float, float]], begin: float, end: float) -> int:
    """How many of the intervals have a common moment between ``begin`` and ``end``, at most."""
    steps: list[tuple[float, int]] = []
    for opens, closes in intervals:
        if opens <= end and closes >= begin:
            steps.append((max(opens, begin), -1))
            steps.append((min(closes, end), 1))
    most = now = 0
    for _, step in sorted(steps):
        now -= step
        most = max(most, now)
    return most
