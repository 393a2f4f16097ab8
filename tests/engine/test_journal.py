from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.claim import Booked, Request
from engine.engine import Engine
from engine.entry import Written
from engine.errors import SlotlineError, StoreUnavailable
from engine.fence import Refused, Verdict
from engine.model import Booking, Change, Slot, Status, new_booking_id, new_slot
from engine.records import dump_body, from_entry
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from tests.samples import Sample, make_sample


async def claim(engine: Engine, request: Request) -> tuple[Booking, bytes]:
    """A booking and its outbox entry, made as by `Desk.book` in a worker that dies before its journal hears of it."""
    partition = engine.keys.of(request.expert_id)
    booking_id = new_booking_id(request.expert_id)
    key = partition.booking(booking_id)
    settings = engine.settings
    answer = await engine.calls.run(
        "book",
        (*partition.feed(request.expert_id), partition.outbox, key, key, *partition.holds(request.slot_id), key),
        (
            request.slot_id,
            booking_id,
            dump_body(request.name, request.email, request.phone, request.notes),
            '"customer"',
            "",
            request.fingerprint(),
            settings.keep_bookings,
            settings.backlog,
            "",
            *engine.calls.publish,
            0,
        ),
    )
    assert answer[0] == b"ok"
    booking = await engine.fence.live(booking_id)
    assert booking is not None
    return booking, answer[-1]


async def outbox(engine: Engine, expert_id: str) -> list[Booking | Slot]:
    entries = await engine.calls.command("XRANGE", engine.keys.of(expert_id).outbox, "-", "+")
    return [from_entry(fields) for _, fields in entries]


async def empty_outbox(engine: Engine, expert_id: str) -> None:
    """Waits until it is: entries go just after the answer."""
    async with asyncio.timeout(5):
        while await outbox(engine, expert_id):
            await asyncio.sleep(0.01)


@pytest.fixture
async def crowd(engine: Engine, sample: Sample) -> list[Request]:
    slot = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800, seats=200)
    await engine.add_slots([slot])
    return [sample.request(slot, name=f"Client {number}") for number in range(200)]


async def test_many_bookings_share_few_writes(engine: Engine, crowd: list[Request]) -> None:
    groups, written = engine.journal.groups, engine.journal.written
    booked = await asyncio.gather(*(engine.book(request) for request in crowd))
    assert engine.journal.written - written == len(crowd)
    assert 1 <= engine.journal.groups - groups <= len(crowd) / 10
    assert all(each.durable for each in booked)


async def test_a_group_is_no_larger_than_the_setting(settings: Settings, engine: Engine, crowd: list[Request]) -> None:
    small = await Engine.open(settings.model_copy(update={"commit_batch": 20}))
    try:
        await asyncio.gather(*(small.book(request) for request in crowd))
        assert small.journal.groups >= len(crowd) / 20
    finally:
        await small.close()


