"""Booking, and with it all verbs of bookings and slots: the only writer of the live state but for the holds.

Every verb is one script; what it decided is durable before the verb returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pymongo.errors import PyMongoError

from engine.calls import Calls
from engine.changes import Changes
from engine.errors import (
    BookingNotFound,
    HoldExpired,
    IdempotencyKeyReused,
    SlotHeld,
    SlotNotFound,
    SlotTaken,
    StoreUnavailable,
    TooManyBookings,
)
from engine.fence import Fence, Refused
from engine.journal import Journal, Written
from engine.keys import Keys
from engine.model import Booking, Change, Place, Status, digest, expert_of, new_booking_id
from engine.records import dump_body
from engine.settings import Settings
from engine.store import Store
from engine.wire import Arg, LinkLost

log = logging.getLogger("slotline.desk")

DISCLAIM_AFTER = (0.5, 5.0, 30.0)
"""Seconds between the looks for a claim whose answer was lost."""


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


class Desk(Changes):
    """All verbs of bookings and slots: ``book``, and what it inherits. Nothing else writes them."""

    def __init__(
        self, calls: Calls, keys: Keys, store: Store, journal: Journal, fence: Fence, settings: Settings
    ) -> None:
        super().__init__(calls, keys, store, journal, fence, settings)
        self._disclaiming: set[asyncio.Task[None]] = set()
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
        except (SlotTaken, SlotHeld, HoldExpired):
            # A Redis that has just come back may have forgotten a key whose booking keeps the slot full.
            if key_digest and self._calls.young and (earlier := await self._stored(key_digest, fingerprint)):
                return earlier
            raise
        if answer[0] == b"known":
            known = await self._replay(answer[1].decode()) or await self._stored(key_digest, fingerprint)
            if known is not None:
                return known
            if again:
                raise StoreUnavailable("the booking of this Idempotency-Key is nowhere to be found now; ask again")
            # Redis has lost it after it knew it, while MongoDB was getting it, or it was taken back meanwhile, because
            # another claim has the key: the fence finds whichever comes second.
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

    async def _stored(self, key_digest: str, fingerprint: str) -> Booked | None:
        """What MongoDB knows of a key. Raises IdempotencyKeyReused."""
        earlier = await self._store.bookings.of_key(key_digest)
        if earlier is None:
            return None
        if earlier.fingerprint != fingerprint:
            raise IdempotencyKeyReused()
        return Booked(earlier.first(), replayed=True)

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
