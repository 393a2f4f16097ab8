"""The journal: what Redis has decided goes to MongoDB in groups, and nobody is told before it is there.

While bulk writes are under way, the next group gathers: under load groups grow by themselves, and nobody waits for a
timer. There are two at a time (``commit_groups``): while the store acknowledges one it works on the other. When it has
acknowledged, the outbox entries go, then the waiting requests are answered. An entry that is still in the outbox after
some seconds has lost its worker; any worker adopts it. Writing twice does no harm.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from pymongo.errors import PyMongoError

from engine.calls import Calls
from engine.entry import FIRST_PAUSE, Entry, Written
from engine.errors import StoreUnavailable
from engine.fence import Fence, Refused, Verdict
from engine.keys import Keys, Partition
from engine.model import Booking, Slot, latest
from engine.records import from_entry
from engine.settings import Settings
from engine.store import Store
from engine.store.bulk import DUPLICATE
from engine.tasks import end

log = logging.getLogger("slotline.journal")

TICK = 0.25
"""Seconds between two looks at who has waited too long."""

LONGEST_PAUSE = 2.0


class Journal:
    def __init__(self, calls: Calls, keys: Keys, store: Store, fence: Fence, settings: Settings) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._fence = fence
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Entry] = deque()
        self._writing: list[Entry] = []
        """The groups under way, one behind the other."""
        self._parked: set[Entry] = set()
        """What cannot be judged now, because its part of Redis is away: no other entry waits for these."""
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        self.on_forgotten: Callable[[Partition], None] = lambda partition: None
        """Called when Redis has forgotten something that has just been written to MongoDB."""
        self.groups = 0
        """Bulk writes so far."""
        self.written = 0
        """Things written so far."""

    def start(self) -> None:
        writers = [self._write_groups() for _ in range(self._settings.commit_groups)]
        for work in (*writers, self._watch_clock(), self._adopt_orphans()):
            self._tasks.append(asyncio.create_task(work))

    async def stop(self, grace: float) -> None:
        """Writes what is left, for at most ``grace`` seconds; the rest stays in the outbox for another worker."""
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            log.warning("stopped with %d entries unwritten; they are in the outbox", self.backlog)
        await end(self._tasks)

    @property
    def backlog(self) -> int:
        """Things of this worker that are not written yet."""
        return sum(map(len, self._unwritten))

    @property
    def _unwritten(self) -> tuple[Collection[Entry], ...]:
        return self._writing, self._queue, self._parked

    def commit(self, thing: Booking | Slot, entry: bytes | None) -> asyncio.Future[Written]:
        """Has a thing written with the next group.

        The future gets `Written.DURABLE`; `Written.LATE` after ``commit_timeout`` seconds; or `Refused` if MongoDB's
        fence refused the booking and the claim was taken back.
        """
        if entry is None and (same := self._waiting_for(thing)):
            same.futures.append(self._loop.create_future())
            return same.futures[-1]
        future: asyncio.Future[Written] = self._loop.create_future()
        self._queue.append(Entry(thing, self._keys.of(thing.id), entry, self._loop.time(), [future]))
        self._idle.clear()
        self._wake.set()
        return future

    def _waiting_for(self, thing: Booking | Slot) -> Entry | None:
        """The entry that is to write this very state already: a change repeated a thousand times is written once."""
        for entries in self._unwritten:
            for entry in entries:
                if not entry.over and entry.thing.id == thing.id and entry.thing.revision == thing.revision:
                    return entry
        return None

    async def _write_groups(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                size = min(len(self._queue), self._settings.commit_batch)
                group = [self._queue.popleft() for _ in range(size)]
                self._writing += group
                try:
                    await self._write(group)
                except Exception:
                    log.exception("a group of %d entries cannot be written; trying them one by one", size)
                    await self._write_singly(group)
                written = set(group)
                self._writing = [entry for entry in self._writing if entry not in written]
            if not self.backlog:
                self._idle.set()

    async def _write(self, group: list[Entry]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                self._park(await self._attempt(group))
                return
            except (PyMongoError, StoreUnavailable) as error:
                log.warning("%d entries wait for the store: %s", len(group), str(error)[:120])
            await asyncio.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, LONGEST_PAUSE)

    def _park(self, entries: list[Entry]) -> None:
        """Has entries written again after a while, each longer than the last one."""
        for entry in entries:
            self._parked.add(entry)
            self._loop.call_later(entry.pause * (0.5 + random.random()), self._take_up, entry)
            entry.pause = min(entry.pause * 2, LONGEST_PAUSE)

    def _take_up(self, entry: Entry) -> None:
        self._parked.discard(entry)
        self._queue.append(entry)
        self._wake.set()

    async def _write_singly(self, group: list[Entry]) -> None:
        """So that one entry that can never be written does not take the others with it."""
        for entry in group:
            try:
                await self._write([entry])
            except Exception as error:
                entry.over = True
                await self._set_aside(entry.partition, entry.id, repr(error))
                entry.settle(Written.LATE)

    async def _set_aside(self, partition: Partition, entry: bytes | None, why: str) -> None:
        """Takes poison out of the outbox; the audit shows it."""
        log.error("outbox entry %s of %s can never be written and is set aside: %s", entry, partition.outbox, why)
        if entry is not None:
            try:
                await self._calls.run("set_aside", (partition.outbox, partition.poison), (entry, why[:500]))
            except StoreUnavailable as error:
                log.error("it stays in the outbox for now: %s", error)

    async def _attempt(self, group: list[Entry]) -> list[Entry]:
        """Writes a group once; answers the entries that must be tried again."""
        settled: dict[str, Written | BaseException | None] = {}
        if slots := [entry.thing for entry in group if isinstance(entry.thing, Slot)]:
            settled = {slot.id: await self._judge_slot(slot) for slot in await self._store.slots.write(slots)}
        entries = [entry for entry in group if isinstance(entry.thing, Booking)]
        refused = await self._store.bookings.write(latest(e.thing for e in entries if isinstance(e.thing, Booking)))
        self.groups += 1
        again: list[Entry] = []
        done: list[Entry] = []
        for booking, wrong in refused:
            try:
                settled[booking.id] = await self._judge(booking, wrong, entries)
            except (PyMongoError, StoreUnavailable) as error:  # the others have their answers
                log.warning("booking %s cannot be judged now: %s", booking.id, str(error)[:120])
                settled[booking.id] = None
        for entry in group:
            result = settled.get(entry.thing.id, Written.DURABLE)
            if result is None:
                again.append(entry)
                continue
            if isinstance(result, Refused) or result is Written.DURABLE:
                done.append(entry)
            entry.over = True
            entry.settle(result)
        self._forget(done)
        return again

    async def _judge_slot(self, slot: Slot) -> Refused | None:
        """None: write it again."""
        try:
            return await self._fence.judge_slot(slot)
        except StoreUnavailable as error:
            log.warning("slot %s cannot be judged now: %s", slot.id, str(error)[:120])
            return None

    async def _judge(self, booking: Booking, wrong: dict[str, Any], entries: list[Entry]) -> Written | Refused | None:
        """None: write it again."""
        outbox = next((entry.id for entry in entries if entry.thing is booking), None)
        if wrong.get("code") != DUPLICATE:
            await self._set_aside(self._keys.of(booking.id), outbox, str(wrong.get("errmsg")))
            return Written.LATE
        try:
            verdict = await self._fence.judge(booking, outbox)
        except Refused as refusal:
            return refusal
        return Written.DURABLE if verdict is Verdict.STORED else None

    def _forget(self, done: list[Entry]) -> None:
        """Takes written entries out of the outbox. If that gets lost they are adopted and written again: no harm."""
        self.written += len(done)
        by_partition: dict[Partition, list[bytes]] = {}
        for entry in done:
            if entry.id is not None:
                by_partition.setdefault(entry.partition, []).append(entry.id)
        for partition, ids in by_partition.items():
            self._calls.send("XDEL", partition.outbox, *ids, heard=partial(self._taken_out, partition, len(ids)))

    def _taken_out(self, partition: Partition, written: int, found: int) -> None:
        """Of what was written, another worker has adopted what is not found: no harm. Or Redis has lost it, and with it
        the change that it was about."""
        if found < written:
            self.on_forgotten(partition)

    async def _watch_clock(self) -> None:
        """Lets go of requests that have waited too long: one look for all, not a timer each."""
        while True:
            await asyncio.sleep(TICK)
            long_ago = self._loop.time() - self._settings.commit_timeout
            for entries in self._unwritten:
                for entry in entries:
                    if entry.since <= long_ago:
                        entry.settle(Written.LATE)

    async def _adopt_orphans(self) -> None:
        while True:
            await asyncio.sleep(self._settings.adopt_after * (0.25 + 0.5 * random.random()))
            try:
                await self.adopt(self._settings.adopt_after)
            except (StoreUnavailable, PyMongoError) as error:
                log.warning("cannot look for orphans: %s", error)
            except Exception:
                log.exception("cannot look for orphans")

    async def adopt(self, older_than: float) -> int:
        """Writes outbox entries older than ``older_than`` seconds that are not ours, of every partition whose server
        answers; says how many that were. Raises StoreUnavailable if none answers."""
        ours = {entry.id for entries in self._unwritten for entry in entries}

        async def look(partitions: Sequence[Partition], now: int) -> list[asyncio.Future[Written]]:
            futures = []
            for partition in partitions:
                last = int(now - older_than * 1000)
                found = await self._calls.command(
                    "XRANGE", partition.outbox, "-", last, "COUNT", self._settings.commit_batch
                )
                for entry_id, fields in found or ():
                    if entry_id in ours:
                        continue
                    try:
                        futures.append(self.commit(from_entry(fields), entry_id))
                    except (KeyError, ValueError) as error:
                        await self._set_aside(partition, entry_id, f"unreadable: {error!r}")
            return futures

        found = await self._calls.wherever_possible(self._keys.partitions, look, "cannot look for orphans")
        futures = [future for of_server in found for future in of_server]
        if futures:
            log.warning("adopted %d outbox entries that had lost their worker", len(futures))
            await asyncio.gather(*futures, return_exceptions=True)
        return len(futures)
