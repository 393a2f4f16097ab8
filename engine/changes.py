"""The verbs for what is there: confirm, complete, cancel and move a booking, close, open and arrange slots.

Every verb is one script; what it decided is durable before the verb returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson

from engine.calls import Calls
from engine.entry import Written
from engine.errors import BookingNotFound, EpochMissing, InvalidTransition, SlotNotFound
from engine.fence import Fence, Refused
from engine.journal import Journal
from engine.keys import Keys
from engine.model import Booking, Slot, Status, expert_of
from engine.settings import Settings
from engine.store import Store
from engine.wire import Arg

VERB_OF_STATUS = {Status.CONFIRMED: "confirm", Status.COMPLETED: "complete", Status.CANCELLED: "cancel"}


Verb = Literal["add", "open", "offer", "close"]
"""See ``lua/arrange.lua``."""


class Wish(NamedTuple):
    """What is to become of a slot."""

    verb: Verb
    slot: Slot


@dataclass(frozen=True, slots=True)
class Arranged:
    """What became of wishes, in numbers of slots."""

    added: int = 0
    opened: int = 0
    """On sale again, or with another end or number of seats."""
    closed: int = 0
    bookings: int = 0
    """Active bookings of the slots that were to be closed; they stay."""
    left_out: int = 0
    """Not put on sale: others are in the way."""
    held: int = 0
    """As they were for now: somebody holds a seat."""
    unfinished: tuple[str, ...] = ()
    """Ids of what was left out or held."""

    def __add__(self, other: Arranged) -> Arranged:
        return Arranged(
            self.added + other.added, self.opened + other.opened, self.closed + other.closed,
            self.bookings + other.bookings, self.left_out + other.left_out, self.held + other.held,
            self.unfinished + other.unfinished,
        )  # fmt: skip


class BookingsInTheWay(Exception):
    """Nothing was closed: of these slots ``count`` seats are booked."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class Changes:
    def __init__(
        self, calls: Calls, keys: Keys, store: Store, journal: Journal, fence: Fence, settings: Settings
    ) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._journal = journal
        self._fence = fence
        self._limits: tuple[Arg, ...] = (settings.keep_bookings, settings.backlog)

    async def change(
        self,
        booking_id: str,
        status: Status,
        by: str,
        reason: str | None = None,
        *,
        slot_id: str = "",
        until_start: bool = False,
    ) -> Booking:
        """Moves a booking along the status machine; its present status again is no change. It is cancelled only if it
        is in the slot ``slot_id`` still, and with ``until_start`` only as long as its session has not begun.

        Raises BookingNotFound, InvalidTransition, SlotPast, StoreUnavailable.
        """
        if status is Status.PENDING:
            booking = await self.booking(booking_id)
            if booking.status is not Status.PENDING:
                raise InvalidTransition(f"nothing goes back to pending; this booking is {booking.status}")
            return booking
        return await self._with_booking(
            booking_id, lambda: self._change(booking_id, status, by, reason, slot_id, until_start)
        )

    async def reschedule(
        self, booking_id: str, slot_id: str, by: str, reason: str | None = None, *, until_start: bool = False
    ) -> Booking:
        """Moves a booking to another slot of its expert, with ``until_start`` only as long as its session has not
        begun; to the slot it has is no change.

        Raises BookingNotFound, InvalidTransition, SlotNotFound, SlotPast, SlotClosed, SlotTaken, SlotHeld,
        StoreUnavailable.
        """
        if expert_of(slot_id) != expert_of(booking_id):
            raise SlotNotFound()
        return await self._with_booking(booking_id, lambda: self._move(booking_id, slot_id, by, reason, until_start))

    async def _with_booking(self, booking_id: str, verb: Callable[[], Awaitable[Booking]]) -> Booking:
        """Redis lets go of bookings some days after their slot; MongoDB never does."""
        try:
            return await verb()
        except BookingNotFound:
            stored = await self._store.bookings.get(booking_id)
            if stored is None:
                raise
            await self._fence.restore(stored)
            return await verb()

    async def _change(
        self, booking_id: str, status: Status, by: str, reason: str | None, slot_id: str, until_start: bool
    ) -> Booking:
        partition = self._keys.of(booking_id)
        feed = partition.feed(expert_of(booking_id))
        told: tuple[Arg, ...] = (orjson.dumps(by), orjson.dumps(reason))
        if status is Status.CANCELLED:
            keys: tuple[str, ...] = (*feed, partition.outbox, partition.booking(booking_id))
            told += (*self._calls.publish, slot_id, int(until_start))
        else:
            keys = (partition.epoch, partition.outbox, partition.booking(booking_id))
        return await self._changed(await self._calls.run(VERB_OF_STATUS[status], keys, told))

    async def _move(self, booking_id: str, slot_id: str, by: str, reason: str | None, until_start: bool) -> Booking:
        partition = self._keys.of(booking_id)
        keys = (
            *partition.feed(expert_of(booking_id)),
            partition.outbox,
            partition.booking(booking_id),
            *partition.holds(slot_id),
        )
        told: tuple[Arg, ...] = (slot_id, orjson.dumps(by), orjson.dumps(reason), *self._limits, *self._calls.publish)
        return await self._changed(await self._calls.run("reschedule", keys, (*told, int(until_start))))

    async def _changed(self, answer: list[Any]) -> Booking:
        """The booking of a script's answer, once it is durable. That includes ``same``: it may be the answer to our own
        repetition of a call whose first answer was lost."""
        booking = self._calls.booking(answer)
        await self._settle(self._journal.commit(booking, answer[-1] if answer[0] == b"ok" else None))
        return booking

    async def booking(self, booking_id: str) -> Booking:
        """The live copy, else the stored one. Raises BookingNotFound, StoreUnavailable."""
        booking = await self._fence.live(booking_id) or await self._store.bookings.get(booking_id)
        if booking is None:
            # Without an epoch Redis has lost its bookings, and one of them may be on its way to MongoDB.
            if not await self._calls.command("EXISTS", self._keys.of(booking_id).epoch):
                self._calls.on_missing_epoch()
                raise EpochMissing()
            raise BookingNotFound()
        return booking

    async def close(self, slot_id: str) -> Slot:
        """Takes a slot off sale; its bookings stay. Raises SlotNotFound, StoreUnavailable."""
        return await self._shutter("close", slot_id)

    async def open(self, slot_id: str) -> Slot:
        """Puts a closed slot on sale again. Raises SlotNotFound, SlotOverlaps, StoreUnavailable."""
        return await self._shutter("open", slot_id)

    async def arrange(self, expert_id: str, wishes: Sequence[Wish], *, strict: bool, ends: int = 0) -> Arranged:
        """Has slots of one expert as they are wished for, all or none, and written. ``strict``: bookings of what is to
        be closed, and slots in the way of new ones, refuse everything; else these slots are left as they are. ``ends``:
        from then on (epoch ms, by the clock of Redis) nothing is done; 0: never.

        Raises BookingsInTheWay, SlotNotFound, SlotOverlaps, LeaseLost, StoreUnavailable.
        """
        partition = self._keys.of(expert_id)
        keys = (*partition.feed(expert_id), partition.outbox, partition.experts)
        said: list[Arg] = []
        for verb, slot in wishes:
            said += (verb, slot.id, "" if verb == "close" else slot.record)
        mode = "strict" if strict else "lenient"
        known = (expert_id, self._limits[1], *self._calls.publish, mode, ends)
        answer = await self._calls.run("arrange", keys, (*known, *said))
        if answer[0] == b"has-bookings":
            raise BookingsInTheWay(answer[1])
        *numbers, unfinished, changes = answer[1:]
        written = [
            self._journal.commit(Slot.from_record(slot_id.decode(), record.decode()), entry or None)
            for slot_id, record, entry in zip(changes[::3], changes[1::3], changes[2::3], strict=True)
        ]
        await asyncio.gather(*map(self._settle, written))
        return Arranged(*(*numbers, tuple(slot_id.decode() for slot_id in unfinished)))

    async def _shutter(self, verb: str, slot_id: str) -> Slot:
        partition = self._keys.of(slot_id)
        keys = (*partition.feed(expert_of(slot_id)), partition.outbox)
        answer = await self._calls.run(verb, keys, (slot_id, self._limits[1], *self._calls.publish))
        slot = Slot.from_record(slot_id, answer[2].decode())
        await self._settle(self._journal.commit(slot, answer[3] if answer[0] == b"ok" else None))
        return slot

    @staticmethod
    async def _settle(written: Awaitable[Written]) -> None:
        """A change that MongoDB has not confirmed in time stands all the same: it is decided, and in the outbox."""
        try:
            await written
        except Refused as refusal:
            raise refusal.error from None
