"""Every verb against the model: after each step the engine's answer and its calendar are what the model says.

The short form takes some 20 seconds. The long one: ``LONG=1 pytest tests/model``. A failure prints its steps and a line
``@reproduce_failure(…)``; put that above `Machine` to see it again. ``--hypothesis-seed=N`` repeats a whole run.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from engine.changes import Wish
from engine.claim import Request
from engine.engine import Engine
from engine.errors import SlotlineError
from engine.holds import Holds
from engine.model import Slot, Status, new_booking_id, new_hold_token, new_slot
from engine.settings import Settings
from tests.model.model import Model, seen
from tests.samples import ZOE, make_sample

LONG = bool(os.environ.get("LONG"))
SEATS = (1, 3, 1)
FOREVER, OVER_AT_ONCE = 1000.0, 0.001
"""Seconds: a hold either outlives the test or is over before the next step."""

TAKES = settings(
    max_examples=3000 if LONG else 60,
    stateful_step_count=120 if LONG else 50,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

slots = st.integers(0, len(SEATS) - 1)
keys = st.sampled_from([None, None, None, "key 1", "key 2"])
names = st.sampled_from(["Ann Onymous", "Bob Builder"])
people = st.sampled_from(["customer", "admin"])
reasons = st.sampled_from([None, "ill", 'a "quoted" reason, with ünïcode\n'])
statuses = st.sampled_from(list(Status))


@dataclass
class World:
    """An open engine and the loop it lives in."""

    engine: Engine
    loop: asyncio.AbstractEventLoop

    def __post_init__(self) -> None:
        self.lasting = self._holds(FOREVER)
        self.short = self._holds(OVER_AT_ONCE)

    def _holds(self, seconds: float) -> Holds:
        known = self.engine.settings.model_copy(update={"hold_seconds": seconds, "hold_most": 1e6})
        return Holds(self.engine.calls, self.engine.keys, self.engine.glance, known)

    async def forget_earlier_holds(self) -> None:
        """A sweep looks at everybody's; those of the example before are not for this one to count."""
        for partition in self.engine.keys.partitions:
            await self.engine.calls.command("DEL", partition.due)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)


@dataclass(frozen=True)
class Attempt:
    """A request that was sent, and the booking that it made; without one, an id that nobody has."""

    request: Request
    booking_id: str


def outcome(call: Callable[[], Any]) -> Any:
    """The value, or the type of the refusal."""
    try:
        return call()
    except SlotlineError as error:
        return type(error)


