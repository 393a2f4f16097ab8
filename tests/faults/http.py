"""As little HTTP/1.1 as a load needs: one kept connection a client, JSON both ways, a time-out."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

PATIENCE = 5.0
"""Seconds after which a client gives a request up; its outcome is then unknown."""


class Http:
    def __init__(self, port: int) -> None:
        self._port = port
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None, patience: float = PATIENCE
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body; status 0 when no answer came. Nothing is repeated."""
        try:
            async with asyncio.timeout(patience):
                return await self._ask(method, path, body, key)
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            self.close()
            return 0, {}, {"code": type(error).__name__}
        except BaseException:
            self.close()
            raise

    async def _ask(self, method: str, path: str, body: Any, key: str | None) -> tuple[int, dict[str, str], Any]:
        if self._link is None or self._link[0].at_eof():
            self.close()
            self._link = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._link
        data = orjson.dumps(body) if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(data)}\r\n"
        if data:
            head += "content-type: application/json\r\n"
        if key:
            head += f"idempotency-key: {key}\r\n"
        writer.write(head.encode() + b"\r\n" + data)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        size = int(headers.get("content-length", "0"))
        answer = await reader.readexactly(size) if size else b""
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, orjson.loads(answer) if answer else {}

    def close(self) -> None:
        if self._link is not None:
            self._link[1].transport.abort()
            self._link = None
