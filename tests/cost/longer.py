"""A worker whose hot path somebody has made longer: one more question to Redis a call, one more to MongoDB a write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from api import worker
from engine.calls import Calls
from engine.model import Booking
from engine.store import BookingStore
from engine.wire import Arg
from loadtests.cost.worker import put_off

run, start, read, command, write = Calls.run, Calls.start, Calls.read, Calls.command, BookingStore.write


async def longer_run(
    self: Calls, verb: str, keys: tuple[str, ...], args: tuple[Arg, ...], begun: asyncio.Future[Any] | None = None
) -> list[Any]:
    await self._route.call("EXISTS", keys[0], at=keys[0])
    return await run(self, verb, keys, args, begun)


def longer_start(self: Calls, verb: str, keys: tuple[str, ...], args: tuple[Arg, ...]) -> asyncio.Future[Any] | None:
    self.send("EXISTS", keys[0])
    return start(self, verb, keys, args)


def longer_read(self: Calls, *packed: bytes, at: str) -> asyncio.Future[Any] | None:
    self.send("EXISTS", at)
    return read(self, *packed, at=at)


async def longer_command(self: Calls, *words: Arg, at: str | None = None) -> Any:
    key = at or str(words[1])
    await self._route.call("EXISTS", key, at=key)
    return await command(self, *words, at=at)


async def longer_write(self: BookingStore, bookings: Sequence[Booking]) -> list[tuple[Booking, dict[str, Any]]]:
    await self.get(bookings[0].id)
    return await write(self, bookings)


if __name__ == "__main__":
    Calls.run, Calls.start = longer_run, longer_start  # type: ignore[assignment]
    Calls.read, Calls.command = longer_read, longer_command  # type: ignore[assignment]
    BookingStore.write = longer_write  # type: ignore[assignment]
    put_off()
    worker.main()
