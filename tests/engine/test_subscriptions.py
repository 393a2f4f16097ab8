"""Subscriptions that a server does not take."""

from __future__ import annotations

import asyncio

from engine.link import Link
from engine.subscriptions import Subscriptions


class Nobody:
    def heard(self, channel: bytes, data: bytes) -> None: ...

    def stands(self, channel: bytes) -> None: ...

    def broke(self, channel: bytes) -> None: ...


async def test_a_server_that_ends_every_connection_at_once_is_not_stormed() -> None:
    """One that has as many clients as it takes answers so, and closes. Connecting had succeeded each time, and so there
    was no pause before the next attempt: thousands of them a second, from every worker."""
    attempts = 0

    async def full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        writer.write(b"-ERR max number of clients reached\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(full, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        subscriptions = Subscriptions(Link(f"redis://127.0.0.1:{port}", 3.0), Nobody(), 3.0)
        subscriptions.start(b"news")
        try:
            await asyncio.sleep(1.0)
        finally:
            await subscriptions.stop()
    assert 3 <= attempts < 20
