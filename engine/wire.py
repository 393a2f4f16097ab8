"""One connection to Redis: what is asked in one event-loop turn leaves in handfuls; replies are matched in order.

A call that was under way when the connection broke raises `LinkLost`: it may or may not have run, and only a verb that
can be repeated may retry it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from engine.errors import StoreUnavailable

log = logging.getLogger("slotline.link")

Arg = bytes | str | int
pack: Callable[[tuple[Arg, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]
HANDFUL = 8
"""Calls that leave together, at most, while more of the same turn are being made: Redis begins with them."""

MULTI, EXEC = pack((b"MULTI",)), pack((b"EXEC",))


class LinkLost(StoreUnavailable):
    """The connection broke, or went silent, while the call was under way: whether it ran is not known."""

    title = "The connection to Redis broke"


class LinkDown(StoreUnavailable):
    """There is no connection: nothing was sent."""

    title = "Redis cannot be reached"


class Wire(asyncio.Protocol):
    """One connection: packs, writes handfuls, matches replies in order."""

    def __init__(self, on_lost: Callable[[], None], on_push: Callable[[list[Any]], None] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._nobody: asyncio.Future[Any] = self._loop.create_future()
        self._nobody.cancel()
        self._out: list[bytes] = []
        self._flushes = False
        """Whether the rest of this turn's calls will be written at its end."""
        self._transport: asyncio.Transport | None = None
        self._file: int | None = None
        """The socket's descriptor, if what is written to it is what Redis reads: not with TLS."""
        self._on_lost = on_lost
        self._on_push: Callable[[list[Any]], None] | None = None
        self.last_word = self._loop.time()
        """When Redis last said anything, on the loop's clock."""

    @property
    def open(self) -> bool:
        return self._transport is not None

    @property
    def pending(self) -> int:
        return len(self._waiting)

    def call(self, *command: Arg) -> asyncio.Future[Any]:
        """Sends a command with the others of this turn. The future gets the reply, a ReplyError or `LinkLost`."""
        return self._ask(pack(command))

    def read(self, *packed: bytes) -> asyncio.Future[Any]:
        """Sends reads that are done at one moment. The future gets their answers, a ReplyError or `LinkLost`."""
        # OK and QUEUED for each come first, and say nothing.
        return self._ask(b"".join((MULTI, *packed, EXEC)), [self._nobody] * (1 + len(packed)))

    def _ask(self, data: bytes, before: Iterable[asyncio.Future[Any]] = ()) -> asyncio.Future[Any]:
        """The future gets the reply that comes after those for ``before``."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._transport is None:
            future.set_exception(LinkDown())
            return future
        self._send(data)
        if not self._waiting:
            self.last_word = self._loop.time()
        self._waiting += before
        self._waiting.append(future)
        return future

    def listen(self, on_push: Callable[[list[Any]], None]) -> None:
        """From now on every reply is a push: the connection is for subscriptions only."""
        self._on_push = on_push

    def send(self, *command: Arg) -> None:
        """Sends a command whose answers come as pushes."""
        if self._transport is not None:
            self._send(pack(command))

    def _send(self, data: bytes) -> None:
        if not self._flushes:
            self._flushes = True
            self._loop.call_soon(self._flush)
        self._out.append(data)
        if len(self._out) == HANDFUL:
            self._write()

    def _flush(self) -> None:
        self._flushes = False
        self._write()

    def _write(self) -> None:
        """At once: uvloop keeps what its transport is given until the turn is over, and Redis waits."""
        data = b"".join(self._out)
        self._out.clear()
        transport = self._transport
        if transport is None:
            return
        # A transport that closes has given its descriptor away.
        if self._file is not None and not transport.is_closing() and not transport.get_write_buffer_size():
            with suppress(OSError):  # full, which the transport waits for, or broken, which it finds out
                data = data[os.write(self._file, data) :]
        if data:
            transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        if transport.get_extra_info("sslcontext") is None:
            self._file = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        self.last_word = self._loop.time()
        reader = self._reader
        reader.feed(data)
        while True:
            try:
                reply = reader.gets()
            except hiredis.ProtocolError as error:
                log.error("Redis spoke nonsense: %s", error)
                self.close()
                return
            if reply is False:
                return
            if self._on_push is not None:
                self._on_push(reply)
                continue
            future = self._waiting.popleft()
            # A client that went away has cancelled its future; a result set on it would end the link for everybody.
            if future.done():
                continue
            if isinstance(reply, hiredis.ReplyError):
                future.set_exception(reply)
            else:
                future.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._out.clear()
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            if not future.done():
                future.set_exception(LinkLost())
                future.exception()  # somebody who no longer waits must not be reported as a leak
        self._on_lost()

    def close(self) -> None:
        """Closes at once; what waits gets `LinkLost`."""
        if self._transport is not None:
            self._transport.abort()


async def connect(url: str, wire: Callable[[], Wire], timeout: float) -> Wire:  # noqa: ASYNC109
    """Opens a connection to a ``redis://``, ``rediss://`` or ``unix://`` URL and logs in.

    As in redis-py, the database is the URL's ``?db=``, or else its path, which is a socket's in a ``unix://`` URL.

    Raises OSError when nothing answers, ReplyError when the login is refused, TimeoutError after ``timeout`` seconds.
    """
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        if parts.scheme == "unix":
            _, protocol = await loop.create_unix_connection(wire, unquote(parts.path))
        else:
            host, port = parts.hostname or "127.0.0.1", parts.port or 6379
            _, protocol = await loop.create_connection(wire, host, port, ssl=parts.scheme == "rediss" or None)
        try:
            if parts.password:
                user = (unquote(parts.username),) if parts.username else ()
                await protocol.call("AUTH", *user, unquote(parts.password))
            path = "" if parts.scheme == "unix" else parts.path.strip("/")
            if database := parse_qs(parts.query).get("db", [path])[0]:
                await protocol.call("SELECT", database)
        except BaseException:
            protocol.close()
            raise
    return protocol
