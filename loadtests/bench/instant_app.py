"""The product's worker with its journal, on a store that acknowledges every group after 2 ms and keeps nothing.

That is about what a MongoDB on a good disk takes; the embedded one is slower and takes the other core for itself, so
this shows what durability costs the API alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from api import worker
from engine.model import Booking
from engine.reconcile import Reconciler
from engine.store import BookingStore

COMMIT = 0.002
"""Seconds."""


async def write(self: BookingStore, bookings: Sequence[Booking]) -> list[tuple[Booking, dict[str, Any]]]:
    """Stands in for `BookingStore.write`; nothing is refused."""
    await asyncio.sleep(COMMIT)
    return []


if __name__ == "__main__":
    BookingStore.write = write  # type: ignore[method-assign]
    Reconciler.start = lambda self: None  # type: ignore[method-assign]  # it would see what MongoDB lacks
    worker.main()
