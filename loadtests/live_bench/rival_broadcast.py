"""``websockets.broadcast`` on uvloop, without compression."""

from __future__ import annotations

import asyncio
import socket

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from loadtests.live_bench.control import obey


async def serve_for_ever() -> None:
    room: set[ServerConnection] = set()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)

    async def live(connection: ServerConnection) -> None:
        room.add(connection)
        try:
            await connection.wait_closed()
        finally:
            room.discard(connection)

    async def send(text: str) -> None:
        broadcast(room, text)

    async with serve(live, sock=listener, compression=None, ping_timeout=3600):  # see rival_sanic
        await obey(listener.getsockname()[1], send)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve_for_ever())
