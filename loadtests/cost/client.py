"""One connection to a worker, one request at a time, each in one write: so that the worker's reads can be counted."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from loadtests.bench.wrk import Line


class Client:
    """``async with Client(port) as client``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def send(self, line: Line) -> tuple[int, bytes]:
        """Status and body."""
        body = line.body.encode()
        head = f"{line.method} {line.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        if line.key:
            head += f"Idempotency-Key: {line.key}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
        return int(answer.split(" ", 2)[1]), await self._reader.readexactly(length)
