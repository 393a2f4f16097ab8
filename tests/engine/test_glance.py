"""Who asks for a slot that was full a moment ago gets the very answer that ``book.lua`` would have given."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from contextvars import ContextVar
from itertools import product

import pytest
from redis.asyncio import Redis

from engine import glance
from engine.claim import Booked, Claim, Request
from engine.engine import Engine
from engine.errors import (
    BadCall,
    IdempotencyKeyReused,
    SlotClosed,
    SlotHeld,
    SlotlineError,
    SlotNotFound,
    SlotPast,
    SlotTaken,
)
from engine.holds import Holds
from engine.model import Slot, Status
from engine.settings import Settings
from tests.samples import Sample


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    """A new Redis is compared for the second time, and trusted, soon."""
    return settings.model_copy(update={"adopt_after": 0.3})


@pytest.fixture
async def direct(settings: Settings) -> AsyncIterator[Redis]:
    async with Redis.from_url(settings.redis_url) as client:
        yield client


@pytest.fixture
async def full(engine: Engine, sample: Sample) -> Slot:
    """Booked, and refused once: the next ones only have a look."""
    await engine.book(sample.request(key="first"))
    await trusted(engine, sample)
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(key="second"))
    return sample.slots[0]


async def trusted(engine: Engine, sample: Sample) -> None:
    partition = engine.keys.of(sample.expert.id)
    while not engine.calls.trusts(partition, await engine.calls.command("GET", partition.epoch)):
        await asyncio.sleep(0.02)


async def scripts(direct: Redis) -> int:
    """How many have run."""
    stats = await direct.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {"calls": 0})["calls"])


async def answer(engine: Engine, sample: Sample, slot: Slot, key: str | None) -> Booked | type[SlotlineError]:
    try:
        return await engine.book(sample.request(slot, key=key))
    except SlotlineError as error:
        return type(error)


async def test_no_script_runs_for_a_slot_that_is_known_to_be_full(
    engine: Engine, sample: Sample, full: Slot, direct: Redis
) -> None:
    before = await scripts(direct)
    for number in range(50):
        assert await answer(engine, sample, full, f"loser {number}") is SlotTaken
        assert await answer(engine, sample, full, None) is SlotTaken
    assert await scripts(direct) - before < 20, "some run in the background"


async def looks(direct: Redis) -> int:
    """How many there have been."""
    stats = await direct.info("commandstats")
    return int(stats.get("cmdstat_exec", {"calls": 0})["calls"])


async def test_who_asks_in_the_same_turn_shares_a_look_and_has_an_answer_of_his_own(
    engine: Engine, sample: Sample, full: Slot, direct: Redis
) -> None:
    before = await looks(direct)
    keys = [None, "loser 1", "first", "loser 2", "loser 1", None, "first", *(f"loser {n}" for n in range(3, 60))]
    said = await asyncio.gather(*(answer(engine, sample, full, key) for key in keys))
    held = await asyncio.gather(
        *(engine.holds.hold(full.id, key=key) for key in ("h1", None, "h2")), return_exceptions=True
    )
    assert await looks(direct) - before == 2, "one for the bookings, one for the holds"
    for key, one in zip(keys, said, strict=True):
        if key == "first":
            assert isinstance(one, Booked)
            assert one.replayed
        else:
            assert one is SlotTaken
    assert [type(error) for error in held] == [SlotTaken] * 3


async def test_what_goes_wrong_for_one_does_not_keep_the_others_waiting(
    engine: Engine, sample: Sample, full: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = engine.desk._prepare

    def fail_for_one(request: Request, by: str) -> Claim:
        if request.name == "Bob":
            raise ZeroDivisionError
        return prepare(request, by)

    monkeypatch.setattr(engine.desk, "_prepare", fail_for_one)
    asked = [engine.book(sample.request(full, key="first", name=name)) for name in ("Ann Onymous", "Bob", "Cleo")]
    said = await asyncio.gather(*asked, engine.book(sample.request(full, key="new")), return_exceptions=True)
    assert isinstance(said[0], Booked)
    assert [type(one) for one in said[1:]] == [ZeroDivisionError, IdempotencyKeyReused, SlotTaken]


async def test_each_goes_on_as_himself(
    engine: Engine, sample: Sample, full: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is logged on the way to the script names his request, and not that of the one who asked first."""
    who, seen = ContextVar[str]("who"), {}
    prepare = engine.desk._prepare

    def note(request: Request, by: str) -> Claim:
        seen[request.name] = who.get()
        return prepare(request, by)

    async def ask(name: str) -> None:
        who.set(name)
        with suppress(IdempotencyKeyReused):
            await engine.book(sample.request(full, key="first", name=name))

    monkeypatch.setattr(engine.desk, "_prepare", note)
    await asyncio.gather(*(ask(name) for name in ("Ann", "Bob", "Cleo")))
    assert seen == {name: name for name in ("Ann", "Bob", "Cleo")}


