"""One client of the live feed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from socket import SO_SNDBUF, SOL_SOCKET
from typing import TYPE_CHECKING, Any

from api.live.frames import error_frame
from api.live.websocket import TEXT, WebSocket

if TYPE_CHECKING:
    from api.live.audience import Audience
    from api.live.hub import Hub

AT_ONCE = 64
"""Messages of one client that are answered before others have their turn."""
MOST_FAULTS = 20
"""Messages that are none, until the client is told not to come back."""
SYSTEM_HOLDS = 65_536
"""Bytes that the system keeps for a client that does not read (Linux doubles it)."""
BAD_CLIENT = 4400


class Socket(WebSocket):
    """Answers messages in the order in which they came. One that cannot be answered at once, or a client that does not
    take the answers, holds back those behind it, and the transport stops reading."""

    __slots__ = ("audiences", "busy", "faults", "hub", "secure", "stalled_since", "waiting")

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub
        self.audiences: tuple[Audience, ...] = ()
        """What it watches: a handful, and mostly one."""
        self.stalled_since = 0.0
        """On the loop's clock; 0 for one that takes what it is sent."""
        self.secure = False
        """Whether the server itself speaks TLS here: then everything goes through the transport."""
        self.faults = 0
        self.busy = False
        self.waiting: deque[bytes] | None = None
        """Messages that wait for those before them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.secure = self.fd < 0
        # Else the system would hold megabytes for a phone that has gone out of reach.
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, SYSTEM_HOLDS)
        self.hub.opened(self)

    def on_message(self, kind: int, payload: bytes) -> None:
        if kind != TEXT:
            self.fault("text frames only")
        elif self.waiting is None and not self.stalled_since:
            self._start(self.hub.answer(self, payload))
        else:
            self._queue(payload)

    def fault(self, detail: str) -> None:
        self.faults += 1
        if self.faults > MOST_FAULTS:
            self.close(BAD_CLIENT, "these are no messages of ours")
        else:
            self.send(error_frame("bad-request", detail))

    def on_stalled(self) -> None:
        self.hub.stalled(self)

    def on_drained(self) -> None:
        self.hub.drained(self)
        self.go_on()

    def on_lost(self) -> None:
        self.waiting = None
        self.hub.lost(self)

    def go_on(self) -> None:
        """Answers what waits, as far as that is possible now."""
        if self.waiting is None or self.busy or self.closing:
            return
        for _ in range(AT_ONCE):
            if self.stalled_since or self.busy:
                return
            if not self.waiting:
                self.waiting = None
                if self.transport is not None:
                    self.transport.resume_reading()
                return
            self._start(self.hub.answer(self, self.waiting.popleft()))
            if self.closing or self.waiting is None:
                return
        self.hub.later(self.go_on)

    def _start(self, work: Coroutine[Any, Any, None] | None) -> None:
        if work is not None:
            self.busy = True
            self._queue()
            self.hub.spawn(self._finish(work))

    def _queue(self, *payload: bytes) -> None:
        if self.waiting is None:
            self.waiting = deque()
            if self.transport is not None:
                self.transport.pause_reading()
        self.waiting += payload

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self.busy = False
            self.go_on()
