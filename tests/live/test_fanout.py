"""Sockets that do not read, that are dead, that are many; and a server that goes."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from engine.engine import Engine
from engine.live import LiveClient, live_url
from engine.model import Slot, new_slot
from tests.api.serving import Server, eventually
from tests.live.raw import PING, TEXT, Raw
from tests.live.watching import Watcher, book, detail, flat
from tests.live.workers import worker
from tests.samples import Sample

SEATS = 900


@pytest.fixture
async def hall(engine: Engine, sample: Sample) -> Slot:
    """A slot that can change often."""
    end = sample.slots[-1].end
    slot = new_slot(sample.expert.id, end, end + 1800, seats=SEATS)
    await engine.add_slots([slot])
    return slot


async def churn(engine: Engine, slot: Slot, changes: int) -> None:
    """Changes of one slot: holds, made and released."""
    while changes > 0:
        holds = await asyncio.gather(*(engine.holds.hold(slot.id) for _ in range(min(changes, 200))))
        await asyncio.gather(*(engine.holds.release(hold.token) for hold in holds))
        changes -= 2 * len(holds)


async def open_narrow(base: str) -> Raw:
    """A client whose system takes little on its behalf, and that reads only when told to."""
    raw = await Raw.open(base, limit=1024)
    await asyncio.sleep(0)
    return raw


# Who does not read ---------------------------------------------------------------------------------------------------


async def test_one_who_does_not_read_keeps_nobody_waiting_and_knows_all_when_he_does(
    server: Server, client: httpx.AsyncClient, engine: Engine, watcher: Watcher, sample: Sample, hall: Slot
) -> None:
    """What happens meanwhile costs the server nothing: he gets the newest state of each slot once, as a snapshot."""
    async with await open_narrow(server.base) as raw, LiveClient(server.base) as live:
        raw.say(type="subscribe", expertId=sample.expert.id)
        first = await raw.hear()
        assert first["type"] == "snapshot"
        await live.until(sample.expert.id, lambda picture: picture.live)
        for _ in range(6):
            await churn(engine, hall, 1000)
        await book(client, sample, 3)
        version = (await detail(client, sample))["version"]
        assert version >= first["version"] + 6000
        began = time.monotonic()
        picture = await live.until(sample.expert.id, lambda picture: picture.version == version)
        assert time.monotonic() - began < 5
        assert picture.losses == 0
        shown, frames, snapshots = first, 0, 0
        slots = {slot["id"]: slot for slot in first["slots"]}
        while shown["version"] < version:
            shown = await raw.hear()
            frames += 1
            if shown["type"] == "snapshot":
                snapshots += 1
                slots = {slot["id"]: slot for slot in shown["slots"]}
            else:
                slots[shown["slot"]["id"]] = shown["slot"]
        assert snapshots >= 1, "the system's own buffers have taken it all: nothing was tested"
        assert frames < 5000
        assert list(slots.values()) == flat(await detail(client, sample))
        raw.say(type="ping")
        while (await raw.hear())["type"] != "pong":
            pass


async def test_one_who_does_not_read_for_long_is_closed_with_4008(
    server: Server, engine: Engine, sample: Sample, hall: Slot
) -> None:
    stalled = "api.live.pulse.STALLED = 0.5"
    async with worker(server, stalled, heartbeat=4.0) as base, await open_narrow(base) as raw, LiveClient(base) as live:
        raw.say(type="subscribe", expertId=sample.expert.id)
        assert (await raw.hear())["type"] == "snapshot"
        await live.until(sample.expert.id, lambda picture: picture.live)
        for _ in range(6):
            await churn(engine, hall, 1000)
        await asyncio.sleep(2)
        code, reason = await raw.closed()
        assert code == 4008
        assert reason
        fresh = await engine.calendars.read(sample.expert.id)
        await live.until(sample.expert.id, lambda picture: picture.version == fresh.version)
        assert live.connections == 1


async def test_one_who_does_not_read_is_not_listened_to(server: Server, sample: Sample, hall: Slot) -> None:
    """Each of these asks for a whole calendar. The server must not keep them all for one who reads none."""
    async with await open_narrow(server.base) as raw:
        for _ in range(20_000):
            raw.say(type="subscribe", expertId=sample.expert.id)
        await asyncio.sleep(1)
        for _ in range(300):
            assert (await raw.hear())["type"] == "snapshot"
        raw.writer.transport.abort()


# Who is gone ---------------------------------------------------------------------------------------------------------


async def test_a_connection_whose_other_end_is_gone_is_found_and_ended(server: Server, sample: Sample) -> None:
    """It says nothing, not even a pong: a phone out of reach."""
    async with worker(server, heartbeat=1.0) as base, await Raw.open(base) as dead, LiveClient(base) as alive:
        await alive.until(sample.expert.id, lambda picture: picture.live)
        dead.say(type="subscribe", expertId=sample.expert.id)
        await dead.ended(30)
        await alive.until(sample.expert.id, lambda picture: picture.live)


async def test_every_heartbeat_brings_a_ping(server: Server) -> None:
    async with worker(server, heartbeat=0.4) as base, await Raw.open(base) as raw:
        for _ in range(2):
            assert await raw.frame() == (PING, b"")
            assert (await raw.frame())[0] == TEXT


async def test_a_heartbeat_tells_no_version_that_is_still_on_its_way(
    server: Server, engine: Engine, sample: Sample, hall: Slot
) -> None:
    """Else every client would ask again for what is about to come."""
    async with worker(server, heartbeat=0.5) as base, LiveClient(base) as live:
        picture = await live.until(sample.expert.id, lambda picture: picture.live)
        beats = 0

        def count(frame: dict[str, object]) -> None:
            nonlocal beats
            beats += frame["type"] == "heartbeat"

        live.session.on_frame = count
        async with asyncio.timeout(60):
            while beats < 4:
                await churn(engine, hall, 100)
                await asyncio.sleep(0.01)
        fresh = await engine.calendars.read(sample.expert.id)
        await live.until(sample.expert.id, lambda picture: picture.version == fresh.version)
        assert picture.losses == 0


# Many ----------------------------------------------------------------------------------------------------------------


async def test_a_burst_leaves_in_few_writes(server: Server, engine: Engine, sample: Sample, hall: Slot) -> None:
    """Seen from the other end: many changes of one script's second come in one packet."""
    async with await Raw.open(server.base) as raw:
        raw.say(type="subscribe", expertId=sample.expert.id)
        await raw.hear()
        holds = await asyncio.gather(*(engine.holds.hold(hall.id) for _ in range(50)))
        assert len(holds) == 50
        packets, got = 0, b""
        async with asyncio.timeout(10):
            while got.count(b'"type":"slot"') < 50:
                got += await raw.reader.read(1 << 20)
                packets += 1
        assert packets < 25


