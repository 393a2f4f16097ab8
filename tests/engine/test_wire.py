"""Handfuls of calls leave at once, past the transport when it holds nothing back, and nothing changes places."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop
from redis import Redis

from engine.stack import RedisServer
from engine.wire import HANDFUL, LinkDown, LinkLost, Wire, connect, pack

Runner = Callable[[Awaitable[None]], None]
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


async def pair() -> tuple[Wire, socket.socket]:
    """A wire, and the other end of it."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    _, wire = await asyncio.get_running_loop().create_unix_connection(lambda: Wire(lambda: None), sock=ours)
    return wire, theirs


def heard(theirs: socket.socket) -> bytes:
    """What has arrived so far."""
    got = b""
    with suppress(BlockingIOError):
        while data := theirs.recv(65536):
            got += data
    return got


@LOOPS
def test_a_handful_leaves_before_the_turn_is_over_and_the_rest_with_its_end(run: Runner) -> None:
    async def check() -> None:
        wire, theirs = await pair()
        calls = [pack(("ECHO", number)) for number in range(2 * HANDFUL + 3)]
        for number in range(len(calls)):
            wire.call("ECHO", number)
        assert heard(theirs) == b"".join(calls[: 2 * HANDFUL])
        await asyncio.sleep(0.01)
        assert heard(theirs) == b"".join(calls[2 * HANDFUL :])
        wire.call("PING")
        assert heard(theirs) == b""
        await asyncio.sleep(0.01)
        assert heard(theirs) == pack(("PING",))
        wire.close()
        theirs.close()

    run(check())


@LOOPS
def test_what_does_not_fit_into_the_socket_follows_in_its_order(run: Runner) -> None:
    async def check() -> None:
        wire, theirs = await pair()
        sent, got = b"", b""
        for turn in range(12):
            for number in range(5 * HANDFUL):
                call = ("ECHO", f"{turn} {number} {'x' * (turn + number) * 150}")
                sent += pack(call)
                wire.call(*call)
            if turn == 3:
                assert wire._transport is not None
                assert wire._transport.get_write_buffer_size() > 0, "all has gone into the socket at once"
            if turn > 3:  # some room, and not for all
                with suppress(BlockingIOError):
                    got += theirs.recv(100_000)
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while len(got) < len(sent):
                got += heard(theirs)
                await asyncio.sleep(0)
        assert got == sent
        wire.close()
        theirs.close()

    run(check())


@LOOPS
def test_a_wire_that_was_closed_writes_to_no_descriptor(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another connection's by now."""

    async def check() -> None:
        wire, theirs = await pair()
        wire.close()
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", lambda *_: pytest.fail("written"))
            asked = [wire.call("PING") for _ in range(HANDFUL + 1)]
            await asyncio.sleep(0.01)
            asked.append(wire.call("PING"))
        said = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)
        assert [type(each) for each in said] == [LinkLost] * (HANDFUL + 1) + [LinkDown]
        theirs.close()

    run(check())


async def test_nothing_is_written_past_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encrypting:
        """A transport that has something to do with what is written."""

        written = b""

        def get_extra_info(self, name: str) -> Any:
            return object() if name == "sslcontext" else pytest.fail(f"asked for its {name}")

        def write(self, data: bytes) -> None:
            self.written += data

    transport = Encrypting()
    wire = Wire(lambda: None)
    wire.connection_made(transport)  # type: ignore[arg-type]
    monkeypatch.setattr(os, "write", lambda *_: pytest.fail("written"))
    for _ in range(HANDFUL + 1):
        wire.call("PING")
    await asyncio.sleep(0)
    assert transport.written == pack(("PING",)) * (HANDFUL + 1)


async def test_the_database_of_a_url_is_the_one_that_redis_py_takes(redis_server: RedisServer) -> None:
    tcp, unix = redis_server.url.removesuffix("/0"), redis_server.local_url
    assert unix.startswith("unix://")
    for url, number in (
        (tcp, 0), (f"{tcp}/3", 3), (f"{tcp}?db=4", 4), (f"{tcp}/3?db=4", 4), (unix, 0), (f"{unix}?db=5", 5),
    ):  # fmt: skip
        with Redis.from_url(url) as client:
            assert client.connection_pool.connection_kwargs.get("db", 0) == number
        wire = await connect(url, lambda: Wire(lambda: None), 5)
        assert f" db={number} ".encode() in await wire.call("CLIENT", "INFO")
        wire.close()


async def test_a_socket_may_lie_in_a_folder_whose_name_a_url_has_to_quote() -> None:
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder, "50 % of ä"), persist=False) as server:
        assert server.local_url.startswith("unix://")
        assert "%25" in server.local_url
        wire = await connect(server.local_url, lambda: Wire(lambda: None), 5)
        assert await wire.call("PING") == b"PONG"
        wire.close()
