"""What Prometheus is told. Each worker keeps its numbers in a shared folder; any of them answers for all.

What a request counts is counted in plain Python and put into the shared folder some times a second: a write into that
folder takes a lock, a system call and a struct, three times a request.
"""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from collections import Counter as Tally
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api import metric_files

metric_files.make()

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_seconds = Histogram(
    "slotline_request_seconds",
    "Time to answer; its count counts requests",
    ["method", "route", "status"],
    buckets=BUCKETS,
)
_bookings = Counter("slotline_bookings", "Bookings answered, by how they ended", ["outcome"])
sockets = Gauge("slotline_live_sockets", "Open live sockets", multiprocess_mode="livesum")
_frames = Counter("slotline_live_frames", "Frames sent to live sockets")
_subscriptions = Counter("slotline_live_subscriptions", "Subscriptions, by how they were answered", ["answer"])
_backlog = Gauge("slotline_journal_backlog", "Decided but not yet written to MongoDB", multiprocess_mode="livesum")
_groups = Gauge("slotline_journal_groups", "Bulk writes to MongoDB", multiprocess_mode="sum")
_written = Gauge("slotline_journal_written", "Things written to MongoDB", multiprocess_mode="sum")

FLUSH = 0.25
"""Seconds for which what a worker has counted may be missing in the answers of the others."""

_outcomes: Tally[str] = Tally()
_answers: Tally[str] = Tally()
_told = 0
_timers: dict[tuple[str, str, int], Timer] = {}


class Timer:
    """How long the requests of one route and status took, since the last flush."""

    __slots__ = ("_histogram", "counts", "total")

    def __init__(self, histogram: Any) -> None:
        self._histogram = histogram
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def flush(self) -> None:
        """The library can observe one value at a time only, so this adds to its buckets itself."""
        for bucket, count in zip(self._histogram._buckets, self.counts, strict=True):
            if count:
                bucket.inc(count)
        self._histogram._sum.inc(self.total)
        self.counts = [0] * len(self.counts)
        self.total = 0.0


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Counts one answered request. ``route`` is the pattern, never the path: no personal data."""
    timer = _timers.get((method, route, status))
    if timer is None:
        timer = _timers[method, route, status] = Timer(_seconds.labels(method, route, str(status)))
    timer.add(seconds)


def count_booking(outcome: str) -> None:
    """``booked``, ``replayed``, ``claimed``, or the code of the refusal."""
    _outcomes[outcome] += 1


def count_frames(number: int) -> None:
    """Of the live feed, one for each socket that got it."""
    global _told
    _told += number


def count_subscription(answer: str) -> None:
    """``snapshot`` or ``resumed``."""
    _answers[answer] += 1


def flush() -> None:
    """Puts what has been counted where every worker sees it."""
    for timer in _timers.values():
        if timer.total:
            timer.flush()
    for outcome, count in _outcomes.items():
        _bookings.labels(outcome).inc(count)
    _outcomes.clear()
    for answer, count in _answers.items():
        _subscriptions.labels(answer).inc(count)
    _answers.clear()
    global _told
    if _told:
        _frames.inc(_told)
        _told = 0


async def keep_flushing() -> None:
    """Until it is cancelled."""
    try:
        while True:
            await asyncio.sleep(FLUSH)
            flush()
    finally:
        flush()


def set_journal(backlog: int, groups: int, written: int) -> None:
    _backlog.set(backlog)
    _groups.set(groups)
    _written.set(written)


def exposition() -> bytes:
    """The text that Prometheus reads."""
    flush()
    if metric_files.FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
