"""Keeps experts' calendars as their availabilities say: new days come on sale, and slots go off it when their notice
begins.

MongoDB knows for every expert when there is something to do again. A worker that finds one due takes a lease, has the
slots of the rule arranged (each step is one script) and says when the next time will be. What is interrupted is done
again: doing it twice changes nothing.

A worker may stop at any point and go on when somebody else has had its lease. So Redis is told with each step when that
lease is over, and refuses what comes later. All who take a lease look at its clock, before they take it.

A Redis that has come back with an older state may have slots as they are wanted that MongoDB has otherwise, and gets
these when the two are compared. So a calendar waits for that, and is arranged again if Redis was away meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from itertools import islice

from pymongo.errors import PyMongoError

from engine.availability import Availability, zone
from engine.calendar import slots
from engine.calls import Calls
from engine.changes import Arranged, Changes, Wish
from engine.errors import ExpertNotFound, SlotlineError, StoreUnavailable
from engine.keys import Keys
from engine.model import Slot
from engine.store import Store
from engine.store.availabilities import Timetable
from engine.tasks import end

log = logging.getLogger("slotline.keeper")

EVERY = 5.0
"""Seconds between two looks for what is due."""

AT_A_LOOK, SIDE_BY_SIDE = 50, 8
"""Experts."""

AT_ONCE = 100
"""Slots arranged by one script."""

LEASE = 60
"""Seconds. A worker that is killed in the middle keeps the others from an expert for so long. In its second half
nothing is arranged: by so much the clock of Redis may be put back, or that of a server that takes over be behind."""

PATIENCE = 15.0
"""Seconds that a new availability waits for whoever is just at the old one."""

LATER = 60
"""Seconds until what failed is tried again."""

SOON = 2
"""Seconds until Redis will mostly have been compared with MongoDB."""


class Keeper:
    def __init__(self, calls: Calls, keys: Keys, store: Store, desk: Changes) -> None:
        self._calls = calls
        self._keys = keys
        self._rules = store.availabilities
        self._experts = store.experts
        self._desk = desk
        self._who = secrets.token_hex(8)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="keeper")

    async def stop(self) -> None:
        await end([self._task])

    async def put(self, expert_id: str, availability: Availability) -> Arranged:
        """From now on this rule; answers what became of the slots.

        Raises ExpertNotFound, StoreUnavailable (also when another worker has been at this expert for long: the rule is
        kept then, and put into effect later), PyMongoError.
        """
        await self._rules.put(expert_id, availability, int(time.time()))
        return await self._tend_now(expert_id)

    async def move(self, expert_id: str) -> None:
        """From now on the hours there are, in the zone of the expert's profile. Those that somebody puts meanwhile are
        looked at again, never overwritten. Raises what `put` does."""
        while (rule := await self._rules.get(expert_id)) and (expert := await self._experts.get(expert_id)):
            if rule.time_zone == expert.time_zone:
                break
            moved = replace(rule, time_zone=expert.time_zone, stored=True)
            if await self._rules.replace(expert_id, rule, moved, int(time.time())):
                await self._tend_now(expert_id)

    async def _tend_now(self, expert_id: str) -> Arranged:
        """Raises what `put` does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if (arranged := await self.tend(expert_id)) is not None:
                return arranged
            await asyncio.sleep(0.1)
        raise StoreUnavailable("this calendar is being worked at; the availability will be put into effect later")

    async def forget(self, expert_id: str) -> None:
        """No rule any more; slots stay as they are. Raises StoreUnavailable, PyMongoError."""
        deadline = time.monotonic() + PATIENCE
        while await self._rules.get(expert_id) is not None:
            timetable = await self._rules.lease(expert_id, self._who, await self._now(expert_id), LEASE)
            if timetable is not None:
                await self._rules.remove(timetable, self._who)
                await self._rules.release(expert_id, self._who, 0)
            elif time.monotonic() > deadline:
                raise StoreUnavailable("another worker is at this calendar")
            else:
                await asyncio.sleep(0.1)

    async def tend(self, expert_id: str) -> Arranged | None:
        """Puts an expert's rule into effect as of now. None: somebody else is at it, there is none, another one is
        wanted meanwhile, or Redis has yet to be compared with MongoDB. Raises ExpertNotFound, StoreUnavailable,
        PyMongoError."""
        who = f"{self._who}-{secrets.token_hex(4)}"
        partition, since = self._keys.of(expert_id), self._calls.since
        try:
            state, *_, now_ms = await self._calls.run("identity", (partition.epoch, partition.server), ())
        except StoreUnavailable:
            await self._postpone(expert_id, LATER)
            raise
        if state == b"changed":
            await self._postpone(expert_id, SOON)
            return None
        now = int(now_ms) // 1000
        timetable = await self._rules.lease(expert_id, who, now, LEASE)
        if timetable is None:
            return None
        due: int | None = 0
        try:
            arranged = await self._arrange(expert_id, wanted(timetable, now), now)
            if await self._experts.get(expert_id) is None:  # removed meanwhile, or before this rule was wanted
                await self._give_up(timetable, who, now)
            if self._calls.since != since:
                return None
            later = int(time.time()) + LATER
            if now < timetable.ran:  # once more, when the clock is right again
                due = later
                return arranged
            moment = next_due(timetable.wanted, expert_id, now)
            unfinished = arranged.unfinished if arranged.held else ()  # once more, when the holds are over
            if await self._rules.settle(timetable, who, now, min(moment, later) if unfinished else moment, unfinished):
                due = None
                return arranged
        except Exception:
            due = int(time.time()) + LATER
            raise
        finally:
            if due is not None:
                await self._rules.release(expert_id, who, due)
        return None

    async def _postpone(self, expert_id: str, seconds: int) -> None:
        """So that a look at all that is due does not come to it again and again."""
        now = int(time.time())
        await self._rules.postpone(expert_id, now, now + seconds)

    async def _now(self, expert_id: str) -> int:
        """By the clock of the expert's Redis (epoch seconds). Raises StoreUnavailable."""
        [now_ms] = await self._calls.clocks([self._keys.of(expert_id).epoch])
        return now_ms // 1000

    async def _arrange(self, expert_id: str, wishes: Sequence[Wish], now: int) -> Arranged:
        """``now``: before the lease was taken. Raises LeaseLost, StoreUnavailable."""
        arranged = Arranged()
        for first in range(0, len(wishes), AT_ONCE):
            chunk = wishes[first : first + AT_ONCE]
            arranged += await self._desk.arrange(expert_id, chunk, strict=False, ends=now * 1000 + LEASE * 500)
        return arranged

    async def _give_up(self, timetable: Timetable, who: str, now: int) -> None:
        """Takes what is left of an expert who is gone off sale. Raises ExpertNotFound."""
        slots = {slot.id: slot for rule in timetable.rules for slot in window(rule, timetable.expert_id, now)}
        wishes = [Wish("close", slot) for slot in slots.values() if slot.start > now]
        await self._arrange(timetable.expert_id, wishes, now)
        await self._rules.remove(timetable, who)
        raise ExpertNotFound()

    async def _run(self) -> None:
        pause = EVERY
        while True:
            await asyncio.sleep(pause * (0.5 + random.random()))
            pause = EVERY
            try:
                due = await self._rules.due(int(time.time()), AT_A_LOOK)
                turn = asyncio.Semaphore(SIDE_BY_SIDE)
                await asyncio.gather(*(self._tend(expert_id, turn) for expert_id in due))
                if len(due) == AT_A_LOOK:
                    pause = 0.0  # there are more
            except PyMongoError as error:
                log.warning("cannot look for calendars to keep: %s", str(error)[:120])
            except Exception:
                log.exception("cannot look for calendars to keep")

    async def _tend(self, expert_id: str, turn: asyncio.Semaphore) -> None:
        try:
            async with turn:
                await self.tend(expert_id)
                await self.move(expert_id)  # whoever changed the zone of the profile may have broken off
        except (SlotlineError, PyMongoError) as error:
            log.warning("the calendar of %s stays as it is for now: %s", expert_id, str(error)[:120])
        except Exception:
            log.exception("the calendar of %s stays as it is for now", expert_id)


