"""A worker is killed between every two steps of a verb; another one finds what it left behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal

import pytest

from engine.claim import Request
from engine.engine import Engine
from engine.model import Status
from tests.promise import victim
from tests.promise.checks import conserved, outbox_length, seatmaps, stored_bookings, until
from tests.promise.victim import Step
from tests.samples import Sample

every_step = pytest.mark.parametrize("step", list(Step), ids=lambda step: step.name.lower())


async def crash(engine: Engine, step: Step, verb: str, *arguments: Request | str) -> None:
    """Has a worker process of its own do the verb, and die at the step."""
    process = multiprocessing.get_context("spawn").Process(
        target=victim.main, args=(engine.settings, step, verb, *arguments), daemon=True
    )
    process.start()
    try:
        await asyncio.to_thread(process.join, 30)
        assert process.exitcode == -signal.SIGKILL, "the step was reached"
    finally:
        process.kill()
        process.join()
        process.close()
    left = 1 if step in (Step.AFTER_SCRIPT, Step.BEFORE_WRITE, Step.AFTER_WRITE) else 0
    assert await outbox_length(engine) == left, "it died where it was told to"


@every_step
async def test_a_booking_happens_once_or_not_at_all(engine: Engine, sample: Sample, step: Step) -> None:
    request = sample.request(sample.group, key="k")
    await crash(engine, step, "book", request)
    happened = step is not Step.BEFORE_SCRIPT
    left = await conserved(engine, sample.expert.id)
    assert len(left) == happened
    again = await engine.book(request)
    assert (again.replayed, again.durable) == (happened, True)
    assert await conserved(engine, sample.expert.id) == (left or {again.booking.id: again.booking})
    assert (await seatmaps(engine, sample.expert.id))[sample.group.id] == "b......"


@every_step
async def test_a_cancel_happens_once_or_not_at_all(engine: Engine, sample: Sample, step: Step) -> None:
    made = (await engine.book(sample.request())).booking
    await crash(engine, step, "cancel", made.id)
    left = (await conserved(engine, sample.expert.id))[made.id]
    assert left.status is (Status.PENDING if step is Step.BEFORE_SCRIPT else Status.CANCELLED)
    again = await engine.change(made.id, Status.CANCELLED, "customer")
    assert (again.status, again.revision, len(again.history)) == (Status.CANCELLED, 2, 2)
    assert (await conserved(engine, sample.expert.id))[made.id] == again
    await engine.book(sample.request())
    assert len(await conserved(engine, sample.expert.id)) == 2


@every_step
async def test_a_move_happens_once_or_not_at_all(engine: Engine, sample: Sample, step: Step) -> None:
    made = (await engine.book(sample.request(key="k"))).booking
    await crash(engine, step, "reschedule", made.id, sample.group.id)
    left = (await conserved(engine, sample.expert.id))[made.id]
    assert left.slot_id == (made.slot_id if step is Step.BEFORE_SCRIPT else sample.group.id)
    again = await engine.reschedule(made.id, sample.group.id, "customer")
    assert (again.slot_id, again.seat, again.revision, len(again.history)) == (sample.group.id, 1, 2, 2)
    assert await conserved(engine, sample.expert.id) == {made.id: again}
    assert (await engine.book(sample.request(key="k"))).booking == made, "the key still gives the first answer"
    await engine.book(sample.request())


async def test_a_surviving_worker_adopts_by_itself(engine: Engine, sample: Sample) -> None:
    """Nobody asks it to, and nobody retries."""
    impatient = await Engine.open(engine.settings.model_copy(update={"adopt_after": 0.2}))
    try:
        await crash(engine, Step.AFTER_SCRIPT, "book", sample.request())

        async def adopted() -> bool:
            return len(await stored_bookings(engine, sample.expert.id)) == 1 and await outbox_length(engine) == 0

        await until(adopted, within=4, why="the orphan is adopted")
    finally:
        await impatient.close()
