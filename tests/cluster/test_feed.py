"""The live feed through sharded channels."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.engine import Engine
from engine.feed import Event, Room
from engine.model import Status
from engine.settings import Settings
from engine.stack.cluster import RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.samples import Sample


class Screen:
    """Notes what a watcher is told."""

    def __init__(self, room: Room) -> None:
        self.events: list[Event] = []
        self.snapshots = 0
        room.listener = self

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def on_snapshot(self) -> None:
        self.snapshots += 1


async def until_equal(engine: Engine, sample: Sample, room: Room, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        calendar = await engine.calendar(sample.expert.id)
        if room.current and (room.epoch, room.version) == (calendar.epoch, calendar.version):
            assert room.slots == {slot.id: slot for slot in calendar.slots}
            return
        assert time.monotonic() < deadline, "the room does not catch up"
        await asyncio.sleep(0.02)


async def test_events_of_every_master_arrive(engine: Engine, spread: Spread) -> None:
    rooms = [engine.feed.room(sample.expert.id) for sample in spread.samples]
    await asyncio.gather(*(room.ready() for room in rooms))
    screens = [Screen(room) for room in rooms]
    for sample in spread.samples:
        booking = (await engine.book(sample.request(0))).booking
        await engine.change(booking.id, Status.CANCELLED, "customer")
    for sample, room, screen in zip(spread.samples, rooms, screens, strict=True):
        await until_equal(engine, sample, room, 1)
        assert [event.slot and event.slot.free for event in screen.events] == [0, 1]
        assert screen.snapshots == 0


async def test_it_is_sharded_and_left_channels_are_given_up(
    engine: Engine, spread: Spread, cluster: RedisCluster
) -> None:
    assert engine.calls.publish[0] == "SPUBLISH"
    for sample in spread.samples:
        await engine.feed.room(sample.expert.id).ready()
    assert [len(channels(cluster, sample, engine)) for sample in spread.samples] == [1, 1, 1]
    for sample in spread.samples:
        engine.feed.leave(sample.expert.id)
    await asyncio.sleep(0.1)
    assert [len(channels(cluster, sample, engine)) for sample in spread.samples] == [0, 0, 0]


def channels(cluster: RedisCluster, sample: Sample, engine: Engine) -> list[str]:
    with owner(engine, cluster, sample).client() as client:
        found: list[str] = client.execute_command("PUBSUB SHARDCHANNELS")
        return found


async def test_other_workers_hear_that_experts_have_changed(engine: Engine, spread: Spread, settings: Settings) -> None:
    other = await Engine.open(settings)
    try:
        heard = asyncio.Event()
        await asyncio.sleep(0.2)
        other.feed.on_experts_changed = heard.set
        await engine.add_experts([spread.first.expert])
        await asyncio.wait_for(heard.wait(), 2)
    finally:
        await other.close()


async def test_who_leaves_and_comes_back_at_once_is_not_taken_for_moved(
    engine: Engine, spread: Spread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis answers a SUNSUBSCRIBE as it tells that a channel's slot has gone. The answer came when the channel was
    wanted again, which was given up then, until the cluster had been asked where everything is."""
    await engine.feed.room(spread.first.expert.id).ready()
    looks = 0

    async def look_again() -> None:
        nonlocal looks
        looks += 1
        await look()

    look = engine.link.look_again
    monkeypatch.setattr(engine.link, "look_again", look_again)
    engine.feed.leave(spread.first.expert.id)
    room = engine.feed.room(spread.first.expert.id)
    await room.ready()
    await engine.book(spread.first.request(0))
    await until_equal(engine, spread.first, room, 1)
    assert looks == 0
