"""A shorter way for the one request that everybody sends in the same second: a plain ``POST /api/bookings``.

What is recognised here, whole and with nothing unusual about it, in the bytes that have just arrived goes to the very
handler that Sanic would have called, with the very `sanic.Request` it would have been given, and the answer leaves as
Sanic would have written it. Everything else, down to a header that is not in `PLAIN`, goes Sanic's way: this module
refuses nothing, and knows no rule but what a plain request looks like. ``LANE=off`` does without it.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, ClassVar

from sanic import Request
from sanic.compat import Header
from sanic.headers import format_http1_response
from sanic.http import Stage

from api import problems
from api.patience import Patient
from api.routes import Handler

START = b"POST /api/bookings HTTP/1.1\r\n"
URL = b"/api/bookings"
END = b"\r\n\r\n"
MOST_HEAD = 4096
"""Bytes; a longer head is unusual."""
MOST_HELD = 1 << 16
"""Bytes that may wait behind a request; more are left in the socket."""

PLAIN = frozenset(
    (
        "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection",
        "content-length", "content-type", "dnt", "forwarded", "host", "idempotency-key", "origin", "pragma", "priority",
        "referer", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode",
        "sec-fetch-site", "sec-gpc", "traceparent", "user-agent", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "x-real-ip", "x-request-id",
    )
)  # fmt: skip
"""Headers that say nothing of where a message ends; but for two, and these are looked at."""


def plain(data: bytes) -> tuple[list[tuple[str, str]], bytes] | None:
    """Headers and body, if ``data`` is one plain request and nothing else."""
    end = data.find(END, 0, MOST_HEAD)
    if end < 0 or not data[:end].isascii():
        return None
    headers: list[tuple[str, str]] = []
    seen: set[str] = set()
    length = ""
    for line in data[len(START) : end].decode("ascii").split("\r\n"):
        name, _, value = line.partition(": ")
        name = name.lower()
        if name not in PLAIN or name in seen or not value.isprintable() or value != value.strip(" "):
            return None
        if name == "content-length":
            length = value
        elif name == "connection" and value.lower() != "keep-alive":
            return None
        seen.add(name)
        headers.append((name, value))
    body = data[end + len(END) :]
    if "host" not in seen or length != str(len(body)):
        return None
    return headers, body


class Passing:
    """What a handler may want of ``request.stream``."""

    __slots__ = ("keep_alive",)

    def __init__(self) -> None:
        self.keep_alive = True


class Lane(Patient):
    """Sanic's protocol with the shorter way in front. ``handler`` is set on the class of each app, see `lane_to`."""

    __slots__ = ("_answering", "_held")
    handler: ClassVar[Handler]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answering: asyncio.Task[None] | None = None
        self._held = b""

    def data_received(self, data: bytes) -> None:
        if self._answering is not None:
            self._held += data
            if len(self._held) > MOST_HELD:
                self._wire.pause_reading()
        elif (
            data.startswith(START)
            and len(data) <= self.app.config.REQUEST_MAX_SIZE  # a larger body is refused, the Sanic way
            and self._is_idle()
            and (found := plain(data)) is not None
        ):
            self._time = monotonic()
            self._answering = self.loop.create_task(self._answer(*found))
        else:
            super().data_received(data)

    @property
    def _wire(self) -> asyncio.Transport:
        assert self.transport is not None, "there is none only before and after a connection"
        return self.transport

    def _is_idle(self) -> bool:
        """Whether Sanic waits for the first byte of a request, and not for the rest of a body that nobody has read."""
        http = self.http
        return (
            http is not None
            and http.keep_alive
            and http.stage is Stage.IDLE
            and http.request_body is None
            and not self.recv_buffer
            and len(self.app.request_middleware) + len(self.app.response_middleware) == 0
        )

    async def _answer(self, headers: list[tuple[str, str]], body: bytes) -> None:
        request = Request(URL, Header(headers), "1.1", "POST", self._wire, self.app)  # type: ignore[arg-type]
        passing = Passing()
        request.body = body
        request.conn_info = self.conn_info
        request.stream = passing  # type: ignore[assignment]
        try:
            answer = await type(self).handler(request)
        except Exception as error:
            answer = problems.fault(request, error)
        if not self._can_write.is_set():
            await self._can_write.wait()
        content = answer.body or b""
        answer.headers["content-length"] = str(len(content))
        answer.headers["connection"] = "keep-alive" if passing.keep_alive else "close"
        self._answering = None
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(format_http1_response(answer.status, answer.processed_headers) + content)
        self._time = monotonic()
        if not passing.keep_alive:
            self.close()
        elif self._held:
            held, self._held = self._held, b""
            self._wire.resume_reading()
            self.data_received(held)

    def close_if_idle(self) -> bool:
        if self._answering is not None:
            return False  # `routes` closes it behind the answer
        return bool(super().close_if_idle())


def lane_to(handler: Handler) -> type[Lane]:
    """A protocol class whose plain bookings go to ``handler``."""
    return type("Lane", (Lane,), {"__slots__": (), "handler": staticmethod(handler)})