async def test_health_is_answered_while_a_large_room_is_told(
    server: Server, engine: Engine, sample: Sample, hall: Slot
) -> None:
    """No bound that a busy machine could break: only that requests are answered in the middle of the fan-out."""
    async with worker(server) as base, AsyncExitStack() as sockets:
        crowd = [await sockets.enter_async_context(await Raw.open(base)) for _ in range(200)]
        for raw in crowd:
            raw.say(type="subscribe", expertId=sample.expert.id)
        for raw in crowd:
            assert (await raw.hear())["type"] == "snapshot"
        async with httpx.AsyncClient(base_url=base, timeout=30) as client:
            changing = asyncio.create_task(churn(engine, hall, 100))
            for _ in range(20):
                assert (await client.get("/healthz")).status_code == 200
            await changing
        fresh = await engine.calendars.read(sample.expert.id)
        for raw in crowd:
            while (await raw.hear()).get("version") != fresh.version:
                pass


# A server that goes --------------------------------------------------------------------------------------------------


async def test_a_server_that_stops_sends_everybody_away_over_a_while_each_with_its_own_wish(server: Server) -> None:
    """So that they do not all come back at once."""
    sockets = []
    async with worker(server, "api.live.pulse.CLOSES = 60") as base:
        sockets = [await connect(live_url(base), compression=None, open_timeout=30) for _ in range(60)]
        began = time.monotonic()
        ended: list[float] = []
        reasons: list[str] = []

        async def wait(socket: ClientConnection) -> None:
            await socket.wait_closed()
            ended.append(time.monotonic() - began)
            assert socket.close_code == 4000
            reasons.append(socket.close_reason or "")

        waiting = asyncio.gather(*(wait(socket) for socket in sockets))
        await asyncio.sleep(0)
    await asyncio.wait_for(waiting, 20)
    assert max(ended) - min(ended) > 0.5
    wishes = [float(re.findall(r"retry-after=(\d+\.\d+)", reason)[0]) for reason in reasons]
    assert len(set(wishes)) > 20


async def test_a_client_follows_to_another_server_and_goes_on_where_it_was(
    server: Server, client: httpx.AsyncClient, sample: Sample
) -> None:
    """The worker it was on is stopped; the others share the port, as workers do."""
    async with LiveClient(server.base) as live:
        picture = await live.until(sample.expert.id, lambda picture: picture.live)
        assert live._socket is not None
        live._socket.transport.abort()
        await book(client, sample, 2)
        version = (await detail(client, sample))["version"]
        await live.until(sample.expert.id, lambda picture: picture.live and picture.version == version)
        assert (live.connections, picture.snapshots) == (2, 1), "resumed: no second snapshot"
        assert picture.in_order == flat(await detail(client, sample))


async def test_who_comes_back_together_is_served_from_memory(
    server: Server, client: httpx.AsyncClient, engine: Engine, sample: Sample
) -> None:
    """A worker that has just begun knows no history; the first to ask makes it read the change log for all."""
    known = await detail(client, sample)
    await book(client, sample, 1)
    await book(client, sample, 2)
    async with worker(server) as base, AsyncExitStack() as sockets:
        crowd = [await sockets.enter_async_context(await Raw.open(base)) for _ in range(40)]
        for raw in crowd:
            raw.say(type="subscribe", expertId=sample.expert.id, epoch=known["epoch"], version=known["version"])
        for raw in crowd:
            frames = [await raw.hear() for _ in range(3)]
            assert [frame["type"] for frame in frames] == ["resumed", "slot", "slot"]
            assert [frame["version"] - known["version"] for frame in frames] == [0, 1, 2]

        async with httpx.AsyncClient(base_url=base) as metrics:

            async def counted() -> bool:
                text = (await metrics.get("/metrics")).text
                return 'slotline_live_subscriptions_total{answer="resumed"} 40.0' in text

            await eventually(counted)
