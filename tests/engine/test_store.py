from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from engine.availability import Availability
from engine.engine import Engine
from engine.model import Booking, Page, Status, new_expert_id, new_slot
from engine.store.bulk import DUPLICATE
from tests.engine.stored import booking, cancelled
from tests.samples import ZOE, Sample


async def test_a_booking_is_written_onto_what_it_has_come_from_only(engine: Engine) -> None:
    """Another history is another Redis' memory, however high its revision: it goes to the fence."""
    first = booking(new_expert_id(), 0, 1_700_000_000_000)
    other = replace(first, revision=2, updated_at=first.updated_at + 5, history=(*first.history, first.history[0]))
    other = replace(other, history=(first.history[0], first.history[0]._replace(at=other.updated_at)))
    assert await engine.store.bookings.write([first]) == []
    assert await engine.store.bookings.write([other]) == []
    [(refused, wrong)] = await engine.store.bookings.write([cancelled(cancelled(cancelled(first)))])
    assert (refused.revision, wrong["code"]) == (4, DUPLICATE)
    assert await engine.store.bookings.get(first.id) == other
    assert await engine.store.bookings.write([cancelled(cancelled(other))]) == []


async def test_a_customers_bookings_come_newest_first_each_once(engine: Engine) -> None:
    """Three were made in the same millisecond, where two pages could have one of them both, or none."""
    expert_id = new_expert_id()
    made = [booking(expert_id, number, 1_700_000_000_000 + number // 3) for number in range(9)]
    assert await engine.store.bookings.write(made) == []
    found: list[Booking] = []
    for number in range(1, 6):
        page: Page = await engine.store.bookings.of_email("ann@EXAMPLE.com", None, number, 2)
        assert (page.total, page.pages) == (9, 5)
        found += page.items
    assert [each.created_at for each in found] == sorted((each.created_at for each in made), reverse=True)
    assert {each.id for each in found} == {each.id for each in made}


async def test_a_customers_bookings_of_one_status(engine: Engine) -> None:
    expert_id = new_expert_id()
    made = [
        booking(expert_id, number, number, status=Status.CANCELLED if number % 2 else Status.PENDING)
        for number in range(6)
    ]
    await engine.store.bookings.write(made)
    page = await engine.store.bookings.of_email("ann@example.com", Status.CANCELLED, 1, 10)
    assert [each.created_at for each in page.items] == [5, 3, 1]
    assert (await engine.store.bookings.of_email("bob@example.com", None, 1, 10)).items == []


async def test_slots_are_added_once_whoever_adds_them(engine: Engine, sample: Sample) -> None:
    more = [new_slot(sample.expert.id, 4_000_000_020 + 1800 * n, 4_000_001_820 + 1800 * n) for n in range(60)]
    assert await engine.store.slots.add(more[:30]) == 30
    assert await engine.store.slots.add(more) == 30
    assert await engine.store.slots.add(more) == 0
    stored = [slot async for slot in engine.store.slots.since([sample.expert.id], "2090-01-01")]
    assert sorted(stored, key=lambda slot: slot.start) == more


async def test_what_several_add_at_once_is_there_once(engine: Engine) -> None:
    people = [replace(ZOE, id=new_expert_id()) for _ in range(13)]
    assert sum(await asyncio.gather(*(engine.store.experts.put(people) for _ in range(4)))) == len(people)
    slots = [new_slot(people[0].id, 4_000_000_020 + 1800 * n, 4_000_001_820 + 1800 * n) for n in range(60)]
    await asyncio.gather(*(engine.store.slots.add(slots) for _ in range(4)))
    assert sorted(slot.id for slot in await engine.store.slots.get(slots)) == sorted(slot.id for slot in slots)


@pytest.mark.parametrize("what", ["experts", "slots", "availabilities"])
async def test_what_no_majority_has_got_is_not_called_added(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Duplicate keys are no fault of a bulk write. That no majority acknowledged it was none either: what may not last
    was called added."""
    write, expert = AsyncCollection.bulk_write, replace(ZOE, id=new_expert_id())
    rule = Availability("Europe/Berlin", (), 60)
    slots = [new_slot(expert.id, 4_000_000_020, 4_000_001_820)]
    adding = {
        "experts": lambda: engine.store.experts.put([expert]),
        "slots": lambda: engine.store.slots.write(slots),
        "availabilities": lambda: engine.store.availabilities.add([(expert.id, rule, 0)], 0),
    }

    async def unacknowledged(*arguments: Any, **options: Any) -> None:
        await write(*arguments, **options)
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "timed out"}]})

    monkeypatch.setattr(AsyncCollection, "bulk_write", unacknowledged)
    with pytest.raises(BulkWriteError):
        await adding[what]()


async def test_a_mark_is_there_from_when_it_is_set_until_it_is_removed(engine: Engine) -> None:
    said = [await engine.mark("here", mark) for mark in (None, True, True, None, False, False, None)]
    assert said == [False, True, True, True, False, False, False]
    await engine.mark("here", True)
    assert not await engine.mark("there")


async def test_writers_of_one_day_do_not_undo_each_other(engine: Engine, sample: Sample) -> None:
    day = 4_000_060_800
    slots = [new_slot(sample.expert.id, day + 300 * n, day + 300 * (n + 1)) for n in range(64)]
    closed = [replace(slot, closed=True, revision=1) for slot in slots[:40]]
    store = engine.store.slots
    await store.add(slots[:20])
    answers = await asyncio.gather(
        *(store.write(closed[first : first + 5]) for first in range(0, 40, 5)),
        *(store.add(slots[first : first + 8]) for first in range(40, 64, 8)),
    )
    assert answers == [[]] * 8 + [8] * 3
    assert sorted(await store.get(slots), key=lambda slot: slot.start) == [*closed, *slots[40:]]
