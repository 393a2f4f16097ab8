"""Worker processes that all want the same seats at the same moment.

Each is a process of its own with an `Engine` of its own. It says when it has opened, waits until all are ready, and
prints what became of its calls.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from engine.claim import Booked, Request
from engine.engine import Engine
from engine.errors import SlotlineError
from engine.model import Slot, Status
from engine.settings import Settings
from tests.engine import mutant

Book = Callable[[Engine, Request], Awaitable[Booked]]

BOOKS: dict[str, Book] = {"engine": Engine.book, "mutant": mutant.book}
WORKERS = 2
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Outcome:
    seats: list[int] = field(default_factory=list)
    """Those of the bookings that were answered with success."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Code or exception → how many."""


async def contend(
    settings: Settings, slot: Slot, *, when_ready: Callable[[], None] = lambda: None, **plan: Any
) -> Outcome:
    """Runs ``WORKERS`` processes against one slot; ``when_ready`` is called between their opening and their start.

    ``plan`` is either ``clients`` (bookings at once, of each worker) and ``book`` (``engine`` or ``mutant``), or
    ``seconds`` (of booking and cancelling).
    """
    plan |= {"expert": slot.expert_id, "slot": slot.id}
    workers = [await _start(settings, plan) for _ in range(WORKERS)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"ready\n"
        when_ready()
        ends = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
        assert [worker.returncode for worker in workers] == [0] * WORKERS
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    outcome = Outcome()
    for printed, _ in ends:
        report = json.loads(printed)
        outcome.seats += report["seats"]
        outcome.refusals.update(report["refusals"])
    return outcome


async def _start(settings: Settings, plan: dict[str, Any]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.engine.contention",
        settings.model_dump_json(),
        json.dumps(plan),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )


async def _work(settings: Settings, plan: dict[str, Any]) -> Outcome:
    engine = await Engine.open(settings)
    try:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        if "clients" in plan:
            return await _rush(engine, BOOKS[plan["book"]], plan)
        return await _storm(engine, plan)
    finally:
        await engine.close()


def _request(plan: dict[str, Any], number: int) -> Request:
    return Request(plan["expert"], plan["slot"], f"Client {number}", f"c{number}@example.com", "+493012345")


async def _rush(engine: Engine, book: Book, plan: dict[str, Any]) -> Outcome:
    """Everybody books once, all in one turn of the event loop."""
    answers = await asyncio.gather(
        *(book(engine, _request(plan, number)) for number in range(plan["clients"])), return_exceptions=True
    )
    outcome = Outcome()
    for answer in answers:
        if isinstance(answer, BaseException):
            outcome.refusals[_name(answer)] += 1
        else:
            outcome.seats.append(answer.booking.seat)
    return outcome


async def _storm(engine: Engine, plan: dict[str, Any]) -> Outcome:
    """A few clients book, and cancel what they or others have booked, until the time is up."""
    end = time.monotonic() + plan["seconds"]
    outcome = Outcome()
    mine: list[str] = []

    async def client(number: int) -> None:
        while time.monotonic() < end:
            try:
                if mine and random.random() < 0.5:
                    await engine.change(random.choice(mine), Status.CANCELLED, "customer")
                else:
                    booking = (await engine.book(_request(plan, number))).booking
                    outcome.seats.append(booking.seat)
                    mine.append(booking.id)
                    del mine[:-4]
            except Exception as error:
                outcome.refusals[_name(error)] += 1
                await asyncio.sleep(random.random() / 200)

    await asyncio.gather(*(client(number) for number in range(8)))
    return outcome


def _name(error: BaseException) -> str:
    return error.code if isinstance(error, SlotlineError) else repr(error)


if __name__ == "__main__":
    outcome = uvloop.run(_work(Settings.model_validate_json(sys.argv[1]), json.loads(sys.argv[2])))
    print(json.dumps({"seats": outcome.seats, "refusals": outcome.refusals}))
