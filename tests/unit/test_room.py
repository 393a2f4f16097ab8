from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

from engine.feed import Feed, Room
from engine.model import Calendar


async def test_a_snapshot_older_than_a_break_is_not_believed() -> None:
    """The subscription broke and stood again while the snapshot was being read: the room took the old snapshot, and
    what had been told in between was missed until the next event."""
    reads: list[asyncio.Future[Calendar]] = []

    def read(_: str) -> asyncio.Future[Calendar]:
        reads.append(asyncio.get_running_loop().create_future())
        return reads[-1]

    async def since(_: Room) -> None:
        """There is no change log."""

    room = Room("expert", cast(Feed, SimpleNamespace(calendars=SimpleNamespace(read=read), since=since)))
    room.subscribed()
    await asyncio.sleep(0)
    room.unsubscribed()
    room.subscribed()
    reads[0].set_result(Calendar("expert", "epoch", 1, ()))
    await asyncio.sleep(0.01)
    assert not room.current
    reads[1].set_result(Calendar("expert", "epoch", 2, ()))
    await room.ready()
    assert room.version == 2
