"""Who had which seat from when to when: the histories of the documents, joined with what the clients were answered.

Every booking carries the name of its request in its notes, and every change the name of its own in its reason: so each
entry of a document's history is known by the operation that made it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from tests.faults.history import Op
from tests.faults.linear import Event

NEVER = (-inf, inf)
"""The span of something that no client asked for: a claim that the engine took back, say."""


@dataclass(frozen=True, slots=True)
class Stay:
    booking: str
    slot: str
    seat: int
    took: tuple[float, float]
    """From when the seat was asked for, until that was answered with a yes; infinite without one."""
    left: tuple[float, float] | None
    """None: it is there still."""

    @property
    def longest(self) -> tuple[float, float]:
        """When it may have been there, at most."""
        return self.took[0], self.left[1] if self.left else inf

    def events(self) -> Iterator[Event]:
        """A seat that was left by a request made before its taking was answered need not have been had at all: a move
        and a cancel at the same time are written as one, and nobody was ever shown the seat in between."""
        passing = self.left is not None and self.left[0] < self.took[1]
        yield Event(self.took[0], inf if passing else self.took[1], True, self.booking)
        if self.left:
            yield Event(self.left[0], inf if passing else self.left[1], False, self.booking)


class Spans:
    """Of every request: when it was first asked, and when it was first answered with a yes."""

    def __init__(self, ops: Sequence[Op]) -> None:
        self._spans: dict[str, tuple[float, float]] = {}
        for op in ops:
            name = op["args"].get("tag") if op["verb"] == "book" else op["id"]
            begin, end = self._spans.get(name, (inf, inf))
            answered = op["return"] if op["outcome"] == "ok" else inf
            self._spans[name] = (min(begin, op["invoke"]), min(end, answered))

    def of(self, name: str | None) -> tuple[float, float]:
        return self._spans.get(name or "", NEVER)


def stays_of(document: dict[str, Any], spans: Spans) -> list[Stay]:
    """A booking's seats one after another."""
    stays: list[Stay] = []
    open_place: tuple[str, int] | None = None
    took: tuple[float, float] = NEVER

    def close(span: tuple[float, float] | None) -> None:
        if open_place:
            stays.append(Stay(document["_id"], *open_place, took, span))

    for number, entry in enumerate(document["history"]):
        span = spans.of(document["notes"] if number == 0 else entry["reason"])
        if "slot" in entry:
            close(span)
            open_place, took = (entry["slot"], int(entry["seat"])), span
        elif entry["to"] == "cancelled":
            close(span)
            open_place = None
    close(None)
    return stays


def by_seat(stays: Sequence[Stay]) -> dict[tuple[str, int], list[Stay]]:
    seats: dict[tuple[str, int], list[Stay]] = defaultdict(list)
    for stay in stays:
        seats[stay.slot, stay.seat].append(stay)
    return seats
