"""The engine: one object that the API, the command line, the seed and the load tests all use."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import hiredis
from pymongo.errors import PyMongoError

from engine.admin import Admin
from engine.availability import Availability
from engine.calendars import Calendars
from engine.calls import Calls
from engine.catalogue import Catalogue
from engine.changes import Arranged, Wish
from engine.claim import Booked, Request
from engine.codes import Codes
from engine.desk import Desk
from engine.errors import StoreUnavailable
from engine.experts import Experts
from engine.feed import Feed
from engine.fence import Fence
from engine.glance import Glance
from engine.holds import Holds
from engine.journal import Journal
from engine.keeper import Keeper, next_due
from engine.keys import Keys, Partition
from engine.limits import Limiter
from engine.model import Booking, Calendar, Page, Slot, Status
from engine.rebuild import Rebuilder
from engine.reconcile import Reconciler
from engine.routes import Route, route_to
from engine.settings import Settings
from engine.store import Store, translated
from engine.tasks import end

if TYPE_CHECKING:
    from engine.audit import Report

log = logging.getLogger("slotline.engine")

JANITOR_PAUSE = 600.0
"""Seconds between two rounds that retire past slots."""


class Engine(Experts):
    """Open it with `Engine.open`; it must be closed, which writes what is left in the journal."""

    def __init__(self, settings: Settings) -> None:
        if not settings.redis_url or not settings.mongo_url:
            raise StoreUnavailable("REDIS_URL and MONGO_URL are not set")
        self.settings = settings
        self.keys = Keys(settings.partitions)
        self.link: Route = route_to(
            settings.redis_url, timeout=settings.redis_timeout, failover=settings.redis_failover
        )
        self.store = Store(settings.mongo_url, settings.mongo_database, timeout=settings.redis_timeout)
        self.calls = Calls(self.link, settings)
        self.fence = Fence(self.calls, self.keys, self.store, settings.keep_bookings)
        self.admin = Admin(self)
        self.journal = Journal(self.calls, self.keys, self.store, self.fence, settings)
        self.glance = Glance(self.calls, self.keys)
        self.desk = Desk(self.calls, self.keys, self.glance, self.store, self.journal, self.fence, settings)
        self.holds = Holds(self.calls, self.keys, self.glance, settings)
        self.codes = Codes(self.calls, settings)
        self.limiter = Limiter(self.calls, settings)
        self.calendars = Calendars(self.calls, self.keys)
        self.catalogue = Catalogue(self.store, self.calendars)
        self.rebuilder = Rebuilder(self.calls, self.keys, self.store, settings)
        self.feed = Feed(self.link, self.calls, self.keys, self.calendars, timeout=settings.redis_timeout)
        self.feed.on_experts_changed = self.catalogue.forget
        self.keeper = Keeper(self.calls, self.keys, self.store, self.desk)
        self.reconciler = Reconciler(self)
        self.fence.on_diverged = self.reconciler.suspect
        self._janitor: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings, *, reconciles: bool = True) -> Engine:
        """Connects, makes the indexes, and rebuilds partitions without an epoch. Without ``reconciles`` what differs
        stays for others to mend. Raises StoreUnavailable, WrongRedis."""
        engine = cls(settings)
        try:
            await asyncio.gather(engine.calls.open(), engine.store.open())
            with translated():
                await engine._check_partitions()
                await engine.rebuilder.ensure()
            await engine._check_channels()
        except BaseException:
            await engine.link.close()
            await engine.store.close()
            raise
        engine.journal.start()
        engine.feed.start()
        engine.holds.start()
        engine.limiter.start()
        if reconciles:
            engine.reconciler.start()
            engine.keeper.start()
        engine._janitor = asyncio.create_task(engine._retire_past_slots(), name="janitor")
        return engine

    async def _check_partitions(self) -> None:
        """With another number every expert would be looked for elsewhere, and found without a booking."""
        made, ours = await self.store.partitions(self.settings.partitions), self.settings.partitions
        if made != ours:
            raise StoreUnavailable(f"this database was made with PARTITIONS={made}, and now it is {ours}")

    async def _check_channels(self) -> None:
        """A Redis user who may write and not publish would leave every change half done."""
        try:
            await self.link.call(self.link.publish, self.keys.partitions[0].channel(""), "")
        except hiredis.ReplyError as error:
            if str(error).startswith("NOPERM"):
                raise StoreUnavailable(f"Redis does not let us publish: {error}") from error
        except StoreUnavailable as error:
            log.warning("whether Redis lets us publish is not known: %s", error)

    async def close(self) -> None:
        """Writes what is left, for at most ``drain_timeout`` seconds, and disconnects."""
        await end([self._janitor])
        await self.keeper.stop()
        await self.feed.stop()
        await self.holds.stop()
        await self.limiter.stop()
        await self.reconciler.stop()
        await self.rebuilder.stop()
        await self.journal.stop(self.settings.drain_timeout)
        await self.link.close()
        await self.store.close()

    async def close_slot(self, slot_id: str) -> Slot:
        """Takes a slot off sale; its bookings stay. Raises SlotNotFound, StoreUnavailable."""
        with translated():
            return await self.desk.close(slot_id)

    async def open_slot(self, slot_id: str) -> Slot:
        """Puts a closed slot on sale again. Raises SlotNotFound, SlotOverlaps, StoreUnavailable."""
        with translated():
            return await self.desk.open(slot_id)

    async def arrange(self, expert_id: str, wishes: Sequence[Wish]) -> Arranged:
        """All or none of it; see `Desk.arrange`. Raises BookingsInTheWay, SlotNotFound, SlotOverlaps,
        StoreUnavailable."""
        with translated():
            return await self.desk.arrange(expert_id, wishes, strict=True)

    async def availability(self, expert_id: str) -> Availability | None:
        """An expert's rule, if there is one. Raises StoreUnavailable."""
        with translated():
            return await self.store.availabilities.get(expert_id)

    async def set_availability(self, expert_id: str, rule: Availability) -> Arranged:
        """From now on this rule; see `Keeper.put`. Raises StoreUnavailable."""
        with translated():
            return await self.keeper.put(expert_id, rule)

    async def move_availability(self, expert_id: str) -> None:
        """The hours are in the zone of the expert's profile from now on; see `Keeper.move`. Raises StoreUnavailable."""
        with translated():
            await self.keeper.move(expert_id)

    async def end_availability(self, expert_id: str) -> None:
        """No rule any more; the slots stay as they are. Raises StoreUnavailable."""
        with translated():
            await self.keeper.forget(expert_id)

    async def keep_availabilities(self, rules: Sequence[tuple[str, Availability]]) -> None:
        """Rules of experts whose slots as of now are on sale already. Raises StoreUnavailable."""
        now = int(time.time())
        with translated():
            await self.store.availabilities.add(
                [(expert_id, rule, next_due(rule, expert_id, now)) for expert_id, rule in rules], now
            )

    async def bookings_of_slot(self, slot_id: str) -> list[Booking]:
        """The active ones, as far as MongoDB has them. Raises StoreUnavailable."""
        with translated():
            return await self.store.bookings.of_slot(slot_id)

    async def audit(self) -> Report:
        """Compares Redis and MongoDB. Raises StoreUnavailable."""
        from engine.audit import audit

        with translated():
            return await audit(self)

    async def now_ms(self, expert_id: str) -> int:
        """The time by which an expert's slots begin: that of their Redis. Raises StoreUnavailable."""
        return (await self.calls.clocks([self.keys.of(expert_id).epoch]))[0]

    async def add_slots(self, slots: Sequence[Slot]) -> int:
        """Puts slots on sale, in MongoDB first; those that are there already stay as they are.

        Answers how many were new. Raises StoreUnavailable.
        """
        with translated():
            new = await self.store.slots.add(slots)
            # As MongoDB has them: somebody else may have added one at the same time, with other seats or another end.
            slots = await self.store.slots.get(slots)
        by_expert = groupby(sorted(slots, key=lambda slot: slot.expert_id), key=lambda slot: slot.expert_id)
        await asyncio.gather(*(self._add_slots(expert_id, list(group)) for expert_id, group in by_expert))
        return new

    async def _add_slots(self, expert_id: str, slots: Sequence[Slot]) -> None:
        partition = self.keys.of(expert_id)
        pairs = [text for slot in slots for text in (slot.id, slot.record)]
        keys = (*partition.feed(expert_id), partition.experts)
        await self.calls.run("add_slots", keys, (expert_id, self.calls.publish[0], *pairs))

    async def booking(self, booking_id: str) -> Booking:
        """Raises BookingNotFound, StoreUnavailable."""
        with translated():
            return await self.desk.booking(booking_id)

    async def is_stored(self, booking_id: str) -> bool:
        """Whether the durable store is known to have a booking, in whatever state."""
        try:
            return await self.store.bookings.get(booking_id) is not None
        except PyMongoError:
            return False

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
        """Moves a booking along the status machine; see `Desk.change`."""
        with translated():
            return await self.desk.change(booking_id, status, by, reason, slot_id=slot_id, until_start=until_start)

    async def reschedule(
        self, booking_id: str, slot_id: str, by: str, reason: str | None = None, *, until_start: bool = False
    ) -> Booking:
        """Moves a booking to another slot of its expert; see `Desk.reschedule`."""
        with translated():
            return await self.desk.reschedule(booking_id, slot_id, by, reason, until_start=until_start)

    async def book(self, request: Request, by: str = "customer") -> Booked:
        """Claims a free seat and has it written; see `Desk.book`."""
        return await self.desk.book(request, by)

    async def calendar(self, expert_id: str) -> Calendar:
        """Raises StoreUnavailable."""
        return await self.calendars.get(expert_id)

    async def bookings_of(self, email: str, status: Status | None, page: int, limit: int) -> Page:
        """A customer's bookings, newest first. Raises StoreUnavailable."""
        with translated():
            return await self.store.bookings.of_email(email, status, page, limit)

    async def bookings_of_expert(self, expert_id: str, status: Status | None, page: int, limit: int) -> Page:
        """An expert's bookings, the last to end first. Raises StoreUnavailable."""
        with translated():
            return await self.store.bookings.of_expert(expert_id, status, page, limit)

    async def health(self) -> dict[str, str | None]:
        """Each part the engine stands on → None, or what is wrong with it."""
        return {
            "redis": await self._check_redis(),
            "mongo": await self._check_mongo(),
            "feed": self._check_feed(),
        }

    async def _check_redis(self) -> str | None:
        try:
            missing = await self.rebuilder.missing()
        except StoreUnavailable as error:
            return str(error)
        return f"{len(missing)} partitions have no epoch" if missing else None

    async def _check_mongo(self) -> str | None:
        try:
            await self.store.ping()
        except StoreUnavailable as error:
            return str(error)
        return None

    def _check_feed(self) -> str | None:
        silence = self.feed.silence
        return f"nothing heard from Redis for {silence:.1f} s" if silence > self.settings.redis_timeout else None

    async def _retire_past_slots(self) -> None:
        """Takes long past slots out of Redis, an expert at a time; every worker may do it, twice does no harm."""
        while True:
            await asyncio.sleep(JANITOR_PAUSE * (0.5 + random.random()))
            try:
                await self.calls.wherever_possible(self.keys.partitions, self._retire, "past slots stay for now")
            except StoreUnavailable as error:
                log.warning("past slots stay for now: %s", error)
            except Exception:
                log.exception("past slots stay for now")

    async def _retire(self, partitions: Sequence[Partition], _: int) -> None:
        for partition in partitions:
            for expert_id in await self.calls.command("SMEMBERS", partition.experts):
                keys = partition.feed(expert_id.decode())
                await self.calls.run("retire", keys, (self.settings.keep_past, self.calls.publish[0]))
                await asyncio.sleep(0.005)
