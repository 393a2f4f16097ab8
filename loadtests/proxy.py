"""A TCP proxy between a client and a server. What a subclass of `Pipe` says may pass does; here that is everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar
from urllib.parse import urlsplit

CHUNK = 1 << 18

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pipe:
    """One connection through the proxy."""

    def __init__(self, client: Stream, server: Stream) -> None:
        self._client, self._server = client, server
        self.ended = asyncio.Event()

    async def request_passes(self, data: bytes) -> bool:
        return True

    async def reply_passes(self, data: bytes) -> bool:
        return True

    async def run(self) -> None:
        """Until one side goes; the other has to go with it."""
        try:
            await asyncio.gather(
                self._pump(self._client[0], self._server[1], self.request_passes),
                self._pump(self._server[0], self._client[1], self.reply_passes),
            )
        finally:
            self.ended.set()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, passes: Callable[[bytes], Awaitable[bool]]
    ) -> None:
        try:
            while data := await source.read(CHUNK):
                if await passes(data):
                    sink.write(data)
                    await sink.drain()
        except OSError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        for _, writer in (self._client, self._server):
            writer.transport.abort()


P = TypeVar("P", bound=Pipe)


class Proxy(Generic[P]):
    """``async with Proxy(url, Pipe) as proxy: proxy.url …``, on a free port of loopback."""

    def __init__(self, url: str, pipe: Callable[[Stream, Stream], P]) -> None:
        self._parts = urlsplit(url)
        self._pipe = pipe
        self._server: asyncio.Server | None = None
        self.pipes: set[P] = set()
        self.refusing = False
        """Nobody gets a new connection."""

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The server's, by way of the proxy."""
        return self._parts._replace(netloc=f"127.0.0.1:{self.port}").geturl()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in list(self.pipes):
            pipe.abort()
            await pipe.ended.wait()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.refusing:
                raise ConnectionRefusedError
            server = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        except OSError:
            writer.transport.abort()
            return
        pipe = self._pipe((reader, writer), server)
        self.pipes.add(pipe)
        try:
            await pipe.run()
        finally:
            self.pipes.discard(pipe)
