"""A TCP proxy that stands between the workers and a server, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import random
from typing import Self


class Proxy:
    """Listens on a port of its own and forwards to ``target``, a port of loopback.

    The faults hit each present connection with the probability ``share``; new ones are refused only while cut.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self._server: asyncio.Server | None = None
        self._pipes: set[Pipe] = set()
        self._refusing = False

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for pipe in list(self._pipes):
                pipe.abort()
            await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pipe = Pipe((reader, writer), there)
        self._pipes.add(pipe)
        try:
            await pipe.run()
        finally:
            self._pipes.discard(pipe)

    def _some(self, rng: random.Random, share: float) -> list[Pipe]:
        return [pipe for pipe in list(self._pipes) if rng.random() < share]

    async def cut(self, seconds: float, rng: random.Random, share: float = 1.0) -> None:
        """Breaks connections; for a full cut nobody gets a new one for ``seconds`` either."""
        self._refusing = share >= 1
        for pipe in self._some(rng, share):
            pipe.abort()
        await asyncio.sleep(seconds)
        self._refusing = False

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


class Pipe:
    """One connection through the proxy."""

    def __init__(
        self,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._here = here
        self._there = there
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.deaf = False

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(self._here[0], self._there[1], replies=False))
                group.create_task(self._pump(self._there[0], self._here[1], replies=True))
        except* (OSError, EOFError):
            pass
        finally:
            self.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, replies: bool) -> None:
        while data := await source.read(65_536):
            await self.flowing.wait()
            if replies and self.deaf:
                continue
            sink.write(data)
            await sink.drain()
        raise EOFError

    def abort(self) -> None:
        self.flowing.set()
        for _, writer in (self._here, self._there):
            writer.transport.abort()
