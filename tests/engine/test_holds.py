from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.errors import (
    HoldExpired,
    HoldNotFound,
    IdempotencyKeyReused,
    RateLimited,
    SlotHeld,
    SlotNotFound,
    SlotTaken,
)
from engine.model import Slot, SlotState
from engine.settings import Settings
from tests.engine.forgetting import forget
from tests.samples import Sample


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    """Holds so short that a test can outlive them; no sweeper, unless a test sweeps."""
    return settings.model_copy(update={"hold_seconds": 0.4, "hold_most": 0.7, "sweep_every": 1000.0})


async def slot_now(engine: Engine, sample: Sample, number: int = 0) -> Slot:
    return (await engine.calendar(sample.expert.id)).slots[number]


def now_ms() -> int:
    return int(time.time() * 1000)


async def test_a_held_seat_is_refused_to_others_by_the_booking_script_itself(engine: Engine, sample: Sample) -> None:
    hold = await engine.holds.hold(sample.slots[0].id)
    with pytest.raises(SlotHeld):
        await engine.book(sample.request())
    with pytest.raises(SlotHeld):
        await engine.holds.hold(sample.slots[0].id)
    slot = await slot_now(engine, sample)
    assert slot.state(now_ms()) is SlotState.HELD
    assert slot.held_until == hold.expires_at


async def test_booking_with_the_token_consumes_it(engine: Engine, sample: Sample) -> None:
    hold = await engine.holds.hold(sample.slots[0].id)
    request = sample.request()
    request.hold = hold.token
    booked = await engine.book(request)
    assert booked.booking.seat == 1
    slot = await slot_now(engine, sample)
    assert slot.seatmap == "b"
    assert slot.held_until == 0
    with pytest.raises(HoldNotFound):
        await engine.holds.renew(hold.token)
    with pytest.raises(HoldExpired):
        await engine.book(request)


async def test_a_hold_counts_against_the_seats_of_a_group(engine: Engine, sample: Sample) -> None:
    holds = [await engine.holds.hold(sample.group.id) for _ in range(3)]
    booked = [await engine.book(sample.request(sample.group)) for _ in range(4)]
    assert sorted(each.booking.seat for each in booked) == [4, 5, 6, 7]
    with pytest.raises(SlotHeld):
        await engine.book(sample.request(sample.group))
    await engine.holds.release(holds[1].token)
    assert (await engine.book(sample.request(sample.group))).booking.seat == 2


async def test_a_released_seat_is_free_at_once_and_its_token_dead(engine: Engine, sample: Sample) -> None:
    hold = await engine.holds.hold(sample.slots[0].id)
    await engine.holds.release(hold.token)
    assert (await slot_now(engine, sample)).seatmap == "."
    with pytest.raises(HoldNotFound):
        await engine.holds.release(hold.token)
    await engine.book(sample.request())


async def test_a_hold_that_is_over_keeps_nobody_out_even_before_it_is_swept(engine: Engine, sample: Sample) -> None:
    await engine.holds.hold(sample.slots[0].id)
    await asyncio.sleep(0.45)
    assert (await slot_now(engine, sample)).seatmap == "h", "nobody has swept"
    await engine.book(sample.request())
    slot = await slot_now(engine, sample)
    assert (slot.seatmap, slot.held_until) == ("b", 0)


async def test_an_old_token_never_works_again(engine: Engine, sample: Sample) -> None:
    old = await engine.holds.hold(sample.slots[0].id)
    await asyncio.sleep(0.45)
    new = await engine.holds.hold(sample.slots[0].id)
    with pytest.raises(HoldNotFound):
        await engine.holds.renew(old.token)
    with pytest.raises(HoldNotFound):
        await engine.holds.release(old.token)
    request = sample.request()
    request.hold = old.token
    with pytest.raises(HoldExpired):
        await engine.book(request)
    assert (await engine.holds.renew(new.token)).expires_at >= new.expires_at


async def test_with_a_token_that_is_over_a_free_seat_is_booked_like_any_other(engine: Engine, sample: Sample) -> None:
    hold = await engine.holds.hold(sample.slots[0].id)
    await asyncio.sleep(0.45)
    request = sample.request()
    request.hold = hold.token
    assert (await engine.book(request)).booking.seat == 1


async def test_a_token_opens_no_other_slot(engine: Engine, sample: Sample) -> None:
    await engine.book(sample.request(1))
    hold = await engine.holds.hold(sample.slots[0].id)
    request = sample.request(1)
    request.hold = hold.token
    with pytest.raises(HoldExpired):
        await engine.book(request)
    assert (await slot_now(engine, sample)).seatmap == "h"


