"""A partition of Redis that came up empty is built again from MongoDB, by one worker, under a new epoch.

Until it is there every verb refuses, because the partition has no epoch. Whoever rebuilds holds a short lease that each
of its writes renews and checks; one that has lost it writes nothing more.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from pymongo.errors import PyMongoError

from engine import owner
from engine.calls import PATIENCE, Calls
from engine.errors import SlotlineError, StoreUnavailable, WrongRedis
from engine.keys import Keys, Partition
from engine.link import Arg
from engine.model import Booking, Slot
from engine.settings import Settings
from engine.store import Store
from engine.store.rebuilding import read, salvage, taken
from engine.tasks import all_of, end

log = logging.getLogger("slotline.rebuild")

LEASE_MS = 30_000
CHUNK = 50
"""Experts read from MongoDB with one query."""

AT_ONCE = 3
"""Such queries under way at the same time."""

DRAIN = 15.0
"""Seconds that a partition's outbox gets to empty before the partition is left as it is."""

Progress = Callable[[int], None]
"""Gets the number of experts that are done so far."""


class Rebuilder:
    def __init__(self, calls: Calls, keys: Keys, store: Store, settings: Settings) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._settings = settings
        self._who = secrets.token_hex(8)
        self._busy: set[Partition] = set()
        """What this worker is at: it has one name for all that it does, and so does nothing twice at once."""
        self._task: asyncio.Task[None] | None = None
        self.slots = 0
        """Slots rebuilt so far."""
        calls.on_missing_epoch = self.wake

    def wake(self) -> None:
        """Looks for partitions without an epoch, in the background."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="rebuild")

    async def stop(self) -> None:
        await end([self._task])

    async def _run(self) -> None:
        try:
            await self.ensure(PATIENCE)
        except (StoreUnavailable, WrongRedis, PyMongoError) as error:
            log.warning("cannot rebuild now: %s", error)
        except Exception:
            log.exception("the rebuild failed")

    async def missing(self) -> list[Partition]:
        """The partitions without an epoch. Raises StoreUnavailable, which names those that cannot be asked."""
        done, wrong = await self._calls.at_each_server(self._keys.partitions, self._without_epoch, None)
        if wrong:
            raise together(wrong)
        return [partition for of_server in done for partition in of_server]

    async def _without_epoch(self, partitions: Sequence[Partition], _: int = 0) -> list[Partition]:
        epochs = await asyncio.gather(*(self._calls.command("GET", partition.epoch) for partition in partitions))
        return [partition for partition, epoch in zip(partitions, epochs, strict=True) if epoch is None]

    async def ensure(self, patience: float | None = None) -> int:
        """Rebuilds what has no epoch and waits for what others rebuild, at each server whatever becomes of the others;
        answers how many partitions it built itself.

        Raises StoreUnavailable, which names the partitions that cannot be asked, WrongRedis, and PyMongoError.
        ``patience``: seconds that one of several servers gets to answer; None: as long as a failover may take.
        """
        done, wrong = await self._calls.at_each_server(self._keys.partitions, self._ensure, patience)
        if wrong:
            raise together(wrong)
        return sum(done)

    async def _ensure(self, partitions: Sequence[Partition], _: int) -> int:
        if self._keys.partitions[0] in partitions:
            await owner.claim(self._calls, self._keys, self._store, self._settings.mongo_database)
        built = 0
        while missing := await self._without_epoch(partitions):
            async with self._at(missing) as mine:
                theirs = [partition for partition in mine if not await self._lease(partition)]
                self._leave(theirs, mine)
                if mine:
                    # A change on its way to MongoDB when Redis forgot it may not have been read: once more, later.
                    built += await self._rebuild(mine, again=self._settings.adopt_after)
                    continue
            await asyncio.sleep(0.1)
        return built

    @asynccontextmanager
    async def _at(self, partitions: Iterable[Partition]) -> AsyncIterator[set[Partition]]:
        """Those of them that nobody else in this process is at. What is still in the set at the end is given back: a
        rebuild that failed, or was stopped, keeps nobody waiting, this worker included."""
        mine = set(partitions) - self._busy
        self._busy |= mine
        try:
            yield mine
        finally:
            try:
                await all_of(self._calls.run("give_up", (each.rebuild,), (self._who,)) for each in mine)
            except SlotlineError as error:
                log.warning("what was not rebuilt stays leased for a while: %s", error)
            finally:
                self._busy -= mine

    def _leave(self, partitions: Iterable[Partition], mine: set[Partition]) -> None:
        """Nothing of theirs is to be given back: they are somebody else's, or done."""
        mine.difference_update(partitions)
        self._busy.difference_update(partitions)

    async def rebuild_all(self, progress: Progress | None = None) -> tuple[int, int, list[int]]:
        """Rebuilds every partition by hand, one after the other, each when MongoDB has all that it decided.

        Answers how many partitions and slots were rebuilt, and the numbers of those left as they were because their
        outbox did not empty, or because somebody else rebuilds them. Raises StoreUnavailable, PyMongoError.
        """
        built, done, left = 0, 0, []
        self.slots = 0
        for partition in self._keys.partitions:
            before = done

            def count(experts: int, before: int = before) -> None:
                nonlocal done
                done = before + experts
                if progress:
                    progress(done)

            async with self._at([partition]) as mine:
                if mine and await self._end_epoch(partition):
                    built += await self._rebuild(mine, count)
                else:
                    left.append(partition.number)
        return built, self.slots, left

    async def _end_epoch(self, partition: Partition) -> bool:
        keys = (partition.epoch, partition.outbox, partition.rebuild)
        deadline = time.monotonic() + DRAIN
        while True:
            answer = await self._calls.run("end_epoch", keys, (self._who, LEASE_MS))
            if answer[0] != b"unwritten" or time.monotonic() > deadline:
                return bool(answer[0] == b"ok")
            await asyncio.sleep(0.005)

    async def _lease(self, partition: Partition) -> bool:
        answer = await self._calls.run("lease", (partition.epoch, partition.rebuild), (self._who, LEASE_MS))
        return bool(answer[0] == b"ok")

    async def _rebuild(self, mine: set[Partition], progress: Progress | None = None, again: float = 0.0) -> int:
        """Takes out of ``mine`` what it has begun. ``again``: seconds until that is compared with MongoDB."""
        partitions = sorted(mine, key=lambda partition: partition.number)
        began = renewed = time.monotonic()
        slots = done = 0
        wanted = {partition.number for partition in partitions}
        lost: set[int] = set()
        clocks = await self._calls.clocks([partition.epoch for partition in partitions])
        since = min(clocks) // 1000 - self._settings.keep_past
        for partition in partitions:
            await self._drop_holds(partition)
        async for chunks in self._experts_of(wanted):
            slots += sum(await all_of(self._load_experts(experts, since, lost) for experts in chunks))
            if time.monotonic() - renewed > LEASE_MS / 3000:
                lost.update([each.number for each in partitions if not await self._lease(each)])
                renewed = time.monotonic()
            done += sum(map(len, chunks))
            if progress:
                progress(done)
        built = 0
        for partition in partitions:
            if partition.number not in lost:
                keys = (partition.epoch, partition.rebuild, partition.server)
                answer = await self._calls.run("begin", keys, (self._who, new_epoch(), int(again * 1000)))
                if answer[0] == b"ok":
                    built += 1
                    self._leave([partition], mine)
        self.slots += slots
        log.info("rebuilt %d partitions, %d slots in %.2f s", built, slots, time.monotonic() - began)
        return built

    async def _drop_holds(self, partition: Partition) -> None:
        """Holds end with their epoch; left behind, they would come due for ever in a calendar that knows none."""
        due = await self._calls.command("ZRANGE", partition.due, 0, -1)
        for first in range(0, len(due), CHUNK):
            await asyncio.gather(
                *(
                    self._calls.run(
                        "drop_holds",
                        (partition.epoch, partition.rebuild, *partition.holds(slot_id.decode())),
                        (self._who, slot_id),
                    )
                    for slot_id in due[first : first + CHUNK]
                )
            )

    async def _experts_of(self, partitions: set[int]) -> AsyncIterator[list[list[str]]]:
        """A few chunks of experts at a time."""
        experts: list[str] = []
        async for expert_id in self._store.experts.ids():
            if not isinstance(expert_id, str):
                log.error("an expert whose id is %r is left out", expert_id)
                continue
            if self._keys.of(expert_id).number in partitions:
                experts.append(expert_id)
                if len(experts) == CHUNK * AT_ONCE:
                    yield chunked(experts)
                    experts = []
        if experts:
            yield chunked(experts)

    async def _load_experts(self, expert_ids: Sequence[str], since: int, lost: set[int]) -> int:
        """``since``: when the oldest slots end that are loaded (epoch seconds), by the clock that says what is past."""
        try:
            found = await read(self._store, expert_ids, since)
            loaded = await all_of(self._load(expert_id, *found[expert_id]) for expert_id in expert_ids)
        except (StoreUnavailable, PyMongoError):
            raise
        except Exception as error:
            log.error("something that MongoDB has of %d experts cannot be read: %r", len(expert_ids), error)
            loaded = [await self._load_remains(expert_id, since) for expert_id in expert_ids]
        lost.update(self._keys.of(each).number for each, slots in zip(expert_ids, loaded, strict=True) if slots is None)
        return sum(slots or 0 for slots in loaded)

    async def _load_remains(self, expert_id: str, since: int) -> int | None:
        try:
            return await self._load(expert_id, *await salvage(self._store, expert_id, since))
        except (StoreUnavailable, PyMongoError):
            raise
        except Exception:
            log.exception("expert %s has nothing on sale: what MongoDB has of them must be put right first", expert_id)
            return await self._load(expert_id, {}, ())

    async def _load(self, expert_id: str, slots: dict[str, Slot], bookings: Sequence[Booking]) -> int | None:
        """Answers the number of slots; None if somebody else rebuilds the partition."""
        partition = self._keys.of(expert_id)
        keyed = [booking for booking in bookings if booking.idempotency]
        epoch, calendar, version, log_key, _ = partition.feed(expert_id)
        pairs: list[Arg] = [text for slot in taken(slots, bookings) for text in (slot.id, slot.record)]
        records: list[Arg] = []
        for booking in keyed:
            records += [f"{booking.fingerprint} {booking.id}", booking.end + self._settings.keep_bookings]
        answer = await self._calls.run(
            "load",
            (
                epoch, partition.rebuild, calendar, version, log_key, partition.experts,
                *(partition.idempotency(booking.idempotency or "") for booking in keyed),
            ),
            (self._who, LEASE_MS, expert_id, len(pairs) // 2, *pairs, *records),
        )  # fmt: skip
        return len(slots) if answer[0] == b"ok" else None


def chunked(experts: list[str]) -> list[list[str]]:
    return [experts[first : first + CHUNK] for first in range(0, len(experts), CHUNK)]


def together(wrong: Sequence[Exception]) -> Exception:
    """What went wrong at several servers, as one error."""
    if all(isinstance(error, StoreUnavailable) for error in wrong):
        return wrong[0] if len(wrong) == 1 else StoreUnavailable("; ".join(map(str, wrong)))
    return next(error for error in wrong if not isinstance(error, StoreUnavailable))


def new_epoch() -> str:
    return secrets.token_hex(6)
