"""What a room tells its watcher, whatever Redis' messages do on their way, and a subscription that hears nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from engine.engine import Engine
from engine.feed import Event, Room
from engine.model import Slot
from engine.settings import Settings
from tests.samples import make_sample

CHANGES = 6


class Mirror:
    """A watcher that keeps a picture of its own, by nothing but what it is told."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.slots: dict[str, Slot] = dict(room.slots)
        self.version = (room.epoch, room.version)
        self.wrong: list[Event] = []
        """What did not come one after the other, or came twice."""
        room.listener = self

    def on_event(self, event: Event) -> None:
        if event.slot is None or (event.epoch, event.version - 1) != self.version:
            self.wrong.append(event)
            return
        self.version = (event.epoch, event.version)
        self.slots[event.slot.id] = event.slot

    def on_snapshot(self) -> None:
        self.version = (self.room.epoch, self.room.version)
        self.slots = dict(self.room.slots)


@given(
    order=st.lists(st.integers(0, CHANGES - 1), max_size=12),
    log=st.sampled_from(["whole", "short", "none"]),
    breaks=st.booleans(),
)
@examples(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_watcher_has_the_truth_by_what_it_is_told(
    engine: Engine, order: list[int], log: str, breaks: bool
) -> None:
    """Some changes of which the room hears any, in any order and any number of times, with whatever change log."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200)
    room = engine.feed.room(sample.expert.id)
    await room.ready()
    mirror = Mirror(room)
    partition = engine.keys.of(sample.expert.id)
    usual, engine.calls.publish = engine.calls.publish, ("SPUBLISH", *engine.calls.publish[1:])
    try:
        for number in range(CHANGES):
            await engine.holds.hold(sample.slots[number % 4].id if number < 4 else sample.group.id)
    finally:
        engine.calls.publish = usual
    entries = await engine.calls.command("XRANGE", partition.log(sample.expert.id), "-", "+")
    texts = [fields[1] for _, fields in entries]
    assert len(texts) == CHANGES
    assert room.version == mirror.version[1], "none of them was heard"
    if log != "whole":
        await engine.calls.command("XTRIM", partition.log(sample.expert.id), "MAXLEN", 2 if log == "short" else 0)
    for place, number in enumerate(order):
        if breaks and place == len(order) // 2:
            room.unsubscribed()
            room.subscribed()
        await engine.calls.command("PUBLISH", partition.channel(sample.expert.id), texts[number])
    await engine.feed.verify()
    async with asyncio.timeout(5):
        fresh = await engine.calendars.read(sample.expert.id)
        while not room.current or mirror.version != (fresh.epoch, fresh.version):
            await asyncio.sleep(0.005)
    assert mirror.wrong == []
    assert mirror.slots == {slot.id: slot for slot in fresh.slots} == room.slots
    engine.feed.leave(sample.expert.id)


@asynccontextmanager
async def proxy(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A way to Redis on which subscriptions hear nothing while the event is set; everything else goes on."""
    target, deaf, writers = urlsplit(url), asyncio.Event(), set[asyncio.StreamWriter]()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection(target.hostname, target.port)
        writers.update((writer, out))
        subscribed = False

        async def ask() -> None:
            nonlocal subscribed
            while data := await reader.read(65_536):
                subscribed = subscribed or b"SUBSCRIBE" in data
                out.write(data)
            out.close()

        async def answer() -> None:
            while data := await there.read(65_536):
                if not (subscribed and deaf.is_set()):
                    writer.write(data)
            writer.close()

        with suppress(OSError):
            await asyncio.gather(ask(), answer())

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield target._replace(netloc=f"127.0.0.1:{port}").geturl(), deaf
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def test_a_worker_whose_subscription_is_deaf_is_not_healthy_and_catches_up(
    settings: Settings, engine: Engine
) -> None:
    """Its connection for commands is well all the time: a check of that alone would be green."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200)
    async with proxy(settings.redis_url or "") as (url, deaf):
        worker = await Engine.open(settings.model_copy(update={"redis_url": url, "redis_timeout": 1.5}))
        try:
            room = worker.feed.room(sample.expert.id)
            await room.ready()

            async def until_health(feed: bool) -> None:
                """The other parts are well at the same moment."""
                while True:
                    parts = await worker.health()
                    if (parts["feed"] is None) == feed and parts["redis"] is None:
                        assert feed or "nothing heard" in str(parts["feed"])
                        return
                    await asyncio.sleep(0.02)

            async with asyncio.timeout(40):
                await until_health(True)
                deaf.set()
                await engine.book(sample.request(0))
                await until_health(False)
                while room.current:  # it has given the connection up and believes nothing until the next stands
                    await asyncio.sleep(0.01)
                deaf.clear()
                while not (room.current and room.slots[sample.slots[0].id].free == 0):
                    await asyncio.sleep(0.02)
                await until_health(True)
        finally:
            await worker.close()
