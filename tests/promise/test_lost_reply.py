"""The server did it, and its answer was lost on the way: there is one effect, and the client is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.engine import Engine
from engine.errors import IdempotencyKeyReused, SlotTaken, StoreUnavailable
from engine.model import Status
from engine.scripts import script
from engine.settings import Settings
from tests.promise.checks import conserved, seatmaps
from tests.promise.proxy import Proxy
from tests.samples import Sample

INSERT, UPDATE = b"\x02insert\x00", b"\x02update\x00"
"""How a command begins on MongoDB's wire: a BSON string element of that name."""

how_lost = pytest.mark.parametrize("cut", [True, False], ids=["cut", "silent"])


@pytest.fixture
async def mongo_proxy(settings: Settings) -> AsyncIterator[Proxy]:
    assert settings.mongo_url
    async with Proxy(settings.mongo_url) as proxy:
        yield proxy


@pytest.fixture
async def engine(settings: Settings, redis_proxy: Proxy, mongo_proxy: Proxy) -> AsyncIterator[Engine]:
    """An engine that reaches both stores through the proxies, and does not wait long for an answer."""
    opened = await Engine.open(
        settings.model_copy(update={"redis_url": redis_proxy.url, "mongo_url": mongo_proxy.url, "redis_timeout": 0.4})
    )
    yield opened
    await opened.close()


def losing(proxy: Proxy, verb: str, *, times: int = 1, cut: bool = True) -> None:
    proxy.lose_replies(script(verb).sha, times=times, cut=cut)


@how_lost
@pytest.mark.parametrize("key", [None, "k"])
async def test_a_booking_whose_reply_was_lost_is_answered_and_there_once(
    engine: Engine, sample: Sample, redis_proxy: Proxy, cut: bool, key: str | None
) -> None:
    losing(redis_proxy, "book", cut=cut)
    booked = await engine.book(sample.request(sample.group, key=key))
    assert redis_proxy.lost == 1
    assert (booked.durable, booked.replayed, booked.booking.seat) == (True, False, 1)
    assert await engine.store.bookings.get(booked.booking.id) == booked.booking
    assert (await seatmaps(engine, sample.expert.id))[sample.group.id] == "b......"
    assert list(await conserved(engine, sample.expert.id)) == [booked.booking.id]


async def test_the_clients_own_retry_gets_the_same_booking(engine: Engine, sample: Sample, redis_proxy: Proxy) -> None:
    losing(redis_proxy, "book")
    first = await engine.book(sample.request(key="k"))
    again = await engine.book(sample.request(key="k"))
    assert (again.booking, again.replayed, again.durable) == (first.booking, True, True)
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(sample.request(key="k", notes="another body"))
    with pytest.raises(SlotTaken):
        await engine.book(sample.request())
    assert len(await conserved(engine, sample.expert.id)) == 1


async def test_the_engine_gives_up_after_three_and_the_clients_retry_gets_the_booking(
    engine: Engine, sample: Sample, redis_proxy: Proxy
) -> None:
    losing(redis_proxy, "book", times=3)
    with pytest.raises(StoreUnavailable):
        await engine.book(sample.request(sample.group, key="k"))
    assert redis_proxy.lost == 3
    again = await engine.book(sample.request(sample.group, key="k"))
    assert again.replayed
    assert list(await conserved(engine, sample.expert.id)) == [again.booking.id]
    assert (await seatmaps(engine, sample.expert.id))[sample.group.id] == "b......"


async def test_a_booking_with_a_hold_consumes_it_though_the_reply_was_lost(
    engine: Engine, sample: Sample, redis_proxy: Proxy
) -> None:
    request = sample.request()
    request.hold = (await engine.holds.hold(sample.slots[0].id)).token
    losing(redis_proxy, "book")
    booked = await engine.book(request)
    assert redis_proxy.lost == 1
    assert list(await conserved(engine, sample.expert.id)) == [booked.booking.id]


@how_lost
@pytest.mark.parametrize("status", [Status.CANCELLED, Status.CONFIRMED])
async def test_a_change_whose_reply_was_lost_happens_once(
    engine: Engine, sample: Sample, redis_proxy: Proxy, status: Status, cut: bool
) -> None:
    made = (await engine.book(sample.request())).booking
    losing(redis_proxy, {Status.CANCELLED: "cancel", Status.CONFIRMED: "confirm"}[status], cut=cut)
    changed = await engine.change(made.id, status, "admin", "why")
    assert redis_proxy.lost == 1
    assert (changed.status, changed.revision, len(changed.history)) == (status, 2, 2)
    assert await engine.store.bookings.get(made.id) == changed, "it is durable before it is answered"
    assert await conserved(engine, sample.expert.id) == {made.id: changed}


