"""A client on the live socket, and what it is told of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection

from tests.api.serving import order
from tests.samples import Sample

IN_TIME = 1.0
"""Seconds in which a change must be on every screen."""


class Watcher:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @property
    def port(self) -> int:
        """Ours, of the connection."""
        return int(self.socket.local_address[1])

    async def say(self, **message: Any) -> None:
        await self.socket.send(orjson.dumps(message).decode())

    async def hear(self, seconds: float = 5.0, *, beats: bool = False) -> dict[str, Any]:
        """The next frame; heartbeats, which may come at any time, only if they are asked for."""
        async with asyncio.timeout(seconds):
            while True:
                text = await self.socket.recv()
                assert isinstance(text, str), "text frames only"
                frame = dict(orjson.loads(text))
                if beats or frame["type"] != "heartbeat":
                    return frame

    async def subscribe(self, expert_id: str, **known: Any) -> dict[str, Any]:
        await self.say(type="subscribe", expertId=expert_id, **known)
        return await self.hear()

    async def assert_silent(self, seconds: float = 0.3) -> None:
        """Nothing comes, and the socket lives: a ping is answered by the very next frame."""
        await asyncio.sleep(seconds)
        await self.say(type="ping")
        assert await self.hear() == {"type": "pong"}


Watch = Callable[[], Awaitable[Watcher]]


async def detail(client: httpx.AsyncClient, sample: Sample) -> dict[str, Any]:
    return dict((await client.get(f"/api/experts/{sample.expert.id}", params={"from": "2020-01-01"})).json())


def flat(calendar: dict[str, Any]) -> list[dict[str, Any]]:
    return [slot for day in calendar["days"] for slot in day["slots"]]


async def book(client: httpx.AsyncClient, sample: Sample, slot: int = 0, **changes: Any) -> str:
    """The id of the booking."""
    answer = await client.post("/api/bookings", json=order(sample, slot, **changes))
    assert answer.status_code == 201
    return str(answer.json()["booking"]["id"])


async def cancel(client: httpx.AsyncClient, booking_id: str) -> None:
    answer = await client.patch(f"/api/bookings/{booking_id}/status", json={"status": "cancelled"})
    assert answer.status_code == 200
