"""A TCP proxy between the engine and a server, that loses what it is told to lose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from loadtests import proxy
from loadtests.proxy import Stream


@dataclass(slots=True)
class _Loss:
    to: bytes
    times: int
    cut: bool


class Proxy(proxy.Proxy["_Pipe"]):
    """``async with Proxy(url) as proxy: proxy.url …``. Passes everything on, until told otherwise."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lambda client, server: _Pipe(client, server, self))
        self._losing: _Loss | None = None
        self.lost = 0
        """Replies that were asked for by `lose_replies` and dropped."""
        self.deaf = False
        """Nothing that the server says reaches a client any more."""

    def lose_replies(self, to: bytes, *, times: int = 1, cut: bool = True) -> None:
        """The next ``times`` requests that contain ``to`` reach the server; what it answers is dropped.

        Then the connection is cut; or, without ``cut``, it stays and says nothing any more.
        """
        self._losing = _Loss(to, times, cut)

    def cut(self) -> None:
        """Ends all connections; new ones are welcome."""
        for pipe in self.pipes:
            pipe.abort()

    def stall_requests(self) -> Callable[[], None]:
        """What the present connections ask for stays on the way until the answer is called, be the client there or not.

        New connections are as ever.
        """
        pipes = list(self.pipes)
        for pipe in pipes:
            pipe.flowing.clear()

        def go_on() -> None:
            for pipe in pipes:
                pipe.flowing.set()

        return go_on

    def asked(self, data: bytes) -> _Loss | None:
        """What is to happen to the reply to this request."""
        loss = self._losing
        if loss is None or not loss.times or loss.to not in data:
            return None
        loss.times -= 1
        return loss


class _Pipe(proxy.Pipe):
    def __init__(self, client: Stream, server: Stream, owner: Proxy) -> None:
        super().__init__(client, server)
        self._owner = owner
        self._loss: _Loss | None = None
        self._silent = False
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def request_passes(self, data: bytes) -> bool:
        await self.flowing.wait()
        self._loss = self._loss or self._owner.asked(data)
        return True

    async def reply_passes(self, data: bytes) -> bool:
        if self._loss is not None:
            self._owner.lost += 1
            self._silent = True
            if self._loss.cut:
                self.abort()
            self._loss = None
        return not self._silent and not self._owner.deaf

    def abort(self) -> None:
        self.flowing.set()
        super().abort()
