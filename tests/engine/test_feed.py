from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from engine.engine import Engine
from engine.errors import BadCall
from engine.feed import Event, Room
from engine.model import Calendar, Slot, Status, new_slot
from engine.settings import Settings
from tests.samples import Sample


class Ears:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.snapshots = 0

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def on_snapshot(self) -> None:
        self.snapshots += 1


@pytest.fixture
async def room(engine: Engine, sample: Sample) -> Room:
    room = engine.feed.room(sample.expert.id)
    room.listener = Ears()
    await room.ready()
    return room


def ears(room: Room) -> Ears:
    assert isinstance(room.listener, Ears)
    return room.listener


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def assert_converges(engine: Engine, room: Room, seconds: float = 5) -> None:
    """The picture equals a fresh snapshot."""
    fresh = await engine.calendars.read(room.expert_id)
    await until(lambda: room.current and (room.epoch, room.version) == (fresh.epoch, fresh.version), seconds)
    assert room.slots == {slot.id: slot for slot in fresh.slots}


async def test_a_room_begins_with_a_snapshot(engine: Engine, sample: Sample, room: Room) -> None:
    assert room.current
    assert room.slots == {slot.id: slot for slot in sample.slots}
    await assert_converges(engine, room)
    assert ears(room).events == []


async def test_a_room_hears_every_change_in_order(engine: Engine, other: Engine, sample: Sample, room: Room) -> None:
    """Made by another worker, as most are."""
    first = room.version
    booking = (await other.book(sample.request())).booking
    await other.change(booking.id, Status.CONFIRMED, "admin")
    await other.desk.close(sample.slots[1].id)
    await other.change(booking.id, Status.CANCELLED, "customer")
    await other.desk.open(sample.slots[1].id)
    await until(lambda: len(ears(room).events) == 4)
    events = ears(room).events
    assert [event.version for event in events] == [first + n for n in (1, 2, 3, 4)], "confirming changes no slot"
    assert {event.epoch for event in events} == {room.epoch}
    told = [(event.slot.id, event.slot.seatmap, event.slot.closed) for event in events if event.slot]
    one, two = sample.slots[0].id, sample.slots[1].id
    assert told == [(one, "b", False), (two, ".", True), (one, ".", False), (two, ".", False)]
    await assert_converges(engine, room)
    assert ears(room).snapshots == 1


async def test_a_room_follows_a_rush(engine: Engine, other: Engine, sample: Sample, room: Room) -> None:
    slot = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800, seats=100)
    await engine.add_slots([slot])
    await asyncio.gather(*(each.book(sample.request(slot)) for each in (engine, other) for _ in range(50)))
    await assert_converges(engine, room)
    assert room.slots[slot.id].free == 0
    versions = [event.version for event in ears(room).events]
    assert versions == sorted(set(versions))


async def test_slots_that_are_added_are_read_anew(engine: Engine, sample: Sample, room: Room) -> None:
    slot = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800)
    await engine.add_slots([slot])
    await until(lambda: slot.id in room.slots)
    await assert_converges(engine, room)
    await until(lambda: ears(room).snapshots == 2)


async def test_a_room_opened_amid_changes_misses_none(engine: Engine, other: Engine, sample: Sample) -> None:
    slot = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800, seats=60)
    await engine.add_slots([slot])
    booking = [asyncio.create_task(other.book(sample.request(slot))) for _ in range(60)]
    rooms = []
    for _ in range(10):
        room = engine.feed.room(sample.expert.id)
        await room.ready()
        rooms.append(room.slots[slot.id].free)
        engine.feed.leave(sample.expert.id)
    room = engine.feed.room(sample.expert.id)
    await asyncio.gather(*booking)
    await assert_converges(engine, room)
    assert rooms == sorted(rooms, reverse=True)


async def kill_subscriptions(settings: Settings) -> None:
    async with Redis.from_url(settings.redis_url or "") as client:
        assert await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub") >= 1


