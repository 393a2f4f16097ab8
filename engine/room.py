"""A room: the live picture of one expert's calendar in this process.

It subscribes and buffers first, reads the calendar after, and merges by version, so that nothing falls between.
Versions go up by one; a gap, another epoch or a subscription that broke makes it catch up before it says anything else:
from the change log if that has all of it, so that watchers hear only of what changed, else from a new snapshot.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.errors import StoreUnavailable
from engine.model import Calendar, Slot

if TYPE_CHECKING:
    from engine.feed import Feed

log = logging.getLogger("slotline.feed")

MOST_BUFFERED = 10_000
"""Events a room keeps while it catches up; with more it starts over."""


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

    def on_event(self, event: Event) -> None:
        """The next version: one slot has changed, and the room has it."""

    def on_snapshot(self) -> None:
        """Anything may have changed: look at the room."""


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
        """The subscription stands. What was read before that moment may miss what was told before it."""
        self._breaks += 1
        self._subscribed.set()
        self.resync()

    def unsubscribed(self) -> None:
        """The subscription broke: nothing is believed until it stands again and what was missed has been read."""
        self._subscribed.clear()
        self._breaks += 1
        self.resync()

    def hear(self, event: Event) -> None:
        if self._syncing is not None:
            self._buffer.append(event)
            if len(self._buffer) > MOST_BUFFERED:
                self._buffer.clear()
                self._breaks += 1  # whatever is being read is too old to go on from
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
        """Catches up, and tells the listener once it has: each change that was missed, or that all may be different."""
        pause = 0.05
        known = (self.epoch, self.version)
        while True:
            await self._subscribed.wait()
            breaks = self._breaks
            try:
                missed = await self._feed.since(self) if (self.epoch, self.version) == known else None
                calendar = await self._feed.calendars.read(self.expert_id) if missed is None else None
            except Exception as error:  # whatever it is: without this task nobody would ever look again
                if not isinstance(error, StoreUnavailable):
                    log.exception("the calendar of %s cannot be read", self.expert_id)
                await asyncio.sleep(pause * (0.5 + random.random()))
                pause = min(pause * 2, 1.0)
                continue
            # A subscription that broke and stands again may have missed what this answer is too old to have.
            if self._breaks != breaks:
                continue
            told = self._replay(missed) if missed is not None else self._merge(calendar)
            if told is not None:
                break
        self._syncing = None
        if self.listener is None:
            return
        if missed is None and (self.epoch, self.version - len(told)) != known:
            self.listener.on_snapshot()
            return
        for event in told:
            self.listener.on_event(event)

    def _replay(self, missed: list[Event]) -> list[Event] | None:
        """Takes what the change log has, then what was heard; what was new, or None if there is a gap."""
        for event in missed:
            self._apply(event)
        heard = self._take_heard()
        return None if heard is None else missed + heard

    def _merge(self, calendar: Calendar | None) -> list[Event] | None:
        """Takes the snapshot, then what was heard; what was heard beyond it, or None if there is a gap."""
        assert calendar is not None
        self.epoch, self.version = calendar.epoch, calendar.version
        self.slots = {slot.id: slot for slot in calendar.slots}
        return self._take_heard()

    def _take_heard(self) -> list[Event] | None:
        taken = []
        heard, self._buffer = self._buffer, []
        for event in heard:
            if event.epoch != self.epoch or event.version <= self.version:
                continue  # another epoch's, or known already
            if event.version != self.version + 1 or event.slot is None:
                return None
            self._apply(event)
            taken.append(event)
        return taken
