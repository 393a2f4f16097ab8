"""Calendars that are kept by an availability: several who are at it, at once or where another broke off."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from engine import keeper
from engine.availability import Availability
from engine.changes import Arranged, Wish
from engine.engine import Engine
from engine.errors import LeaseLost, StoreUnavailable
from engine.model import Expert, new_expert_id
from tests.engine.keeping import MORNINGS, RULE, form, in_zone, shown, wanted

pytestmark = pytest.mark.usefixtures("agreement")


async def test_only_one_is_at_an_expert(engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = engine.store.availabilities
    await rules.put(zoe.id, RULE, int(time.time()))
    assert await rules.lease(zoe.id, "another", int(time.time()), 60) is not None
    assert await engine.keeper.tend(zoe.id) is None
    assert await rules.due(int(time.time()), 10) == []
    monkeypatch.setattr(keeper, "PATIENCE", 0.3)
    with pytest.raises(StoreUnavailable, match="later"):
        await engine.set_availability(zoe.id, replace(RULE, seats=4))
    assert await shown(engine, zoe) == []
    await rules.lease(zoe.id, "another", int(time.time()) + 61, -61)  # a lease ends
    await engine.keeper.tend(zoe.id)
    assert {slot.seats for slot in await shown(engine, zoe)} == {4}


async def test_a_look_at_an_expert_asks_redis_once(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice: for its clock, and whether it has been compared with MongoDB."""
    asked = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(engine.calls, name)

    monkeypatch.setattr(engine.keeper, "_calls", Watched())
    assert await engine.keeper.tend(zoe.id) is None, "there is no rule"
    assert asked == ["since", "run"]


@pytest.mark.parametrize("later", ["another rule", "no rule", "nobody"])
async def test_a_worker_that_stops_in_the_middle_does_nothing_when_it_goes_on(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    """It put the former rule's slots on sale, and nobody ever closed them: the later rule was in effect as a whole."""
    await engine.keeper.stop()  # it would take over, too
    monkeypatch.setattr(keeper, "LEASE", 5)
    monkeypatch.setattr(keeper, "AT_ONCE", 10)
    await engine.store.availabilities.put(zoe.id, RULE, int(time.time()))
    arrange, stopped, goes_on = engine.desk.arrange, asyncio.Event(), asyncio.Event()

    async def stop(expert_id: str, wishes: list[Wish], *, strict: bool, **how: Any) -> Arranged:
        if await shown(engine, zoe):  # one of its steps is done
            stopped.set()
            await goes_on.wait()
        return await arrange(expert_id, wishes, strict=strict, **how)

    with monkeypatch.context() as patched:
        patched.setattr(engine.desk, "arrange", stop)
        worker = asyncio.create_task(engine.keeper.tend(zoe.id))
        await stopped.wait()
    if later == "another rule":
        other = replace(RULE, slot_minutes=360)
        await engine.set_availability(zoe.id, other)
        right = [(slot.id, slot.end) for slot in wanted(zoe, other)]
    elif later == "no rule":
        await engine.end_availability(zoe.id)
        right = [(slot.id, slot.end) for slot in wanted(zoe, RULE)[:10]]
    else:
        await engine.admin.remove_expert(zoe.id, None, None)
        right = []
    goes_on.set()
    with pytest.raises(LeaseLost):
        await worker
    assert [(slot.id, slot.end) for slot in await shown(engine, zoe)] == right


async def test_a_rule_whose_redis_is_away_is_in_nobodys_way(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker looks at so many at a time, those first that have been due for longest."""

    async def away(*_: object) -> list[Any]:
        raise StoreUnavailable

    rules = engine.store.availabilities
    await rules.put(zoe.id, RULE, int(time.time()))
    monkeypatch.setattr(engine.calls, "run", away)
    with pytest.raises(StoreUnavailable):
        await engine.keeper.tend(zoe.id)
    assert await rules.due(int(time.time()), 10) == []
    assert await rules.due(int(time.time()) + keeper.LATER, 10) == [zoe.id]
    monkeypatch.undo()


async def test_rules_of_two_administrators_come_one_after_the_other(engine: Engine, zoe: Expert) -> None:
    rules = [replace(RULE, slot_minutes=minutes, seats=minutes) for minutes in (30, 45, 60, 90)]
    await asyncio.gather(*(engine.set_availability(zoe.id, rule) for rule in rules))
    last = await engine.availability(zoe.id)
    assert last in rules
    assert {(slot.end - slot.start) // 60 for slot in await shown(engine, zoe)} == {last.seats}
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in wanted(zoe, last)]


async def test_hours_that_broke_off_half_way_are_undone_by_the_former_ones(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they had closed by then stayed closed."""
    await engine.set_availability(zoe.id, RULE)
    before = await shown(engine, zoe)
    arrange = engine.desk.arrange

    async def break_down(expert_id: str, wishes: list[Wish], **how: Any) -> Arranged:
        await arrange(expert_id, wishes[:5], **how)
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(engine.desk, "arrange", break_down)
        with pytest.raises(StoreUnavailable):
            await engine.set_availability(zoe.id, replace(RULE, weekly=()))
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in before[5:]]
    assert await engine.set_availability(zoe.id, RULE) == Arranged(opened=5)
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in before]


