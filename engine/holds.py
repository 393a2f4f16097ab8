"""Holds: a seat kept for somebody who fills in the form, and the sweeper that gives it back when time is over."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress

from engine.calls import Calls
from engine.errors import SlotHeld, SlotlineError, SlotTaken, StoreUnavailable, TooManyHolds
from engine.glance import Glance
from engine.keys import Keys, Partition, had_key
from engine.model import Hold, client_of_hold, digest, expert_of, new_hold_token, slot_of_hold
from engine.settings import Settings
from engine.tasks import end

log = logging.getLogger("slotline.holds")

REMEMBERED = 3600
"""Seconds for which an Idempotency-Key gives the same hold again."""

SWEPT_AT_ONCE = 500
"""Slots of one partition that a sweep looks at."""


class Holds:
    def __init__(self, calls: Calls, keys: Keys, glance: Glance, settings: Settings) -> None:
        self._calls = calls
        self._glance = glance
        self._keys = keys
        self._lasts = int(settings.hold_seconds * 1000)
        self._most = int(settings.hold_most * 1000)
        self._every = settings.sweep_every
        self._limited = settings.rate_limits
        self._most_of_client = settings.holds_per_client
        self._sweeper: asyncio.Task[None] | None = None

    def _of(self, slot_id: str) -> tuple[str, ...]:
        partition = self._keys.of(slot_id)
        return (*partition.feed(expert_of(slot_id)), *partition.holds(slot_id))

    async def hold(self, slot_id: str, client: str = "", key: str | None = None) -> Hold:
        """Keeps a seat. ``client`` stands for whoever may not hold too many; empty: nobody counts. ``key`` is the
        Idempotency-Key: within an hour it gives the same client the same hold again, which may be over by then. Nobody
        else: whoever has its token has the seat, and a key may be guessed.

        Raises SlotNotFound, SlotPast, SlotClosed, SlotTaken, SlotHeld, IdempotencyKeyReused, RateLimited,
        StoreUnavailable.
        """
        if key is not None:
            key = f"{client}\0{key}"
        await self._look(slot_id, key)
        token = new_hold_token(slot_id, client)
        keys = self._of(slot_id)
        record = self._keys.of(slot_id).held_by(digest(key.encode())) if key else keys[5]
        if not (client and self._limited and key and await self._calls.command("EXISTS", record)):
            await self._occupy(token)
        try:
            arguments = (slot_id, token, self._lasts, REMEMBERED, *self._calls.publish)
            answer = await self._calls.run("hold", (*keys, record), arguments)
        except SlotlineError as error:
            if isinstance(error, SlotTaken | SlotHeld):
                self._glance.remember(slot_id)
            self.forget(token)
            raise
        if answer[0] != b"known":
            return Hold(token, int(answer[1]))
        self.forget(token)
        return Hold(answer[2].decode(), int(answer[1]), replayed=True)

    async def _occupy(self, token: str) -> None:
        """Counts a hold for its client, for as long as it lasts if nobody renews it. Raises TooManyHolds."""
        if self._limited and (client := client_of_hold(token)):
            occupied = await self._calls.run("occupy", (had_key(client),), (token, self._lasts, self._most_of_client))
            if occupied[0] == b"too-many":
                raise TooManyHolds()

    async def _look(self, slot_id: str, key: str | None) -> None:
        """Raises SlotTaken or SlotHeld if that can be seen at a glance."""
        seen: asyncio.Future[SlotTaken | SlotHeld | None] = asyncio.get_running_loop().create_future()

        def done(refusal: SlotTaken | SlotHeld | None) -> None:
            if not seen.done():
                seen.set_result(refusal)

        if not self._glance.ask(slot_id, key, done, Partition.held_by):
            return
        if (refusal := await seen) is not None:
            try:
                raise refusal
            finally:
                del refusal  # else it would be in a frame of its own traceback: a cycle

    def forget(self, token: str) -> None:
        """What a client no longer holds does not count for it any more."""
        if self._limited and (client := client_of_hold(token)):
            self._calls.send("ZREM", had_key(client), token)

    async def renew(self, token: str) -> Hold:
        """Lets a hold last longer, to a capped total. Raises HoldNotFound, StoreUnavailable."""
        slot_id = slot_of_hold(token)
        arguments = (slot_id, token, self._lasts, self._most, *self._calls.publish)
        answer = await self._calls.run("renew", self._of(slot_id), arguments)
        with suppress(TooManyHolds):  # its count ended a moment before it does, and others have come
            await self._occupy(token)
        return Hold(token, int(answer[1]))

    async def release(self, token: str) -> None:
        """Gives the seat back. Raises HoldNotFound, StoreUnavailable."""
        slot_id = slot_of_hold(token)
        await self._calls.run("release", self._of(slot_id), (slot_id, token, *self._calls.publish))
        self.forget(token)

    async def expire(self, slot_id: str) -> int:
        """Gives back what is over; answers how many holds that were. Raises StoreUnavailable."""
        answer = await self._calls.run("expire", self._of(slot_id), (slot_id, *self._calls.publish))
        return int(answer[1])

    def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep_for_ever(), name="sweeper")

    async def stop(self) -> None:
        await end([self._sweeper])

    async def sweep(self) -> int:
        """Ends the holds that are over, of every partition whose server answers. Every worker does it; the script makes
        twice harmless. Raises StoreUnavailable if none answers."""
        return sum(await self._calls.wherever_possible(self._keys.partitions, self._sweep, "holds cannot be swept"))

    async def _sweep(self, partitions: Sequence[Partition], now: int) -> int:
        due = await asyncio.gather(
            *(
                self._calls.command("ZRANGEBYSCORE", partition.due, "-inf", now, "LIMIT", 0, SWEPT_AT_ONCE)
                for partition in partitions
            )
        )
        slots = [slot_id.decode() for of_partition in due for slot_id in of_partition]
        return sum(await asyncio.gather(*(self.expire(slot_id) for slot_id in slots)))

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._every * (0.75 + 0.5 * random.random()))
            try:
                await self.sweep()
            except StoreUnavailable as error:
                log.warning("holds cannot be swept: %s", error)
            except Exception:
                log.exception("holds cannot be swept")
