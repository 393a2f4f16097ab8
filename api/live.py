"""The live feed over WebSockets: `GET /api/live`.

A frame is encoded once and the same bytes go to every socket of the room, straight to its transport: no await and no
task a client, so that one that does not drain delays nobody. Such a one is closed with 4008; it comes back and resumes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import orjson
from pydantic import ValidationError
from sanic import Request, Sanic, Websocket
from websockets.frames import Frame, Opcode

from api import metrics, views
from api.messages import INCOMING, Ping, Subscribe, Unsubscribe
from engine.engine import Engine
from engine.errors import SlotlineError
from engine.feed import Event, Room

log = logging.getLogger("slotline.live")

HEARTBEAT = 20.0
"""Seconds between two heartbeats."""
MOST_EXPERTS = 50
MOST_WAITING = 1 << 20
"""Bytes that may wait for a client before it is closed."""
TOO_SLOW = 4008
GOING_AWAY = 4000
"""4000–4099: come back, with a jittered pause. 4400–4499: don't."""


def encode(message: dict[str, Any]) -> bytes:
    """A whole unmasked, uncompressed text frame (RFC 6455), as every client gets it."""
    return Frame(Opcode.TEXT, orjson.dumps(message)).serialize(mask=False)


class Socket:
    """One client."""

    __slots__ = ("_transport", "_ws", "closing", "expert_ids")

    def __init__(self, ws: Websocket) -> None:
        self._ws = ws
        assert ws.io_proto is not None
        self._transport = ws.io_proto.transport
        self.expert_ids: set[str] = set()
        self.closing = False

    def send(self, frame: bytes) -> None:
        transport = self._transport
        if self.closing or transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_WAITING:
            self.close(TOO_SLOW, "too slow: come back and resume")
            return
        transport.write(frame)

    def close(self, code: int, reason: str) -> None:
        if not self.closing:
            self.closing = True
            self._ws.fail_connection(code, reason)


class Audience:
    """The sockets of this worker that watch one expert."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.sockets: set[Socket] = set()
        room.listener = self

    def on_event(self, event: Event) -> None:
        self._tell(encode(slot_frame(self.room.expert_id, event)))

    def on_snapshot(self) -> None:
        self._tell(encode(snapshot_frame(self.room)))

    def _tell(self, frame: bytes) -> None:
        for socket in self.sockets:
            socket.send(frame)
        metrics.frames.inc(len(self.sockets))


def slot_frame(expert_id: str, event: Event) -> dict[str, Any]:
    assert event.slot is not None
    return {
        "type": "slot",
        "expertId": expert_id,
        "epoch": event.epoch,
        "version": event.version,
        "slot": views.slot(event.slot, int(time.time() * 1000)),
    }


def snapshot_frame(room: Room) -> dict[str, Any]:
    now = int(time.time() * 1000)
    slots = sorted(room.slots.values(), key=lambda slot: slot.start)
    return {
        "type": "snapshot",
        "expertId": room.expert_id,
        "epoch": room.epoch,
        "version": room.version,
        "slots": [views.slot(slot, now) for slot in slots],
    }


class Hub:
    """Who watches what in this worker."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._audiences: dict[str, Audience] = {}
        self._sockets: set[Socket] = set()
        self._heart: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._heart = asyncio.create_task(self._beat(), name="heartbeat")

    async def stop(self) -> None:
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        for socket in list(self._sockets):
            socket.close(GOING_AWAY, "the server restarts: come back")

    async def serve(self, ws: Websocket) -> None:
        """Talks to one client until it goes."""
        socket = Socket(ws)
        self._sockets.add(socket)
        metrics.sockets.inc()
        try:
            async for text in ws:
                await self._answer(socket, text)
        finally:
            metrics.sockets.dec()
            self._sockets.discard(socket)
            for expert_id in list(socket.expert_ids):
                self._leave(socket, expert_id)

    async def _answer(self, socket: Socket, text: str | bytes | None) -> None:
        try:
            message = INCOMING.validate_json(text or b"")
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in fault["loc"][1:])
            return socket.send(
                encode(error_frame("bad-request", f"{field}: {fault['msg']}" if field else fault["msg"]))
            )
        try:
            if isinstance(message, Ping):
                socket.send(encode({"type": "pong"}))
            elif isinstance(message, Subscribe):
                await self._subscribe(socket, message)
            elif isinstance(message, Unsubscribe):
                self._leave(socket, message.expert_id)
        except SlotlineError as error:
            socket.send(encode(error_frame(error.code, error.detail or error.title)))
        return None

    async def _subscribe(self, socket: Socket, wanted: Subscribe) -> None:
        expert_id = wanted.expert_id
        if expert_id not in socket.expert_ids and len(socket.expert_ids) >= MOST_EXPERTS:
            raise TooManyExperts()
        await self._engine.expert(expert_id)
        audience = self._audience(expert_id)
        room = audience.room
        socket.expert_ids.add(expert_id)
        audience.sockets.discard(socket)
        try:
            await room.ready()
            missed = None
            if wanted.epoch is not None and wanted.version is not None:
                missed = await self._engine.feed.missed(room, wanted.epoch, wanted.version)
                await room.ready()
        except BaseException:
            self._leave(socket, expert_id)
            raise
        # From here to the end nothing awaits: no event falls between what is sent now and what the room sends next.
        if missed is not None and (missed[-1].version if missed else wanted.version) == room.version:
            socket.send(
                encode({"type": "resumed", "expertId": expert_id, "epoch": room.epoch, "version": wanted.version})
            )
            for event in missed:
                socket.send(encode(slot_frame(expert_id, event)))
        else:
            socket.send(encode(snapshot_frame(room)))
        if expert_id in socket.expert_ids:
            audience.sockets.add(socket)

    def _audience(self, expert_id: str) -> Audience:
        audience = self._audiences.get(expert_id)
        if audience is None:
            audience = self._audiences[expert_id] = Audience(self._engine.feed.room(expert_id))
        return audience

    def _leave(self, socket: Socket, expert_id: str) -> None:
        socket.expert_ids.discard(expert_id)
        audience = self._audiences.get(expert_id)
        if audience is None:
            return
        audience.sockets.discard(socket)
        if not audience.sockets and not any(expert_id in other.expert_ids for other in self._sockets):
            del self._audiences[expert_id]
            self._engine.feed.leave(expert_id)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            await self._engine.feed.verify()
            now = views.moment(int(time.time() * 1000))
            for socket in list(self._sockets):
                versions = {
                    expert_id: audience.room.version
                    for expert_id in socket.expert_ids
                    if (audience := self._audiences.get(expert_id)) and audience.room.current
                }
                socket.send(encode({"type": "heartbeat", "time": now, "versions": versions}))


class TooManyExperts(SlotlineError):
    code, status, title = "too-many-experts", 409, f"A socket watches at most {MOST_EXPERTS} experts"


def error_frame(code: str, detail: str) -> dict[str, str]:
    return {"type": "error", "code": code, "detail": detail}


def install(app: Sanic[Any, Any]) -> None:
    async def live(request: Request, ws: Websocket) -> None:
        hub: Hub = request.app.ctx.hub
        await hub.serve(ws)

    app.add_websocket_route(live, "/api/live", name="live")