@pytest.mark.parametrize("groups", [1, 2])
async def test_so_many_groups_are_under_way_at_once_and_no_more(
    settings: Settings, engine: Engine, crowd: list[Request], groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await Engine.open(settings.model_copy(update={"commit_groups": groups}))
    write, under_way, most = worker.store.bookings.write, 0, 0

    async def slow(bookings: list[Booking]) -> list[tuple[Booking, dict[str, Any]]]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        refused = await write(bookings)
        under_way -= 1
        return refused

    monkeypatch.setattr(worker.store.bookings, "write", slow)

    async def one_after_another(number: int, requests: list[Request]) -> list[Booked]:
        await asyncio.sleep(0.01 * number)  # not in step
        return [await worker.book(request) for request in requests]

    booked = await asyncio.gather(*(one_after_another(each, crowd[each::20]) for each in range(20)))
    assert most == groups
    for made in (each for several in booked for each in several):
        assert made.durable
        assert await engine.store.bookings.get(made.booking.id) == made.booking
    assert worker.journal.backlog == 0
    await worker.close()
    await empty_outbox(engine, crowd[0].expert_id)


async def test_a_group_that_waits_for_the_store_holds_up_no_other(
    settings: Settings, engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await Engine.open(settings)
    write, goes_on = worker.store.bookings.write, asyncio.Event()

    async def stuck(bookings: list[Booking]) -> list[tuple[Booking, dict[str, Any]]]:
        if bookings[0].name == "Stuck":
            await goes_on.wait()
        return await write(bookings)

    monkeypatch.setattr(worker.store.bookings, "write", stuck)
    first = asyncio.create_task(worker.book(sample.request(name="Stuck")))
    while not worker.journal.backlog:
        await asyncio.sleep(0.005)
    assert (await worker.book(sample.request(1))).durable
    assert not first.done()
    assert worker.journal.backlog == 1
    goes_on.set()
    assert (await first).durable
    await worker.close()


async def test_an_orphan_is_adopted(engine: Engine, other: Engine, sample: Sample) -> None:
    booking, _ = await claim(engine, sample.request())
    assert await engine.store.bookings.get(booking.id) is None
    assert await outbox(engine, sample.expert.id) == [booking]
    async with asyncio.timeout(3):
        while not await other.journal.adopt(0):
            await asyncio.sleep(0.05)
    assert await engine.store.bookings.get(booking.id) == booking
    await empty_outbox(engine, sample.expert.id)


async def test_an_orphan_is_adopted_by_itself(settings: Settings, engine: Engine, sample: Sample) -> None:
    booking, _ = await claim(engine, sample.request())
    eager = await Engine.open(settings.model_copy(update={"adopt_after": 0.2}))
    try:
        async with asyncio.timeout(5):
            while await engine.store.bookings.get(booking.id) != booking:
                await asyncio.sleep(0.05)
        await empty_outbox(engine, sample.expert.id)
    finally:
        await eager.close()


async def test_a_young_entry_is_left_to_its_worker(engine: Engine, other: Engine, sample: Sample) -> None:
    booking, _ = await claim(engine, sample.request())
    assert await other.journal.adopt(60) == 0
    assert await outbox(engine, sample.expert.id) == [booking]


async def test_a_slot_that_was_closed_is_adopted(engine: Engine, other: Engine, sample: Sample) -> None:
    slot, partition = sample.slots[0], engine.keys.of(sample.expert.id)
    keys = (*partition.feed(sample.expert.id), partition.outbox)
    await engine.calls.run("close", keys, (slot.id, engine.settings.backlog, *engine.calls.publish))
    assert await outbox(engine, sample.expert.id) == [replace(slot, closed=True, revision=1)]
    async with asyncio.timeout(3):
        while not await other.journal.adopt(0):
            await asyncio.sleep(0.05)
    stored = {each.id: each async for each in engine.store.slots.since([sample.expert.id], "2000-01-01")}
    assert stored[slot.id] == replace(slot, closed=True, revision=1)
    await empty_outbox(engine, sample.expert.id)


async def test_an_entry_that_cannot_be_read_stops_no_other(engine: Engine, other: Engine, sample: Sample) -> None:
    partition = engine.keys.of(sample.expert.id)
    await engine.calls.command("XADD", partition.outbox, "1-0", "nonsense", "x")
    booking, _ = await claim(engine, sample.request())
    async with asyncio.timeout(3):
        while not await other.journal.adopt(0):
            await asyncio.sleep(0.05)
    assert await engine.store.bookings.get(booking.id) == booking


def revisions(booking: Booking) -> list[Booking]:
    """The booking as it was made, confirmed and completed."""
    made = [booking]
    for before, after in pairwise((Status.PENDING, Status.CONFIRMED, Status.COMPLETED)):
        last = made[-1]
        at = last.updated_at + 1000
        history = (*last.history, Change(at, before, after, "admin"))
        made.append(replace(last, revision=last.revision + 1, status=after, updated_at=at, history=history))
    return made


@pytest.mark.parametrize(
    "order", [(1, 2), (2, 1), (2,), (3,), (2, 3), (3, 2), (3, 2, 1), (1, 3, 2), (2, 2), (3, 1, 3, 2)]
)
@pytest.mark.parametrize("together", [True, False])
async def test_an_older_revision_never_overwrites_a_newer_one(
    engine: Engine, sample: Sample, order: tuple[int, ...], together: bool
) -> None:
    booking, _ = await claim(engine, sample.request())
    made = revisions(booking)
    written = []
    for revision in order:
        future = engine.journal.commit(made[revision - 1], None)
        written.append(future)
        if not together:
            await future
    assert set(await asyncio.gather(*written)) == {Written.DURABLE}
    assert await engine.store.bookings.get(booking.id) == made[max(order) - 1]


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2,), (2, 2)])
async def test_an_older_revision_of_a_slot_never_overwrites_a_newer_one(
    engine: Engine, sample: Sample, order: tuple[int, ...]
) -> None:
    slot = sample.slots[0]
    both = (replace(slot, closed=True, revision=1), replace(slot, closed=False, revision=2))
    calendar = engine.keys.of(slot.id).feed(sample.expert.id)[1]
    await engine.calls.command("HSET", calendar, slot.id, both[1].record)
    newest = 0
    for revision in order:
        written = engine.journal.commit(both[revision - 1], None)
        if revision < newest:
            with pytest.raises(Refused, match="changed meanwhile"):
                await written
        else:
            assert await written is Written.DURABLE
        newest = max(newest, revision)
    stored = {each.id: each async for each in engine.store.slots.since([sample.expert.id], "2000-01-01")}
    assert stored[slot.id] == both[1]


