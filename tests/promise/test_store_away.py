"""MongoDB is away for a while under a stream of bookings: defined answers, no phantom, everything bounded, all told."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from engine.claim import Booked
from engine.engine import Engine
from engine.errors import Backlogged, SlotTaken, StoreUnavailable
from engine.model import Booking, Slot, Status, new_slot
from engine.settings import Settings
from engine.stack import MongoServer
from tests.promise.checks import conserved, drained, outbox_length, until
from tests.samples import Sample

BOUND = 50
STREAM = 120
"""More than twice as many requests as may wait."""


@pytest.fixture(scope="module")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    """One of this module's own, to be stopped and killed."""
    with MongoServer(tmp_path_factory.mktemp("mongo-away")) as server:
        yield server


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"commit_timeout": 0.5, "backlog": BOUND, "partitions": 1, "redis_timeout": 0.5, "adopt_after": 0.5}
    )


@pytest.fixture
async def hall(engine: Engine, sample: Sample) -> Slot:
    """A slot with a seat for everybody."""
    slot = new_slot(sample.expert.id, sample.slots[-1].end, sample.slots[-1].end + 1800, seats=2 * STREAM)
    await engine.add_slots([slot])
    return slot


@contextmanager
def stopped(server: MongoServer) -> Iterator[None]:
    """Its connections stay, and say nothing."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@contextmanager
def killed(server: MongoServer) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.restart()


class Watch:
    """The most that ever waited, in the outbox and in the worker's memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.outbox = self.journal = 0

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            self.outbox = max(self.outbox, await outbox_length(self._engine))
            self.journal = max(self.journal, self._engine.journal.backlog)
            await asyncio.sleep(0.01)


async def stream(engine: Engine, sample: Sample, slot: Slot) -> list[Booked | BaseException]:
    """Requests over two seconds, each as its own client."""

    async def one(number: int) -> Booked:
        await asyncio.sleep(2.0 * number / STREAM)
        return await engine.book(sample.request(slot, key=f"{slot.id} {number}"))

    return await asyncio.gather(*(one(number) for number in range(STREAM)), return_exceptions=True)


@pytest.mark.parametrize("away", [stopped, killed])
async def test_bookings_while_mongodb_is_away(
    engine: Engine, sample: Sample, hall: Slot, mongo_server: MongoServer, away: Callable[[MongoServer], object]
) -> None:
    before = (await engine.book(sample.request())).booking
    async with Watch(engine) as watch:
        with away(mongo_server):  # type: ignore[attr-defined]
            answers = await stream(engine, sample, hall)
            claimed = [answer for answer in answers if isinstance(answer, Booked)]
            refused = [answer for answer in answers if isinstance(answer, Backlogged)]
            assert len(claimed) == BOUND, "as many as may wait"
            assert len(claimed) + len(refused) == STREAM, "nothing but defined answers"
            assert not any(answer.durable for answer in claimed), "nothing is called durable that is not"
            assert all(error.retry_after for error in refused)
            for answer in claimed[:5]:
                assert await engine.booking(answer.booking.id) == answer.booking, "claimed, and told so"
            shown = (await engine.calendar(sample.expert.id)).slots[-1]
            assert shown.seatmap.count("b") == BOUND, "a refused request has no seat"
            began = time.monotonic()
            late = await engine.change(before.id, Status.CANCELLED, "customer")
            assert late.status is Status.CANCELLED, "a decided change stands, written or not"
            assert time.monotonic() - began < 2
        await drained(engine)
    assert watch.outbox <= BOUND + 1, "the bound, and the cancelled one"
    assert watch.journal <= 2 * (BOUND + 1)
    stored = await conserved(engine, sample.expert.id)
    assert stored == {before.id: late} | {answer.booking.id: answer.booking for answer in claimed}
    booked = await engine.book(sample.request(hall))
    assert booked.durable, "and it goes on as before"
    assert engine.journal.backlog == 0


async def soon(engine: Engine, sample: Sample) -> Booked:
    """The retry, by a client that asks again after a 503 or a 202."""
    async with asyncio.timeout(20):
        while True:
            try:
                booked = await engine.book(sample.request(key="k"))
            except StoreUnavailable:
                booked = None
            if booked and booked.durable:
                return booked
            await asyncio.sleep(0.1)


