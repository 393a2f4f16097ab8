"""The live feed: what happens to an expert's slots, to whoever in this process watches.

One Redis subscription an expert (`engine.subscriptions`), only while somebody watches it: a room (`engine.room`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from engine.calendars import Calendars
from engine.calls import Calls
from engine.errors import StoreUnavailable
from engine.keys import Keys
from engine.room import Event, Listener, Room
from engine.routes import Route
from engine.subscriptions import Subscriptions

__all__ = ["EXPERTS_CHANNEL", "Event", "Feed", "Listener", "Room"]

log = logging.getLogger("slotline.feed")

EXPERTS_CHANNEL = "slotline:experts"
"""Says that profiles have changed."""


LAG = 0.25
"""Seconds that an event may be on its way before a room counts as behind."""
AT_ONCE = 64
"""Rooms that are compared with Redis in one write."""


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
        """The changes after ``version`` up to the room's, from the change log; None if it is too short for that.

        Raises StoreUnavailable.
        """
        if epoch != room.epoch or version > room.version:
            return None
        return await self._logged(room, version, room.version)

    async def since(self, room: Room) -> list[Event] | None:
        """What has happened in Redis since the room's version; None if the change log cannot tell.

        Raises StoreUnavailable.
        """
        if room.version < 0:
            return None
        epoch, version = await self._versions(room)
        if epoch != room.epoch or version < room.version:
            return None
        return await self._logged(room, room.version, version)

    async def _logged(self, room: Room, after: int, last: int) -> list[Event] | None:
        """The changes from ``after`` (not included) to ``last``, if the log has every one of them."""
        if after == last:
            return []
        epoch, key = room.epoch, self._keys.of(room.expert_id).log(room.expert_id)
        entries = await self._calls.command("XRANGE", key, f"{after + 1}-0", f"{last}-0")
        if len(entries or ()) != last - after:  # which may be a trillion
            return None
        events = [Event.parse(fields[1].decode()) for _, fields in entries]
        whole = all((each.epoch, each.version) == (epoch, after + n) for n, each in enumerate(events, 1))
        return events if whole else None

    async def _versions(self, room: Room) -> tuple[str, int]:
        """Epoch (empty for none) and version in Redis."""
        partition = self._keys.of(room.expert_id)
        epoch, version = await self._calls.command("MGET", partition.epoch, partition.version(room.expert_id))
        return (epoch or b"").decode(), int(version or 0)

    async def verify(self) -> None:
        """Compares each room with Redis. A loss that no later event has shown, or a new epoch, shows here. A room that
        is catching up needs none of it, and its server may be away."""
        rooms = [room for room in self._rooms.values() if room.current]
        for start in range(0, len(rooms), AT_ONCE):
            await self._verify(rooms[start : start + AT_ONCE])

    async def _verify(self, rooms: list[Room]) -> None:
        """Twice: what differs only because it is still on its way differs no more, or has become another difference."""
        suspects: dict[Room, int] = {}
        for look in range(2):
            if look and not suspects:
                return
            if look:
                await asyncio.sleep(LAG)
            looked: dict[Room, int | None] = {**suspects} or dict.fromkeys(rooms)
            try:
                known = await asyncio.gather(*(self._versions(room) for room in looked))
            except StoreUnavailable:
                return
            suspects = {
                room: room.version
                for room, there in zip(looked, known, strict=True)
                if room.current and there != (room.epoch, room.version) and looked[room] in (None, room.version)
            }
        for room in suspects:
            log.warning("the picture of %s was not what Redis has; catching up", room.expert_id)
            room.resync()

    def heard(self, channel: bytes, data: bytes) -> None:
        if (room := self._by_channel.get(channel)) is not None:
            try:
                event = Event.parse(data.decode())
            except ValueError:
                log.error("somebody tells nonsense on the channel of %s", room.expert_id)
                room.resync()
                return
            room.hear(event)
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
