"""A shorter way for the one request that everybody sends in the same second: a plain ``POST /api/bookings``.

What is recognised here, whole and with nothing unusual about it, in the bytes that have just arrived takes the very
steps of the route's handler, from callback to callback instead of in a task, and the answer leaves as Sanic would have
written it. Everything else, down to a header that is not in `PLAIN`, goes Sanic's way: this module refuses nothing, and
knows no rule but what a plain request looks like. ``LANE=off`` does without it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import Any

from httptools import parse_url
from sanic import Request
from sanic.compat import Header
from sanic.http import Stage

from api import bookings, problems
from api.framing import AFTER_THAT
from api.patience import Patient
from api.replies import CURRENT, Reply
from api.routes import Exchange, engine_of, route_of
from engine.claim import Booked
from engine.claim import Request as Order
from engine.errors import SlotlineError
from engine.model import Expert

START = b"POST /api/bookings HTTP/1.1\r\n"
PARSED = parse_url(b"/api/bookings")
ROUTE = route_of("POST", "/api/bookings")
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
OWN = frozenset(
    ("authorization", "forwarded", "idempotency-key", "traceparent", "x-forwarded-for", "x-real-ip", "x-request-id")
)
"""Headers that are another from each client or in each request, or nothing to keep."""
MOST_USUAL, LONGEST_USUAL = 1024, 256
"""Lines that are kept at hand, and bytes of each."""


def plain(data: bytes) -> tuple[dict[str, str], bytes] | None:
    """Headers and body, if ``data`` is one plain request and nothing else."""
    end = data.find(END, 0, MOST_HEAD)
    if end < 0:
        return None
    headers: dict[str, str] = {}
    lines = data[len(START) : end].split(b"\r\n")
    for line in lines:
        if (field := _usual.get(line) or _plain_field(line)) is None:
            return None
        headers[field[0]] = field[1]
    body = data[end + len(END) :]
    if len(headers) < len(lines) or headers.get("content-length") != str(len(body)) or "host" not in headers:
        return None
    if "connection" in headers and headers["connection"].lower() != "keep-alive":
        return None
    return headers, body


def _plain_field(line: bytes) -> tuple[str, str] | None:
    """Name and value of a plain header."""
    if not line.isascii():
        return None
    name, _, value = line.decode("ascii").partition(": ")
    name = name.lower()
    if name not in PLAIN or not value.isprintable() or value != value.strip(" "):
        return None
    if name not in OWN and len(line) <= LONGEST_USUAL:
        if len(_usual) == MOST_USUAL:
            _usual.clear()
        _usual[line] = (name, value)
    return name, value


_usual: dict[bytes, tuple[str, str]] = {}
"""Lines that have been read before: most are the same in many requests."""


class PlainRequest(Request):
    """A `sanic.Request` of which only that is filled in which the route looks at."""

    __slots__ = ()

    def __init__(self, headers: dict[str, str], body: bytes, lane: Lane) -> None:
        self.app = lane.app
        self.headers = Header(headers)
        self.method = "POST"
        self.body = body
        self.conn_info = lane.conn_info
        self.stream = lane  # type: ignore[assignment]
        self._ctx = None
        self._parsed_url = PARSED


class Lane(Patient):
    """Sanic's protocol with the shorter way in front."""

    __slots__ = ("_answering", "_held", "_waiting", "keep_alive")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_alive = True
        """As of Sanic's streams: `api.routes.let_go` ends it."""
        self._answering = False
        self._held = b""
        self._waiting: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        if self._answering:
            self._held += data
            if len(self._held) > MOST_HELD:
                self._wire.pause_reading()
        elif (
            data.startswith(START)
            and len(data) <= self.request_max_size  # a larger body is refused, the Sanic way
            and self._is_idle()
            and (found := plain(data)) is not None
        ):
            self._time = monotonic()
            self._answering = True
            self._take(PlainRequest(*found, self))
        else:
            super().data_received(data)

    @property
    def _wire(self) -> asyncio.Transport:
        assert self.transport is not None, "there is none only before and after a connection"
        return self.transport

    def _is_idle(self) -> bool:
        """Whether Sanic waits for the first byte of a request, and not for the rest of one that is answered already: of
        a body that nobody has read, or of what follows its last chunk."""
        http = self.http
        return (
            http is not None
            and http.keep_alive
            and http.stage is Stage.IDLE
            and http.request is None
            and not self.recv_buffer
            and not self.app.request_middleware
            and not self.app.response_middleware
        )

    def _take(self, request: PlainRequest) -> None:
        """As `bookings.create`: the same steps, without a task."""
        exchange = Exchange(ROUTE, request)
        named = CURRENT.set(request)  # and the callback has it, too
        try:
            exchange.admit()
            order, by = bookings.read_order(request)
            booked = bookings.place(request, order, by)
        except Exception as error:
            self._refuse(exchange, error)
        else:
            booked.add_done_callback(partial(self._decided, exchange, order))
        finally:
            CURRENT.reset(named)

    def _decided(self, exchange: Exchange, order: Order, booked: asyncio.Future[Booked]) -> None:
        error = booked.exception()
        if error is not None:
            bookings.count_refusal(error)
            self._refuse(exchange, error)
        elif (expert := engine_of(exchange.request).catalogue.known(order.expert_id)) is not None:
            self._confirm(exchange, order, booked.result(), expert)
        else:
            self._waiting = self.loop.create_task(self._look_up(exchange, order, booked.result()))

    async def _look_up(self, exchange: Exchange, order: Order, booked: Booked) -> None:
        try:
            expert = await bookings.contact(exchange.request, booked.booking)
        except Exception as error:
            self._refuse(exchange, error)
        else:
            self._confirm(exchange, order, booked, expert)

    def _confirm(self, exchange: Exchange, order: Order, booked: Booked, expert: Expert | None) -> None:
        try:
            answer = exchange.end(bookings.answer_order(exchange.request, order, booked, expert))
        except Exception as error:
            self._refuse(exchange, error)
        else:
            self._send(answer)

    def _refuse(self, exchange: Exchange, error: BaseException) -> None:
        if isinstance(error, SlotlineError):
            self._send(exchange.refuse(error))
        else:
            assert isinstance(error, Exception), "nobody cancels a booking"
            self._send(problems.fault(exchange.request, error))

    def _send(self, answer: Reply) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(answer.whole(self.keep_alive))
        self._time = monotonic()
        if not self.keep_alive:
            self._wire.write_eof()
            self.loop.call_later(AFTER_THAT, self.close)  # as `Framed` does; what comes is held, and not looked at
        elif self._can_write.is_set():
            self._go_on()
        else:
            self._waiting = self.loop.create_task(self._wait())

    async def _wait(self) -> None:
        """For a client that does not read its answers."""
        await self._can_write.wait()
        self._go_on()

    def _go_on(self) -> None:
        self._answering = False
        if self._held:
            held, self._held = self._held, b""
            self._wire.resume_reading()
            self.data_received(held)

    def close_if_idle(self) -> bool:
        if self._answering:
            return False  # `routes` closes it behind the answer
        return bool(super().close_if_idle())