async def test_a_retry_while_mongodb_is_away_gives_the_claim_and_later_the_booking(
    engine: Engine, sample: Sample, mongo_server: MongoServer
) -> None:
    partition = engine.keys.of(sample.expert.id)
    async with asyncio.timeout(10):
        while not engine.calls.trusts(partition, await engine.calls.command("GET", partition.epoch)):
            await asyncio.sleep(0.02)
    with killed(mongo_server):
        first = await engine.book(sample.request(key="k"))
        assert not first.durable
        with pytest.raises(SlotTaken):
            await engine.book(sample.request())
        with pytest.raises(SlotTaken):
            await engine.book(sample.request(key="another"))
        # Were Redis one that has just come back, MongoDB alone could tell whether it has forgotten that key.
        await engine.reconciler.stop()
        engine.calls.distrust(partition)
        with pytest.raises(StoreUnavailable):
            await engine.book(sample.request(key="another"))
    again = await soon(engine, sample)
    assert (again.booking, again.replayed, again.durable) == (first.booking, True, True)
    assert list(await conserved(engine, sample.expert.id)) == [first.booking.id]


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_late_claim_that_the_fence_refuses_ends_as_cancelled_and_tells_so(
    engine: Engine, sample: Sample, mongo_server: MongoServer, key: str | None
) -> None:
    """Redis has forgotten the standing booking, and MongoDB cannot say so before the client has gone with a 202."""
    standing = (await engine.book(sample.request())).booking
    partition = engine.keys.of(standing.id)
    await drained(engine)
    await engine.calls.command("HSET", partition.calendar(standing.expert_id), standing.slot_id, sample.slots[0].record)
    await engine.calls.command("DEL", partition.booking(standing.id))
    with stopped(mongo_server):
        claimed = await engine.book(sample.request(name="Late", key=key))
        assert not claimed.durable
        assert (await engine.booking(claimed.booking.id)).status is Status.PENDING
    ended = await ending(engine, claimed.booking.id)
    assert (ended.status, ended.history[-1].by) == (Status.CANCELLED, "system")
    assert ended.history[-1].reason
    stored = await conserved(engine, sample.expert.id)
    assert stored == {standing.id: standing, ended.id: ended}
    assert (await engine.calendar(sample.expert.id)).slots[0].seatmap == "b"
    assert await engine.booking(standing.id) == standing
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(name="Late", key=key))


async def ending(engine: Engine, booking_id: str) -> Booking:
    async def over() -> bool:
        return not (await engine.booking(booking_id)).active

    await until(over, within=15, why="the claim is settled")
    return await engine.booking(booking_id)


async def test_a_booking_moved_to_and_fro_while_mongodb_is_away_does_not_fill_the_outbox(
    engine: Engine, sample: Sample, mongo_server: MongoServer
) -> None:
    """The bound is on the outbox, not only on new bookings: a move, and closing a slot, adds to it as well."""
    made = (await engine.book(sample.request())).booking
    first, second, third = (slot.id for slot in sample.slots[1:4])
    async with Watch(engine) as watch:
        with stopped(mongo_server):
            to_and_fro = (engine.reschedule(made.id, (first, second)[n % 2], "customer") for n in range(3 * BOUND))
            shutting = ((engine.desk.close, engine.desk.open)[n % 2](third) for n in range(BOUND))
            answers = await asyncio.gather(*to_and_fro, *shutting, return_exceptions=True)
        await drained(engine)
    assert all(isinstance(answer, Booking | Slot | Backlogged) for answer in answers), "nothing but defined answers"
    await conserved(engine, sample.expert.id)
    assert watch.outbox <= 2 * BOUND
    assert watch.journal <= 4 * BOUND


async def test_a_change_repeated_while_mongodb_is_away_does_not_fill_the_memory(
    engine: Engine, sample: Sample, mongo_server: MongoServer
) -> None:
    """An impatient client repeats what has happened already: nothing new is to be written."""
    made = (await engine.book(sample.request())).booking
    async with Watch(engine) as watch:
        with stopped(mongo_server):
            repeats = (engine.change(made.id, Status.CONFIRMED, "admin") for _ in range(10 * BOUND))
            answers = await asyncio.gather(*repeats, return_exceptions=True)
        await drained(engine)
    confirmed = [answer for answer in answers if isinstance(answer, Booking)]
    assert confirmed
    assert all(answer == confirmed[0] for answer in confirmed)
    assert watch.outbox <= BOUND
    assert watch.journal <= 2 * BOUND
    assert await conserved(engine, sample.expert.id) == {made.id: confirmed[0]}