async def test_a_room_survives_the_end_of_its_subscription(
    settings: Settings, engine: Engine, other: Engine, sample: Sample, room: Room
) -> None:
    """What happened while nobody listened is in the change log: each change is told, and nothing else."""
    first = room.version
    await kill_subscriptions(settings)
    booked = await asyncio.gather(*(other.book(sample.request(sample.group)) for _ in range(5)))
    await assert_converges(engine, room)
    assert [event.version for event in ears(room).events] == [first + n for n in range(1, 6)]
    assert ears(room).snapshots == 1
    assert room.slots[sample.group.id].free == 2
    await other.change(booked[0].booking.id, Status.CANCELLED, "customer")
    await until(lambda: room.slots[sample.group.id].free == 3)
    await assert_converges(engine, room)


async def test_what_the_log_no_longer_has_comes_as_a_snapshot(
    settings: Settings, engine: Engine, other: Engine, sample: Sample, room: Room
) -> None:
    await kill_subscriptions(settings)
    await other.book(sample.request(0))
    await other.calls.command("DEL", engine.keys.of(sample.expert.id).log(sample.expert.id))
    await other.book(sample.request(1))
    await until(lambda: ears(room).snapshots == 2 or len(ears(room).events) == 2)
    await assert_converges(engine, room)


async def test_a_subscription_that_breaks_while_nothing_happens_tells_nothing(
    settings: Settings, engine: Engine, sample: Sample, room: Room
) -> None:
    """With thousands of sockets a whole calendar to each, for nothing, would be the larger fault."""
    await kill_subscriptions(settings)
    await until(lambda: not room.current)
    await until(lambda: room.current)
    assert (ears(room).events, ears(room).snapshots) == ([], 1)
    await engine.book(sample.request())
    await until(lambda: len(ears(room).events) == 1)


async def test_nonsense_on_a_channel_breaks_nothing(engine: Engine, sample: Sample, room: Room) -> None:
    channel = engine.keys.of(sample.expert.id).channel(sample.expert.id)
    for text in ("", "hello", f"{room.epoch} x", f"{room.epoch} 1 a b", f"{room.epoch} {room.version + 1}"):
        await engine.calls.command("PUBLISH", channel, text)
    await engine.book(sample.request())
    await until(lambda: room.slots[sample.slots[0].id].free == 0)
    await assert_converges(engine, room)


async def test_a_room_survives_the_end_of_its_subscription_amid_changes(
    settings: Settings, engine: Engine, other: Engine, sample: Sample, room: Room
) -> None:
    slot = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800, seats=90)
    await engine.add_slots([slot])
    for _ in range(3):
        booking = [asyncio.create_task(other.book(sample.request(slot))) for _ in range(30)]
        await kill_subscriptions(settings)
        await asyncio.gather(*booking)
    await assert_converges(engine, room)
    assert room.slots[slot.id].free == 0


async def test_a_picture_is_not_current_while_nobody_listens(
    settings: Settings, engine: Engine, sample: Sample, room: Room
) -> None:
    await kill_subscriptions(settings)
    await until(lambda: not room.current)
    await until(lambda: room.current)


async def test_a_room_notices_an_empty_redis(engine: Engine, sample: Sample, room: Room) -> None:
    await engine.book(sample.request())
    epoch = room.epoch
    await engine.calls.command("FLUSHALL")
    await engine.feed.verify()
    await until(lambda: room.current and room.epoch != epoch, 2)
    await assert_converges(engine, room)
    assert room.slots[sample.slots[0].id].seatmap == "b"
    await engine.book(sample.request(1))
    await until(lambda: room.slots[sample.slots[1].id].seatmap == "b")


async def test_a_room_notices_a_new_epoch_by_its_next_event(engine: Engine, sample: Sample, room: Room) -> None:
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    await engine.book(sample.request())
    await until(lambda: room.slots[sample.slots[0].id].seatmap == "b")
    await assert_converges(engine, room)


async def test_a_loss_that_no_later_event_shows_is_noticed(engine: Engine, sample: Sample, room: Room) -> None:
    """The last message was lost on the way; nothing comes after it that would leave a gap."""
    partition = engine.keys.of(sample.expert.id)
    taken = Slot(sample.slots[0].id, sample.slots[0].start, sample.slots[0].end, "b")
    await engine.calls.command("HSET", partition.calendar(sample.expert.id), taken.id, taken.record)
    await engine.calls.command("INCR", partition.version(sample.expert.id))
    await asyncio.sleep(0.05)
    assert room.slots[taken.id].free == 1
    await engine.feed.verify()
    await assert_converges(engine, room)
    assert room.slots[taken.id] == taken


