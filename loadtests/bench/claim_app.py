"""The product's worker, but for one thing: a booking is answered as soon as Redis has decided, without MongoDB.

What is left is the cost of HTTP, validation, the claim and the answer. Not a way to run Slotline: a Redis that dies
takes such bookings with it.
"""

from __future__ import annotations

import asyncio

from api import worker
from engine.entry import Written
from engine.journal import Journal
from engine.model import Booking, Slot
from engine.reconcile import Reconciler

_gone: dict[str, list[bytes]] = {}
"""Outbox → entries to take away, as the journal does it: some at a time."""


def commit(self: Journal, thing: Booking | Slot, entry: bytes | None) -> asyncio.Future[Written]:
    """Stands in for `Journal.commit`: takes the outbox entry away and says that it is written."""
    if entry is not None:
        if not _gone:
            self._loop.call_soon(take_away, self)
        _gone.setdefault(self._keys.of(thing.id).outbox, []).append(entry)
    future: asyncio.Future[Written] = self._loop.create_future()
    future.set_result(Written.DURABLE)
    return future


def take_away(journal: Journal) -> None:
    for outbox, entries in _gone.items():
        journal._calls.send("XDEL", outbox, *entries)
    _gone.clear()


if __name__ == "__main__":
    Journal.commit = commit  # type: ignore[method-assign]
    Reconciler.start = lambda self: None  # type: ignore[method-assign]  # it would write what MongoDB lacks
    worker.main()