@pytest.mark.parametrize("broken", ["one script", "what MongoDB remembers"])
@pytest.mark.parametrize("former", [None, replace(RULE, slot_minutes=60), replace(RULE, weekly=())])
async def test_what_is_closed_by_hand_while_hours_are_half_done_stays_closed(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch, broken: str, former: Availability | None
) -> None:
    """They were tried again as a whole, a minute later, and opened it."""
    if former:
        await engine.set_availability(zoe.id, former)
    calls = 0
    arrange = engine.desk.arrange

    async def break_down(expert_id: str, wishes: list[Wish], **how: Any) -> Arranged:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreUnavailable
        return await arrange(expert_id, wishes, **how)

    async def away(*_: object) -> bool:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(keeper, "AT_ONCE", 10)
        if broken == "one script":
            patched.setattr(engine.desk, "arrange", break_down)
        else:
            patched.setattr(engine.store.availabilities, "settle", away)
        with pytest.raises(StoreUnavailable):
            await engine.set_availability(zoe.id, RULE)
    shut = (await shown(engine, zoe))[2]
    await engine.close_slot(shut.id)
    await engine.keeper.tend(zoe.id)
    right = [(slot.id, slot.end) for slot in wanted(zoe, RULE) if slot.id != shut.id]
    assert [(slot.id, slot.end) for slot in await shown(engine, zoe)] == right


async def test_hours_that_somebody_puts_while_the_zone_changes_are_not_overwritten(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former ones came back, in the new zone."""
    await engine.set_availability(zoe.id, MORNINGS)
    rules = engine.store.availabilities
    get = rules.get

    async def get_just_before(expert_id: str) -> Availability | None:
        former = await get(expert_id)
        monkeypatch.undo()
        await engine.admin.set_availability(zoe.id, form(RULE))
        return former

    monkeypatch.setattr(rules, "get", get_just_before)
    await engine.admin.replace_expert(zoe.id, in_zone("Asia/Kathmandu", zoe))
    rule = await engine.availability(zoe.id)
    assert rule == replace(RULE, time_zone="Asia/Kathmandu")
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in wanted(zoe, rule)]


async def test_hours_that_are_put_while_the_zone_changes_are_in_the_new_one(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stayed in the one that the profile had when they were sent."""
    put = engine.keeper.put

    async def put_just_after(expert_id: str, rule: Availability) -> Arranged:
        monkeypatch.undo()
        await engine.admin.replace_expert(zoe.id, in_zone("Asia/Kathmandu", zoe))
        return await put(expert_id, rule)

    monkeypatch.setattr(engine.keeper, "put", put_just_after)
    await engine.admin.set_availability(zoe.id, form(MORNINGS))
    rule = await engine.availability(zoe.id)
    assert rule == replace(MORNINGS, time_zone="Asia/Kathmandu")
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in wanted(zoe, rule)]


@pytest.mark.parametrize("breaks", ["get", "replace"])
async def test_hours_whose_expert_changed_zone_as_mongodb_went_away_follow_in_a_minute(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    """The profile had the new zone, and the hours the former one, until somebody put either again."""
    await engine.keeper.stop()
    await engine.set_availability(zoe.id, MORNINGS)
    rules = engine.store.availabilities

    async def away(*_: object) -> Any:
        raise AutoReconnect

    with monkeypatch.context() as patched:
        patched.setattr(rules, breaks, away)
        with pytest.raises(StoreUnavailable):
            await engine.admin.replace_expert(zoe.id, in_zone("Asia/Kathmandu", zoe))
    assert await rules.due(int(time.time()) + keeper.LATER, 10) == [zoe.id]
    await engine.keeper._tend(zoe.id, asyncio.Semaphore(1))
    rule = await engine.availability(zoe.id)
    assert rule == replace(MORNINGS, time_zone="Asia/Kathmandu")
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in wanted(zoe, rule)]


