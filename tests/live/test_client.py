"""The Python client against the real server."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from engine.engine import Engine
from engine.live import BlockingLiveClient, LiveClient, Refused, Unwatchable
from engine.model import new_expert_id
from tests.api.serving import Server
from tests.live.watching import book, detail, flat
from tests.samples import Sample


async def test_it_yields_each_state(server: Server, client: httpx.AsyncClient, sample: Sample) -> None:
    seen: list[list[str]] = []
    async with LiveClient(server.base) as live, asyncio.timeout(10):
        async for picture in live.states(sample.expert.id):
            assert picture.live
            seen.append([slot["state"] for slot in picture.in_order][:2])
            if len(seen) < 3:
                await book(client, sample, len(seen) - 1)
            else:
                break
        assert picture.in_order == flat(await detail(client, sample))
    assert seen == [["open", "open"], ["booked", "open"], ["booked", "booked"]]


async def test_it_says_why_an_expert_is_not_shown(server: Server, sample: Sample) -> None:
    async with LiveClient(server.base) as live:
        with pytest.raises(Unwatchable) as refused:
            await live.until(new_expert_id(), lambda picture: picture.live)
        assert refused.value.code == "expert-not-found"
        await live.until(sample.expert.id, lambda picture: picture.live)


async def test_it_does_not_come_back_where_there_is_no_feed(server: Server, sample: Sample) -> None:
    async with LiveClient(server.base.replace("http", "ws") + "/nothing/api/live") as live:
        with pytest.raises(Refused):
            await live.until(sample.expert.id, lambda picture: picture.live)


async def test_the_blocking_one_sees_the_same(server: Server, engine: Engine, sample: Sample) -> None:
    live = BlockingLiveClient(server.base)
    picture = live.watch(sample.expert.id)
    try:
        assert await asyncio.to_thread(live.until, lambda: picture.live)
        await engine.book(sample.request(2))
        changed = lambda: picture.slots[sample.slots[2].id]["state"] == "booked"  # noqa: E731
        assert await asyncio.to_thread(live.until, changed)
        assert (live.connections, picture.losses) == (1, 0)
    finally:
        await asyncio.to_thread(live.close)