async def test_verify_leaves_a_room_alone_that_is_right(engine: Engine, sample: Sample, room: Room) -> None:
    await engine.book(sample.request())
    await assert_converges(engine, room)
    await engine.feed.verify()
    assert room.current
    assert ears(room).snapshots == 1


@pytest.mark.parametrize("order", [(1, 2, 3), (1, 3), (3, 2, 1), (1, 1, 2, 2, 3), (2,), (0, 1, 2, 3)])
async def test_lost_doubled_and_reordered_messages_do_no_harm(
    engine: Engine, sample: Sample, room: Room, order: tuple[int, ...]
) -> None:
    """Three changes of which the room hears some, as told by this order, after it has stopped listening."""
    version, epoch = room.version, room.epoch
    channel = engine.keys.of(sample.expert.id).channel(sample.expert.id)
    hear, heard = room.hear, []
    room.hear = heard.append  # type: ignore[method-assign]
    for number in range(3):
        await engine.book(sample.request(number))
    await until(lambda: len(heard) == 3)
    del room.hear
    assert room.hear == hear
    stale = f"{epoch} {version} {sample.slots[0].id} {sample.slots[0].record}"
    for number in order:
        event = heard[number - 1] if number else None
        text = f"{epoch} {event.version} {event.slot.id} {event.slot.record}" if event and event.slot else stale
        await engine.calls.command("PUBLISH", channel, text)
    await assert_converges(engine, room)
    versions = [event.version for event in ears(room).events]
    assert versions == sorted(set(versions))
    assert all(version < each for each in versions)


async def test_missed_is_exactly_the_gap(engine: Engine, sample: Sample, room: Room) -> None:
    first = room.version
    for number in range(5):
        await engine.book(sample.request(number))
    await until(lambda: room.version == first + 5)
    for seen in range(6):
        missed = await engine.feed.missed(room, room.epoch, first + seen)
        assert missed == ears(room).events[seen:]
    assert await engine.feed.missed(room, "another", first) is None
    assert await engine.feed.missed(room, room.epoch, first + 6) is None, "from the future"


async def test_a_gap_that_the_log_no_longer_has_is_said_to_be_one(engine: Engine, sample: Sample, room: Room) -> None:
    first = room.version
    for number in range(4):
        await engine.book(sample.request(number))
    await until(lambda: room.version == first + 4)
    log = engine.keys.of(sample.expert.id).log(sample.expert.id)
    await engine.calls.command("XTRIM", log, "MAXLEN", 2)
    assert await engine.feed.missed(room, room.epoch, first) is None
    assert await engine.feed.missed(room, room.epoch, first + 1) is None
    missed = await engine.feed.missed(room, room.epoch, first + 2)
    assert missed == ears(room).events[2:]
    await engine.calls.command("DEL", log)
    assert await engine.feed.missed(room, room.epoch, first + 3) is None
    assert await engine.feed.missed(room, room.epoch, first + 4) == []


async def test_who_leaves_hears_nothing_more(engine: Engine, sample: Sample, room: Room) -> None:
    engine.feed.leave(sample.expert.id)
    await engine.book(sample.request())
    await asyncio.sleep(0.1)
    assert ears(room).events == []
    async with Redis.from_url(engine.settings.redis_url or "") as client:
        channel = engine.keys.of(sample.expert.id).channel(sample.expert.id)
        assert await client.pubsub_numsub(channel) == [(channel.encode(), 0)]


async def test_an_error_that_nobody_thought_of_does_not_end_a_rooms_life(
    engine: Engine, sample: Sample, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis refused a read for a moment, as it may when its access list is loaded: the room said nothing ever after."""
    failing = True
    read, since = engine.feed.calendars.read, engine.feed.since

    async def reading(expert_id: str) -> Calendar:
        if failing:
            raise BadCall()
        return await read(expert_id)

    async def asking(of: Room) -> list[Event] | None:
        if failing:
            raise BadCall()
        return await since(of)

    monkeypatch.setattr(engine.feed.calendars, "read", reading)
    monkeypatch.setattr(engine.feed, "since", asking)
    room.unsubscribed()
    room.subscribed()
    await asyncio.sleep(0.2)
    assert not room.current
    failing = False
    await until(lambda: room.current)
    await engine.book(sample.request(0))
    monkeypatch.undo()
    await assert_converges(engine, room)