async def test_what_broke_down_half_way_is_taken_up_again(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second rule has put some of its slots on sale when it breaks down, and a third one knows of them."""
    rules = [replace(RULE, slot_minutes=minutes) for minutes in (120, 50, 240)]
    await engine.set_availability(zoe.id, rules[0])
    arrange, calls = engine.desk.arrange, 0

    async def break_down(expert_id: str, wishes: list[Wish], *, strict: bool, ends: int) -> Arranged:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreUnavailable
        return await arrange(expert_id, wishes, strict=strict, ends=ends)

    monkeypatch.setattr(engine.desk, "arrange", break_down)
    monkeypatch.setattr(keeper, "AT_ONCE", 30)
    with pytest.raises(StoreUnavailable):
        await engine.set_availability(zoe.id, rules[1])
    left = await shown(engine, zoe)
    assert left not in ([], wanted(zoe, rules[0]))
    await engine.set_availability(zoe.id, rules[2])
    assert [(slot.id, slot.end) for slot in await shown(engine, zoe)] == [
        (slot.id, slot.end) for slot in wanted(zoe, rules[2])
    ]


async def test_a_client_that_asks_again_and_again_makes_nobody_forget_what_is_on_sale(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.set_availability(zoe.id, RULE)

    async def away(*_: object, **__: object) -> Arranged:
        raise StoreUnavailable

    other = replace(RULE, weekly=())
    with monkeypatch.context() as patched:
        patched.setattr(engine.desk, "arrange", away)
        for _ in range(25):
            with pytest.raises(StoreUnavailable):
                await engine.set_availability(zoe.id, other)
        for number in range(25):
            with pytest.raises(StoreUnavailable):
                await engine.set_availability(zoe.id, replace(RULE, seats=number + 3))
    await engine.keeper.tend(zoe.id)
    await engine.set_availability(zoe.id, other)
    assert await shown(engine, zoe) == []


@pytest.mark.parametrize("pause", [0, 0.01, 0.05])
async def test_an_expert_who_goes_while_hours_come_leaves_nothing_on_sale(
    engine: Engine, zoe: Expert, pause: float
) -> None:
    async def go() -> None:
        await asyncio.sleep(pause)
        await engine.admin.remove_expert(zoe.id, "keep", None)

    await asyncio.gather(go(), engine.admin.set_availability(zoe.id, form(RULE)), return_exceptions=True)
    await engine.keeper._tend(zoe.id, asyncio.Semaphore(1))
    assert await shown(engine, zoe) == []
    assert await engine.availability(zoe.id) is None


async def test_a_worker_that_ends_in_the_middle_leaves_the_rest_to_the_next(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = asyncio.Event()

    async def hangs(*_: object, **__: object) -> Arranged:
        began.set()
        await asyncio.sleep(60)
        raise AssertionError

    await engine.store.availabilities.put(zoe.id, RULE, int(time.time()))
    with monkeypatch.context() as patched:
        patched.setattr(engine.desk, "arrange", hangs)
        task = asyncio.create_task(engine.keeper.tend(zoe.id))
        await began.wait()
        task.cancel()
        await asyncio.wait({task})
    assert await engine.store.availabilities.due(int(time.time()), 10) == [zoe.id]


async def test_many_moments_at_once_are_kept_one_look_after_the_other(
    engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notices begin on the hour. Two hundred experts took twenty seconds."""
    monkeypatch.setattr(keeper, "AT_A_LOOK", 5)
    experts = [replace(zoe, id=new_expert_id()) for _ in range(23)]
    await engine.add_experts(experts)
    for expert in experts:
        await engine.store.availabilities.put(expert.id, replace(RULE, weekly=()), int(time.time()))
    monkeypatch.setattr(keeper, "EVERY", 1.0)
    await engine.keeper.stop()
    engine.keeper.start()
    async with asyncio.timeout(2.9):
        while await engine.store.availabilities.due(int(time.time()), 50):
            await asyncio.sleep(0.02)
