"""The live feed for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from engine.live.picture import Picture
from engine.live.session import TEMPORARY, Backoff, Refused, Session, Silent, Unwatchable, live_url
from engine.tasks import end

LARGEST = 16 << 20
"""Bytes of a snapshot that are believed."""
ABNORMAL = 1006


class LiveClient:
    """Watches any number of experts over one socket that it keeps alive. Use it with ``async with``.

    ``url`` is the server's (``http://…``) or the feed's (``ws://…/api/live``); ``headers`` go with every handshake;
    ``beat`` is the server's heartbeat in seconds: without a word for two and a half of them it connects anew.
    """

    def __init__(
        self, url: str, *, backoff: Backoff | None = None, beat: float = 20.0, headers: Mapping[str, str] | None = None
    ) -> None:
        self.url = live_url(url)
        self.session = Session(backoff, beat=beat)
        self.session.on_change = self._changed
        self.connections = 0
        """How often it has been connected."""
        self._headers = headers
        self._socket: ClientConnection | None = None
        self._out: list[str] = []
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._refused: Refused | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep(), name="live client")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await end([self._keeper])

    def watch(self, expert_id: str) -> Picture:
        """Watches an expert from now on; the picture fills as the server answers."""
        picture, messages = self.session.watch(expert_id)
        self._send(messages)
        return picture

    def unwatch(self, expert_id: str) -> None:
        self._send(self.session.unwatch(expert_id))

    async def states(self, expert_id: str) -> AsyncIterator[Picture]:
        """The picture after each change of it, and when it is lost or confirmed (`Picture.live`); to a slow reader only
        the newest. The expert is watched until the iteration ends.

        Raises Refused, and Unwatchable for an expert that the server does not show.
        """
        async with self._bell(expert_id) as (picture, bell):
            while True:
                await bell.wait()
                bell.clear()
                self._check(picture)
                if picture.version >= 0:
                    yield picture

    async def until(self, expert_id: str, true: Callable[[Picture], bool], seconds: float = 10.0) -> Picture:
        """Waits until the picture is so; the expert stays watched. Raises TimeoutError, Refused, Unwatchable."""
        self.watch(expert_id)
        async with asyncio.timeout(seconds), self._bell(expert_id) as (picture, bell):
            while not true(picture):
                await bell.wait()
                bell.clear()
                self._check(picture)
            return picture

    @asynccontextmanager
    async def _bell(self, expert_id: str) -> AsyncIterator[tuple[Picture, asyncio.Event]]:
        """Rings at every change. Ends the watching that it began."""
        began = expert_id not in self.session.pictures
        picture = self.watch(expert_id)
        bell = asyncio.Event()
        bell.set()
        bells = self._bells.setdefault(expert_id, set())
        bells.add(bell)
        try:
            yield picture, bell
        finally:
            bells.discard(bell)
            if began and not bells:
                self.unwatch(expert_id)

    def _check(self, picture: Picture) -> None:
        if self._refused is not None:
            raise self._refused
        if picture.fault is not None and picture.fault[0] not in TEMPORARY:
            raise Unwatchable(*picture.fault)

    def _changed(self, picture: Picture) -> None:
        for bell in self._bells.get(picture.expert_id, ()):
            bell.set()

    def _send(self, messages: list[str]) -> None:
        if messages and self._socket is not None:
            self._out += messages
            if len(self._out) == len(messages):
                self._flushing = asyncio.create_task(self._flush(self._socket, self._out))

    @staticmethod
    async def _flush(socket: ClientConnection, out: list[str]) -> None:
        with suppress(ConnectionClosed):
            while out:
                await socket.send(out[0])
                del out[0]

    async def _keep(self) -> None:
        while True:
            code, reason = await self._connect()
            try:
                pause = self.session.closed(code, reason)
            except Refused as refused:
                self._refused = refused
                for bell in [bell for bells in self._bells.values() for bell in bells]:
                    bell.set()
                return
            await asyncio.sleep(pause)

    async def _connect(self) -> tuple[int, str]:
        """One connection from beginning to end; answers its close code (or HTTP status) and reason."""
        try:
            async with connect(
                self.url, compression=None, ping_interval=None, max_size=LARGEST, max_queue=None, close_timeout=1,
                open_timeout=10, additional_headers=self._headers, proxy=None,
            ) as socket:  # fmt: skip
                return await self._talk(socket)
        except InvalidStatus as error:
            wish = error.response.headers.get("Retry-After", "")
            return error.response.status_code, f"retry-after={wish}"
        except (OSError, InvalidHandshake, EOFError, TimeoutError) as error:
            return ABNORMAL, str(error)

    async def _talk(self, socket: ClientConnection) -> tuple[int, str]:
        clock = asyncio.get_running_loop().time
        self.connections += 1
        self._socket = socket
        self._out = []
        self._send(self.session.opened(clock()))
        ticking = asyncio.create_task(self._tick(socket))
        try:
            async for text in socket:
                self._send(self.session.heard(text, clock()))
            return socket.close_code or ABNORMAL, socket.close_reason or ""
        except ConnectionClosed:
            return socket.close_code or ABNORMAL, socket.close_reason or ""
        except (ValueError, KeyError, TypeError) as error:
            return ABNORMAL, f"the server spoke nonsense: {error}"
        finally:
            self._socket = None
            ticking.cancel()

    async def _tick(self, socket: ClientConnection) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while True:
                await asyncio.sleep(min(1.0, self.session.beat / 4))
                self._send(self.session.tick(clock()))
        except Silent:
            socket.transport.abort()