async def test_a_seat_that_is_given_back_is_the_next_ones(engine: Engine, sample: Sample, full: Slot) -> None:
    [booking] = [each async for each in engine.store.bookings.since([sample.expert.id], 0)]
    await engine.change(booking.id, Status.CANCELLED, "customer")
    booked = await engine.book(sample.request(full, key="third"))
    assert (booked.booking.slot_id, booked.booking.seat) == (full.id, 1)


async def test_the_winner_who_asks_again_gets_the_booking(engine: Engine, sample: Sample, full: Slot) -> None:
    again = await engine.book(sample.request(full, key="first"))
    assert again.replayed
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(sample.request(full, key="first", name="Bob"))
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(full, key="another"))


async def test_a_held_slot_is_called_held_until_its_hold_is_over(engine: Engine, sample: Sample, direct: Redis) -> None:
    slot = sample.slots[1]
    short = Holds(engine.calls, engine.keys, engine.glance, engine.settings.model_copy(update={"hold_seconds": 1.0}))
    await trusted(engine, sample)
    await short.hold(slot.id)
    assert await answer(engine, sample, slot, "first") is SlotHeld
    before = await scripts(direct)
    for number in range(50):
        assert await answer(engine, sample, slot, f"loser {number}") is SlotHeld
    assert await scripts(direct) - before < 20, "some run in the background"
    await asyncio.sleep(1.1)
    assert isinstance(await answer(engine, sample, slot, "patient"), Booked)


async def test_who_has_the_hold_gets_the_seat(engine: Engine, sample: Sample) -> None:
    group = sample.group
    hold = await engine.holds.hold(group.id)
    for _ in range(6):
        await engine.book(sample.request(group))
    for _ in range(3):
        assert await answer(engine, sample, group, None) is SlotHeld
    request = sample.request(group)
    request.hold = hold.token
    await engine.book(request)
    for _ in range(3):
        assert await answer(engine, sample, group, None) is SlotTaken


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_hold_is_refused_at_a_glance_too(
    engine: Engine, sample: Sample, full: Slot, direct: Redis, key: str | None
) -> None:
    held = sample.slots[1]
    await engine.holds.hold(held.id, key="mine")
    for slot, error in (full, SlotTaken), (held, SlotHeld):
        with pytest.raises(error):
            await engine.holds.hold(slot.id, "somebody", key)
        before = await scripts(direct)
        for _ in range(30):
            with pytest.raises(error):
                await engine.holds.hold(slot.id, "somebody", key)
        assert await scripts(direct) - before < 20, "some run in the background"
    again = await engine.holds.hold(held.id, key="mine")
    assert again.replayed
    await engine.holds.release(again.token)
    await engine.holds.hold(held.id, "somebody", key)


async def test_the_key_of_another_client_is_another_key(engine: Engine, sample: Sample) -> None:
    hold = await engine.holds.hold(sample.slots[0].id, "a" * 16, "form-1")
    for _ in range(2):  # by the script, and then at a glance
        with pytest.raises(SlotHeld):
            await engine.holds.hold(sample.slots[0].id, "b" * 16, "form-1")
        assert (await engine.holds.hold(sample.slots[0].id, "a" * 16, "form-1")).token == hold.token


