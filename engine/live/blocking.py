"""The live feed for threads, and for greenlets once gevent has patched sockets and threads (as locust does)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from engine.live.picture import Picture
from engine.live.session import Backoff, Session, Silent, live_url

LARGEST = 16 << 20
ABNORMAL = 1006


class BlockingLiveClient:
    """One socket that is driven by whoever calls `run`, `until` or `step`; nothing happens in between.

        live = BlockingLiveClient("http://127.0.0.1:8000")
        picture = live.watch(expert_id)
        live.session.on_frame = lambda frame: ...   # every message of the server, e.g. to note when it came
        live.run(seconds=60)
        live.close()

    `step` raises Refused when the server does not want it back. `Picture.fault` says why an expert is not shown.
    """

    def __init__(
        self, url: str, *, backoff: Backoff | None = None, beat: float = 20.0, headers: Mapping[str, str] | None = None
    ) -> None:
        self.url = live_url(url)
        self.session = Session(backoff, beat=beat)
        self.connections = 0
        self._headers = headers
        self._socket: ClientConnection | None = None
        self._connection = ExitStack()
        self._not_before = 0.0

    def watch(self, expert_id: str) -> Picture:
        picture, messages = self.session.watch(expert_id)
        self._send(messages)
        return picture

    def unwatch(self, expert_id: str) -> None:
        self._send(self.session.unwatch(expert_id))

    def run(self, seconds: float) -> None:
        """Keeps the pictures up to date for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.step(left)

    def until(self, true: Callable[[], bool], seconds: float = 10.0) -> bool:
        """Keeps the pictures up to date until it is so; False if it was not in time."""
        end = time.monotonic() + seconds
        while not true():
            if (left := end - time.monotonic()) <= 0:
                return False
            self.step(min(left, 0.2))
        return True

    def step(self, seconds: float) -> None:
        """Connects if need be and takes one message of the server, waiting at most so long. Raises Refused."""
        if self._socket is None:
            if (wait := self._not_before - time.monotonic()) > 0:
                time.sleep(min(wait, seconds))
                return
            self._connect()
            return
        try:
            with suppress(TimeoutError):
                text = self._socket.recv(timeout=min(seconds, 1.0, self.session.beat / 4))
                self._send(self.session.heard(text, time.monotonic()))
            self._send(self.session.tick(time.monotonic()))
        except ConnectionClosed:
            socket = self._socket
            if socket is not None:
                self._ended(socket.close_code or ABNORMAL, socket.close_reason or "")
        except (Silent, ValueError, KeyError, TypeError) as error:
            self._ended(ABNORMAL, str(error))

    def close(self) -> None:
        self._socket = None
        self._connection.close()

    def _connect(self) -> None:
        opening = connect(
            self.url, compression=None, ping_interval=None, max_size=LARGEST, close_timeout=1, open_timeout=10,
            additional_headers=self._headers, proxy=None,
        )  # fmt: skip
        try:
            self._socket = self._connection.enter_context(opening)
        except InvalidStatus as error:
            wish = error.response.headers.get("Retry-After", "")
            self._ended(error.response.status_code, f"retry-after={wish}")
        except (OSError, InvalidHandshake, EOFError, TimeoutError) as error:
            self._ended(ABNORMAL, str(error))
        else:
            self.connections += 1
            self._send(self.session.opened(time.monotonic()))

    def _send(self, messages: list[str]) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed):  # the next `step` finds out
                for message in messages:
                    self._socket.send(message)

    def _ended(self, code: int, reason: str) -> None:
        self.close()
        self._not_before = time.monotonic() + self.session.closed(code, reason)
