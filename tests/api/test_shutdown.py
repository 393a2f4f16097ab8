"""Workers that are stopped answer first; workers that are killed leave nothing wrong behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from engine.cli import workers as supervisor
from engine.engine import Engine
from engine.model import Slot, new_slot
from engine.stack import MongoServer, RedisServer
from tests.api.serving import Server, eventually, order, serving
from tests.api.test_lane import raw
from tests.samples import Sample, make_sample

CROWD = 60
ADOPT_AFTER = 0.5


@pytest.fixture
def server(
    frail: tuple[RedisServer, MongoServer], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """Two workers of the test's own, soon started again when they die."""
    monkeypatch.setattr(supervisor, "DELAYS", (0.05, 0.2))
    with serving(*frail, "shutdown", tmp_path_factory.mktemp("shutdown"), adopt_after=ADOPT_AFTER) as served:
        yield served


@pytest.fixture
async def engine(server: Server) -> AsyncIterator[Engine]:
    """Looks on; it adopts nothing, so that what is adopted, the workers have adopted."""
    opened = await Engine.open(server.settings.model_copy(update={"adopt_after": 3600.0}))
    yield opened
    await opened.close()


@pytest.fixture
async def hall(engine: Engine) -> tuple[Sample, Slot]:
    """A sample and one more slot of it with a seat for everybody."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
    end = sample.slots[-1].end
    slot = new_slot(sample.expert.id, end, end + 3600, seats=CROWD)
    await engine.add_slots([slot])
    return sample, slot


@contextmanager
def frozen_mongo(server: Server) -> Iterator[None]:
    os.kill(server.mongo.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.mongo.pid, signal.SIGCONT)


async def crowd(server: Server, sample: Sample, slot: Slot, pause: float = 0.0) -> list[httpx.Response | None]:
    """All answers; None where the connection ended without one, or in the middle of one."""
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(base_url=server.base, limits=limits, timeout=30) as client:

        async def attempt(number: int) -> httpx.Response | None:
            await asyncio.sleep(pause * number)
            with suppress(httpx.TransportError):
                return await client.post("/api/bookings", json=order(sample, slotId=slot.id))
            return None

        return await asyncio.gather(*(attempt(number) for number in range(CROWD)))


async def booked_seats(engine: Engine, slot: Slot) -> int:
    calendar = await engine.calendar(slot.expert_id)
    return next(each.seats - each.free for each in calendar.slots if each.id == slot.id)


async def stored_ids(engine: Engine, slot: Slot) -> set[str]:
    return {
        booking.id async for booking in engine.store.bookings.since([slot.expert_id], 0) if booking.slot_id == slot.id
    }


def ids(answers: list[httpx.Response | None]) -> set[str]:
    return {answer.json()["booking"]["id"] for answer in answers if answer is not None and answer.status_code == 201}


async def tend_until(server: Server, pids: set[int]) -> None:
    """Until there are two ready workers, none of them among ``pids``."""
    workers = server.workers

    async def restarted() -> bool:
        workers.tend()
        fresh = set(workers.pids) - pids
        return len(fresh) == 2 and all(worker.ready for worker in workers._workers)

    await eventually(restarted, 30)


# Stopped -------------------------------------------------------------------------------------------------------------


async def test_what_is_in_flight_when_workers_are_stopped_is_answered(
    server: Server, engine: Engine, hall: tuple[Sample, Slot]
) -> None:
    """All are claimed in Redis and wait for MongoDB when the workers are told to stop."""
    sample, slot = hall
    children = [worker.child for worker in server.workers._workers]
    with frozen_mongo(server):
        requests = asyncio.create_task(crowd(server, sample, slot))

        async def all_claimed() -> bool:
            return await booked_seats(engine, slot) == CROWD

        await eventually(all_claimed)
        stopping = asyncio.create_task(asyncio.to_thread(server.workers.stop))
        await asyncio.sleep(0.5)
        assert not requests.done()
    answers = await requests
    assert [answer and answer.status_code for answer in answers] == [201] * CROWD
    await stopping
    assert [child and child.exit_code for child in children] == [0, 0]
    assert server.said == []
    assert await stored_ids(engine, slot) == ids(answers)


async def test_no_request_has_an_effect_without_an_answer_when_workers_are_stopped(
    server: Server, engine: Engine, hall: tuple[Sample, Slot]
) -> None:
    """Requests keep coming while the workers stop: those that come too late are turned away unheard."""
    sample, slot = hall
    requests = asyncio.create_task(crowd(server, sample, slot, pause=0.01))

    async def some() -> bool:
        return await booked_seats(engine, slot) >= 5

    await eventually(some)
    children = [worker.child for worker in server.workers._workers]
    await asyncio.to_thread(server.workers.stop)
    server.workers._listener.close()  # turns away whoever still waits in its queue
    answers = await requests
    assert {answer.status_code for answer in answers if answer is not None} <= {201, 503}
    assert [child and child.exit_code for child in children] == [0, 0]
    assert await stored_ids(engine, slot) == ids(answers)
    assert await booked_seats(engine, slot) == len(ids(answers)) >= 5


async def test_an_idle_connection_does_not_keep_a_worker(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.base) as client:
        await client.get("/healthz")
        began = time.monotonic()
        await asyncio.to_thread(server.workers.stop)
        assert time.monotonic() - began < 5
    assert server.said == []


async def test_a_connection_that_had_a_request_in_flight_does_not_keep_a_worker_either(
    server: Server, engine: Engine, hall: tuple[Sample, Slot]
) -> None:
    """Sanic closes only the connections that are idle when it is told to stop: one that was answered afterwards stayed
    open, took further requests, and held its worker until the drain time-out cut it off."""
    sample, slot = hall
    async with httpx.AsyncClient(base_url=server.base, timeout=30) as client:
        with frozen_mongo(server):
            request = asyncio.create_task(client.post("/api/bookings", json=order(sample, slotId=slot.id)))

            async def claimed() -> bool:
                return await booked_seats(engine, slot) == 1

            await eventually(claimed)
            stopping = asyncio.create_task(asyncio.to_thread(server.workers.stop))
            await asyncio.sleep(0.5)
        assert (await request).status_code == 201
        answered = time.monotonic()
        await stopping
        assert time.monotonic() - answered < server.settings.drain_timeout / 2
        with pytest.raises(httpx.TransportError):
            await client.get("/healthz", timeout=1)


@pytest.mark.parametrize("more", [(), ("X-Y: z",)], ids=["the lane", "Sanic"])
async def test_who_asks_on_behind_what_is_in_flight_is_not_cut_off(
    server: Server, engine: Engine, hall: tuple[Sample, Slot], more: tuple[str, ...]
) -> None:
    """The answer says that it is the last one; who has sent more before it knew that must not lose it to a reset."""
    sample, slot = hall
    request = raw(orjson.dumps(order(sample, slotId=slot.id)), *more)
    host, _, port = server.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with frozen_mongo(server):
        writer.write(request)

        async def claimed() -> bool:
            return await booked_seats(engine, slot) == 1

        await eventually(claimed)
        stopping = asyncio.create_task(asyncio.to_thread(server.workers.stop))
        await asyncio.sleep(0.5)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201 ")
    assert b"connection: close" in head
    for _ in range(3):
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(0.05)
    assert orjson.loads(await reader.read())["booking"]["slot"]["id"] == slot.id
    writer.close()
    await stopping
    assert await booked_seats(engine, slot) == 1


async def test_a_watcher_is_told_to_come_back(server: Server, hall: tuple[Sample, Slot]) -> None:
    """4000 to 4099: reconnect."""
    async with connect(server.base.replace("http", "ws") + "/api/live") as socket:
        await socket.send(orjson.dumps({"type": "subscribe", "expertId": hall[0].expert.id}).decode())
        await socket.recv()
        stopping = asyncio.create_task(asyncio.to_thread(server.workers.stop))
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
        await stopping
    assert closed.value.rcvd is not None
    assert 4000 <= closed.value.rcvd.code <= 4099
    assert server.said == []


# Killed --------------------------------------------------------------------------------------------------------------


async def test_a_killed_worker_is_replaced_and_the_other_goes_on(
    server: Server, engine: Engine, hall: tuple[Sample, Slot]
) -> None:
    victim, survivor = server.workers.pids
    os.kill(victim, signal.SIGKILL)
    async with httpx.AsyncClient(base_url=server.base, timeout=10) as client:
        assert (await client.get("/readyz")).status_code == 200

    async def replaced() -> bool:
        server.workers.tend()
        return len(server.workers.pids) == 2 and all(worker.ready for worker in server.workers._workers)

    await eventually(replaced, 30)
    assert survivor in server.workers.pids
    assert victim not in server.workers.pids
    os.kill(survivor, signal.SIGKILL)  # now only the new one can answer
    async with httpx.AsyncClient(base_url=server.base, timeout=10) as client:
        answer = await client.post("/api/bookings", json=order(hall[0]))
    assert answer.status_code == 201
    assert len(server.said) == 1
    assert "SIGKILL" in server.said[0]


async def test_a_claim_whose_worker_was_killed_is_adopted(
    server: Server, engine: Engine, hall: tuple[Sample, Slot]
) -> None:
    """Killed between the claim and MongoDB: nobody was answered, but the seat is taken, so the booking must exist."""
    sample, slot = hall
    pids = set(server.workers.pids)
    with frozen_mongo(server):
        requests = asyncio.create_task(crowd(server, sample, slot))

        async def all_claimed() -> bool:
            return await booked_seats(engine, slot) == CROWD

        await eventually(all_claimed)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
    await tend_until(server, pids)
    answers = await requests
    assert ids(answers) == set(), "MongoDB had acknowledged nothing"

    async def conserved() -> bool:
        return len(await stored_ids(engine, slot)) == CROWD

    await eventually(conserved, ADOPT_AFTER * 4 + 10)
    assert await booked_seats(engine, slot) == CROWD


@pytest.mark.parametrize("answered", [1, 20])
async def test_conservation_holds_after_a_kill_under_load(
    server: Server, engine: Engine, hall: tuple[Sample, Slot], answered: int
) -> None:
    sample, slot = hall
    pids = set(server.workers.pids)
    requests = asyncio.create_task(crowd(server, sample, slot, pause=0.005))

    async def some() -> bool:
        return await booked_seats(engine, slot) >= answered

    await eventually(some)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    await tend_until(server, pids)
    answers = await requests
    assert {answer.status_code for answer in answers if answer is not None} == {201}

    async def conserved() -> bool:
        return len(await stored_ids(engine, slot)) == await booked_seats(engine, slot)

    await eventually(conserved, ADOPT_AFTER * 4 + 10)
    assert ids(answers) <= await stored_ids(engine, slot), "a 201 is for ever"
    assert len(await stored_ids(engine, slot)) >= answered
    await asyncio.sleep(ADOPT_AFTER)
    assert await conserved()
