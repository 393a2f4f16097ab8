"""The hot link: one connection a server and worker, shared by every request, kept open."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import hiredis

from engine.errors import StoreUnavailable
from engine.scripts import Script, all_scripts
from engine.tasks import end
from engine.wire import Arg, LinkDown, LinkLost, Wire, connect

__all__ = ["Arg", "Link", "LinkDown", "LinkLost", "Wire", "connect"]

log = logging.getLogger("slotline.link")


class Link:
    """Keeps one `Wire` to one server open, loads the scripts on it, and notices when it has gone silent.

    By itself it is the `engine.routes.Route` to a single server.
    """

    publish = "PUBLISH"
    longest_pause = 1.0
    """Seconds between two attempts to reconnect, at most."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._patience = timeout
        self.on_change: Callable[[], None] = lambda: None
        self.since = 0.0
        """When the connection was made, on the loop's clock."""
        self._wire: Wire | None = None
        self._name = f"slotline-{secrets.token_hex(8)}"
        self._client: int | None = None
        """The server's number of the last connection."""
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects. Raises `LinkDown` when Redis cannot be reached."""
        try:
            await self._connect()
        except (OSError, hiredis.ReplyError, LinkLost) as error:
            raise LinkDown(f"Redis cannot be reached: {str(error) or type(error).__name__}") from error
        self.begin()

    def begin(self) -> None:
        """Connects in the background, now and whenever the connection is lost."""
        self._keeper = asyncio.create_task(self._keep(), name="link")

    async def close(self) -> None:
        await end([self._keeper])
        if self._wire is not None:
            self._wire.close()

    @property
    def up(self) -> bool:
        return self._wire is not None and self._wire.open

    @property
    def silence(self) -> float:
        """Seconds for which calls have been under way without a word from Redis."""
        wire = self._wire
        if wire is None or not wire.pending:
            return 0.0
        return asyncio.get_running_loop().time() - wire.last_word

    def owner(self, key: str) -> str:
        """The server that has a key: always the only one, which needs no name."""
        return ""

    async def subscriber(self, wire: Callable[[], Wire], server: str) -> Wire:
        """A connection of the caller's own. Raises what `connect` raises."""
        return await connect(await self._where(), wire, self._timeout)

    async def look_again(self) -> None:
        """There is nothing to look at: the server is where it is."""

    async def ready(self, patience: float | None = None) -> Wire:
        """The open wire, waiting for a reconnect up to ``patience`` or the time-out. Raises `LinkDown`."""
        wire = self._wire
        if wire is not None and wire.open:
            return wire
        try:
            async with asyncio.timeout(self._patience if patience is None else patience):
                while True:
                    await self._up.wait()
                    if self._wire is not None and self._wire.open:
                        return self._wire
                    await asyncio.sleep(0)
        except TimeoutError:
            raise LinkDown() from None

    async def call(self, *command: Arg, at: str | None = None) -> Any:
        """One command. Raises `LinkDown`, `LinkLost` or `hiredis.ReplyError`."""
        wire = self._wire
        if wire is None or not wire.open:
            wire = await self.ready()
        return await wire.call(*command)

    def send(self, *command: Arg, heard: Callable[[Any], None] | None = None) -> None:
        """One command that nobody waits for; without a connection it is dropped. ``heard`` gets the answer, if any."""
        if self._wire is not None and self._wire.open:
            self._wire.call(*command).add_done_callback(partial(take, heard) if heard else ignore)

    def read(self, *packed: bytes, at: str) -> asyncio.Future[Any] | None:
        """Reads at one moment, if there is a connection: the future gets the answers, a ReplyError or `LinkLost`."""
        wire = self._wire
        return None if wire is None or not wire.open else wire.read(*packed)

    def start(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> asyncio.Future[Any] | None:
        """One script, by its hash, if there is a connection: the future gets the reply, a ReplyError or `LinkLost`."""
        wire = self._wire
        if wire is None or not wire.open:
            return None
        return wire.call(b"EVALSHA", script.sha, len(keys), *keys, *args)

    async def run(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> list[Any]:
        """One script, by its hash. Raises what `call` raises."""
        while (begun := self.start(script, keys, args)) is None:
            await self.ready()
        try:
            reply: list[Any] = await begun
        except hiredis.ReplyError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
            reply = await self.call(b"EVAL", script.source, len(keys), *keys, *args)
        return reply

    async def _connect(self) -> None:
        wire = await connect(await self._where(), lambda: Wire(self._on_lost), self._timeout)
        try:
            async with asyncio.timeout(self._timeout):
                await self._examine(wire)
                await self._end_predecessor(wire)
                await self._introduce(wire)
                await asyncio.gather(*(wire.call("SCRIPT", "LOAD", script.source) for script in all_scripts()))
        except BaseException:
            wire.close()
            raise
        self._lost.clear()  # which one that was no good may have set in the meantime
        self._wire = wire
        self.since = asyncio.get_running_loop().time()
        self._up.set()

    async def _where(self) -> str:
        """The server's URL."""
        return self._url

    async def _examine(self, wire: Wire) -> None:
        """Raises an error if the server at the other end is not the wanted one."""

    async def _end_predecessor(self, wire: Wire) -> None:
        """Has the server drop what the last connection sent and it has not read yet: those calls are about to be
        repeated, and may not run a second time later, when what they did has been changed again."""
        if self._client is None:
            return
        try:
            # Its number alone could be somebody else's by now: another server, or another life of this one.
            if f" name={self._name} ".encode() in await wire.call("CLIENT", "LIST", "ID", self._client):
                await wire.call("CLIENT", "KILL", "ID", self._client)
        except hiredis.ReplyError as error:
            log.warning("the last connection cannot be ended; what it sent may still run: %s", error)
        self._client = None

    async def _introduce(self, wire: Wire) -> None:
        """So that the next connection can end this one."""
        try:
            await wire.call("CLIENT", "SETNAME", self._name)
            self._client = await wire.call("CLIENT", "ID")
        except hiredis.ReplyError as error:
            log.warning("should this connection be lost, it cannot be ended; what it sent may run later: %s", error)

    def _on_lost(self) -> None:
        self._up.clear()
        self._lost.set()

    async def _keep(self) -> None:
        """Reconnects with back-off and jitter; ends a wire whose oldest call has waited too long."""
        delay = 0.05
        while True:
            if self.up:
                delay = 0.05
                try:
                    async with asyncio.timeout(self._timeout / 4):
                        await self._lost.wait()
                except TimeoutError:
                    if self._wire is not None and self.silence > self._timeout:
                        log.warning("Redis has been silent for %.1f s; reconnecting", self._timeout)
                        self._wire.close()
                continue
            again = " again" if self._wire is not None else ""
            try:
                await self._connect()
                log.info("connected to Redis%s", again)
            except (OSError, hiredis.ReplyError, StoreUnavailable) as error:
                log.warning("Redis cannot be reached: %s", str(error) or type(error).__name__)
                await asyncio.sleep(delay * (0.5 + random.random()))
                delay = min(delay * 2, self.longest_pause)


def take(heard: Callable[[Any], None], future: asyncio.Future[Any]) -> None:
    if not future.cancelled() and future.exception() is None:
        heard(future.result())
    else:
        ignore(future)


def ignore(future: asyncio.Future[Any]) -> None:
    """Takes the answer of a call that nobody waits for."""
    if not future.cancelled() and (error := future.exception()):
        log.warning("a command failed whose answer nobody waits for: %s", error)
