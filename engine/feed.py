"""The live feed: what happens to an expert's slots, to whoever in this process watches.

One Redis subscription an expert (`engine.subscriptions`), only while somebody watches. A room subscribes and buffers
first, reads the snapshot after, and merges by version, so that nothing falls between. Versions go up by one; a gap,
another epoch or a subscription that broke makes the room read the calendar anew before it says anything else.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.calendars import Calendars
from engine.calls import Calls
from engine.errors import StoreUnavailable
from engine.keys import Keys
from engine.model import Calendar, Slot
from engine.routes import Route
from engine.subscriptions import Subscriptions

log = logging.getLogger("slotline.feed")

EXPERTS_CHANNEL = "slotline:experts"
"""Says that profiles have changed."""


LAG = 0.25
"""Seconds that an event may be on its way before a room counts as behind."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change: the slot's whole state at this version. Without a slot: read the calendar anew."""

    epoch: str
    version: int
    slot: Slot | None

    @classmethod
    def parse(cls, text: str) -> Event:
        epoch, version, *rest = text.split(" ", 3)
        return cls(epoch, int(version), Slot.from_record(*rest) if rest else None)


class Listener(Protocol):
    """What a watcher is told. Both are called from the event loop and must not block."""

    def on_event(self, event: Event) -> None: ...

    def on_snapshot(self) -> None: ...


class Room:
    """The live picture of one expert's calendar."""

    def __init__(self, expert_id: str, feed: Feed) -> None:
        self.expert_id = expert_id
        self.epoch = ""
        self.version = -1
        self.slots: dict[str, Slot] = {}
        self.listener: Listener | None = None
        self._feed = feed
        self._buffer: list[Event] = []
        self._subscribed = asyncio.Event()
        self._breaks = 0
        self._syncing: asyncio.Task[None] | None = None

    @property
    def current(self) -> bool:
        """Whether the picture may be shown."""
        return self._syncing is None and self.version >= 0

    def subscribed(self) -> None:
        self._subscribed.set()
        self.resync()

    def unsubscribed(self) -> None:
        """The subscription broke: nothing is believed until it stands again and a snapshot has been read."""
        self._subscribed.clear()
        self._breaks += 1
        self.resync()

    def hear(self, event: Event) -> None:
        if self._syncing is not None:
            self._buffer.append(event)
        elif event.epoch != self.epoch or event.version > self.version + 1 or event.slot is None:
            self._buffer.append(event)
            self.resync()
        elif event.version == self.version + 1:
            self._apply(event)
            if self.listener is not None:
                self.listener.on_event(event)

    def _apply(self, event: Event) -> None:
        assert event.slot is not None
        self.version = event.version
        self.slots[event.slot.id] = event.slot

    def resync(self) -> None:
        if self._syncing is None:
            self._syncing = asyncio.create_task(self._sync(), name=f"sync {self.expert_id}")

    async def ready(self) -> None:
        """Waits until the picture is current."""
        while self._syncing is not None:
            await asyncio.shield(self._syncing)

    def close(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()

    async def _sync(self) -> None:
        pause = 0.05
        while True:
            await self._subscribed.wait()
            breaks = self._breaks
            try:
                calendar = await self._feed.calendars.read(self.expert_id)
            except StoreUnavailable:
                await asyncio.sleep(pause * (0.5 + random.random()))
                pause = min(pause * 2, 1.0)
                continue
            # A subscription that broke and stands again may have missed what this snapshot is too old to have.
            if self._breaks == breaks and self._merge(calendar):
                break
        self._syncing = None
        if self.listener is not None:
            self.listener.on_snapshot()

    def _merge(self, calendar: Calendar) -> bool:
        """Takes the snapshot and what was heard since; False if there is a gap and another snapshot is needed."""
        self.epoch, self.version = calendar.epoch, calendar.version
        self.slots = {slot.id: slot for slot in calendar.slots}
        heard, self._buffer = self._buffer, []
        for event in heard:
            if event.epoch != self.epoch or event.version <= self.version:
                continue  # another epoch's, or in the snapshot already
            if event.version != self.version + 1 or event.slot is None:
                return False
            self._apply(event)
        return True


class Feed:
    def __init__(self, route: Route, calls: Calls, keys: Keys, calendars: Calendars, *, timeout: float) -> None:
        self._calls = calls
        self._keys = keys
        self.calendars = calendars
        self._rooms: dict[str, Room] = {}
        self._by_channel: dict[bytes, Room] = {}
        self._subscriptions = Subscriptions(route, self, timeout)
        self.on_experts_changed: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._subscriptions.start(EXPERTS_CHANNEL.encode())

    async def stop(self) -> None:
        for room in self._rooms.values():
            room.close()
        await self._subscriptions.stop()

    @property
    def silence(self) -> float:
        """Seconds since Redis last said anything on the subscriptions; infinite without one."""
        return self._subscriptions.silence

    def room(self, expert_id: str) -> Room:
        """The room of an expert, made and subscribed if nobody watched so far. `Room.ready` waits for its picture."""
        room = self._rooms.get(expert_id)
        if room is None:
            room = Room(expert_id, self)
            channel = self._keys.of(expert_id).channel(expert_id).encode()
            self._rooms[expert_id] = self._by_channel[channel] = room
            room.resync()
            self._subscriptions.add(channel)
        return room

    def leave(self, expert_id: str) -> None:
        """Nobody watches this expert any more."""
        room = self._rooms.pop(expert_id, None)
        if room is not None:
            room.close()
            channel = self._keys.of(expert_id).channel(expert_id).encode()
            del self._by_channel[channel]
            self._subscriptions.discard(channel)

    async def missed(self, room: Room, epoch: str, version: int) -> list[Event] | None:
        """The changes after ``version`` up to the room's, from the change log; None if it is too short for that."""
        if epoch != room.epoch or version > room.version:
            return None
        found: list[Event] = []
        key = self._keys.of(room.expert_id).log(room.expert_id)
        while version + len(found) < room.version:
            after = version + len(found)
            entries = await self._calls.command("XRANGE", key, f"{after + 1}-0", "+")
            events = [Event.parse(fields[1].decode()) for _, fields in entries or ()]
            events = [event for event in events if event.version <= room.version]
            if not events or epoch != room.epoch or events[0].version != after + 1:
                return None
            found += events
        return found

    async def verify(self) -> None:
        """Compares each room with Redis. A loss that no later event has shown, or a new epoch, shows here."""
        for room in list(self._rooms.values()):
            try:
                partition = self._keys.of(room.expert_id)
                known = await self._calls.command("MGET", partition.epoch, partition.version(room.expert_id))
            except StoreUnavailable:
                return
            epoch, version = known
            if room.current and (epoch != room.epoch.encode() or int(version or 0) > room.version):
                await asyncio.sleep(LAG)
                if room.current and (epoch != room.epoch.encode() or int(version or 0) > room.version):
                    log.warning("the picture of %s was behind Redis; reading it anew", room.expert_id)
                    room.resync()

    def heard(self, channel: bytes, data: bytes) -> None:
        if (room := self._by_channel.get(channel)) is not None:
            room.hear(Event.parse(data.decode()))
        elif channel == EXPERTS_CHANNEL.encode():
            self.on_experts_changed()

    def stands(self, channel: bytes) -> None:
        if (room := self._by_channel.get(channel)) is not None:
            room.subscribed()
        else:
            self.on_experts_changed()

    def broke(self, channel: bytes) -> None:
        if (room := self._by_channel.get(channel)) is not None:
            room.unsubscribed()
