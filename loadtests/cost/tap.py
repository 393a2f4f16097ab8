"""A TCP proxy that counts what a worker asks of Redis or MongoDB, by command, and how many bytes that takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import hiredis

from loadtests.proxy import Pipe, Proxy, Stream

OP_MSG = 2013
HEADER = 16
SECTION = HEADER + 4
"""Where an OP_MSG's first section begins: a kind byte, then a BSON document whose first name is the command."""

Parser = Callable[[bytes], Iterator[str]]


class Tap(Proxy[Pipe]):
    """``async with Tap(url, parser) as tap: tap.url …``. ``parser`` makes the names of commands out of what is sent."""

    def __init__(self, url: str, parser: Callable[[], Parser]) -> None:
        super().__init__(url, lambda client, server: _Counting(client, server, self, parser()))
        self.commands: Counter[str] = Counter()
        self.sent = 0
        """Bytes to the server."""


class _Counting(Pipe):
    def __init__(self, client: Stream, server: Stream, tap: Tap, parser: Parser) -> None:
        super().__init__(client, server)
        self._tap, self._parser = tap, parser

    async def request_passes(self, data: bytes) -> bool:
        self._tap.sent += len(data)
        self._tap.commands.update(self._parser(data))
        return True


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
