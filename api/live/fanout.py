"""Gives every audience its turn, and everybody else theirs: a large room takes many turns of the loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

from api.live.audience import Audience

log = logging.getLogger("slotline.live")

SLICE = 0.002
"""Seconds of one turn: a request that comes meanwhile waits no longer."""
GATHER, LONGEST = 2e-6, 0.004
"""Seconds a socket, and at most, that an audience waits after a change for more of them to leave in the same write.

To write to a socket costs some 8 µs whatever it carries. So a burst costs a large room a fraction, and a single change
is late by a fraction of what its fan-out takes anyway; a small room waits for nothing but the present turn.
"""


class FanOut:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: deque[Audience] = deque()
        self._turning = False

    def due(self, audience: Audience) -> None:
        """Something has happened. While a round is under way, what happens gathers for the next one."""
        if audience.pending:
            return
        audience.pending = True
        wait = min(len(audience.cursors) * GATHER, LONGEST)
        if wait < 0.001:  # the loop's clock counts in milliseconds
            self._loop.call_soon(self._begin, audience)
        else:
            self._loop.call_later(wait, self._begin, audience)

    def _begin(self, audience: Audience) -> None:
        self._ready.append(audience)
        if not self._turning:
            self._turning = True
            self._turn()

    def _turn(self) -> None:
        deadline = time.perf_counter() + SLICE
        ready = self._ready
        while ready and time.perf_counter() < deadline:
            audience = ready.popleft()
            try:
                if audience.work(deadline):
                    ready.append(audience)
            except Exception:  # the others, and what comes next, are told all the same
                log.exception("the watchers of %s cannot be told", audience.room.expert_id)
        if ready:
            self._loop.call_soon(self._turn)
        else:
            self._turning = False
