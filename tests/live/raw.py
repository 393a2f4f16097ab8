"""A WebSocket client that can break every rule."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Self

import orjson

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA

HANDSHAKE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    length = len(payload)
    first = (0x80 if final else 0) | reserved | opcode
    bit = 0x80 if masked else 0
    if length < 126:
        head = bytes((first, bit | length))
    elif length < 65_536:
        head = bytes((first, bit | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + length.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class Raw:
    """``async with await Raw.open(base)``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, base: str, *, limit: int = 1 << 20) -> Self:
        host, port = base.removeprefix("http://").split(":")
        return cls(*await asyncio.open_connection(host, int(port), limit=limit))

    @classmethod
    async def open(cls, base: str, *, early: bytes = b"", limit: int = 1 << 20) -> Self:
        """With the handshake done; ``early`` is sent in the same write."""
        raw = await cls.connect(base, limit=limit)
        status, _ = await raw.handshake(HANDSHAKE, early)
        assert status == 101
        return raw

    async def handshake(self, headers: dict[str, str], early: bytes = b"") -> tuple[int, dict[str, str]]:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"GET /api/live HTTP/1.1\r\n{lines}\r\n".encode() + early)
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def say(self, **message: Any) -> None:
        self.send(frame(TEXT, orjson.dumps(message)))

    async def frame(self, seconds: float = 10.0) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises IncompleteReadError when the connection ends."""
        async with asyncio.timeout(seconds):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            elif length == 127:
                length = int.from_bytes(await self.reader.readexactly(8), "big")
            assert first & 0xF0 == 0x80, "servers send whole frames without extensions"
            return first & 0x0F, await self.reader.readexactly(length)

    async def hear(self, seconds: float = 10.0) -> dict[str, Any]:
        """The next message that is no heartbeat; pings are answered on the way."""
        while True:
            opcode, payload = await self.frame(seconds)
            if opcode == PING:
                self.send(frame(PONG, payload))
                continue
            assert opcode == TEXT, (opcode, payload)
            message = dict(orjson.loads(payload))
            if message["type"] != "heartbeat":
                return message

    async def closed(self, seconds: float = 10.0) -> tuple[int, str]:
        """Code and reason of the close frame that comes; whatever is before it is read."""
        while True:
            opcode, payload = await self.frame(seconds)
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big"), payload[2:].decode()

    async def ended(self, seconds: float = 10.0) -> None:
        """Waits until the server has ended the connection."""
        async with asyncio.timeout(seconds):
            try:
                while await self.reader.read(65_536):
                    pass
            except ConnectionError:
                pass