@how_lost
async def test_a_move_whose_reply_was_lost_happens_once(
    engine: Engine, sample: Sample, redis_proxy: Proxy, cut: bool
) -> None:
    made = (await engine.book(sample.request())).booking
    losing(redis_proxy, "reschedule", cut=cut)
    moved = await engine.reschedule(made.id, sample.group.id, "customer")
    assert redis_proxy.lost == 1
    assert (moved.slot_id, moved.seat, moved.revision) == (sample.group.id, 1, 2)
    assert await engine.store.bookings.get(made.id) == moved, "it is durable before it is answered"
    shown = await seatmaps(engine, sample.expert.id)
    assert (shown[made.slot_id], shown[sample.group.id]) == (".", "b......")
    assert await conserved(engine, sample.expert.id) == {made.id: moved}


@how_lost
async def test_a_hold_whose_reply_was_lost_holds_one_seat(
    engine: Engine, sample: Sample, redis_proxy: Proxy, cut: bool
) -> None:
    losing(redis_proxy, "hold", cut=cut)
    hold = await engine.holds.hold(sample.group.id)
    assert redis_proxy.lost == 1
    assert (await seatmaps(engine, sample.expert.id))[sample.group.id] == "h......"
    await engine.holds.release(hold.token)
    assert (await seatmaps(engine, sample.expert.id))[sample.group.id] == "......."


@how_lost
async def test_a_closing_whose_reply_was_lost_is_durable_when_it_is_answered(
    engine: Engine, sample: Sample, redis_proxy: Proxy, cut: bool
) -> None:
    losing(redis_proxy, "close", cut=cut)
    closed = await engine.desk.close(sample.slots[0].id)
    assert redis_proxy.lost == 1
    assert (closed.closed, closed.revision) == (True, 1)
    stored = {slot.id: slot async for slot in engine.store.slots.since([sample.expert.id], "1970-01-01")}
    assert stored[closed.id].closed, "it is durable before it is answered"


@how_lost
async def test_a_booking_whose_acknowledgement_mongodb_gave_in_vain_is_answered_and_there_once(
    engine: Engine, sample: Sample, mongo_proxy: Proxy, cut: bool
) -> None:
    mongo_proxy.lose_replies(INSERT, cut=cut)
    booked = await engine.book(sample.request(sample.group, key="k"))
    assert mongo_proxy.lost == 1
    assert (booked.durable, booked.replayed) == (True, False)
    assert (await engine.book(sample.request(sample.group, key="k"))).booking == booked.booking
    assert await conserved(engine, sample.expert.id) == {booked.booking.id: booked.booking}


@how_lost
async def test_a_change_whose_acknowledgement_mongodb_gave_in_vain_happens_once(
    engine: Engine, sample: Sample, mongo_proxy: Proxy, cut: bool
) -> None:
    made = (await engine.book(sample.request())).booking
    mongo_proxy.lose_replies(UPDATE, cut=cut)
    cancelled = await engine.change(made.id, Status.CANCELLED, "customer")
    assert mongo_proxy.lost == 1
    assert await engine.store.bookings.get(made.id) == cancelled
    await engine.book(sample.request())
    assert len(await conserved(engine, sample.expert.id)) == 2


async def test_a_group_whose_acknowledgement_was_lost_is_there_once(
    engine: Engine, sample: Sample, mongo_proxy: Proxy
) -> None:
    """Half new, half changed, in one bulk write."""
    import asyncio

    made = [(await engine.book(sample.request(n))).booking for n in range(3)]
    mongo_proxy.lose_replies(INSERT)
    booked, *cancelled = await asyncio.gather(
        asyncio.gather(*(engine.book(sample.request(sample.group)) for _ in range(7))),
        *(engine.change(booking.id, Status.CANCELLED, "customer") for booking in made),
    )
    assert mongo_proxy.lost == 1
    assert all(each.durable for each in booked)
    stored = await conserved(engine, sample.expert.id)
    assert stored == {b.id: b for b in [*cancelled, *(each.booking for each in booked)]}
