"""How the rivals are told to send: a line with a number on a second port. Each prints both ports when it is ready."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from loadtests.live_bench.payload import message


async def obey(port: int, send: Callable[[str], Awaitable[None]]) -> None:
    """Calls ``send`` with each message, one after the other, as separate events come."""
    version = 0

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal version
        while line := await reader.readline():
            for _ in range(int(line)):
                version += 1
                await send(message(version))
        writer.close()

    control = await asyncio.start_server(listen, "127.0.0.1", 0)
    print(json.dumps({"port": port, "control": control.sockets[0].getsockname()[1]}), flush=True)
    sys.stdout.flush()