async def test_renewal_is_capped_in_total(engine: Engine, sample: Sample) -> None:
    first = await engine.holds.hold(sample.slots[0].id)
    await asyncio.sleep(0.2)
    second = await engine.holds.renew(first.token)
    assert first.expires_at < second.expires_at <= first.expires_at + 300
    await asyncio.sleep(0.25)
    third = await engine.holds.renew(first.token)
    assert third.expires_at <= first.expires_at - 400 + 700
    assert (await engine.holds.renew(first.token)).expires_at == third.expires_at


async def test_a_hold_never_outlasts_the_start_of_its_slot(engine: Engine, sample: Sample) -> None:
    from engine.holds import Holds

    soon = await sample_starting_soon(engine)
    patient = Holds(
        engine.calls, engine.keys, engine.glance, engine.settings.model_copy(update={"hold_seconds": 3600.0})
    )
    hold = await patient.hold(soon.slots[0].id)
    assert hold.expires_at == soon.slots[0].start * 1000


async def sample_starting_soon(engine: Engine) -> Sample:
    from tests.samples import make_sample

    return await make_sample(engine, start=int(time.time()) // 60 * 60 + 120)


async def test_the_sweeper_gives_seats_back_and_tells_everybody(engine: Engine, sample: Sample) -> None:
    room = engine.feed.room(sample.expert.id)
    await room.ready()
    await engine.holds.hold(sample.slots[0].id)
    await engine.holds.hold(sample.group.id)
    await engine.holds.hold(sample.group.id)
    assert await engine.holds.sweep() == 0
    await asyncio.sleep(0.45)
    assert await engine.holds.sweep() == 3
    await asyncio.sleep(0.05)
    assert room.slots[sample.slots[0].id].seatmap == "."
    assert room.slots[sample.group.id].seatmap == "......."
    assert room.slots[sample.group.id].held_until == 0
    partition = engine.keys.of(sample.expert.id)
    assert await engine.calls.command("EXISTS", *partition.holds(sample.group.id)) == 0


async def test_every_worker_sweeps_so_that_a_seat_is_back_within_a_second(settings: Settings, sample: Sample) -> None:
    fast = settings.model_copy(update={"sweep_every": 0.4})
    other = await Engine.open(fast)
    try:
        room = other.feed.room(sample.expert.id)
        await room.ready()
        hold = await other.holds.hold(sample.slots[0].id)
        while room.slots[sample.slots[0].id].seatmap != "h":
            await asyncio.sleep(0.01)
        while room.slots[sample.slots[0].id].seatmap != ".":
            assert now_ms() < hold.expires_at + 1000
            await asyncio.sleep(0.01)
        assert now_ms() >= hold.expires_at
    finally:
        await other.close()


async def test_forty_at_once_want_to_hold_the_last_seat_and_one_gets_it(engine: Engine, sample: Sample) -> None:
    answers = await asyncio.gather(*(engine.holds.hold(sample.slots[0].id) for _ in range(40)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, SlotHeld)]
    assert len(refused) == 39


async def test_a_hold_of_an_epoch_that_is_over_holds_nothing(engine: Engine, sample: Sample) -> None:
    """A rebuild does not know holds; one that survived in its keys must not lend its seat to two people."""
    hold = await engine.holds.hold(sample.group.id)
    partition = engine.keys.of(sample.expert.id)
    await engine.calls.command("SET", partition.epoch, "another")
    request = sample.request(sample.group)
    request.hold = hold.token
    booked = await engine.book(request)
    assert booked.booking.seat == 2, "seat 1 is still marked; the token must not open it"


async def test_a_seat_that_was_put_right_while_it_was_held_is_not_its_old_tokens_when_it_is_held_again(
    engine: Engine, sample: Sample
) -> None:
    """A move that is undone, or a repair, marks a seat as booked that somebody holds, and knows nothing of tokens."""
    old = await engine.holds.hold(sample.group.id)
    booked = replace(sample.group, seatmap="b" + sample.group.seatmap[1:], held_until=old.expires_at)
    for slot in (booked, replace(booked, seatmap=sample.group.seatmap)):  # and its booking has ended
        await forget(engine, slot=slot)
    new = await engine.holds.hold(sample.group.id)
    with pytest.raises(HoldNotFound):
        await engine.holds.renew(old.token)
    with pytest.raises(HoldNotFound):
        await engine.holds.release(old.token)
    request = sample.request(sample.group)
    request.hold = old.token
    assert (await engine.book(request)).booking.seat == 2, "the first is somebody else's"
    request = sample.request(sample.group, name="Bob Builder")
    request.hold = new.token
    assert (await engine.book(request)).booking.seat == 1


async def test_nonsense_tokens_are_not_found(engine: Engine, sample: Sample) -> None:
    for token in ("", "x", "-", f"{sample.slots[0].id}-", sample.slots[0].id, "zzzzzzzzzz-1-2"):
        with pytest.raises(HoldNotFound):
            await engine.holds.renew(token)
        with pytest.raises(HoldNotFound):
            await engine.holds.release(token)
    with pytest.raises(SlotNotFound):
        await engine.holds.hold("zzzzzzzzzz-1")


async def test_a_taken_slot_cannot_be_held(engine: Engine, sample: Sample) -> None:
    await engine.book(sample.request())
    with pytest.raises(SlotTaken):
        await engine.holds.hold(sample.slots[0].id)


@pytest.mark.parametrize("offset_ms", range(-3, 4))
async def test_booking_at_the_very_end_of_a_hold_is_one_or_the_other(
    engine: Engine, sample: Sample, offset_ms: int
) -> None:
    """At its end ± 1 ms the owner and a rival book at once: exactly one of them gets the seat."""
    hold = await engine.holds.hold(sample.slots[0].id)
    owner, rival = sample.request(name="Owner"), sample.request(name="Rival")
    owner.hold = hold.token
    await asyncio.sleep(max(0.0, (hold.expires_at + offset_ms) / 1000 - time.time()))
    answers = await asyncio.gather(engine.book(rival), engine.book(owner), return_exceptions=True)
    won = [answer for answer in answers if not isinstance(answer, Exception)]
    assert len(won) == 1
    assert (await slot_now(engine, sample)).seatmap == "b"


async def test_the_same_key_gives_the_same_hold(engine: Engine, sample: Sample) -> None:
    first = await engine.holds.hold(sample.group.id, key="k")
    again = await asyncio.gather(*(engine.holds.hold(sample.group.id, key="k") for _ in range(10)))
    assert {each.token for each in again} == {first.token}
    assert [first.replayed, *(each.replayed for each in again)] == [False] + [True] * 10
    assert (await slot_now(engine, sample, -1)).seatmap == "h......"
    with pytest.raises(IdempotencyKeyReused):
        await engine.holds.hold(sample.slots[0].id, key="k")


async def test_two_clients_with_one_key_have_a_hold_each(engine: Engine, sample: Sample) -> None:
    """The second one got the first one's hold, and with its token that one's seat."""
    ann, bob = [await engine.holds.hold(sample.group.id, client, "form-1") for client in ("a" * 16, "b" * 16)]
    assert (ann.replayed, bob.replayed) == (False, False)
    assert ann.token != bob.token
    again = [await engine.holds.hold(sample.group.id, client, "form-1") for client in ("a" * 16, "b" * 16)]
    assert [(hold.token, hold.replayed) for hold in again] == [(ann.token, True), (bob.token, True)]


async def test_a_key_does_not_bring_a_hold_back_that_is_over(engine: Engine, sample: Sample) -> None:
    """A token that is over never works again: the retry gets the first answer, and no seat."""
    first = await engine.holds.hold(sample.group.id, key="k")
    await engine.holds.release(first.token)
    again = await engine.holds.hold(sample.group.id, key="k")
    assert (again.token, again.replayed) == (first.token, True)
    assert (await slot_now(engine, sample, -1)).seatmap == "......."


async def test_a_retry_does_not_count_as_one_hold_more(settings: Settings, sample: Sample) -> None:
    limited = await Engine.open(settings.model_copy(update={"rate_limits": True, "holds_per_client": 2}))
    try:
        await limited.holds.hold(sample.slots[0].id, "client", "a")
        await limited.holds.hold(sample.slots[1].id, "client", "b")
        assert (await limited.holds.hold(sample.slots[1].id, "client", "b")).replayed
        with pytest.raises(RateLimited):
            await limited.holds.hold(sample.slots[2].id, "client", "c")
    finally:
        await limited.close()


async def test_a_hold_that_is_over_counts_no_longer_and_a_renewed_one_does(settings: Settings, sample: Sample) -> None:
    limited = await Engine.open(
        settings.model_copy(update={"rate_limits": True, "holds_per_client": 2, "hold_seconds": 1.5})
    )
    try:
        for slot in sample.slots[:2]:
            await limited.holds.hold(slot.id, "client")
        with pytest.raises(RateLimited):
            await limited.holds.hold(sample.slots[2].id, "client")
        await asyncio.sleep(1.6)
        kept = await limited.holds.hold(sample.slots[2].id, "client")
        await asyncio.sleep(0.8)
        await limited.holds.renew(kept.token)
        await asyncio.sleep(0.8)
        await limited.holds.hold(sample.slots[3].id, "client")
        with pytest.raises(RateLimited):
            await limited.holds.hold(sample.slots[4].id, "client")
    finally:
        await limited.close()
