"""The verbs: book, confirm, complete, cancel, close, open. The only writer of the live state.

Every verb is one script; what it decided is durable before the verb returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pymongo.errors import PyMongoError

from engine.calls import Calls
from engine.errors import (
    BookingNotFound,
    EpochMissing,
    HoldExpired,
    IdempotencyKeyReused,
    InvalidTransition,
    SlotHeld,
    SlotlineError,
    SlotNotFound,
    SlotTaken,
    StoreUnavailable,
    TooManyBookings,
)
from engine.fence import Fence, Refused
from engine.journal import Journal, Written
from engine.keys import Keys
from engine.model import Booking, Change, Place, Slot, Status, digest, expert_of, new_booking_id
from engine.records import dump_body
from engine.settings import Settings
from engine.store import Store
from engine.wire import Arg, LinkLost

log = logging.getLogger("slotline.desk")

DISCLAIM_AFTER = (0.5, 5.0, 30.0)
"""Seconds between the looks for a claim whose answer was lost."""

VERB_OF_STATUS = {Status.CONFIRMED: "confirm", Status.COMPLETED: "complete", Status.CANCELLED: "cancel"}


@dataclass(slots=True)
class Request:
    """What a customer asks for. ``key`` is the Idempotency-Key, if any."""

    expert_id: str
    slot_id: str
    name: str
    email: str
    phone: str
    notes: str = ""
    key: str | None = None
    hold: str = ""
    """Token of a hold on the slot."""
    who: str = ""
    """Stands for the customer whose bookings with the expert are limited; empty: they are not."""

    def fingerprint(self) -> str:
        """The same for the same request, whatever the order and spacing of its JSON was."""
        return digest(
            orjson.dumps((self.expert_id, self.slot_id, self.name, self.email, self.phone, self.notes, self.hold))
        )


@dataclass(slots=True)
class Booked:
    booking: Booking
    replayed: bool = False
    """The same Idempotency-Key has made this booking before."""
    durable: bool = True
    """False: claimed, but MongoDB has not confirmed in time."""


class Desk:
    def __init__(
        self, calls: Calls, keys: Keys, store: Store, journal: Journal, fence: Fence, settings: Settings
    ) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._journal = journal
        self._fence = fence
        self._disclaiming: set[asyncio.Task[None]] = set()
        self._limits: tuple[Arg, ...] = (settings.keep_bookings, settings.backlog)
        self._most = settings.bookings_per_email if settings.rate_limits else 0

    async def book(self, request: Request, by: str = "customer", *, again: bool = False) -> Booked:
        """Claims a free seat and has it written.

        Raises SlotNotFound, SlotPast, SlotClosed, SlotTaken, SlotHeld, HoldExpired, IdempotencyKeyReused, RateLimited,
        Backlogged or StoreUnavailable.
        """
        expert_id, slot_id = request.expert_id, request.slot_id
        if expert_of(slot_id) != expert_id:
            raise SlotNotFound()
        booking_id = new_booking_id(expert_id)
        fingerprint = request.fingerprint()
        key_digest = digest(request.key.encode()) if request.key else ""
        partition = self._keys.of(expert_id)
        booking_key = partition.booking(booking_id)
        most = self._most if request.who else 0
        mine = partition.mine(expert_id, request.who) if most else booking_key
        try:
            answer = await self._claim(
                booking_id,
                bool(key_digest),
                (
                    *partition.feed(expert_id),
                    partition.outbox,
                    booking_key,
                    partition.idempotency(key_digest) if key_digest else booking_key,
                    *partition.holds(slot_id),
                    mine,
                ),
                (
                    slot_id,
                    booking_id,
                    dump_body(request.name, request.email, request.phone, request.notes),
                    f'"{by}"',
                    key_digest,
                    fingerprint,
                    *self._limits,
                    request.hold,
                    *self._calls.publish,
                    most,
                ),
            )
        except (SlotTaken, SlotHeld, HoldExpired) as error:
            return await self._refuse(error, key_digest, fingerprint)
        if answer[0] == b"known":
            if booked := await self._replay(answer[1].decode()):
                return booked
            if again:
                raise StoreUnavailable("the booking of this Idempotency-Key is nowhere to be found now; ask again")
            # Redis has lost it after it knew it, while MongoDB was getting it: the fence finds whichever comes second.
            return await self.book(request, by, again=True)
        if answer[0] == b"too-many":
            if not again and await self._forget_ended(mine, answer[1:]):
                return await self.book(request, by, again=True)
            raise TooManyBookings()
        if answer[0] == b"replayed":  # our own retry, after the first answer was lost
            booking = self._calls.booking(answer)
            return await self._write(booking, None)
        _, seat, start, end, at, entry = answer
        booking = Booking(
            booking_id,
            1,
            Status.PENDING,
            slot_id,
            int(seat),
            int(start),
            int(end),
            request.name,
            request.email,
            request.phone,
            request.notes,
            int(at),
            int(at),
            (Change(int(at), None, Status.PENDING, by, None, Place(slot_id, int(seat), int(start), int(end))),),
            key_digest or None,
            fingerprint,
        )
        return await self._write(booking, entry)

    async def _forget_ended(self, mine: str, booking_ids: Sequence[bytes]) -> int:
        """Takes out of a customer's bookings what has ended, which nothing does when one is cancelled; answers how many
        that were. No booking comes back from there: what is read here cannot be out of date."""
        gone = []
        for booking_id in booking_ids:
            try:
                ended = (await self.booking(booking_id.decode())).status in (Status.CANCELLED, Status.COMPLETED)
            except BookingNotFound:
                ended = True
            if ended:
                gone.append(booking_id)
        return int(await self._calls.command("ZREM", mine, *gone)) if gone else 0

    async def _refuse(self, error: SlotlineError, key_digest: str, fingerprint: str) -> Booked:
        """A Redis that has just come back may have forgotten a key whose booking keeps the slot full: MongoDB knows."""
        if key_digest and self._calls.young and (earlier := await self._store.bookings.of_key(key_digest)):
            if earlier.fingerprint != fingerprint:
                raise IdempotencyKeyReused()
            return Booked(earlier.first(), replayed=True)
        raise error

    async def _claim(self, booking_id: str, keyed: bool, keys: tuple[str, ...], args: tuple[Arg, ...]) -> list[Any]:
        try:
            return await self._calls.run("book", keys, args)
        except LinkLost:
            # The answer was lost each time, so the claim may stand, and the client hears 503. With a key it asks again
            # and gets its booking; without one it would be kept out by it.
            if not keyed:
                task = asyncio.create_task(self._disclaim(booking_id))
                self._disclaiming.add(task)
                task.add_done_callback(self._disclaiming.discard)
            raise

    async def _disclaim(self, booking_id: str) -> None:
        """Cancels a booking that nobody knows of, if there is one. What was sent may still be on its way: twice."""
        for pause in DISCLAIM_AFTER:
            await asyncio.sleep(pause)
            try:
                await self.change(booking_id, Status.CANCELLED, "system", "the connection to the store was lost")
            except (BookingNotFound, StoreUnavailable, PyMongoError) as error:
                log.info("booking %s, whose answer was lost: %s", booking_id, error)

    async def _write(self, booking: Booking, entry: bytes | None) -> Booked:
        try:
            written = await self._journal.commit(booking, entry)
        except Refused as refusal:
            if refusal.earlier:
                return Booked(refusal.earlier.first(), replayed=True)
            raise refusal.error from None
        return Booked(booking, durable=written is Written.DURABLE)

    async def _replay(self, booking_id: str) -> Booked | None:
        """The first answer again, once the booking is durable: its first request may still be waiting for that.

        None when the booking is in neither store.
        """
        stored = await self._store.bookings.get(booking_id)
        if stored:
            return Booked(stored.first(), replayed=True)
        live = await self._fence.live(booking_id)
        if live is None:
            return None
        booked = await self._write(live, None)
        return Booked(booked.booking.first(), replayed=True, durable=booked.durable)

    async def change(self, booking_id: str, status: Status, by: str, reason: str | None = None) -> Booking:
        """Moves a booking along the status machine; its present status again is no change.

        Raises BookingNotFound, InvalidTransition, StoreUnavailable.
        """
        if status is Status.PENDING:
            booking = await self.booking(booking_id)
            if booking.status is not Status.PENDING:
                raise InvalidTransition(f"nothing goes back to pending; this booking is {booking.status}")
            return booking
        return await self._with_booking(booking_id, lambda: self._change(booking_id, status, by, reason))

    async def reschedule(self, booking_id: str, slot_id: str, by: str, reason: str | None = None) -> Booking:
        """Moves a booking to another slot of its expert; to the slot it has is no change.

        Raises BookingNotFound, InvalidTransition, SlotNotFound, SlotPast, SlotClosed, SlotTaken, SlotHeld,
        StoreUnavailable.
        """
        if expert_of(slot_id) != expert_of(booking_id):
            raise SlotNotFound()
        return await self._with_booking(booking_id, lambda: self._move(booking_id, slot_id, by, reason))

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

    async def _change(self, booking_id: str, status: Status, by: str, reason: str | None) -> Booking:
        partition = self._keys.of(booking_id)
        feed = partition.feed(expert_of(booking_id))
        told: tuple[Arg, ...] = (orjson.dumps(by), orjson.dumps(reason))
        if status is Status.CANCELLED:
            keys: tuple[str, ...] = (*feed, partition.outbox, partition.booking(booking_id))
            told += self._calls.publish
        else:
            keys = (partition.epoch, partition.outbox, partition.booking(booking_id))
        return await self._changed(await self._calls.run(VERB_OF_STATUS[status], keys, told))

    async def _move(self, booking_id: str, slot_id: str, by: str, reason: str | None) -> Booking:
        partition = self._keys.of(booking_id)
        keys = (
            *partition.feed(expert_of(booking_id)),
            partition.outbox,
            partition.booking(booking_id),
            *partition.holds(slot_id),
        )
        told: tuple[Arg, ...] = (slot_id, orjson.dumps(by), orjson.dumps(reason), *self._limits)
        return await self._changed(await self._calls.run("reschedule", keys, (*told, *self._calls.publish)))

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
        """Puts a closed slot on sale again. Raises SlotNotFound, StoreUnavailable."""
        return await self._shutter("open", slot_id)

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
