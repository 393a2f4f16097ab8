from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from engine.engine import Engine
from tests.api.serving import Server, order, worker_name
from tests.samples import Sample

CLIENTS = 300


@pytest.mark.parametrize(("slot", "seats"), [(0, 1), (-1, 7)], ids=["one seat", "seven seats"])
async def test_as_many_win_as_there_are_seats(
    server: Server, engine: Engine, sample: Sample, slot: int, seats: int
) -> None:
    """Each on a connection of its own, spread over both workers, all at once."""
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=server.base, limits=limits, timeout=60) as client:

        async def attempt(number: int) -> httpx.Response:
            body = order(sample, slot, name=f"Client {number}", email=f"client{number}@example.com")
            return await client.post("/api/bookings", json=body)

        answers = await asyncio.gather(*(attempt(number) for number in range(CLIENTS)))
    assert Counter(answer.status_code for answer in answers) == {201: seats, 409: CLIENTS - seats}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot-taken"}
    assert len({worker_name(answer) for answer in answers}) == 2, "both workers took part"
    won = {answer.json()["booking"]["id"] for answer in answers if answer.status_code == 201}
    stored = [booking async for booking in engine.store.bookings.since([sample.expert.id], 0)]
    assert {booking.id for booking in stored} == won
    assert sorted(booking.seat for booking in stored) == list(range(1, seats + 1))
    assert (await engine.calendar(sample.expert.id)).slots[slot].free == 0
