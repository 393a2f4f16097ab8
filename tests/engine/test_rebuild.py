"""Redis comes up empty: everything is built again from MongoDB, under a new epoch."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine import rebuild
from engine.audit import audit
from engine.engine import Engine
from engine.errors import BookingNotFound, EpochMissing, IdempotencyKeyReused, SlotNotFound, SlotTaken, StoreUnavailable
from engine.model import Status, digest, new_booking_id, new_slot
from engine.settings import Settings
from engine.store import utc_day
from tests.engine.forgetting import calendar_again
from tests.samples import Sample, make_sample


def verbs(engine: Engine, sample: Sample, booking_id: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    return {
        "book": lambda: engine.book(sample.request(1)),
        "confirm": lambda: engine.change(booking_id, Status.CONFIRMED, "admin"),
        "cancel": lambda: engine.change(booking_id, Status.CANCELLED, "customer"),
        "close": lambda: engine.desk.close(sample.slots[0].id),
        "open": lambda: engine.desk.open(sample.slots[0].id),
        "calendar": lambda: engine.calendar(sample.expert.id),
        "add_slots": lambda: engine.add_slots(sample.slots),
    }


@pytest.mark.parametrize("verb", ["book", "confirm", "cancel", "close", "open", "calendar", "add_slots"])
async def test_an_empty_redis_refuses_until_it_is_rebuilt(engine: Engine, sample: Sample, verb: str) -> None:
    booking = (await engine.book(sample.request())).booking
    before = await engine.calendar(sample.expert.id)
    await engine.calls.command("FLUSHALL")
    with pytest.raises(StoreUnavailable):
        await verbs(engine, sample, booking.id)[verb]()
    after = await calendar_again(engine, sample.expert.id)
    assert after.slots == before.slots
    await verbs(engine, sample, booking.id)[verb]()


async def test_everything_is_back_under_a_new_epoch(engine: Engine, sample: Sample) -> None:
    other = await make_sample(engine, start=sample.slots[0].start)
    first = (await engine.book(sample.request(key="k"))).booking
    seventh = [(await engine.book(sample.request(sample.group, name=f"Client {n}"))).booking for n in range(4)]
    cancelled = await engine.change(seventh[1].id, Status.CANCELLED, "customer")
    confirmed = await engine.change(seventh[2].id, Status.CONFIRMED, "admin")
    await engine.desk.close(sample.slots[3].id)
    await engine.desk.close(sample.slots[4].id)
    await engine.desk.open(sample.slots[4].id)
    theirs = (await engine.book(other.request(2))).booking
    before = [await engine.calendar(each.expert.id) for each in (sample, other)]

    await engine.calls.command("FLUSHALL")
    with pytest.raises(EpochMissing):
        await engine.calendar(sample.expert.id)
    after = [await calendar_again(engine, each.expert.id) for each in (sample, other)]

    assert [calendar.slots for calendar in after] == [calendar.slots for calendar in before]
    assert all(new.epoch != old.epoch for new, old in zip(after, before, strict=True))
    assert after[0].slots[-1].seatmap == "b.bb..."
    assert [slot.closed for slot in after[0].slots[:6]] == [False, False, False, True, False, False]
    assert after[0].slots[4].revision == 2
    again = await engine.book(sample.request(key="k"))
    assert (again.replayed, again.booking) == (True, first)
    for booking in (first, cancelled, confirmed, theirs):
        assert await engine.booking(booking.id) == booking
    assert (await engine.book(sample.request(sample.group))).booking.seat == 2
    changed = await engine.change(confirmed.id, Status.COMPLETED, "admin")
    assert changed.revision == confirmed.revision + 1


async def test_the_key_of_a_cancelled_booking_is_known_again(engine: Engine, sample: Sample) -> None:
    first = (await engine.book(sample.request(key="k"))).booking
    await engine.change(first.id, Status.CANCELLED, "customer")
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    assert first.idempotency is not None
    known = await engine.calls.command("GET", engine.keys.of(first.id).idempotency(first.idempotency))
    assert known.decode() == f"{first.fingerprint} {first.id}"
    again = await engine.book(sample.request(key="k"))
    assert (again.replayed, again.booking) == (True, first)
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 1


async def test_what_an_older_layout_left_in_redis_is_built_again(engine: Engine, sample: Sample) -> None:
    """Live copies were hashes, and outbox entries had their fields, when the name of the epoch had no number."""
    booking = (await engine.book(sample.request(key="k"))).booking
    partition = engine.keys.of(booking.id)
    command = engine.calls.command
    for each in engine.keys.partitions:
        await command("RENAME", each.epoch, f"{each.tag}:epoch")
    await command("DEL", partition.booking(booking.id))
    await command("HSET", f"{partition.tag}:booking:{booking.id}", "id", booking.id, "rev", 1, "status", "pending")
    unwritten = new_booking_id(sample.expert.id)
    await command("XADD", partition.outbox, "*", "id", unwritten, "rev", 1, "status", "pending", "slot", "x")
    claimed = replace(sample.slots[3], seatmap="b")
    await command("HSET", partition.calendar(sample.expert.id), claimed.id, claimed.record)

    assert await engine.rebuilder.ensure() == engine.settings.partitions
    seatmaps = [slot.seatmap for slot in (await engine.calendar(sample.expert.id)).slots]
    assert seatmaps == ["b", *"." * 7, "." * 7], "what MongoDB has is taken, and nothing else"
    again = await engine.book(sample.request(key="k"))
    assert (again.replayed, again.booking) == (True, booking)
    moved = await engine.reschedule(booking.id, sample.slots[3].id, "customer")
    assert (await engine.change(booking.id, Status.CANCELLED, "customer")).revision == moved.revision + 1
    await engine.journal.adopt(0)
    findings = (await audit(engine)).findings
    assert [finding.kind for finding in findings] == ["poison"], "what cannot be read is set aside, loudly"
    assert findings[0].detail.startswith(unwritten)


async def test_what_is_rebuilt_expires_like_what_was_there(engine: Engine, sample: Sample) -> None:
    booking = (await engine.book(sample.request(key="k"))).booking
    assert booking.idempotency is not None
    key = engine.keys.of(booking.id).idempotency(booking.idempotency)
    before = await engine.calls.command("EXPIRETIME", key)
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    assert await engine.calls.command("EXPIRETIME", key) == before
    assert before == booking.end + engine.settings.keep_bookings


async def test_every_slot_of_the_present_is_rebuilt_and_none_of_the_past(
    settings: Settings, engine: Engine, sample: Sample
) -> None:
    start = sample.slots[0].start
    recent = new_slot(sample.expert.id, start - 7200, start - 5400)
    long_ago = new_slot(sample.expert.id, start - 5 * 86_400, start - 5 * 86_400 + 1800)
    await engine.add_slots([recent, long_ago])
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    rebuilt = {slot.id for slot in (await engine.calendar(sample.expert.id)).slots}
    assert rebuilt == {recent.id, *(slot.id for slot in sample.slots)}


async def test_a_worker_whose_clock_is_ahead_rebuilds_the_coming_days(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went by its own clock, and so left out all that it took for long past: three days were not on sale any more.
    Its audit did the same, and found nothing wrong with that."""
    await engine.reconciler.stop()
    ahead = time.time() + 3 * 86_400
    monkeypatch.setattr(rebuild, "time", SimpleNamespace(time=lambda: ahead, monotonic=time.monotonic))
    for module in ("engine.audit.time", "engine.witness.time"):
        monkeypatch.setattr(module, lambda: ahead, raising=False)
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    assert (await engine.calendar(sample.expert.id)).slots == tuple(sample.slots)
    await engine.calls.command("HDEL", engine.keys.of(sample.expert.id).calendar(sample.expert.id), sample.slots[3].id)
    findings = (await audit(engine)).findings
    assert [(finding.kind, finding.subject) for finding in findings] == [("slot-missing", sample.slots[3].id)]


