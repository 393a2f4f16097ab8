"""Damage done to a system behind its back, each with the kinds of fault that the audit must find, and no others."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from engine.engine import Engine
from engine.keys import Partition
from engine.model import Change, Slot, Status, new_booking_id, new_slot
from engine.records import from_record, to_record
from tests.samples import Sample

Damage = Callable[[Engine, Sample], Awaitable[None]]


def partition_of(engine: Engine, sample: Sample) -> Partition:
    return engine.keys.of(sample.expert.id)


async def rewrite(engine: Engine, sample: Sample, slot: Slot, **changes: object) -> None:
    """Writes a slot's record with changes, behind everybody's back."""
    calendar = partition_of(engine, sample).calendar(sample.expert.id)
    raw = await engine.calls.command("HGET", calendar, slot.id)
    changed = replace(Slot.from_record(slot.id, raw.decode()), **changes)  # type: ignore[arg-type]
    await engine.calls.command("HSET", calendar, slot.id, changed.record)


async def booking_id(engine: Engine, sample: Sample, slot: Slot) -> str:
    holder = await engine.store.bookings.active(slot.id, 1)
    assert holder
    return holder.id


async def set_live(engine: Engine, sample: Sample, **changes: object) -> None:
    """Writes the live copy of the first slot's booking with changes."""
    key = partition_of(engine, sample).booking(await booking_id(engine, sample, sample.slots[0]))
    live = from_record(await engine.calls.command("GET", key))
    changed = replace(live, **changes)  # type: ignore[arg-type]
    await engine.calls.command("SET", key, to_record(changed))


async def ghost_seat(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[3], seatmap="b")


async def lost_seat(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[0], seatmap=".")


async def seat_held_by_nobody(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[3], seatmap="h")


async def hold_of_another_epoch(engine: Engine, sample: Sample) -> None:
    _, holders, _ = partition_of(engine, sample).holds(sample.group.id)
    token = (await engine.calls.command("HKEYS", holders))[0]
    await engine.calls.command("HSET", holders, token, "3 1 another")


async def hold_of_a_booked_seat(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.group, seatmap="bbb....")


async def two_holds_of_one_seat(engine: Engine, sample: Sample) -> None:
    held, holders, _ = partition_of(engine, sample).holds(sample.group.id)
    token, ends = await engine.calls.command("ZRANGE", held, 0, 0, "WITHSCORES")
    seat = await engine.calls.command("HGET", holders, token)
    await engine.calls.command("HSET", holders, "another", seat)
    await engine.calls.command("ZADD", held, ends, "another")


async def hold_never_swept(engine: Engine, sample: Sample) -> None:
    held, _, _ = partition_of(engine, sample).holds(sample.group.id)
    token = (await engine.calls.command("ZRANGE", held, 0, 0))[0]
    long_ago = int(time.time() * 1000) - 60_000
    await engine.calls.command("ZADD", held, long_ago, token)


