"""Everybody here who watches one expert, and how far each of them has been told."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from api import metrics
from api.live.frames import now_ms, resumed_frame, slot_frame, snapshot_frame
from engine.feed import Event, Room

if TYPE_CHECKING:
    from api.live.fanout import FanOut
    from api.live.socket import Socket

MOST_FRAMES, MOST_BYTES = 256, 65_536
"""Of the last changes that are kept for those who come back or fall behind."""
BATCH = 64
"""Sockets that are written to between two looks at the clock."""
GENERATION = 1 << 32
"""How far a whole new calendar moves the head: no cursor from before it can be taken for one within it."""


class Audience:
    """The head counts what has happened; a cursor is how far a socket has been told.

    A socket that does not take what it is sent just stays behind, and costs nothing meanwhile. Once it does again it
    gets what it has missed: the changes, if they are few and still here, else the calendar as it is now, which has the
    newest state of each slot once. Either way it knows.
    """

    def __init__(self, room: Room, fanout: FanOut) -> None:
        self.room = room
        room.listener = self
        self.cursors: dict[Socket, int] = {}
        self.joining = 0
        """Sockets whose subscription is under way."""
        self.epoch, self.version = "", -1
        """What the head stands for."""
        self.head = 0
        self.pending = False
        """Whether the fan-out has this audience on its list."""
        self._fanout = fanout
        self._frames: deque[bytes] = deque()
        """Those that lead from the floor to the head."""
        self._bytes = 0
        self._snapshot: tuple[str, int, int, bytes] = ("", -1, 0, b"")
        """Epoch, version, the moment (epoch ms) until which it is right, frame."""
        self._chunks: tuple[int, dict[int, bytes]] = (-1, {})
        """For one head: cursor → all that is missing."""
        self._round: list[Socket] = []
        self._next = 0
        self._told = 0
        """The head when the present round began."""

    @property
    def floor(self) -> int:
        return self.head - len(self._frames)

    @property
    def empty(self) -> bool:
        return not self.cursors and not self.joining

    # What the room tells ---------------------------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        self._append(slot_frame(self.room.expert_id, event))
        self.head += 1
        self.epoch, self.version = event.epoch, event.version
        while len(self._frames) > MOST_FRAMES or self._bytes > MOST_BYTES:
            self._bytes -= len(self._frames.popleft())
        if self.cursors:
            self._fanout.due(self)

    def on_snapshot(self) -> None:
        self._frames.clear()
        self._bytes = 0
        self.head += GENERATION
        self.epoch, self.version = self.room.epoch, self.room.version
        if self.cursors:
            self._fanout.due(self)

    def _append(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._bytes += len(frame)

    # Who comes and goes ----------------------------------------------------------------------------------------------

    def show(self, socket: Socket) -> None:
        """The whole calendar, and from here on every change."""
        socket.send(self.snapshot())
        self.cursors[socket] = self.head
        metrics.count_subscription("snapshot")

    def resume(self, socket: Socket, epoch: str, version: int) -> bool:
        """What came after ``version``, and from here on every change; False if not all of it is here."""
        cursor = self.head - (self.version - version)
        if epoch != self.epoch or not self.floor <= cursor <= self.head:
            return False
        missed = islice(self._frames, cursor - self.floor, None)
        socket.send(resumed_frame(self.room.expert_id, epoch, version) + b"".join(missed))
        self.cursors[socket] = self.head
        metrics.count_subscription("resumed")
        return True

    def recall(self, missed: Iterable[Event]) -> None:
        """Keeps what the change log has from before the floor, for others that come back at the same time."""
        oldest = self.version - len(self._frames) + 1
        for event in sorted(missed, key=lambda event: -event.version):
            if event.epoch == self.epoch and event.version == oldest - 1:
                frame = slot_frame(self.room.expert_id, event)
                if len(self._frames) >= MOST_FRAMES or self._bytes + len(frame) > MOST_BYTES:
                    return
                self._frames.appendleft(frame)
                self._bytes += len(frame)
                oldest -= 1

    def version_of(self, socket: Socket) -> int | None:
        """The version that this socket has been told; None while a whole calendar is on its way to it."""
        behind = self.head - self.cursors.get(socket, 0)
        return self.version - behind if behind < GENERATION else None

    # Fan-out ---------------------------------------------------------------------------------------------------------

    def work(self, deadline: float) -> bool:
        """Tells as many as the time allows (``time.perf_counter``); whether there is more to do."""
        while True:
            if self._next >= len(self._round):
                if self._told == self.head:
                    self._round, self._next, self.pending = [], 0, False
                    return False
                self._round, self._next, self._told = list(self.cursors), 0, self.head
            self._tell(self._round[self._next : self._next + BATCH])
            self._next += BATCH
            if time.perf_counter() >= deadline:
                return True

    def tell(self, socket: Socket) -> None:
        """Brings one up to date that had fallen behind: by the changes, or by the calendar if that is shorter."""
        cursor = self.cursors[socket]
        if self.floor <= cursor < self.head - 1 and len(self._missing(cursor)) > len(self.snapshot()):
            self.cursors[socket] = 0
        self._tell((socket,))

    def _tell(self, sockets: Sequence[Socket]) -> None:
        head, cursors, write = self.head, self.cursors, os.write
        usual, data, size, frames, told = -1, b"", 0, 0, 0
        for socket in sockets:
            cursor = cursors.get(socket, head)
            if cursor == head:
                continue  # knows it, or has left
            if cursor != usual:
                usual, data = cursor, self._missing(cursor)
                size, frames = len(data), min(head - cursor, len(self._frames)) or 1
            fd = socket.fd
            if fd >= 0:
                try:
                    sent = write(fd, data)
                except OSError:
                    sent = 0
                if sent != size:
                    socket.send(data[sent:])
            elif socket.secure and not socket.stalled_since and not socket.closing:
                socket.send(data)
            else:
                continue
            cursors[socket] = head
            told += frames
        metrics.count_frames(told)

    def _missing(self, cursor: int) -> bytes:
        """All that leads from a cursor to the head: the same bytes for everybody who stands there."""
        head, chunks = self._chunks
        if head != self.head:
            chunks = {}
            self._chunks = (self.head, chunks)
        data = chunks.get(cursor)
        if data is None:
            data = chunks[cursor] = self._join(cursor)
        return data

    def _join(self, cursor: int) -> bytes:
        if cursor < self.floor:
            return self.snapshot()
        if cursor == self.head - 1:
            return self._frames[-1]
        return b"".join(islice(self._frames, cursor - self.floor, None))

    def snapshot(self) -> bytes:
        """The calendar as it is now; encoded once a version, unless time itself changes it: slots begin, holds end."""
        room, now = self.room, now_ms()
        epoch, version, until, frame = self._snapshot
        if (epoch, version) == (room.epoch, room.version) and now < until:
            return frame
        slots = sorted(room.slots.values(), key=lambda slot: slot.start)
        moments = (moment for slot in slots for moment in (slot.start * 1000, slot.held_until))
        until = min((moment for moment in moments if moment > now), default=now + 60_000)
        frame = snapshot_frame(room.expert_id, room.epoch, room.version, slots, now)
        self._snapshot = (room.epoch, room.version, until, frame)
        return frame
