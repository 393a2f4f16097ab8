"""Booking, and with it all verbs of bookings and slots: the only writer of the live state but for the holds.

Every verb is one script; what it decided is durable before the verb returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

from pymongo.errors import PyMongoError

from engine.calls import Calls
from engine.changes import Changes
from engine.claim import Booked, Claim, Request
from engine.entry import Written
from engine.errors import (
    BookingNotFound,
    HoldExpired,
    IdempotencyKeyReused,
    SlotClosed,
    SlotHeld,
    SlotlineError,
    SlotNotFound,
    SlotPast,
    SlotTaken,
    StoreUnavailable,
    TooManyBookings,
)
from engine.fence import Fence, Refused
from engine.glance import Glance
from engine.journal import Journal
from engine.keys import Keys
from engine.model import TRANSITIONS, Booking, Status, digest, expert_of, new_booking_id
from engine.records import dump_body
from engine.settings import Settings
from engine.store import Store, translated
from engine.wire import LinkLost

log = logging.getLogger("slotline.desk")

DOUBTFUL = (SlotTaken, SlotHeld, HoldExpired, SlotPast, SlotClosed, SlotNotFound)
"""Refusals that somebody must not hear whose Idempotency-Key has a booking already."""

DISCLAIM_AFTER = (0.5, 5.0, 30.0)
"""Seconds between the looks for a claim whose answer was lost."""


class Desk(Changes):
    """All verbs of bookings and slots: ``book``, and what it inherits. Nothing else writes them."""

    def __init__(
        self,
        calls: Calls,
        keys: Keys,
        glance: Glance,
        store: Store,
        journal: Journal,
        fence: Fence,
        settings: Settings,
    ) -> None:
        super().__init__(calls, keys, store, journal, fence, settings)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._glance = glance
        self._most = settings.bookings_per_email if settings.rate_limits else 0

    def book(self, request: Request, by: str = "customer") -> asyncio.Future[Booked]:
        """Claims a free seat and has it written.

        The future gets it, or raises SlotNotFound, SlotPast, SlotClosed, SlotTaken, SlotHeld, HoldExpired,
        IdempotencyKeyReused, RateLimited, Backlogged or StoreUnavailable.

        What thousands do in the same second, to be refused or to get the seat, goes from callback to callback; `_book`
        is the whole of it, and takes up everything else from the answer that has come.
        """
        booked: asyncio.Future[Booked] = self._loop.create_future()
        if expert_of(request.slot_id) != request.expert_id:
            booked.set_exception(SlotNotFound())
        elif request.hold or not self._glance.ask(
            request.slot_id, request.key, partial(self._looked, request, by, booked)
        ):
            self._ask(self._prepare(request, by), booked)
        return booked

    def _looked(
        self, request: Request, by: str, booked: asyncio.Future[Booked], refusal: SlotTaken | SlotHeld | None
    ) -> None:
        try:
            if refusal is None:
                self._ask(self._prepare(request, by), booked)
            elif not booked.done():
                booked.set_exception(refusal)
        except Exception as error:  # others wait for the same look
            if not booked.done():
                booked.set_exception(error)

    def _ask(self, claim: Claim, booked: asyncio.Future[Booked]) -> None:
        begun = self._calls.start("book", claim.keys, claim.args)
        if begun is None:
            self._follow(booked, self._book(claim))
        else:
            begun.add_done_callback(partial(self._decided, claim, booked))

    def _decided(self, claim: Claim, booked: asyncio.Future[Booked], begun: asyncio.Future[Any]) -> None:
        if begun.exception() is None:
            answer = begun.result()
            if answer[0] == b"ok":
                self._write(claim.booking(answer), answer[5], booked)
                return
            refusal = self._calls.refusal("book", answer)
            if refusal is not None and not self._doubts(claim, refusal):
                if isinstance(refusal, SlotTaken | SlotHeld):
                    self._glance.remember(claim.request.slot_id)
                if not booked.done():
                    booked.set_exception(refusal)
                return
        self._follow(booked, self._book(claim, begun))

    def _doubts(self, claim: Claim, refusal: SlotlineError) -> bool:
        """A Redis that has just come back may have forgotten a key whose booking keeps the slot full; one that was
        built anew knows no key of a slot that ended too long ago."""
        if not claim.key_digest or not isinstance(refusal, DOUBTFUL):
            return False
        partition = self._keys.of(claim.request.expert_id)
        return isinstance(refusal, SlotNotFound) or not self._calls.trusts(partition, refusal.epoch)

    def _follow(self, booked: asyncio.Future[Booked], work: Coroutine[Any, Any, Booked]) -> None:
        """``booked`` gets what a task comes to."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, booked))

    def _done(self, booked: asyncio.Future[Booked], task: asyncio.Task[Booked]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if booked.done():
            return
        if task.cancelled():
            booked.cancel()
        elif error is not None:
            booked.set_exception(error)
        else:
            booked.set_result(task.result())

    def _prepare(self, request: Request, by: str) -> Claim:
        expert_id, slot_id = request.expert_id, request.slot_id
        booking_id = new_booking_id(expert_id)
        fingerprint = request.fingerprint()
        key_digest = digest(request.key.encode()) if request.key else ""
        partition = self._keys.of(expert_id)
        booking_key = partition.booking(booking_id)
        most = self._most if request.who else 0
        mine = partition.mine(expert_id, request.who) if most else booking_key
        keys = (
            *partition.feed(expert_id),
            partition.outbox,
            booking_key,
            partition.idempotency(key_digest) if key_digest else booking_key,
            *partition.holds(slot_id),
            mine,
        )
        args = (
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
        )
        return Claim(request, by, booking_id, fingerprint, key_digest, mine, keys, args)

    async def _book(self, claim: Claim, begun: asyncio.Future[Any] | None = None, *, again: bool = False) -> Booked:
        with translated():
            try:
                answer = await self._claim(claim, begun)
            except DOUBTFUL as refusal:
                if self._doubts(claim, refusal) and (earlier := await self._stored(claim)):
                    return earlier
                raise
            if answer[0] == b"known":
                known = await self._replay(answer[1].decode()) or await self._stored(claim)
                if known is not None:
                    return known
                if again:
                    raise StoreUnavailable("the booking of this Idempotency-Key is nowhere to be found now; ask again")
                # Redis has lost it after it knew it, while MongoDB was getting it, or it was taken back meanwhile,
                # because another claim has the key: the fence finds whichever comes second.
                return await self._book(self._prepare(claim.request, claim.by), again=True)
            if answer[0] == b"too-many":
                if not again and await self._forget_ended(claim.mine, answer[1:]):
                    return await self._book(self._prepare(claim.request, claim.by), again=True)
                raise TooManyBookings()
            if answer[0] == b"replayed":  # our own retry, after the first answer was lost
                return await self._write(self._calls.booking(answer), None)
            return await self._write(claim.booking(answer), answer[5])

    async def _forget_ended(self, mine: str, booking_ids: Sequence[bytes]) -> int:
        """Takes out of a customer's bookings what has ended, which nothing does when one is cancelled, or moved to an
        earlier slot; answers how many that were."""
        [now] = await self._calls.clocks([mine])
        gone = []
        for booking_id in booking_ids:
            try:
                booking = await self.booking(booking_id.decode())
            except BookingNotFound:
                booking = None
            if booking is None or not TRANSITIONS[booking.status] or booking.end * 1000 <= now:
                gone.append(booking_id)
        return int(await self._calls.command("ZREM", mine, *gone)) if gone else 0

    async def _stored(self, claim: Claim) -> Booked | None:
        """What MongoDB knows of a key. Raises IdempotencyKeyReused."""
        earlier = await self._store.bookings.of_key(claim.key_digest)
        if earlier is None:
            return None
        if earlier.fingerprint != claim.fingerprint:
            raise IdempotencyKeyReused()
        return Booked(earlier.first(), replayed=True)

    async def _claim(self, claim: Claim, begun: asyncio.Future[Any] | None) -> list[Any]:
        try:
            return await self._calls.run("book", claim.keys, claim.args, begun)
        except LinkLost:
            # The answer was lost each time, so the claim may stand, and the client hears 503. With a key it asks again
            # and gets its booking; without one it would be kept out by it.
            if not claim.key_digest:
                task = asyncio.create_task(self._disclaim(claim.booking_id))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            raise

    async def _disclaim(self, booking_id: str) -> None:
        """Cancels a booking that nobody knows of, if there is one. What was sent may still be on its way: twice."""
        for pause in DISCLAIM_AFTER:
            await asyncio.sleep(pause)
            try:
                await self.change(booking_id, Status.CANCELLED, "system", "the connection to the store was lost")
            except (BookingNotFound, StoreUnavailable, PyMongoError) as error:
                log.info("booking %s, whose answer was lost: %s", booking_id, error)

    def _write(
        self, booking: Booking, entry: bytes | None, booked: asyncio.Future[Booked] | None = None
    ) -> asyncio.Future[Booked]:
        """Has a claimed booking written; ``booked`` gets what comes of it. Raises what the fence refused it with."""
        if booked is None:
            booked = self._loop.create_future()
        self._journal.commit(booking, entry).add_done_callback(partial(self._written, booking, booked))
        return booked

    @staticmethod
    def _written(booking: Booking, booked: asyncio.Future[Booked], written: asyncio.Future[Written]) -> None:
        if booked.done():
            return
        if written.cancelled():
            booked.cancel()
        elif (error := written.exception()) is None:
            booked.set_result(Booked(booking, durable=written.result() is Written.DURABLE))
        elif isinstance(error, Refused):
            if error.earlier:
                booked.set_result(Booked(error.earlier.first(), replayed=True))
            else:
                booked.set_exception(error.error)
        else:
            booked.set_exception(error)

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
