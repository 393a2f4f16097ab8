"""What every socket gets without asking: the heartbeat, a ping with it, and in the end a close that says why.

One sweep for all sockets, a twentieth of them at a time; no timer a socket.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator

from api.live import websocket
from api.live.frames import heartbeat_frame, now_ms
from api.live.socket import Socket
from engine.engine import Engine
from engine.tasks import end

log = logging.getLogger("slotline.live")

SHARES = 20
"""Parts of all sockets, swept one after the other."""
AT_ONCE = 256
"""Sockets that are written to before others have their turn."""
SILENT = 2
"""Beats without a word from a client, not even a pong, after which its connection is taken for dead."""
STALLED = 20.0
"""Seconds a client may take to read what the system holds for it; what happens meanwhile waits as one state a slot."""
CLOSES = 1000
"""Closes a second when the server stops, and the most seconds that takes."""
LONGEST_DRAIN = 3.0
COMEBACKS = 500
"""Clients a second that are asked to come back after a restart, and the most seconds that takes."""
LONGEST_ABSENCE = 10.0

RESTART, TOO_SLOW = 4000, 4008
"""4000–4099: come back, with a jittered pause. 4400–4499: don't."""
PING = websocket.frame(websocket.PING, b"")


class Pulse:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._every = engine.settings.heartbeat
        self._loop = asyncio.get_running_loop()
        self._shares: list[set[Socket]] = [set() for _ in range(SHARES)]
        self._stalled: set[Socket] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._rng = random.Random()

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._beat(), name="heartbeat"),
            asyncio.create_task(self._verify(), name="verify"),
        ]

    def add(self, socket: Socket) -> None:
        min(self._shares, key=len).add(socket)

    def discard(self, socket: Socket) -> bool:
        """Whether it was there."""
        self._stalled.discard(socket)
        for share in self._shares:
            if socket in share:
                share.remove(socket)
                return True
        return False

    def stalled(self, socket: Socket) -> None:
        if not socket.stalled_since:
            socket.stalled_since = self._loop.time()
            self._stalled.add(socket)

    def drained(self, socket: Socket) -> None:
        socket.stalled_since = 0.0
        self._stalled.discard(socket)

    @property
    def sockets(self) -> Iterator[Socket]:
        return (socket for share in self._shares for socket in share)

    async def _verify(self) -> None:
        """A loss of this worker's own, that no later message has shown, is found before a heartbeat could hide it."""
        while True:
            await asyncio.sleep(self._every / 2)
            try:
                await self._engine.feed.verify()
            except Exception:
                log.exception("the pictures cannot be compared with Redis")

    async def _beat(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(self._every / SHARES)
            number = (number + 1) % SHARES
            share, frames = list(self._shares[number]), dict[tuple[tuple[str, int], ...], bytes]()
            for start in range(0, len(share), AT_ONCE):
                for socket in share[start : start + AT_ONCE]:
                    self._sweep(socket, frames)
                await asyncio.sleep(0)
            self._end_stalled()

    def _sweep(self, socket: Socket, frames: dict[tuple[tuple[str, int], ...], bytes]) -> None:
        """``frames`` keeps what is the same for many: they watch the same and know the same."""
        if socket.closing or socket.stalled_since:
            return
        socket.quiet += 1
        if socket.quiet > SILENT:
            socket.abort()
            return
        known = tuple(
            (audience.room.expert_id, version)
            for audience in socket.audiences
            if audience.room.current and (version := audience.version_of(socket)) is not None
        )
        frame = frames.get(known)
        if frame is None:
            frame = frames[known] = PING + heartbeat_frame(now_ms(), dict(known))
        socket.send(frame)

    def _end_stalled(self) -> None:
        long_ago = self._loop.time() - STALLED
        for socket in [socket for socket in self._stalled if socket.stalled_since < long_ago]:
            self._stalled.discard(socket)
            socket.close(TOO_SLOW, "too slow: come back and resume", patience=5.0)

    async def stop(self, seconds: float) -> None:
        """Closes every socket, spread over at most ``seconds``; each is told when to come back."""
        await end(self._tasks)
        sockets = list(self.sockets)
        self._rng.shuffle(sockets)
        absence = min(0.5 + len(sockets) / COMEBACKS, LONGEST_ABSENCE)
        steps = max(1, int(min(len(sockets) / CLOSES, LONGEST_DRAIN, seconds) / 0.05))
        for step in range(steps):
            for socket in sockets[step::steps]:
                pause = self._rng.uniform(0, absence)
                socket.close(RESTART, f"the server restarts; retry-after={pause:.2f}")
            if sockets:
                await asyncio.sleep(0.05)
        deadline = self._loop.time() + 1.0
        while any(self._shares) and self._loop.time() < deadline:  # noqa: ASYNC110 (for a second at most)
            await asyncio.sleep(0.02)
        for socket in list(self.sockets):
            socket.abort()