async def test_a_slot_that_is_closed_is_called_so(engine: Engine, sample: Sample, full: Slot) -> None:
    await engine.desk.close(full.id)
    with pytest.raises(SlotClosed):
        await engine.book(sample.request(full, key="late"))


@pytest.mark.parametrize("key", [None, "new", "first"])
async def test_every_state_gets_the_same_answer_with_and_without_a_look(
    engine: Engine, sample: Sample, direct: Redis, key: str | None
) -> None:
    """Every record in which no seat can be had, and some that are none."""
    await engine.book(sample.request(0, key="first"))
    await trusted(engine, sample)
    partition, slot = engine.keys.of(sample.expert.id), sample.slots[1]
    calendar, now = partition.calendar(sample.expert.id), int(time.time()) // 60 * 60
    later = f"{now + 7200} {now + 9000}"
    records: list[str | None] = [
        f"{start} {start + 1800} {revision} {closed} {held_until} {seatmap}"
        for start, revision, closed, held_until, seatmap in product(
            (now - 60, now + 7200), (0, 3), (0, 1), (0, 1, (now + 600) * 1000), ("b", "bbb", "h", "bh", "b.b")
        )
        if seatmap != "b.b" or closed or start < now
    ]
    records += [None, "", "b", f"{later} 0 0 0 ", f"x{later} 0 0 0 b", f"{later} 0 0 0 b\n", f"{later} 0 0 0 b b"]
    seen = set()
    for record in records:
        await (direct.hdel(calendar, slot.id) if record is None else direct.hset(calendar, slot.id, record))
        engine.glance._full.clear()
        without = await answer(engine, sample, slot, key)
        engine.glance.remember(slot.id)
        assert await answer(engine, sample, slot, key) is without, record
        seen.add(without)
    assert (
        seen == {SlotNotFound, SlotPast, SlotClosed, SlotHeld, SlotTaken} if key != "first" else {IdempotencyKeyReused}
    )


async def test_nobody_is_refused_by_a_state_that_is_gone(
    engine: Engine, sample: Sample, full: Slot, direct: Redis
) -> None:
    """Its epoch is: MongoDB says then what the state is."""
    [booking] = [each async for each in engine.store.bookings.since([sample.expert.id], 0)]
    document = {"_id": booking.id}
    await engine.store._database["bookings"].update_one(document, {"$set": {"status": "cancelled", "active": False}})
    await direct.delete(engine.keys.of(sample.expert.id).epoch)
    async with asyncio.timeout(10):
        while isinstance(got := await answer(engine, sample, full, "k"), type):
            assert got is not SlotTaken
    assert got.booking.slot_id == full.id


async def test_what_the_look_cannot_read_is_left_to_the_script(
    engine: Engine, sample: Sample, full: Slot, direct: Redis
) -> None:
    partition = engine.keys.of(sample.expert.id)
    await direct.delete(partition.calendar(sample.expert.id))
    await direct.set(partition.calendar(sample.expert.id), "a wrong type")
    assert await answer(engine, sample, full, "k") is BadCall
    with pytest.raises(BadCall):
        await engine.holds.hold(full.id)


async def test_a_broken_connection_costs_a_look_and_no_answer(engine: Engine, sample: Sample, full: Slot) -> None:
    asked = [asyncio.ensure_future(answer(engine, sample, full, f"k{number}")) for number in range(20)]
    await asyncio.sleep(0)
    engine.calls._route._wire.close()  # type: ignore[attr-defined]
    assert await asyncio.gather(*asked) == [SlotTaken] * 20
    held = [asyncio.ensure_future(engine.holds.hold(full.id)) for _ in range(20)]
    await asyncio.sleep(0)
    engine.calls._route._wire.close()  # type: ignore[attr-defined]
    assert {type(error) for error in await asyncio.gather(*held, return_exceptions=True)} == {SlotTaken}


async def test_few_are_remembered(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "MOST", 3)
    look = glance.Glance(engine.calls, engine.keys)
    for number in range(10):
        look.remember(f"expert0000-{number}")
    assert list(look._full) == [f"expert0000-{number}" for number in (7, 8, 9)]
    assert not look.ask("expert0000-1", None, pytest.fail)