UNREADABLE: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "a booking without notes": ("bookings", {"$unset": {"notes": 1}}, "bb......"),
    "a booking of a status that there is not": ("bookings", {"$set": {"status": "waiting"}}, "bb......"),
    "a booking without a seat": ("bookings", {"$unset": {"seat": 1}}, None),
    "a slot without seats": ("days", {"$set": {"slots.$.seats": 0}}, "b......"),
    "a slot that begins some time": ("days", {"$set": {"slots.$.start": "soon"}}, "b......"),
}
"""Where, what is done to it, and the seatmaps of the expert's other slots after a rebuild; None: they have none."""


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_cannot_be_read_takes_nothing_else_with_it_and_gives_no_seat_away(
    engine: Engine, sample: Sample, what: str
) -> None:
    """Somebody had been at one document of MongoDB by hand: when Redis came up empty, no partition was built again.
    What can be read of an expert comes back; the seat of a booking that cannot be read stays taken."""
    await engine.reconciler.stop()
    others = [await make_sample(engine, start=sample.slots[0].start) for _ in range(3)]
    bad, good = [(await engine.book(sample.request(number, key=f"key {number}"))).booking for number in (0, 1)]
    theirs = [(await engine.book(other.request(2))).booking for other in others]
    collection, damage, expected = UNREADABLE[what]
    query = {"_id": bad.id} if collection == "bookings" else {"slots.id": bad.slot_id}
    await engine.store._database[collection].update_one(query, damage)

    await engine.calls.command("FLUSHALL")
    assert await engine.rebuilder.ensure() == engine.settings.partitions

    slots = (await engine.calendar(sample.expert.id)).slots
    if expected is None:
        assert slots == ()
    else:
        assert "".join(slot.seatmap for slot in slots) == expected + "......."
        with pytest.raises(SlotTaken if collection == "bookings" else SlotNotFound):
            await engine.book(sample.request(sample.slots[0]))
        assert (await engine.book(sample.request(1, key="key 1"))).booking.id == good.id
        partition = engine.keys.of(bad.id)
        known = await engine.calls.command("GET", partition.idempotency(bad.idempotency or ""))
        assert known.decode() == f"{bad.fingerprint} {bad.id}"
    for other, booking in zip(others, theirs, strict=True):
        assert "".join(slot.seatmap for slot in (await engine.calendar(other.expert.id)).slots) == "..b" + "." * 12
        assert await engine.booking(booking.id) == booking


