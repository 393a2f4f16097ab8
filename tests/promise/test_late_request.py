"""A call was lost on the way, was repeated and answered, and then its first copy arrives all the same.

An hour of faults found this: a move that had been answered, and undone by a later one, happened a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.engine import Engine
from engine.settings import Settings
from tests.promise.checks import conserved, seatmaps
from tests.promise.proxy import Proxy
from tests.samples import Sample

LATER = 0.5
"""Seconds after which what was on its way has arrived."""


@pytest.fixture
async def engine(settings: Settings, redis_proxy: Proxy) -> AsyncIterator[Engine]:
    opened = await Engine.open(settings.model_copy(update={"redis_url": redis_proxy.url, "redis_timeout": 0.4}))
    yield opened
    await opened.close()


async def test_a_move_that_was_repeated_does_not_happen_later_once_more(
    engine: Engine, sample: Sample, redis_proxy: Proxy
) -> None:
    there, elsewhere = sample.slots[1].id, sample.slots[2].id
    booking = (await engine.book(sample.request())).booking
    arrive = redis_proxy.stall_requests()
    assert (await engine.reschedule(booking.id, there, "customer")).slot_id == there
    moved = await engine.reschedule(booking.id, elsewhere, "customer")
    arrive()
    await asyncio.sleep(LATER)
    assert await engine.booking(booking.id) == moved
    maps = await seatmaps(engine, sample.expert.id)
    assert (maps[there], maps[elsewhere]) == (".", "b")
    assert list(await conserved(engine, sample.expert.id)) == [booking.id]


async def test_a_closing_that_was_repeated_does_not_happen_later_once_more(
    engine: Engine, sample: Sample, redis_proxy: Proxy
) -> None:
    slot = sample.slots[0].id
    arrive = redis_proxy.stall_requests()
    assert (await engine.desk.close(slot)).closed
    opened = await engine.desk.open(slot)
    arrive()
    await asyncio.sleep(LATER)
    calendar = await engine.calendar(sample.expert.id)
    assert next(each for each in calendar.slots if each.id == slot) == opened


async def test_a_connection_of_somebody_else_is_left_alone(
    settings: Settings, engine: Engine, sample: Sample, redis_proxy: Proxy
) -> None:
    """The number of a lost connection may be another's by now: Redis counts anew when it has been restarted."""
    link = engine.calls._route
    other = await Engine.open(settings)
    its = link._client = other.calls._route._client
    redis_proxy.cut()
    await engine.booking((await engine.book(sample.request())).booking.id)
    assert link._client != its
    clients = await engine.calls.command("CLIENT", "LIST", at=sample.expert.id)
    assert f"id={its} ".encode() in clients
    await other.close()