async def test_writing_the_same_thing_twice_does_no_harm(engine: Engine, other: Engine, sample: Sample) -> None:
    booking, entry = await claim(engine, sample.request())
    answers = await asyncio.gather(
        engine.journal.commit(booking, entry),
        engine.journal.commit(booking, entry),
        other.journal.commit(booking, None),
    )
    assert set(answers) == {Written.DURABLE}
    assert await other.journal.commit(booking, entry) is Written.DURABLE
    assert await engine.store.bookings.get(booking.id) == booking
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 0
    await empty_outbox(engine, sample.expert.id)


@contextmanager
def stopped(server: MongoServer) -> Iterator[None]:
    """It is there, and answers nothing."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


async def until_durable(engine: Engine, booked: Booked) -> None:
    async with asyncio.timeout(15):
        while await engine.store.bookings.get(booked.booking.id) != booked.booking:
            await asyncio.sleep(0.05)
    await empty_outbox(engine, booked.booking.expert_id)


@pytest.fixture(scope="module")
def own_mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with MongoServer(tmp_path_factory.mktemp("own_mongo")) as server:
        yield server


async def test_an_answer_comes_though_mongodb_does_not(
    redis_server: RedisServer, own_mongo: MongoServer, settings: Settings, tmp_path: Path
) -> None:
    """Claimed, and said to be not durable; durable as soon as MongoDB is back."""
    own = settings.model_copy(update={"mongo_url": own_mongo.url, "commit_timeout": 0.5})
    engine = await Engine.open(own)
    try:
        sample = await make_sample(engine, start=4_000_000_020)
        clock = asyncio.get_running_loop().time
        with stopped(own_mongo):
            began = clock()
            late = await asyncio.gather(*(engine.book(sample.request(number)) for number in range(3)))
            assert 0.5 <= clock() - began < 2
            assert not any(booked.durable for booked in late)
            assert len(await outbox(engine, sample.expert.id)) == 3
            assert (await engine.calendar(sample.expert.id)).slots[0].free == 0
        for booked in late:
            await until_durable(engine, booked)
    finally:
        await engine.close()


async def test_a_change_stands_though_mongodb_does_not_answer(
    redis_server: RedisServer, own_mongo: MongoServer, settings: Settings
) -> None:
    own = settings.model_copy(update={"mongo_url": own_mongo.url, "commit_timeout": 0.5})
    engine = await Engine.open(own)
    try:
        sample = await make_sample(engine, start=4_000_000_020)
        booked = await engine.book(sample.request())
        with stopped(own_mongo):
            changed = await engine.change(booked.booking.id, Status.CANCELLED, "customer")
            assert changed.status is Status.CANCELLED
        await until_durable(engine, Booked(changed))
    finally:
        await engine.close()


async def test_closing_writes_what_is_left(settings: Settings, engine: Engine, crowd: list[Request]) -> None:
    leaving = await Engine.open(settings)
    claims = [await claim(leaving, request) for request in crowd[:50]]
    waiting = [leaving.journal.commit(booking, entry) for booking, entry in claims]
    assert leaving.journal.backlog == 50
    await leaving.close()
    assert {future.result() for future in waiting} == {Written.DURABLE}
    for booking, _ in claims:
        assert await engine.store.bookings.get(booking.id) == booking
    await empty_outbox(engine, crowd[0].expert_id)


async def test_one_entry_that_cannot_be_judged_holds_up_nobody(
    settings: Settings, engine: Engine, sample: Sample
) -> None:
    """The fence failed on one booking (the key of the seat's holder was no string), and the worker gave its whole group
    up without answering: everybody in it waited for ever."""
    partition = engine.keys.of(sample.expert.id)
    holder = (await engine.book(sample.request())).booking
    await engine.calls.command("HSET", partition.calendar(sample.expert.id), sample.slots[0].id, sample.slots[0].record)
    await engine.calls.command("DEL", partition.booking(holder.id))
    await engine.calls.command("RPUSH", partition.booking(holder.id), "no string")
    hasty = await Engine.open(settings.model_copy(update={"commit_timeout": 0.5}))
    try:
        async with asyncio.timeout(5):
            stuck, fine = await asyncio.gather(
                hasty.book(sample.request()), hasty.book(sample.request(1)), return_exceptions=True
            )
    finally:
        await hasty.close()
    assert isinstance(stuck, SlotlineError) or (isinstance(stuck, Booked) and not stuck.durable)
    assert isinstance(fine, Booked)
    assert await engine.store.bookings.get(fine.booking.id) == fine.booking


async def test_what_cannot_be_judged_keeps_nobody_else_waiting(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bookings that the fence had refused could not be judged, because their shard had died: each kept a writer,
    and there are two. Nothing of the healthy shards was written any more."""
    away = {sample.slots[0].id, sample.slots[1].id}
    judge = engine.fence.judge

    async def from_a_dead_shard(booking: Booking, entry: bytes | None) -> Verdict:
        if booking.slot_id in away:
            raise StoreUnavailable
        return await judge(booking, entry)

    for slot in sample.slots[:2]:
        first, _ = await claim(engine, sample.request(slot))
        await engine.store.bookings.write([replace(first, id=new_booking_id(sample.expert.id))])
    monkeypatch.setattr(engine.fence, "judge", from_a_dead_shard)
    refused = [
        engine.journal.commit(from_entry(fields), entry)
        for entry, fields in await engine.calls.command("XRANGE", engine.keys.of(sample.expert.id).outbox, "-", "+")
    ]
    await asyncio.sleep(0.3)
    for number in (2, 3, 4):
        async with asyncio.timeout(2):
            assert (await engine.book(sample.request(number))).durable
    assert engine.journal.backlog == 2
    assert not any(future.done() for future in refused)
    away.clear()
    async with asyncio.timeout(10):
        assert [type(answer) for answer in await asyncio.gather(*refused, return_exceptions=True)] == [Refused, Refused]
        while engine.journal.backlog:
            await asyncio.sleep(0.01)


async def test_what_cannot_be_judged_is_answered_late(
    settings: Settings, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = await Engine.open(settings.model_copy(update={"commit_timeout": 0.5, "drain_timeout": 0.1}))

    async def away(booking: Booking, entry: bytes | None) -> Verdict:
        raise StoreUnavailable

    monkeypatch.setattr(impatient.fence, "judge", away)
    booking, entry = await claim(impatient, sample.request(0))
    await impatient.store.bookings.write([replace(booking, id=new_booking_id(sample.expert.id))])
    async with asyncio.timeout(3):
        assert await impatient.journal.commit(booking, entry) is Written.LATE
    await impatient.close()


async def test_a_refused_claim_that_redis_has_forgotten_leaves_its_stone(engine: Engine, sample: Sample) -> None:
    """It was answered 409. A Redis that was restored from a backup still knew the claim, the seat was free by then, and
    the claim was written after all."""
    booking, entry = await claim(engine, sample.request(0))
    owner = replace(booking, id=new_booking_id(sample.expert.id))
    await engine.store.bookings.write([owner])
    partition = engine.keys.of(booking.id)
    await engine.calls.command("DEL", partition.booking(booking.id))
    with pytest.raises(Refused):
        await engine.journal.commit(booking, entry)
    stone = await engine.store.bookings.get(booking.id)
    assert stone is not None
    assert (stone.status, stone.revision, stone.history[-1].by) == (Status.CANCELLED, 2, "system")
    await engine.change(owner.id, Status.CANCELLED, "customer")
    await empty_outbox(engine, sample.expert.id)
    with pytest.raises(Refused):  # the backup
        await engine.journal.commit(booking, None)