class Machine(RuleBasedStateMachine):
    attempts = Bundle("attempts")
    tokens = Bundle("tokens")

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.engine, self.run = world, world.engine, world.run
        self.run(world.forget_earlier_holds())
        start = int(time.time()) // 60 * 60 + 2 * 86_400
        self.expert = self.run(make_sample(self.engine, start=start + 86_400)).expert.id
        self.slots = [new_slot(self.expert, start + n * 3600, start + n * 3600 + 1800, s) for n, s in enumerate(SEATS)]
        self.run(self.engine.add_slots(self.slots))
        self.model = Model({slot.id: slot.seats for slot in self.slots})

    @initialize(target=tokens)
    def tokens_that_nobody_was_given(self) -> Any:
        return multiple("", "nonsense", new_hold_token(self.slots[0].id))

    @rule(target=attempts, slot=slots, name=names, key=keys)
    def book(self, slot: int, name: str, key: str | None) -> Attempt:
        return self._book(self._request(slot, name, key))

    @rule(target=attempts, token=tokens, name=names, key=keys, slot=st.none() | slots)
    def book_with_a_token(self, token: str, name: str, key: str | None, slot: int | None) -> Attempt:
        """Mostly for its own slot."""
        own = next((n for n, known in enumerate(self.slots) if token.startswith(known.id + "-")), 0)
        return self._book(self._request(own if slot is None else slot, name, key, token))

    @rule(attempt=attempts)
    def the_same_request_again(self, attempt: Attempt) -> None:
        self._book(attempt.request)

    @rule(attempt=attempts, status=statuses, by=people, reason=reasons)
    def change(self, attempt: Attempt, status: Status, by: str, reason: str | None) -> None:
        change = (attempt.booking_id, status, by, reason)
        real = outcome(lambda: seen(self.run(self.engine.change(*change))))
        assert real == outcome(lambda: self.model.change(*change))

    @rule(attempt=attempts, slot=slots, by=people, reason=reasons)
    def reschedule(self, attempt: Attempt, slot: int, by: str, reason: str | None) -> None:
        move = (attempt.booking_id, self.slots[slot].id, by, reason)
        real = outcome(lambda: seen(self.run(self.engine.reschedule(*move))))
        assert real == outcome(lambda: self.model.reschedule(*move))

    @rule(attempt=attempts)
    def read(self, attempt: Attempt) -> None:
        real = outcome(lambda: seen(self.run(self.engine.booking(attempt.booking_id))))
        assert real == outcome(lambda: self.model.booking(attempt.booking_id))

    @rule(target=tokens, slot=slots, over=st.booleans())
    def hold(self, slot: int, over: bool) -> Any:
        slot_id = self.slots[slot].id
        holds = self.world.short if over else self.world.lasting
        real = outcome(lambda: self.run(holds.hold(slot_id)))
        if isinstance(real, type):
            assert real == outcome(lambda: self.model.hold(slot_id, "", 0, over))
            return multiple()
        self.model.hold(slot_id, real.token, real.expires_at, over)
        if over:
            time.sleep(OVER_AT_ONCE * 3)
        return real.token

    @rule(token=tokens)
    def renew(self, token: str) -> None:
        real = outcome(lambda: self.run(self.world.lasting.renew(token)))
        if isinstance(real, type):
            assert real == outcome(lambda: self.model.renew(token, 0))
        else:
            assert real.token == token
            self.model.renew(token, real.expires_at)

    @rule(token=tokens)
    def release(self, token: str) -> None:
        real = outcome(lambda: self.run(self.engine.holds.release(token)))
        assert real == outcome(lambda: self.model.release(token))

    @rule()
    def sweep(self) -> None:
        assert self.run(self.engine.holds.sweep()) == self.model.sweep()

    @rule(slot=slots)
    def close(self, slot: int) -> None:
        real: Slot = self.run(self.engine.desk.close(self.slots[slot].id))
        assert picture(real) == self.model.shutter(real.id, 1)

    @rule(slot=slots)
    def close_by_hours(self, slot: int) -> None:
        self.run(self.engine.desk.arrange(self.expert, [Wish("close", self.slots[slot])], strict=False))
        if not self.model.slots[self.slots[slot].id].closed:
            self.model.shutter(self.slots[slot].id, 2)

    @rule(slot=slots)
    def open(self, slot: int) -> None:
        real: Slot = self.run(self.engine.desk.open(self.slots[slot].id))
        assert picture(real) == self.model.shutter(real.id, 0)

    @invariant()
    def the_calendar_is_the_models(self) -> None:
        assert list(self.model.faults()) == []
        now = int(time.time() * 1000)
        for slot in self._calendar():
            expected = self.model.slots[slot.id]
            assert picture(slot) == expected.picture
            assert slot.state(now) is expected.state

    def teardown(self) -> None:
        self.run(self._check_mongo())

    async def _check_mongo(self) -> None:
        store = self.engine.store
        stored = {booking.id: seen(booking) async for booking in store.bookings.since([self.expert], 0)}
        assert stored == self.model.bookings
        async for slot in store.slots.since([self.expert], "1970-01-01"):
            if slot.id in self.model.slots:
                expected = self.model.slots[slot.id]
                assert (slot.closed, slot.revision) == (expected.closed, expected.revision)
        assert await self.engine.calls.command("XLEN", self.engine.keys.of(self.expert).outbox) == 0

    def _request(self, slot: int, name: str, key: str | None, token: str = "") -> Request:
        own_key = key and f"{self.expert} {key}"
        return Request(self.expert, self.slots[slot].id, name, ZOE.email, ZOE.phone, "", own_key, token)

    def _book(self, request: Request) -> Attempt:
        real = outcome(lambda: self.run(self.engine.book(request)))
        if isinstance(real, type):
            assert real == outcome(lambda: self.model.book(request, ""))
            return Attempt(request, new_booking_id(self.expert))
        assert real.durable
        expected = outcome(lambda: self.model.book(request, real.booking.id))
        assert (seen(real.booking), real.replayed) == expected
        return Attempt(request, real.booking.id)

    def _calendar(self) -> list[Slot]:
        calendar = self.run(self.engine.calendar(self.expert))
        return [slot for slot in calendar.slots if slot.id in self.model.slots]


def picture(slot: Slot) -> tuple[str, int, int, int]:
    return slot.seatmap, slot.closed, slot.revision, slot.held_until


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """Without a sweeper of its own: when holds are swept is a step like any other."""
    loop = asyncio.new_event_loop()
    quiet = settings.model_copy(update={"sweep_every": 1e6, "partitions": 2})
    engine = loop.run_until_complete(Engine.open(quiet))
    yield World(engine, loop)
    loop.run_until_complete(engine.close())
    loop.close()


@pytest.mark.timeout(7200 if LONG else 500)  # shrinking a failure takes up to five minutes
def test_the_engine_answers_as_the_model_does(world: World) -> None:
    run_state_machine_as_test(lambda: Machine(world), settings=TAKES)
