"""What to do with a booking that MongoDB's unique indexes refused.

Redis decides who gets a seat, but a Redis that lost its tail may give one away twice. MongoDB then refuses the second
booking, and Redis is mended from MongoDB. A refusal that comes only from the order of writing (the seat's former owner
has cancelled or moved, and that is not written yet) is settled by writing that first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import orjson

from engine.calls import Calls
from engine.errors import BookingNotFound, IdempotencyKeyReused, SlotlineError, SlotTaken, StoreUnavailable
from engine.keys import Keys, Partition
from engine.model import Booking, Change, Slot, Status
from engine.records import from_record, to_record
from engine.store import Store

log = logging.getLogger("slotline.fence")


GIVEN_BACK = b'"the slot had been taken already; nothing was booked"'

NOT_MOVED = b'"the other slot had been taken already"'

TAKEN_BACK = (orjson.loads(GIVEN_BACK), orjson.loads(NOT_MOVED))


class Verdict(Enum):
    STORED = "MongoDB has it, at this revision or a later one"
    RETRY = "nothing stands in its way any more"


@dataclass(eq=False)
class Refused(Exception):
    """The claim was taken back. ``earlier`` is the booking that the same request made before, if that is why."""

    error: SlotlineError
    earlier: Booking | None = None


@dataclass(frozen=True)
class Conflict:
    """Both are at one seat by Redis, which must have forgotten something."""

    newcomer: Booking
    stored: Booking | None
    """Where MongoDB has the newcomer."""
    holder: Booking
    """As MongoDB has it."""


def is_at(booking: Booking, other: Booking) -> bool:
    """Whether it has the seat that the other one has."""
    return booking.active and (booking.slot_id, booking.seat) == (other.slot_id, other.seat)


def has_become(earlier: Booking, later: Booking) -> bool:
    """Whether the one is an earlier state of the other. Else they went different ways: Redis had been rolled back."""
    return later.history[: len(earlier.history)] == earlier.history


def taken_back(booking: Booking, at: int) -> Booking:
    """A claim as ``lua/revoke.lua`` leaves it: cancelled, and without its key."""
    reason = orjson.loads(GIVEN_BACK)
    change = Change(max(at, booking.updated_at), booking.status, Status.CANCELLED, "system", reason)
    return replace(
        booking, revision=booking.revision + 1, status=Status.CANCELLED, updated_at=change.at,
        history=(*booking.history, change), idempotency=None,
    )  # fmt: skip


def was_taken_back(booking: Booking, later: Booking) -> bool:
    """Whether a judgement undid what the booking had come to, as a later state of it tells."""
    then = later.history[len(booking.history) :]
    return bool(then) and then[0].by == "system" and then[0].reason in TAKEN_BACK


class Fence:
    def __init__(self, calls: Calls, keys: Keys, store: Store, keep: int) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._keep = keep
        self.on_diverged: Callable[[Partition], None] = lambda partition: None
        """Called when Redis has gone another way than MongoDB, from an old state that it had been sent back to."""

    async def judge_slot(self, slot: Slot) -> Refused:
        """For a slot that MongoDB has in another state, of this revision or a later one: it has changed meanwhile, or
        had grown from an old state of Redis. There is no history that could tell, so whoever changed it looks again.
        Raises PyMongoError, StoreUnavailable."""
        partition = self._keys.of(slot.id)
        [stored] = await self._store.slots.get([slot])  # first: what Redis has then is at least as new, if all is well
        record = await self._calls.command("HGET", partition.feed(slot.expert_id)[1], slot.id)
        live = None if record is None else Slot.from_record(slot.id, record.decode())
        if live is None or (live.revision <= stored.revision and live.shape != stored.shape):
            log.warning("slot %s has grown from an old state of Redis; MongoDB has a newer one", slot.id)
            self.on_diverged(partition)
        return Refused(StoreUnavailable("this slot has changed meanwhile; look at it again"))

    async def judge(self, booking: Booking, entry: bytes | None) -> Verdict:
        """Settles a refusal, mending Redis. Raises `Refused` for a real conflict, PyMongoError, StoreUnavailable."""
        bookings = self._store.bookings
        stored = await bookings.get(booking.id)
        if stored and (stored.revision >= booking.revision or not has_become(stored, booking)):
            if has_become(booking, stored):
                # By another worker, or in a judgement that went wrong later on.
                if was_taken_back(booking, stored):
                    if owner := await self._holder(booking):
                        await self.restore(owner)
                    raise Refused(SlotTaken())
                return Verdict.STORED
            await self._forget(booking, stored)
            raise Refused(StoreUnavailable("this booking had changed meanwhile; look at it again"))
        holder = await self._holder(booking)
        if booking.idempotency and not stored:
            earlier = await bookings.of_key(booking.idempotency)
            if earlier and earlier.id != booking.id:
                owner = None if holder is None or await self._has_left(holder) else holder
                await self._mend(booking, entry, owner, keep=False)
                await self.restore(earlier)
                if earlier.fingerprint != booking.fingerprint:
                    raise Refused(IdempotencyKeyReused())
                raise Refused(SlotTaken(), earlier)
        live = await self.live(booking.id)
        wanted = booking
        if live and live.revision > booking.revision:  # it has gone on: where it is now is what is to be written
            if not await bookings.write([live]):
                return Verdict.RETRY
            wanted, holder = live, await self._holder(live)
        conflict = holder and await self._settle_order(wanted, stored, holder)
        if not conflict:
            return Verdict.RETRY
        own = entry if conflict.newcomer is booking else None
        if conflict.stored and conflict.stored.active:
            await self._undo_move(conflict.newcomer, conflict.stored, own)
            await self.restore(conflict.holder)
            if conflict.newcomer is not booking:
                return Verdict.RETRY
        else:
            await self._mend(conflict.newcomer, own, conflict.holder, keep=True)
        raise Refused(SlotTaken())

    async def _holder(self, booking: Booking) -> Booking | None:
        """Who else has its seat in MongoDB."""
        holder = await self._store.bookings.active(booking.slot_id, booking.seat) if booking.active else None
        return holder if holder and holder.id != booking.id else None

    async def _settle_order(self, newcomer: Booking, stored: Booking | None, holder: Booking) -> Conflict | None:
        """Whoever has left the seat in Redis is only not written yet, and is written now, after whoever has left the
        seat that it has now, and so on. Those who have taken each other's seats are written together.

        Answers a conflict that is left: somebody on the way is, by Redis too, where another one wants to be.
        """
        bookings = self._store.bookings
        moved: dict[str, tuple[Booking, Booking]] = {}
        after: dict[str, Booking] = {}
        """Who wants the seat of whom."""
        while True:
            after[holder.id] = newcomer
            live = await self._has_left(holder)
            if live is None:
                return Conflict(newcomer, stored, holder) if await self._is_still(newcomer) else None
            moved[holder.id] = (holder, live)
            newcomer, stored, next_holder = live, holder, await self._holder(live)
            if next_holder is None:
                for _, left in reversed(moved.values()):
                    await bookings.write([left])
                return None
            if next_holder.id in moved:
                other = after[next_holder.id]
                if other.id == newcomer.id:
                    await bookings.trade(list(moved.values()))
                elif await self._is_still(other) and await self._is_still(newcomer):
                    return Conflict(newcomer, stored, next_holder)
                return None
            holder = next_holder

    async def _has_left(self, holder: Booking) -> Booking | None:
        """The live copy of a booking that by Redis is no longer where MongoDB has it."""
        live = await self.live(holder.id)
        if live is None or live.revision <= holder.revision or is_at(live, holder) or not has_become(holder, live):
            return None
        return live

    async def _is_still(self, booking: Booking) -> bool:
        """Whether Redis has not gone on with it. It may also know an older state of it, and have forgotten this one."""
        live = await self.live(booking.id)
        return live is None or live.revision <= booking.revision

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
            if keep:
                [now] = await self._calls.clocks([partition.epoch])
                await self._store.bookings.write([taken_back(booking, now)])
        else:
            if answer[0] == b"kept":
                await self._store.bookings.write([self._calls.booking(answer)])
                self._calls.send("XDEL", partition.outbox, answer[-1])
        if holder:
            await self.restore(holder)

    async def _forget(self, wrong: Booking, stored: Booking) -> None:
        """Replaces a live copy that has grown from an old state of Redis: MongoDB has what was answered. What it did to
        seats meanwhile is found by comparing the partition."""
        log.warning("booking %s had grown from an old copy in Redis; MongoDB's is put back", wrong.id)
        partition = self._keys.of(wrong.id)
        await self._calls.run("forget_booking", (partition.epoch, partition.booking(wrong.id)), (to_record(wrong),))
        await self.restore(stored)
        self.on_diverged(partition)

    async def _undo_move(self, moved: Booking, stored: Booking, entry: bytes | None) -> None:
        """Puts a booking back where MongoDB has it: the fence refused its new seat."""
        log.warning("booking %s cannot have seat %d of %s; it goes back", moved.id, moved.seat, moved.slot_id)
        partition = self._keys.of(moved.id)
        place = (stored.slot_id, stored.seat, stored.start, stored.end)
        try:
            answer = await self._calls.run(
                "undo_move",
                (*partition.feed(moved.expert_id), partition.outbox, partition.booking(moved.id)),
                (entry or b"", moved.revision, *place, NOT_MOVED, *self._calls.publish),
            )
        except BookingNotFound:
            log.info("booking %s was gone from Redis already", moved.id)
            return
        if answer[0] == b"ok":
            await self._store.bookings.write([self._calls.booking(answer)])
            self._calls.send("XDEL", partition.outbox, answer[-1])