def wanted(timetable: Timetable, now: int) -> Sequence[Wish]:
    """What is to be done at ``now`` (epoch seconds): closings first, which make room."""
    rule, expert_id, unfinished = timetable.wanted, timetable.expert_id, timetable.unfinished
    begun = {slot.id: slot for slot in off_sale(rule, expert_id, timetable.since, now)}
    if not timetable.changed and today(rule, timetable.ran) == today(rule, now):
        shown = on_sale(rule, expert_id, now) if unfinished else []
        again = [Wish("offer", slot) for slot in shown if slot.id in unfinished]
        return [Wish("close", slot) for slot in begun.values()] + again
    right = {slot.id: slot for slot in on_sale(rule, expert_id, now)}
    before = [slot for former in timetable.rules[:-1] for slot in window(former, expert_id, now)]
    """What former rules may have on sale."""
    other = unfinished | {slot.id for slot in before if right.get(slot.id) != slot}
    gone = begun | {slot.id: slot for slot in before}
    wishes = [Wish("close", slot) for slot in gone.values() if slot.id not in right and slot.start > now]
    return wishes + [Wish("offer" if slot.id in other else "open", slot) for slot in right.values()]


def on_sale(rule: Availability, expert_id: str, now: int) -> list[Slot]:
    """The slots that a rule has on sale at ``now``."""
    return [slot for slot in window(rule, expert_id, now) if is_on_sale(rule, slot, now)]


def off_sale(rule: Availability, expert_id: str, since: int, now: int) -> Iterable[Slot]:
    """The slots to come whose notice has begun since then."""
    for slot in window(rule, expert_id, now):  # by their starts
        if is_on_sale(rule, slot, now):
            break
        if slot.start > now and is_on_sale(rule, slot, since):
            yield slot


def is_on_sale(rule: Availability, slot: Slot, now: int) -> bool:
    """Of a slot of the rule's window: whether its notice has not begun."""
    return slot.start - rule.notice_minutes * 60 > now


def window(rule: Availability, expert_id: str, now: int) -> Iterable[Slot]:
    """The slots of the local days that are on sale at ``now``, with those of last night's hours."""
    return slots(expert_id, rule, today(rule, now) - timedelta(days=1), rule.window_days + 1)


def today(rule: Availability, now: int) -> date:
    return datetime.fromtimestamp(now, zone(rule.time_zone)).date()


def next_due(rule: Availability, expert_id: str, now: int) -> int:
    """When there is something to do after ``now``: a new day comes on sale, or a slot goes off it."""
    tomorrow = datetime.combine(today(rule, now) + timedelta(days=1), time_of_day(), zone(rule.time_zone))
    moments = [int(tomorrow.timestamp())]
    if rule.notice_minutes:
        to_come = (slot for slot in window(rule, expert_id, now) if is_on_sale(rule, slot, now))
        moments += [slot.start - rule.notice_minutes * 60 for slot in islice(to_come, 1)]
    return min(moments)
