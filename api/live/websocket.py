"""The server's side of a WebSocket (RFC 6455) on a bare transport, as small as it can be kept: see
`docs/decisions/0008-own-websocket.md`.

Strict: a client's frames are masked, no extension is spoken, lengths are minimal, text is UTF-8. A violation closes the
connection with 1002, 1007 or 1009.
"""

from __future__ import annotations

import asyncio
import os
from asyncio import Transport
from typing import cast

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, MASKED, RESERVED = 0x80, 0x80, 0x70

LARGEST = 65_536
"""Bytes of a message; a larger one closes with 1009."""
PROTOCOL_ERROR, NOT_UTF8, TOO_LARGE, NO_CODE = 1002, 1007, 1009, 1005
FAREWELL = 2.0
"""Seconds a client has to answer a close frame."""


class Violation(Exception):
    """What the client sent is not RFC 6455."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocket(asyncio.Protocol):
    """Parses what comes in and writes frames that are given whole. One object a connection, and no timer."""

    __slots__ = ("_fd", "_fragments", "_kind", "_need", "_received", "closing", "fd", "quiet", "transport")

    def __init__(self) -> None:
        self.transport: Transport | None = None
        self.fd = -1
        """The connection's descriptor while frames may be written to it directly; -1 when it is closing or gone, when
        its transport still holds something back, and under TLS."""
        self.closing = False
        self.quiet = 0
        """Beats since the client last said anything."""
        self._fd = -1
        self._received: bytearray | None = None
        """The beginning of a frame that has not come whole."""
        self._need = 0
        """Bytes that must have come before there is anything to do."""
        self._fragments: bytearray | None = None
        self._kind = TEXT

    # What a connection does; overridden ------------------------------------------------------------------------------

    def on_message(self, kind: int, payload: bytes) -> None:
        """A whole message, of valid UTF-8 if ``kind`` is TEXT."""

    def on_drained(self) -> None:
        """Everything has left that the transport had held back."""

    def on_stalled(self) -> None:
        """The client does not take what is sent: the transport holds something back."""

    def on_lost(self) -> None:
        """The connection is gone."""

    # Writing ---------------------------------------------------------------------------------------------------------

    @property
    def stalled(self) -> bool:
        """Whether the transport still holds something back."""
        return self.transport is not None and self.transport.get_write_buffer_size() > 0

    def send(self, data: bytes) -> None:
        """Writes whole frames: to the socket at once, and what it does not take to the transport's buffer."""
        if self.fd >= 0:
            try:
                sent = os.write(self.fd, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.abort()
                return
            if sent == len(data):
                return
            data = data[sent:]
        if self.transport is not None and not self.closing:
            self.transport.write(data)

    def close(self, code: int, reason: str = "", patience: float = FAREWELL) -> None:
        """Says why, and gives the client ``patience`` seconds to answer."""
        if not self.closing and self.transport is not None:
            payload = b"" if code == NO_CODE else code.to_bytes(2, "big") + reason.encode()[:123]
            self.send(frame(CLOSE, payload))
            self.closing = True
            self.fd = -1
            asyncio.get_running_loop().call_later(patience, self.abort)

    def abort(self) -> None:
        self.closing = True
        self.fd = -1
        if self.transport is not None:
            self.transport.abort()

    # The transport's side --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(Transport, transport)
        if transport.get_extra_info("sslcontext") is None:
            self.fd = self._fd = transport.get_extra_info("socket").fileno()
        # With a limit of nothing, "paused" means that the transport holds something back: only then may frames not
        # be written past it.
        self.transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        self.fd = -1
        self.on_stalled()

    def resume_writing(self) -> None:
        if not self.closing:
            self.fd = self._fd
            self.on_drained()

    def connection_lost(self, error: Exception | None) -> None:
        # Only after this is the descriptor closed, and may be another connection's.
        self.fd = self._fd = -1
        self.closing = True
        self.transport = None
        self._received = self._fragments = None
        self.on_lost()

    def data_received(self, data: bytes) -> None:
        self.quiet = 0
        if self._received is not None:
            self._received += data
            if len(self._received) < self._need:
                return
            data, self._received = bytes(self._received), None
        try:
            rest = self._parse(data)
        except Violation as violation:
            self.close(violation.code, violation.reason)
            return
        if rest < len(data) and self.transport is not None:
            self._received = bytearray(data[rest:])

    def _parse(self, data: bytes) -> int:
        """Takes the whole frames in ``data``; answers where the rest begins. Raises Violation."""
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            opcode, length = first & 0x0F, second & 0x7F
            head = 6 if length < 126 else 8 if length == 126 else 14
            self._check(first, second)
            if head > 6:
                if end - at < head:
                    self._need = head
                    return at
                shortest, length = length, int.from_bytes(data[at + 2 : at + head - 4], "big")
                if length < 126 or (shortest == 127 and length < 65_536):
                    raise Violation(PROTOCOL_ERROR, "a length is not minimal")
            if length + (len(self._fragments) if self._fragments is not None and opcode < CLOSE else 0) > LARGEST:
                raise Violation(TOO_LARGE, f"a message has at most {LARGEST} bytes")
            after = at + head + length
            if end < after:
                self._need = after - at
                return at
            payload = unmask(data[at + head : after], data[at + head - 4 : at + head])
            self._take(opcode, bool(first & FIN), payload)
            at = after
        self._need = 2
        return at

    def _check(self, first: int, second: int) -> None:
        opcode, final = first & 0x0F, first & FIN
        if first & RESERVED:
            raise Violation(PROTOCOL_ERROR, "no extension was agreed on")
        if not second & MASKED:
            raise Violation(PROTOCOL_ERROR, "a client masks its frames")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise Violation(PROTOCOL_ERROR, "unknown opcode")
            if not final or second & 0x7F > 125:
                raise Violation(PROTOCOL_ERROR, "a control frame is short and whole")
        elif opcode > BINARY:
            raise Violation(PROTOCOL_ERROR, "unknown opcode")
        elif (opcode == CONTINUATION) != (self._fragments is not None):
            raise Violation(PROTOCOL_ERROR, "a message begins within another, or nowhere")

    def _take(self, opcode: int, final: bool, payload: bytes) -> None:
        if opcode == CLOSE:
            self._take_close(payload)
        elif self.closing:
            return
        elif opcode == PING:
            if self.fd >= 0:  # a client that does not read gets no pongs either
                self.send(frame(PONG, payload))
        elif opcode == PONG:
            return
        elif final and opcode != CONTINUATION:
            self._deliver(opcode, payload)
        elif opcode != CONTINUATION:
            self._kind, self._fragments = opcode, bytearray(payload)
        else:
            assert self._fragments is not None
            self._fragments += payload
            if final:
                whole, self._fragments = bytes(self._fragments), None
                self._deliver(self._kind, whole)

    def _deliver(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            try:
                payload.decode()
            except UnicodeDecodeError:
                raise Violation(NOT_UTF8, "a text is not UTF-8") from None
        self.on_message(kind, payload)

    def _take_close(self, payload: bytes) -> None:
        """The client's farewell, or its answer to ours: in both cases the server ends the connection."""
        code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
        if len(payload) == 1 or (payload and not _may_be_sent(code)):
            raise Violation(PROTOCOL_ERROR, "a close code that there is not")
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            raise Violation(NOT_UTF8, "a reason is not UTF-8") from None
        self.close(code)
        if self.transport is not None:
            self.transport.close()


def _may_be_sent(code: int) -> bool:
    return (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame as a server sends it."""
    length = len(payload)
    if length < 126:
        return bytes((FIN | opcode, length)) + payload
    if length < 65_536:
        return bytes((FIN | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((FIN | opcode, 127)) + length.to_bytes(8, "big") + payload


def unmask(payload: bytes, mask: bytes) -> bytes:
    """As one long XOR: faster than byte by byte, also for the 64 KiB that there are at most."""
    length = len(payload)
    if not length:
        return b""
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")
