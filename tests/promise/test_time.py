"""Daylight saving, half-hour zones, the southern hemisphere, midnight: whatever is offered can be booked."""

from __future__ import annotations

import asyncio
import itertools
import time as clock
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.availability import Availability, Hours
from engine.calendar import by_day, slots
from engine.claim import Booked
from engine.engine import Engine
from engine.errors import SlotPast
from engine.model import Slot, SlotState
from tests.promise.checks import conserved
from tests.samples import Sample, make_sample

NIGHT = time(21, 30), time(4, 30)
AROUND_THE_CLOCK = time(0), time(0)
MINUTES = 45
DST = ("Europe/Berlin", "Australia/Lord_Howe", "Pacific/Auckland")
"""Lord Howe's clocks move by half an hour."""
NO_DST = ("America/Sao_Paulo", "Asia/Kolkata")


def every_day(opens: time, closes: time) -> tuple[Hours, ...]:
    return tuple(Hours(weekday, opens, closes) for weekday in range(7))


def next_changes(zone: str) -> list[date]:
    """The next two local days on which the zone's clocks are changed."""
    tz, today = ZoneInfo(zone), datetime.now(UTC).date()

    def offset(day: date) -> timedelta | None:
        return datetime.combine(day, time(), tz).utcoffset()

    days = (today + timedelta(n) for n in range(2, 500))
    return list(itertools.islice((day for day in days if offset(day) != offset(day + timedelta(1))), 2))


def weekends() -> Iterator[tuple[str, date]]:
    for zone in DST:
        changes = next_changes(zone)
        assert len(changes) == 2
        yield from ((zone, day) for day in changes)
    for zone in NO_DST:
        assert not next_changes(zone)
        yield zone, datetime.now(UTC).date() + timedelta(30)


@pytest.fixture
async def expert(engine: Engine) -> Sample:
    """Their ready-made slots are a year away, out of the way."""
    return await make_sample(engine, start=int(clock.time()) // 60 * 60 + 600 * 86_400)


async def shown(engine: Engine, sample: Sample) -> list[Slot]:
    own = {slot.id for slot in sample.slots}
    return [slot for slot in (await engine.calendar(sample.expert.id)).slots if slot.id not in own]


async def book_all(engine: Engine, sample: Sample, offered: list[Slot]) -> list[Booked | BaseException]:
    return await asyncio.gather(*(engine.book(sample.request(slot)) for slot in offered), return_exceptions=True)


@pytest.mark.parametrize("hours", [NIGHT, AROUND_THE_CLOCK], ids=["over midnight", "around the clock"])
@pytest.mark.parametrize(("zone", "day"), list(weekends()), ids=str)
async def test_every_slot_of_the_night_is_bookable_and_on_its_local_day(
    engine: Engine, expert: Sample, zone: str, day: date, hours: tuple[time, time]
) -> None:
    made = list(slots(expert.expert.id, Availability(zone, every_day(*hours), MINUTES), day - timedelta(1), 3))
    assert await engine.add_slots(made) == len(made)
    offered = await shown(engine, expert)
    assert offered == made, "what was made is what is shown"
    assert len(made) == open_slots(zone, day, hours)
    answers = await book_all(engine, expert, offered)
    assert [type(answer) for answer in answers] == [Booked] * len(offered)
    assert all(earlier.end <= later.start for earlier, later in itertools.pairwise(offered))
    assert_local_days(await shown(engine, expert), zone)
    stored = await conserved(engine, expert.expert.id)
    assert sorted((booking.start, booking.end) for booking in stored.values()) == [
        (slot.start, slot.end) for slot in made
    ]


def open_slots(zone: str, day: date, hours: tuple[time, time]) -> int:
    """How many slots fit: every minute of UTC is held against the clock on the wall, by itself."""
    tz = ZoneInfo(zone)
    opens, closes = hours
    first, last = (datetime.combine(day + timedelta(n), opens, tz).timestamp() for n in (-1, 2))
    open_minutes: list[date | None] = []
    for minute in range(int(first), int(last), 60):
        local = datetime.fromtimestamp(minute, tz)
        if opens == closes:
            open_minutes.append(local.date())
        else:
            open_minutes.append(day if local.time() >= opens or local.time() < closes else None)
    runs = ((which, len(list(run))) for which, run in itertools.groupby(open_minutes))
    return sum(length // MINUTES for which, length in runs if which)


def assert_local_days(calendar: list[Slot], zone: str) -> None:
    """Each day of `by_day` begins at its local midnight and ends at the next: so many seconds, not always 86,400."""
    tz = ZoneInfo(zone)
    days = by_day(calendar, tz)
    assert [slot for _, of_day in days for slot in of_day] == calendar
    assert [day for day, _ in days] == sorted({day for day, _ in days})
    for day, of_day in days:
        midnight, next_midnight = (datetime.combine(day + timedelta(n), time(), tz).timestamp() for n in range(2))
        assert all(midnight <= slot.start < next_midnight for slot in of_day)


@pytest.mark.parametrize("zone", [*DST, *NO_DST, "America/New_York"])
async def test_today_all_that_is_not_past_is_bookable(engine: Engine, expert: Sample, zone: str) -> None:
    """Around the clock from yesterday till tomorrow: the past ones are refused, as they are shown."""
    today = datetime.now(ZoneInfo(zone)).date()
    made = slots(expert.expert.id, Availability(zone, every_day(*AROUND_THE_CLOCK), 20), today - timedelta(1), 3)
    await engine.add_slots(list(made))
    now = clock.time()
    offered = [slot for slot in await shown(engine, expert) if abs(slot.start - now) > 20]
    answers = await book_all(engine, expert, offered)
    for slot, answer in zip(offered, answers, strict=True):
        past = slot.state(int(now * 1000)) is SlotState.PAST
        assert isinstance(answer, SlotPast if past else Booked)
    assert {type(answer) for answer in answers} == {SlotPast, Booked}
    assert_local_days(await shown(engine, expert), zone)
    await conserved(engine, expert.expert.id)
