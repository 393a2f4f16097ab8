"""A TCP proxy that stands between the workers and a server, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import random

from loadtests import proxy
from loadtests.proxy import Stream


class Proxy(proxy.Proxy["Pipe"]):
    """The faults hit each present connection with the probability ``share``; new ones are refused only while cut."""

    def __init__(self, url: str) -> None:
        super().__init__(url, Pipe)

    def _some(self, rng: random.Random, share: float) -> list[Pipe]:
        return [pipe for pipe in self.pipes if rng.random() < share]

    async def cut(self, seconds: float, rng: random.Random, share: float = 1.0) -> None:
        """Breaks connections; for a full cut nobody gets a new one for ``seconds`` either."""
        self.refusing = share >= 1
        for pipe in self._some(rng, share):
            pipe.abort()
        await asyncio.sleep(seconds)
        self.refusing = False

    async def stall(self, seconds: float, rng: random.Random, share: float = 1.0) -> None:
        """Nothing passes for ``seconds``, in either direction; then everything that waited does."""
        pipes = self._some(rng, share)
        for pipe in pipes:
            pipe.flowing.clear()
        await asyncio.sleep(seconds)
        for pipe in pipes:
            pipe.flowing.set()

    async def lose_replies(self, seconds: float, rng: random.Random, share: float = 1.0) -> None:
        """Requests arrive and are carried out, their replies are thrown away; then the connection breaks."""
        pipes = self._some(rng, share)
        for pipe in pipes:
            pipe.deaf = True
        await asyncio.sleep(seconds)
        for pipe in pipes:
            pipe.abort()


class Pipe(proxy.Pipe):
    """One connection through the proxy."""

    def __init__(self, client: Stream, server: Stream) -> None:
        super().__init__(client, server)
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.deaf = False

    async def request_passes(self, data: bytes) -> bool:
        await self.flowing.wait()
        return True

    async def reply_passes(self, data: bytes) -> bool:
        await self.flowing.wait()
        return not self.deaf

    def abort(self) -> None:
        self.flowing.set()
        super().abort()
