"""Slow clients: a request that has not arrived as a whole in time is answered 408, however often another byte comes."""

from __future__ import annotations

from time import monotonic
from typing import Any

from sanic.exceptions import RequestTimeout
from sanic.http import Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from api.framing import AFTER_THAT, Framed


class Patient(HttpProtocol):
    """Sanic's protocol, whose own clock begins anew with every byte, with a clock for the whole request beside it."""

    HTTP_CLASS = Framed
    __slots__ = ("_since",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._since = monotonic()
        """When the newest request was waited for, or its first byte came if that was later."""

    def begin(self) -> None:
        """Starts the clock of the next request."""
        self._since = monotonic()

    def data_received(self, data: bytes) -> None:
        http = self.http
        fresh = not self.recv_buffer and http is not None and http.stage is Stage.IDLE
        if fresh and getattr(http, "request", None) is None:  # else it is the rest of one that is answered already
            self.begin()
        super().data_received(data)

    def check_timeouts(self) -> None:
        http = self.http
        late = monotonic() - self._since > self.request_timeout  # first: a connection that is new has none of the rest
        if late and self._task is not None and http is not None:
            waiting = http.request_body is not None
            if http.stage is Stage.REQUEST or (http.stage is Stage.HANDLER and waiting):
                http.exception = RequestTimeout("the request took too long to arrive")
                self._task.cancel()
                self._callback_check_timeouts = self.loop.call_later(AFTER_THAT, self.check_timeouts)
                return
            if http.stage is Stage.IDLE and waiting:  # answered, and the rest of the body still comes
                self._task.cancel()
                return
        super().check_timeouts()  # type: ignore[no-untyped-call]