async def test_an_expert_whose_id_is_none_is_left_out_of_a_rebuild(engine: Engine, sample: Sample) -> None:
    """MongoDB would take a number, too; no partition was built again."""
    await engine.reconciler.stop()
    await engine.store._database["experts"].insert_one({"_id": 7})
    await engine.calls.command("FLUSHALL")
    assert await engine.rebuilder.ensure() == engine.settings.partitions
    assert (await engine.calendar(sample.expert.id)).slots == tuple(sample.slots)


async def test_a_booking_that_nobody_has_is_still_not_found(engine: Engine, sample: Sample) -> None:
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    with pytest.raises(BookingNotFound):
        await engine.booking(f"{sample.expert.id}-nobody")


async def test_the_key_of_a_booking_that_is_long_over_is_known_though_redis_was_built_again(
    engine: Engine, sample: Sample
) -> None:
    """A rebuild loads neither its slot nor its key, however often it is compared afterwards."""
    slot = sample.slots[0]
    first = (await engine.book(sample.request(slot, key="k"))).booking
    partition = engine.keys.of(slot.id)
    await engine.reconciler.stop()
    engine.calls.trust(partition, engine.calls.since, await engine.calls.command("GET", partition.epoch))
    await engine.calls.command("HDEL", partition.calendar(slot.expert_id), slot.id)
    await engine.calls.command("DEL", partition.idempotency(digest(b"k")), partition.booking(first.id))
    again = await engine.book(sample.request(slot, key="k"))
    assert (again.booking, again.replayed) == (first, True)
    with pytest.raises(SlotNotFound):
        await engine.book(sample.request(slot, key="another"))
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(sample.request(slot, key="k", name="Bob"))


async def test_a_slot_that_is_over_is_not_rebuilt_without_the_keys_of_its_bookings(settings: Settings) -> None:
    """Slots were loaded by the day and keys by the end of the slot. For one that was over on the same day, a request
    with a known key was refused, because the slot is past, before anybody looked for the key in MongoDB."""
    engine = await Engine.open(settings.model_copy(update={"keep_past": 600}))
    await engine.reconciler.stop()
    now = int(time.time()) // 60 * 60
    sample = await make_sample(engine, start=now + 3600)
    first = (await engine.book(sample.request(key="k"))).booking
    database, end = engine.store._database, now - 1200
    await database["bookings"].update_one({"_id": first.id}, {"$set": {"start": end - 60, "end": end}})
    await database["days"].update_one(
        {"slots.id": first.slot_id},
        {"$set": {"slots.$.start": end - 60, "slots.$.end": end, "day": utc_day(now)}},
    )
    await engine.calls.command("FLUSHALL")
    await engine.rebuilder.ensure()
    assert (await engine.calendar(sample.expert.id)).slots == tuple(sample.slots[1:])
    partition = engine.keys.of(first.id)
    engine.calls.trust(partition, engine.calls.since, await engine.calls.command("GET", partition.epoch))
    again = await engine.book(sample.request(key="k"))
    assert (again.booking.id, again.replayed) == (first.id, True)
    await engine.close()
