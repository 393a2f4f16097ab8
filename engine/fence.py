"""What to do with a booking that MongoDB's unique indexes refused.

Redis decides who gets a seat, but a Redis that lost its tail may give one away twice. MongoDB then refuses the second
booking, and Redis is mended from MongoDB. A refusal that comes only from the order of writing (the seat's former owner
has cancelled, and that is not written yet) is settled by writing that first.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum

from engine.calls import Calls
from engine.errors import BookingNotFound, IdempotencyKeyReused, SlotlineError, SlotTaken, StoreUnavailable
from engine.keys import Keys
from engine.model import Booking
from engine.records import from_record, to_record
from engine.store import Store

log = logging.getLogger("slotline.fence")


GIVEN_BACK = b'"the slot had been taken already; nothing was booked"'

NOT_MOVED = b'"the other slot had been taken already"'


class Verdict(Enum):
    STORED = "MongoDB has it, at this revision or a later one"
    RETRY = "nothing stands in its way any more"


@dataclass(eq=False)
class Refused(Exception):
    """The claim was taken back. ``earlier`` is the booking that the same request made before, if that is why."""

    error: SlotlineError
    earlier: Booking | None = None


class Fence:
    def __init__(self, calls: Calls, keys: Keys, store: Store, keep: int) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._keep = keep

    async def judge(self, booking: Booking, entry: bytes | None) -> Verdict:
        """Settles a refusal, mending Redis. Raises `Refused` for a real conflict, PyMongoError, StoreUnavailable."""
        bookings = self._store.bookings
        stored = await bookings.get(booking.id)
        if stored and stored.revision >= booking.revision:
            if stored.history[: len(booking.history)] == booking.history:
                return Verdict.STORED
            await self._forget(booking, stored)
            raise Refused(StoreUnavailable("this booking had changed meanwhile; look at it again"))
        holder = await bookings.active(booking.slot_id, booking.seat) if booking.active else None
        if holder and holder.id == booking.id:
            holder = None
        if booking.idempotency and not stored:
            earlier = await bookings.of_key(booking.idempotency)
            if earlier and earlier.id != booking.id:
                await self._mend(booking, entry, holder, keep=False)
                await self.restore(earlier)
                if earlier.fingerprint != booking.fingerprint:
                    raise Refused(IdempotencyKeyReused())
                raise Refused(SlotTaken(), earlier)
        if holder is None:
            return Verdict.RETRY
        live = await self.live(holder.id)
        if live and (not live.active or (live.slot_id, live.seat) != (holder.slot_id, holder.seat)):
            await self._write_holder(live, holder)
            return Verdict.RETRY
        if stored and stored.active:
            await self._undo_move(booking, stored, entry)
            await self.restore(holder)
        else:
            await self._mend(booking, entry, holder, keep=True)
        raise Refused(SlotTaken())

    async def _write_holder(self, live: Booking, stored: Booking) -> None:
        """Writes where a seat's former owner is now. If its new seat is refused it goes back to the one it had.

        Another worker may write the same revision at the same time; that is a refusal too, and needs no mending.
        """
        if not await self._store.bookings.write([live]) or not live.active:
            return
        written = await self._store.bookings.get(live.id)
        if written is None or written.revision < live.revision:
            await self._undo_move(live, stored, None)

    async def live(self, booking_id: str) -> Booking | None:
        """The copy that Redis has."""
        record = await self._calls.command("GET", self._keys.of(booking_id).booking(booking_id))
        return None if record is None else from_record(record)

    async def restore(self, booking: Booking) -> Booking:
        """Puts a stored booking into Redis; answers the live copy, which may be newer."""
        partition = self._keys.of(booking.id)
        expert, key = booking.expert_id, partition.booking(booking.id)
        answer = await self._calls.run(
            "restore",
            (
                *partition.feed(expert),
                key,
                partition.idempotency(booking.idempotency) if booking.idempotency else key,
            ),
            (self._keep, *self._calls.publish, to_record(booking)),
        )
        return self._calls.booking(answer)

    async def _mend(self, booking: Booking, entry: bytes | None, holder: Booking | None, *, keep: bool) -> None:
        """Takes the newcomer's claim back; its seat goes to ``holder``, or is free again.

        ``keep``: the booking stays as a cancelled one. So its status URL tells the truth to a client that was answered
        202, and a Redis that is rolled back once more cannot bring the claim back when the seat is free again. (A claim
        that its key forbids needs no such stone: the key goes on forbidding it.)
        """
        log.warning("claim %s refused by MongoDB; the seat belongs to %s", booking.id, holder and holder.id)
        partition = self._keys.of(booking.id)
        key = partition.booking(booking.id)
        try:
            answer = await self._calls.run(
                "revoke",
                (
                    *partition.feed(booking.expert_id),
                    partition.outbox,
                    key,
                    partition.idempotency(booking.idempotency) if booking.idempotency else key,
                ),
                (entry or b"", "1" if holder else "0", GIVEN_BACK if keep else b"", *self._calls.publish),
            )
        except BookingNotFound:
            log.info("claim %s was gone from Redis already", booking.id)
        else:
            if answer[0] == b"kept":
                await self._store.bookings.write([self._calls.booking(answer)])
                self._calls.send("XDEL", partition.outbox, answer[-1])
        if holder:
            await self.restore(holder)

    async def _forget(self, wrong: Booking, stored: Booking) -> None:
        """Replaces a live copy that has grown from an old state of Redis: MongoDB has the newer."""
        log.warning("booking %s had grown from an old copy in Redis; MongoDB's is put back", wrong.id)
        partition = self._keys.of(wrong.id)
        await self._calls.run("forget_booking", (partition.epoch, partition.booking(wrong.id)), (to_record(wrong),))
        await self.restore(stored)

    async def _undo_move(self, moved: Booking, stored: Booking, entry: bytes | None) -> None:
        """Puts a booking back where MongoDB has it: the fence refused its new seat."""
        log.warning("booking %s cannot have seat %d of %s; it goes back", moved.id, moved.seat, moved.slot_id)
        partition = self._keys.of(moved.id)
        place = (stored.slot_id, stored.seat, stored.start, stored.end)
        answer = await self._calls.run(
            "undo_move",
            (*partition.feed(moved.expert_id), partition.outbox, partition.booking(moved.id)),
            (entry or b"", moved.revision, *place, NOT_MOVED, *self._calls.publish),
        )
        if answer[0] == b"ok":
            await self._store.bookings.write([self._calls.booking(answer)])
            self._calls.send("XDEL", partition.outbox, answer[-1])
