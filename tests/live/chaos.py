"""What can go wrong between a change in Redis and a screen, done on purpose, and who remembers what was true."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from api import views
from api.live.frames import now_ms
from engine.claim import Request
from engine.engine import Engine
from engine.errors import SlotlineError, StoreUnavailable
from engine.feed import Event
from engine.live import Backoff, LiveClient, Picture
from engine.model import Calendar, Hold, Slot, Status
from tests.api.serving import Server, eventually

Version = tuple[str, int]
State = dict[str, tuple[str, int]]
"""Slot id → state and free seats."""
Counts = tuple[int, int, int]
"""Losses, whole calendars and connections of a screen so far."""


def state_of(slots: list[dict[str, Any]]) -> State:
    return {slot["id"]: (slot["state"], slot["free"]) for slot in slots}


class Screen(LiveClient):
    """A client that notes every state it has shown. With a ``share`` above 0 the wire to it loses, doubles and swaps
    that part of the slot frames."""

    def __init__(self, url: str, seed: int, share: float = 0.0) -> None:
        rng = random.Random(seed)
        super().__init__(url, backoff=Backoff(first=0.2, most=1.0, rng=rng), beat=1.0)
        self.shown: dict[Version, State] = {}
        self.share = share
        self.misses: list[Counts] = []
        """Of each frame that was due next and has been lost on the wire: what the screen had counted until then."""
        self._rng = rng
        self._late: list[tuple[str | bytes, Counts | None]] = []
        self._heard, self.session.heard = self.session.heard, self._tampered  # type: ignore[method-assign]
        self.session.on_change = self._note

    def _note(self, picture: Picture) -> None:
        if picture.version >= 0:
            self.shown[picture.epoch, picture.version] = state_of(list(picture.slots.values()))
        self._changed(picture)

    def _tampered(self, text: str | bytes, now: float) -> list[str]:
        if '"type":"slot"' not in str(text) or self._rng.random() >= self.share:
            messages = self._heard(text, now)
            while self._late:
                late, miss = self._late.pop()
                if miss and self._due(late):
                    self.misses.remove(miss)  # nothing has come in between
                messages += self._heard(late, now)
            return messages
        fate = self._rng.choice(("drop", "double", "late"))
        if fate == "double":
            return self._heard(text, now) + self._heard(text, now)
        miss = self._count() if self._due(text) else None
        if miss:
            self.misses.append(miss)
        if fate == "late":
            self._late.append((text, miss))
        return []

    @property
    def unaware(self) -> bool:
        """Whether nothing has told it since that it missed a frame: no gap, no whole calendar, no new connection."""
        return self._count() in self.misses

    @property
    def _picture(self) -> Picture:
        return next(iter(self.session.pictures.values()))

    def _due(self, text: str | bytes) -> bool:
        return self._picture.live and f'"version":{self._picture.version + 1},' in str(text)

    def _count(self) -> Counts:
        return self._picture.losses, self._picture.snapshots, self.connections

    def cut(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    def stall(self, seconds: float) -> None:
        """It does not read for so long."""
        if self._socket is not None:
            transport = self._socket.transport
            transport.pause_reading()
            asyncio.get_running_loop().call_later(seconds, lambda: transport.is_closing() or transport.resume_reading())


@dataclass(slots=True)
class Truth:
    """What each version was, by the change log: it is made in the same script as the change."""

    engine: Engine
    expert_id: str
    states: dict[Version, State] = field(default_factory=dict)
    _slots: dict[str, Slot] = field(default_factory=dict)
    _last: Version = ("", -1)

    async def note(self) -> None:
        """Takes what has happened since; a gap in the log (another epoch) begins anew."""
        calendar = await self.engine.calendars.read(self.expert_id)
        log = self.engine.keys.of(self.expert_id).log(self.expert_id)
        entries = await self.engine.calls.command("XRANGE", log, "-", f"{max(calendar.version, 1)}-0")
        for event in [Event.parse(fields[1].decode()) for _, fields in entries or ()]:
            epoch, version = self._last
            if event.slot is not None and event.epoch == epoch and event.version == version + 1:
                self._slots[event.slot.id] = event.slot
                self._keep((epoch, event.version))
        if self._last != (calendar.epoch, calendar.version):
            self._slots = {slot.id: slot for slot in calendar.slots}
            self._keep((calendar.epoch, calendar.version))
        else:
            assert self.states[self._last] == shown(calendar), "the log does not lead to the calendar"

    def _keep(self, version: Version) -> None:
        self._last = version
        now = now_ms()
        self.states[version] = state_of([views.slot(slot, now) for slot in self._slots.values()])


def shown(calendar: Calendar) -> State:
    now = now_ms()
    return state_of([views.slot(slot, now) for slot in calendar.slots])


class Chaos:
    """The steps. Each is named as Hypothesis draws it; ``number`` chooses what it is done to."""

    def __init__(self, server: Server, engine: Engine, truth: Truth, slots: list[Slot], screens: list[Screen]) -> None:
        self.server, self.engine, self.truth, self.slots, self.screens = server, engine, truth, slots, screens
        self._holds: list[Hold] = []
        self._closed: set[str] = set()
        self._booked: list[str] = []
        self.steps: dict[str, Callable[[int], Awaitable[None]]] = {
            "book": self._book, "cancel": self._cancel, "hold": self._hold, "release": self._release,
            "close": self._close, "burst": self._burst, "lost on the way to the workers": self._unheard,
            "told again": self._again, "subscriptions break": self._deaf, "a screen is cut off": self._cut,
            "a screen stalls": self._stall, "a worker is killed": self._kill, "Redis is emptied": self._flush,
            "a moment": self._moment,
        }  # fmt: skip

    async def do(self, step: str, number: int) -> None:
        try:
            await self.steps[step](number)
        except SlotlineError as error:
            if isinstance(error, StoreUnavailable):
                await asyncio.sleep(0.05)  # a rebuild is under way: nothing has happened

    def _slot(self, number: int) -> Slot:
        return self.slots[number % len(self.slots)]

    async def _book(self, number: int) -> None:
        slot = self._slot(number)
        asked = Request(slot.expert_id, slot.id, "Ann Onymous", "ann@example.com", "+49 30 1234567", "", None)
        self._booked.append((await self.engine.book(asked)).booking.id)

    async def _cancel(self, number: int) -> None:
        if self._booked:
            await self.engine.change(self._booked.pop(number % len(self._booked)), Status.CANCELLED, "customer")

    async def _hold(self, number: int) -> None:
        self._holds.append(await self.engine.holds.hold(self._slot(number).id))

    async def _release(self, number: int) -> None:
        if self._holds:
            await self.engine.holds.release(self._holds.pop(number % len(self._holds)).token)

    async def _close(self, number: int) -> None:
        slot_id = self._slot(number).id
        if slot_id in self._closed:
            self._closed.discard(slot_id)
            await self.engine.desk.open(slot_id)
        else:
            self._closed.add(slot_id)
            await self.engine.desk.close(slot_id)

    async def _burst(self, number: int) -> None:
        await asyncio.gather(*(self._hold(number + place) for place in range(8)), return_exceptions=True)

    async def _unheard(self, number: int) -> None:
        """Published where nobody listens: on a sharded channel of one Redis."""
        calls = self.engine.calls
        usual = calls.publish
        calls.publish = ("SPUBLISH", *usual[1:])
        try:
            await self._hold(number)
        finally:
            calls.publish = usual

    async def _again(self, number: int) -> None:
        """Old messages once more, in any order."""
        partition = self.engine.keys.of(self.truth.expert_id)
        entries = await self.engine.calls.command("XRANGE", partition.log(self.truth.expert_id), "-", "+")
        texts = [fields[1] for _, fields in entries or ()][-12:]
        random.Random(number).shuffle(texts)
        for text in texts[:6]:
            await self.engine.calls.command("PUBLISH", partition.channel(self.truth.expert_id), text)

    async def _deaf(self, number: int) -> None:
        async with Redis.from_url(self.server.redis.url) as client:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    async def _cut(self, number: int) -> None:
        self.screens[number % len(self.screens)].cut()

    async def _stall(self, number: int) -> None:
        self.screens[number % len(self.screens)].stall(0.1 + number % 10 / 10)

    async def _kill(self, number: int) -> None:
        pids = self.server.workers.pids
        if len(pids) == self.server.settings.workers:
            os.kill(pids[number % len(pids)], 9)

    async def _flush(self, number: int) -> None:
        await self.truth.note()
        await self.engine.calls.command("FLUSHALL")
        self._holds.clear()
        await eventually(self._rebuilt, 20)
        await self.truth.note()

    async def _rebuilt(self) -> bool:
        try:
            await self.engine.calendars.read(self.truth.expert_id)
        except StoreUnavailable:
            return False
        return True

    async def _moment(self, number: int) -> None:
        await asyncio.sleep(number % 10 / 50)
