"""Where a request ends and the next one begins. What could be read in two ways is refused, however Sanic would read it:
a proxy in front may read it the other way, and a request be hidden in another (RFC 9112, 11.2).
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any, cast

from sanic import Request
from sanic.exceptions import BadRequest, PayloadTooLarge
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE

from api.problems import HeadTooLarge

HEAD = re.compile(
    rb"""
    [\x20-\x7e\x80-\xff]+
    (?: \r\n (?:
        (?i: content-length | transfer-encoding ) : [\t\x20-\x7e]*
      | (?! (?i: content-length | transfer-encoding ) : ) [!\#$%&'*+.^_`|~0-9A-Za-z-]+ : [\t\x20-\x7e\x80-\xff]*
    ) )*
    """,
    re.VERBOSE,
)
"""A request line and fields: no blank before a colon, no folded line, no bare CR or LF; and where the length stands, no
digit or blank but ASCII's."""
CHUNK = re.compile(rb"[0-9A-Fa-f]{1,16}(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?")
"""A chunk's length, in hex without ``0x``, and its extensions."""
LONGEST_CHUNK_LINE = 64
AFTER_THAT = 2.0
"""Seconds that a client who has got its last answer has for the rest of what it is sending."""


class FramedRequest(Request):
    """Raises BadRequest for a head that is not well-formed, does not name one host (RFC 9112, 3.2), or tells of chunks
    to whom there were none yet (6.1)."""

    __slots__ = ()

    def __init__(self, *, head: bytes = b"", **parts: Any) -> None:
        if head:
            headers, old = parts["headers"], parts["version"] == "1.0"
            if HEAD.fullmatch(head) is None:
                raise BadRequest("the head of the request is not well-formed")
            if (hosts := len(headers.getall("host", ()))) != 1 and (hosts or not old):
                raise BadRequest("a request names its host, once")
            if old and "transfer-encoding" in headers:
                raise BadRequest("a body in HTTP/1.0 has no chunks")
        super().__init__(head=head, **parts)


class NothingYet(Exception):
    """No request has begun: the next one is waited for anew."""


class Framed(Http):
    """Sanic's HTTP/1.1, with an eye on what stands between the chunks of a body, and on how a connection ends."""

    __slots__ = ()

    async def http1(self) -> None:
        await super().http1()  # type: ignore[no-untyped-call]
        transport = self.protocol.transport
        if transport is not None and not transport.is_closing() and getattr(self, "response", None) is not None:
            await self._let_finish(transport)

    async def _let_finish(self, transport: asyncio.Transport) -> None:
        """A connection that is closed while the client still sends, be it the rest of a body or further requests, is
        reset, and the answer lost (RFC 9112, 9.6)."""
        transport.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(AFTER_THAT):
                while True:
                    self.recv_buffer.clear()
                    await self._receive_more()

    def init_for_request(self) -> None:
        super().init_for_request()  # type: ignore[no-untyped-call]
        cast(Any, self.protocol).begin()  # what has come already, behind another request, has kept nobody waiting

    async def http1_request_header(self) -> None:
        await self._skip_empty_line()
        try:
            await super().http1_request_header()  # type: ignore[no-untyped-call]
        except PayloadTooLarge as error:  # Sanic's word for it, although no payload has come yet (RFC 6585, 5)
            raise HeadTooLarge from error
        finally:  # Sanic would give all the time there is to whoever names WebSocket, on any route
            self.upgrade_websocket = False

    async def _skip_empty_line(self) -> None:
        """One, that some clients send behind a body (RFC 9112, 2.2). Raises NothingYet if that is all."""
        coming = self.recv_buffer
        while coming == b"\r":
            await self._receive_more()
        if coming.startswith(b"\r\n"):
            del coming[:2]
            if not coming:
                self.stage = Stage.IDLE
                raise NothingYet

    async def error_response(self, exception: Exception) -> None:
        if not isinstance(exception, NothingYet):
            await super().error_response(exception)

    async def read(self) -> bytes | None:
        chunked: bool = self.request_body == "chunked"  # type: ignore[comparison-overlap]  # Sanic calls it bytes
        if chunked and self.request_bytes_left == 0:
            await self._check_chunk()
        data: bytes | None = await super().read()
        return data

    async def _check_chunk(self) -> None:
        """What comes next must be the end of the last line and a whole line with a length. Raises BadRequest."""
        if self.expecting_continue:
            self.expecting_continue = False
            await self._send(HTTP_CONTINUE)
        coming = self.recv_buffer
        while (end := coming.find(b"\r\n", 2)) < 0 and len(coming) <= LONGEST_CHUNK_LINE:
            await self._receive_more()
        if coming[:2] != b"\r\n" or end < 0 or CHUNK.fullmatch(bytes(coming[2:end])) is None:
            self.keep_alive = False
            raise BadRequest("a chunk of the body is not well-formed")

    def create_empty_request(self) -> None:
        """What an answer needs when there is no request. An address that cannot be parsed would fail once more here."""
        self.url = None
        super().create_empty_request()
