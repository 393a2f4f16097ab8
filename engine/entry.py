"""What is to be written to MongoDB, and who waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum

from engine.keys import Partition
from engine.model import Booking, Slot

FIRST_PAUSE = 0.05
"""Seconds."""


class Written(Enum):
    DURABLE = "a majority of MongoDB has it in its journal"
    LATE = "not yet; the outbox has it"


@dataclass(slots=True, eq=False)
class Entry:
    """One thing to write, and whoever waits for it."""

    thing: Booking | Slot
    partition: Partition
    id: bytes | None
    """The outbox entry; None when there is none (any more)."""
    since: float
    futures: list[asyncio.Future[Written]] = field(repr=False)
    pause: float = FIRST_PAUSE
    """Seconds until it is tried again, if it has to be."""
    over: bool = False
    """Nobody is going to write it (again), though others of its group may still be tried: it answers no more."""

    def settle(self, result: Written | BaseException) -> None:
        """Answers all that wait. A request that went away has cancelled its future already."""
        for future in self.futures:
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
                future.exception()
            else:
                future.set_result(result)
