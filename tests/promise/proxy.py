"""A TCP proxy between the engine and a server, that loses what it is told to lose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CHUNK = 1 << 20


class Proxy:
    """``async with Proxy(url) as proxy: proxy.url …``. Passes everything on, until told otherwise."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._pipes: set[_Pipe] = set()
        self._server: asyncio.Server | None = None
        self._losing: _Loss | None = None
        self.lost = 0
        """Replies that were asked for by `lose_replies` and dropped."""
        self.deaf = False
        """Nothing that the server says reaches a client any more."""

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return self._parts._replace(netloc=f"127.0.0.1:{port}").geturl()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for pipe in list(self._pipes):
            await pipe.ended.wait()
        await self._server.wait_closed()

    def lose_replies(self, to: bytes, *, times: int = 1, cut: bool = True) -> None:
        """The next ``times`` requests that contain ``to`` reach the server; what it answers is dropped.

        Then the connection is cut; or, without ``cut``, it stays and says nothing any more.
        """
        self._losing = _Loss(to, times, cut)

    def cut(self) -> None:
        """Ends all connections; new ones are welcome."""
        for pipe in list(self._pipes):
            pipe.cut()

    def stall_requests(self) -> Callable[[], None]:
        """What the present connections ask for stays on the way until the answer is called, be the client there or not.

        New connections are as ever.
        """
        pipes = list(self._pipes)
        for pipe in pipes:
            pipe.flowing.clear()

        def go_on() -> None:
            for pipe in pipes:
                pipe.flowing.set()

        return go_on

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        except OSError:
            writer.close()
            return
        pipe = _Pipe(self, (reader, writer), server)
        self._pipes.add(pipe)
        await pipe.run()
        self._pipes.discard(pipe)
        pipe.ended.set()

    def _asked(self, data: bytes) -> _Loss | None:
        """What is to happen to the reply to this request."""
        loss = self._losing
        if loss is None or not loss.times or loss.to not in data:
            return None
        loss.times -= 1
        return loss


class _Loss:
    def __init__(self, to: bytes, times: int, cut: bool) -> None:
        self.to, self.times, self.cut = to, times, cut


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Pipe:
    """One client's connection and ours to the server."""

    def __init__(self, proxy: Proxy, client: Stream, server: Stream) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._loss: _Loss | None = None
        self._silent = False
        self.ended = asyncio.Event()
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def run(self) -> None:
        await asyncio.gather(
            self._pump(self._client[0], self._server[1], self._on_request, self.flowing),
            self._pump(self._server[0], self._client[1], self._on_reply),
        )

    def cut(self) -> None:
        self.flowing.set()
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    def _on_request(self, data: bytes) -> bool:
        self._loss = self._loss or self._proxy._asked(data)
        return True

    def _on_reply(self, _: bytes) -> bool:
        """Whether it may pass."""
        if self._loss is not None:
            self._proxy.lost += 1
            self._silent = True
            if self._loss.cut:
                self.cut()
            self._loss = None
        return not self._silent and not self._proxy.deaf

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        may_pass: Callable[[bytes], bool],
        flowing: asyncio.Event | None = None,
    ) -> None:
        try:
            while data := await reader.read(CHUNK):
                if flowing is not None:
                    await flowing.wait()
                if may_pass(data):
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        self.cut()
