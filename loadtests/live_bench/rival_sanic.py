"""``await ws.send()`` in a loop over the room, on Sanic: what one writes first."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from sanic import Request, Sanic, Websocket

from loadtests.live_bench.control import obey


def main() -> None:
    app: Sanic[Any, Any] = Sanic("rival", configure_logging=False)
    app.config.WEBSOCKET_PING_TIMEOUT = 3600  # the crowd misses a ping that comes behind a message
    room: set[Websocket] = set()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)

    @app.websocket("/live")  # type: ignore[untyped-decorator]
    async def live(request: Request, ws: Websocket) -> None:
        room.add(ws)
        try:
            async for _ in ws:
                pass
        finally:
            room.discard(ws)

    async def send(text: str) -> None:
        for ws in list(room):
            await ws.send(text)

    @app.after_server_start
    async def ready(app: Sanic[Any, Any]) -> None:
        app.ctx.control = asyncio.create_task(obey(listener.getsockname()[1], send))

    app.run(sock=listener, single_process=True, motd=False, access_log=False)


if __name__ == "__main__":
    main()