async def sweeper_not_told(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("ZREM", partition_of(engine, sample).due, sample.group.id)


async def sweeper_told_of_nothing(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("ZADD", engine.keys.of("zzzzzzzzzz-1").due, 2**50, "zzzzzzzzzz-1")


async def expiry_not_that_of_the_holds(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.group, held_until=2**50)


async def slot_lost_by_redis(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("HDEL", partition_of(engine, sample).calendar(sample.expert.id), sample.slots[0].id)


async def calendar_lost_by_redis(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("DEL", *partition_of(engine, sample).feed(sample.expert.id)[1:3])


async def slot_that_mongo_lacks(engine: Engine, sample: Sample) -> None:
    extra = new_slot(sample.expert.id, sample.group.end + 3600, sample.group.end + 7200)
    await engine.calls.command("HSET", partition_of(engine, sample).calendar(sample.expert.id), extra.id, extra.record)


async def booked_slot_that_mongo_lacks(engine: Engine, sample: Sample) -> None:
    await engine.store._database["days"].update_many({}, {"$pull": {"slots": {"id": sample.slots[0].id}}})


async def booked_slot_that_mongo_lacks_and_redis_shows_as_free(engine: Engine, sample: Sample) -> None:
    await lost_seat(engine, sample)
    await booked_slot_that_mongo_lacks(engine, sample)


async def booked_slot_that_neither_has(engine: Engine, sample: Sample) -> None:
    await slot_lost_by_redis(engine, sample)
    await booked_slot_that_mongo_lacks(engine, sample)


async def no_slot_record(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("HSET", partition_of(engine, sample).calendar(sample.expert.id), sample.slots[0].id, "x")


async def seat_that_is_no_seat(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[3], seatmap="x")


async def neither_closed_nor_open(engine: Engine, sample: Sample) -> None:
    slot = sample.slots[3]
    record = slot.record.replace(" 0 0 0 ", " 0 3 0 ")
    await engine.calls.command("HSET", partition_of(engine, sample).calendar(sample.expert.id), slot.id, record)


async def another_start(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[3], start=sample.slots[3].start - 86400)


async def version_lost(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("DEL", partition_of(engine, sample).version(sample.expert.id))


async def booking_behind_no_fence(engine: Engine, sample: Sample) -> None:
    bookings = engine.store._database["bookings"]
    await bookings.update_one({"slotId": sample.slots[0].id, "active": True}, {"$set": {"active": False}})


async def cancelled_booking_in_the_fence(engine: Engine, sample: Sample) -> None:
    bookings = engine.store._database["bookings"]
    await bookings.update_one({"slotId": sample.slots[1].id, "active": False}, {"$set": {"active": True}})


async def unreadable_slot_that_mongo_lacks(engine: Engine, sample: Sample) -> None:
    await no_slot_record(engine, sample)
    await booked_slot_that_mongo_lacks(engine, sample)


async def more_seats_than_mongo_knows(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[3], seatmap="...")


async def closed_in_mongo_only(engine: Engine, sample: Sample) -> None:
    closed = Slot(sample.slots[3].id, sample.slots[3].start, sample.slots[3].end, ".", True, 1)
    await engine.store.slots.write([closed])


async def closed_in_redis_only(engine: Engine, sample: Sample) -> None:
    await rewrite(engine, sample, sample.slots[3], closed=True, revision=1)


async def booking_older_in_redis(engine: Engine, sample: Sample) -> None:
    await set_live(engine, sample, revision=1, status=Status.PENDING)


async def booking_of_another_status(engine: Engine, sample: Sample) -> None:
    await set_live(engine, sample, status=Status.PENDING)


async def booking_of_another_history(engine: Engine, sample: Sample) -> None:
    await set_live(engine, sample, history=(Change(0, None, Status.PENDING, "nobody"),))


async def booking_that_cannot_be_read(engine: Engine, sample: Sample) -> None:
    key = partition_of(engine, sample).booking(await booking_id(engine, sample, sample.slots[0]))
    record = await engine.calls.command("GET", key)
    await engine.calls.command("SET", key, record.replace(b"\n[", b"\n{"))


async def booking_newer_in_redis(engine: Engine, sample: Sample) -> None:
    await set_live(engine, sample, revision=3, status=Status.COMPLETED)


async def booking_lost_by_mongo(engine: Engine, sample: Sample) -> None:
    """Nothing but a walk through Redis can find it."""
    stored = await engine.store.bookings.active(sample.slots[0].id, 1)
    assert stored
    await engine.store._database["bookings"].delete_one({"_id": stored.id})


async def key_forgotten(engine: Engine, sample: Sample) -> None:
    stored = await engine.store.bookings.active(sample.slots[0].id, 1)
    assert stored
    await engine.calls.command("DEL", partition_of(engine, sample).idempotency(stored.idempotency or ""))


async def key_of_another_booking(engine: Engine, sample: Sample) -> None:
    stored = await engine.store.bookings.active(sample.slots[0].id, 1)
    assert stored
    key = partition_of(engine, sample).idempotency(stored.idempotency or "")
    await engine.calls.command("SET", key, f"{stored.fingerprint} {new_booking_id(sample.expert.id)}")


async def expert_not_listed(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("SREM", partition_of(engine, sample).experts, sample.expert.id)


DAMAGE: list[tuple[str, Damage]] = [
    ("ghost-seat", ghost_seat),
    ("lost-seat", lost_seat),
    ("ghost-hold", seat_held_by_nobody),
    ("ghost-hold", hold_of_another_epoch),
    ("stray-hold", two_holds_of_one_seat),
    ("stray-hold ghost-seat", hold_of_a_booked_seat),
    ("stale-hold", hold_never_swept),
    ("held-until", sweeper_not_told),
    ("held-until", sweeper_told_of_nothing),
    ("held-until", expiry_not_that_of_the_holds),
    ("slot-missing", slot_lost_by_redis),
    ("slot-missing held-until", calendar_lost_by_redis),
    ("slot-unknown", slot_that_mongo_lacks),
    ("slot-unknown", booked_slot_that_mongo_lacks),
    ("slot-unknown lost-seat", booked_slot_that_mongo_lacks_and_redis_shows_as_free),
    ("slot-lost", booked_slot_that_neither_has),
    ("slot-unreadable", no_slot_record),
    ("slot-unreadable", unreadable_slot_that_mongo_lacks),
    ("slot-unreadable", seat_that_is_no_seat),
    ("slot-unreadable", neither_closed_nor_open),
    ("slot-differs", another_start),
    ("version-lost", version_lost),
    ("unfenced", booking_behind_no_fence),
    ("unfenced", cancelled_booking_in_the_fence),
    ("slot-differs", more_seats_than_mongo_knows),
    ("slot-differs", closed_in_mongo_only),
    ("slot-unwritten", closed_in_redis_only),
    ("booking-behind", booking_older_in_redis),
    ("booking-differs", booking_of_another_status),
    ("booking-differs", booking_of_another_history),
    ("booking-differs", booking_that_cannot_be_read),
    ("booking-unwritten", booking_newer_in_redis),
    ("booking-unwritten", booking_lost_by_mongo),
    ("key-differs", key_forgotten),
    ("key-differs", key_of_another_booking),
    ("expert-unlisted", expert_not_listed),
]
