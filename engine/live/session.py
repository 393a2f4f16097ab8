"""What a client of the live feed wants and knows, over any number of connections. No I/O and no clock: whoever owns the
connection tells it what happened and when, and sends what it answers."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from engine.live.picture import Frame, Picture

TEMPORARY = ("store-unavailable", "rate-limited")
"""Refusals of a subscription that may end: asked again after a while."""
FINAL_STATUSES = range(400, 500)
TEMPORARY_STATUSES = (408, 425, 429)
RETRY_AFTER = re.compile(r"retry-after=(\d+(?:\.\d+)?)")
"""In a close reason: seconds to stay away, already spread by the server."""


class Refused(Exception):
    """The server does not want this client back: close code 4400 to 4499, or a 4xx answer to the handshake."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


class Unwatchable(Exception):
    """The server does not show this expert; ``code`` is the problem code, such as ``expert-not-found``."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Silent(Exception):
    """Nothing has come for so long that the connection must be dead."""


@dataclass(slots=True)
class Backoff:
    """Pauses between connections: they double from ``first`` to ``most`` seconds, and each is drawn from its upper half
    down to nothing for the first, so that a crowd which lost its server together does not come back together."""

    first: float = 1.0
    most: float = 20.0
    rng: random.Random = field(default_factory=random.Random)
    _failures: int = 0

    def pause(self) -> float:
        self._failures += 1
        longest = min(self.first * 2 ** min(self._failures - 1, 16), self.most)
        shortest = 0.0 if self._failures == 1 else longest / 2
        return self.rng.uniform(shortest, longest)

    def spread(self, hint: float) -> float:
        """The server's own wish, and a little more."""
        return hint + self.rng.uniform(0, min(hint / 4, self.first))

    def reset(self) -> None:
        self._failures = 0


class Session:
    """``opened``, ``heard`` and ``tick`` answer the messages to send. Times are seconds of any steady clock."""

    def __init__(self, backoff: Backoff | None = None, *, beat: float = 20.0) -> None:
        """``beat``: seconds between two heartbeats of the server."""
        self.backoff = backoff or Backoff()
        self.beat = beat
        self.pictures: dict[str, Picture] = {}
        self.connected = False
        self.on_frame: Callable[[Frame], None] = lambda frame: None
        """Told every message of the server, before it has an effect."""
        self.on_change: Callable[[Picture], None] = lambda picture: None
        """Told when a picture has changed in any way."""
        self._asked: deque[Picture] = deque()
        """Subscriptions that wait for an answer; answers come in the order of the questions."""
        self._again: dict[str, float] = {}
        """Expert → when to ask once more after a temporary refusal."""
        self._last_word = 0.0
        self._last_ping = 0.0

    def watch(self, expert_id: str) -> tuple[Picture, list[str]]:
        """The picture of an expert, and what to send if connected."""
        picture = self.pictures.get(expert_id)
        if picture is not None:
            return picture, []
        picture = self.pictures[expert_id] = Picture(expert_id)
        return picture, [self._subscribe(picture)] if self.connected else []

    def unwatch(self, expert_id: str) -> list[str]:
        picture = self.pictures.pop(expert_id, None)
        self._again.pop(expert_id, None)
        if picture is None or not self.connected:
            return []
        picture.live = False
        return [_text({"type": "unsubscribe", "expertId": expert_id})]

    def opened(self, now: float) -> list[str]:
        self.connected = True
        self._last_word = self._last_ping = now
        return [self._subscribe(picture) for picture in self.pictures.values()]

    def heard(self, text: str | bytes, now: float) -> list[str]:
        """Raises ValueError, KeyError or TypeError for what is no message of the protocol: close, and come back."""
        self._last_word = now
        frame: Frame = orjson.loads(text)
        self.on_frame(frame)
        kind = frame["type"]
        if kind == "heartbeat":
            return self._beat(frame["versions"])
        if kind == "error":
            return self._refused(frame["code"], frame["detail"], now)
        picture = self.pictures.get(frame.get("expertId", ""))
        if kind in ("snapshot", "resumed"):
            self._answered(frame["expertId"])
        if picture is None:
            return []  # pong, or the last frames of one that is no longer watched
        good: bool | None = None
        if kind == "slot":
            good = picture.take_slot(frame)
        elif kind == "resumed":
            good = picture.take_resumed(frame)
        elif kind == "snapshot":
            picture.take_snapshot(frame)
            good = True
        if good is None:
            return []
        self.on_change(picture)
        return [] if good else [self._subscribe(picture)]

    def closed(self, code: int, reason: str) -> float:
        """The connection has ended, or could not be made; answers the seconds to stay away.

        ``code`` is a WebSocket close code or an HTTP status, ``reason`` may hold ``retry-after=SECONDS``.
        Raises Refused.
        """
        self.connected = False
        self._asked.clear()
        self._again.clear()
        for picture in self.pictures.values():
            was = picture.live
            picture.disconnected()
            if was:
                self.on_change(picture)
        if 4400 <= code <= 4499 or (code in FINAL_STATUSES and code not in TEMPORARY_STATUSES):
            raise Refused(code, reason)
        if hint := RETRY_AFTER.search(reason):
            return self.backoff.spread(float(hint[1]))
        return self.backoff.pause()

    def tick(self, now: float) -> list[str]:
        """To be called about once a second while connected. Raises Silent for a connection that must be dead."""
        quiet = now - self._last_word
        if quiet > self.beat * 2.5:
            raise Silent(f"nothing heard for {quiet:.0f} s")
        messages = []
        if quiet > self.beat * 1.25 and now - self._last_ping > self.beat / 2:
            self._last_ping = now
            messages.append(_text({"type": "ping"}))
        for expert_id in [expert_id for expert_id, due in self._again.items() if due <= now]:
            del self._again[expert_id]
            messages.append(self._subscribe(self.pictures[expert_id]))
        return messages

    def _subscribe(self, picture: Picture) -> str:
        self._asked.append(picture)
        return _text(picture.subscribe())

    def _answered(self, expert_id: str) -> None:
        self.backoff.reset()
        for asked in self._asked:
            if asked.expert_id == expert_id:
                self._asked.remove(asked)
                return

    def _beat(self, versions: dict[str, int]) -> list[str]:
        messages = []
        for expert_id, version in versions.items():
            picture = self.pictures.get(expert_id)
            if picture is not None and not picture.take_beat(version):
                self.on_change(picture)
                messages.append(self._subscribe(picture))
        return messages

    def _refused(self, code: str, detail: str, now: float) -> list[str]:
        """An error frame names no expert; it answers the oldest question."""
        if not self._asked:
            return []
        picture = self._asked.popleft()
        if self.pictures.get(picture.expert_id) is picture:
            picture.refused(code, detail)
            if code in TEMPORARY:
                self._again[picture.expert_id] = now + self.backoff.pause()
            self.on_change(picture)
        return []


def live_url(url: str) -> str:
    """The feed of a server: ``http://host:port`` and ``ws://host:port/api/live`` mean the same."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "http", url
    socket = {"http": "ws", "https": "wss"}.get(scheme, scheme)
    rest = rest.rstrip("/")
    return f"{socket}://{rest}" if rest.endswith("/api/live") else f"{socket}://{rest}/api/live"


def _text(message: Frame) -> str:
    return orjson.dumps(message).decode()
