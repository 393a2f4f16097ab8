"""Who watches what in this worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import ValidationError

from api import metrics
from api.live.audience import Audience
from api.live.fanout import FanOut
from api.live.frames import PONG, error_frame
from api.live.pulse import Pulse
from api.live.socket import Socket
from api.messages import INCOMING, Ping, Subscribe, Unsubscribe
from engine.engine import Engine
from engine.errors import SlotlineError, StoreUnavailable
from engine.tasks import end

log = logging.getLogger("slotline.live")

MOST_EXPERTS = 50
MOST_TOLD = 100
"""Faults of a message that are looked at to tell of the first."""
PATIENCE = 10.0
"""Seconds a subscription waits for the calendar before it is refused for now."""


class TooManyExperts(SlotlineError):
    code, status, title = "too-many-experts", 409, f"A socket watches at most {MOST_EXPERTS} experts"


class Hub:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._fanout = FanOut()
        self._pulse = Pulse(engine)
        self.audiences: dict[str, Audience] = {}
        self._work: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._pulse.start()

    async def stop(self) -> None:
        """Sends everybody away, over a few seconds, with the wish to come back."""
        await self._pulse.stop(self._engine.settings.drain_timeout / 3)
        await end(self._work)

    # What sockets tell -----------------------------------------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        self._pulse.add(socket)
        metrics.sockets.inc()

    def lost(self, socket: Socket) -> None:
        if self._pulse.discard(socket):
            metrics.sockets.dec()
        for audience in socket.audiences:
            self._leave(socket, audience)

    def stalled(self, socket: Socket) -> None:
        self._pulse.stalled(socket)

    def drained(self, socket: Socket) -> None:
        self._pulse.drained(socket)
        for audience in socket.audiences:
            if socket in audience.cursors:
                audience.tell(socket)

    def later(self, call: Callable[[], None]) -> None:
        self._loop.call_soon(call)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a message could not be answered", exc_info=error)

    # What clients say ------------------------------------------------------------------------------------------------

    def answer(self, socket: Socket, payload: bytes) -> Coroutine[Any, Any, None] | None:
        """Answers a message, or says what there is to wait for first."""
        try:
            message = INCOMING.validate_json(payload)
        except ValidationError as error:
            if error.error_count() > MOST_TOLD:
                socket.fault("this is no message of ours")
                return None
            fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in fault["loc"][1:])
            socket.fault(f"{field}: {fault['msg']}" if field else fault["msg"])
            return None
        if isinstance(message, Subscribe):
            return self._subscribe(socket, message)
        if isinstance(message, Ping):
            socket.send(PONG)
        elif isinstance(message, Unsubscribe):
            audience = self.audiences.get(message.expert_id)
            if audience is not None:
                self._leave(socket, audience)
        return None

    def _subscribe(self, socket: Socket, wanted: Subscribe) -> Coroutine[Any, Any, None] | None:
        audience = self.audiences.get(wanted.expert_id)
        if audience not in socket.audiences and len(socket.audiences) >= MOST_EXPERTS:
            socket.send(error_frame(TooManyExperts.code, TooManyExperts.title))
            return None
        if audience is None or not audience.room.current or self._may_be_logged(audience, wanted):
            return self._subscribe_later(socket, wanted)
        self._join(socket, audience, wanted)
        return None

    @staticmethod
    def _may_be_logged(audience: Audience, wanted: Subscribe) -> bool:
        """Whether what was missed is no longer here, but may be in the change log."""
        if wanted.epoch is None or wanted.version is None or wanted.epoch != audience.epoch:
            return False
        return wanted.version < audience.version - (audience.head - audience.floor)

    async def _subscribe_later(self, socket: Socket, wanted: Subscribe) -> None:
        audience: Audience | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                if wanted.expert_id not in self.audiences:
                    await self._engine.expert(wanted.expert_id)
                audience = self._audience(wanted.expert_id)
                audience.joining += 1
                await audience.room.ready()
                if self._may_be_logged(audience, wanted):
                    assert wanted.epoch is not None
                    assert wanted.version is not None
                    missed = await self._engine.feed.missed(audience.room, wanted.epoch, wanted.version)
                    audience.recall(missed or ())
                    await audience.room.ready()
            # From here to the end nothing awaits: no change falls between what is sent now and what is told next.
            self._join(socket, audience, wanted)
        except SlotlineError as error:
            socket.send(error_frame(error.code, error.detail or error.title))
        except TimeoutError:
            socket.send(error_frame(StoreUnavailable.code, "the calendar cannot be read just now"))
        finally:
            if audience is not None:
                audience.joining -= 1
                self._end_if_empty(audience)

    def _join(self, socket: Socket, audience: Audience, wanted: Subscribe) -> None:
        if socket.transport is None or socket.closing:
            return
        if audience not in socket.audiences:
            socket.audiences += (audience,)
        if wanted.epoch is None or wanted.version is None or not audience.resume(socket, wanted.epoch, wanted.version):
            audience.show(socket)

    def _audience(self, expert_id: str) -> Audience:
        audience = self.audiences.get(expert_id)
        if audience is None:
            audience = self.audiences[expert_id] = Audience(self._engine.feed.room(expert_id), self._fanout)
        return audience

    def _leave(self, socket: Socket, audience: Audience) -> None:
        audience.cursors.pop(socket, None)
        socket.audiences = tuple(each for each in socket.audiences if each is not audience)
        self._end_if_empty(audience)

    def _end_if_empty(self, audience: Audience) -> None:
        expert_id = audience.room.expert_id
        if audience.empty and self.audiences.get(expert_id) is audience:
            del self.audiences[expert_id]
            self._engine.feed.leave(expert_id)
