"""A TCP proxy that counts what a worker asks of Redis or MongoDB, by command, and how many bytes that takes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import hiredis

CHUNK = 1 << 18
OP_MSG = 2013
HEADER = 16
SECTION = HEADER + 4
"""Where an OP_MSG's first section begins: a kind byte, then a BSON document whose first name is the command."""

Parser = Callable[[bytes], Iterator[str]]


class Tap:
    """``async with Tap(url, parser) as tap: tap.url …``. ``parser`` makes the names of commands out of what is sent."""

    def __init__(self, url: str, parser: Callable[[], Parser]) -> None:
        self._parts = urlsplit(url)
        self._parser = parser
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.commands: Counter[str] = Counter()
        self.sent = 0
        """Bytes to the server."""

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return self._parts._replace(netloc=f"127.0.0.1:{port}").geturl()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        for pipe in (self._pump(reader, server_writer, self._parser()), self._pump(server_reader, writer, None)):
            task = asyncio.create_task(pipe)
            self._pipes.add(task)
            task.add_done_callback(self._pipes.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parser: Parser | None) -> None:
        try:
            while data := await reader.read(CHUNK):
                if parser is not None:
                    self.sent += len(data)
                    self.commands.update(parser(data))
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


def redis_commands() -> Parser:
    reader = hiredis.Reader()

    def parse(data: bytes) -> Iterator[str]:
        reader.feed(data)
        while (command := reader.gets()) is not False:
            yield command[0].decode().upper()

    return parse


def mongo_commands() -> Parser:
    """Of the wire protocol's messages only OP_MSG counts; the older one is used for greetings alone."""
    buffer = bytearray()

    def parse(data: bytes) -> Iterator[str]:
        buffer.extend(data)
        while len(buffer) >= HEADER and len(buffer) >= (length := int.from_bytes(buffer[:4], "little")):
            message = bytes(buffer[:length])
            del buffer[:length]
            if int.from_bytes(message[12:16], "little") == OP_MSG:
                name = message[SECTION + 1 + 4 + 1 :]
                yield name[: name.index(0)].decode()

    return parse
