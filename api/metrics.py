"""What Prometheus is told. Each worker keeps its numbers in a shared folder; any of them answers for all."""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_seconds = Histogram(
    "slotline_request_seconds",
    "Time to answer; its count counts requests",
    ["method", "route", "status"],
    buckets=BUCKETS,
)
_bookings = Counter("slotline_bookings", "Bookings answered, by how they ended", ["outcome"])
sockets = Gauge("slotline_live_sockets", "Open live sockets", multiprocess_mode="livesum")
frames = Counter("slotline_live_frames", "Frames sent to live sockets")
_backlog = Gauge("slotline_journal_backlog", "Decided but not yet written to MongoDB", multiprocess_mode="livesum")
_groups = Gauge("slotline_journal_groups", "Bulk writes to MongoDB", multiprocess_mode="sum")
_written = Gauge("slotline_journal_written", "Things written to MongoDB", multiprocess_mode="sum")

_outcomes: dict[str, Any] = {}
_timers: dict[tuple[str, str, int], Any] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Counts one answered request. ``route`` is the pattern, never the path: no personal data."""
    timer = _timers.get((method, route, status))
    if timer is None:
        timer = _timers[method, route, status] = _seconds.labels(method, route, str(status))
    timer.observe(seconds)


def count_booking(outcome: str) -> None:
    """``booked``, ``replayed``, ``claimed``, or the code of the refusal."""
    counter = _outcomes.get(outcome)
    if counter is None:
        counter = _outcomes[outcome] = _bookings.labels(outcome)
    counter.inc()


def set_journal(backlog: int, groups: int, written: int) -> None:
    _backlog.set(backlog)
    _groups.set(groups)
    _written.set(written)


def exposition() -> bytes:
    """The text that Prometheus reads."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
