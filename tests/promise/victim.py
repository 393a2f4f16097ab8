"""A worker process that kills itself (SIGKILL) at one step of one verb. Nothing of it gets a chance to tidy up."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, NoReturn

from engine.claim import Request
from engine.engine import Engine
from engine.model import Status
from engine.settings import Settings


class Step(StrEnum):
    BEFORE_SCRIPT = "before the script"
    AFTER_SCRIPT = "after the script, before the journal"
    BEFORE_WRITE = "in the journal, before the bulk write"
    AFTER_WRITE = "after the bulk write, before the outbox entry goes"
    BEFORE_ANSWER = "after the outbox entry went, before the answer"


VERBS: dict[str, Callable[..., Callable[[Engine], Awaitable[Any]]]] = {
    "book": lambda request: lambda engine: engine.book(request),
    "cancel": lambda booking_id: lambda engine: engine.change(booking_id, Status.CANCELLED, "customer"),
    "reschedule": lambda booking_id, slot_id: lambda engine: engine.reschedule(booking_id, slot_id, "customer"),
}


def main(settings: Settings, step: Step, verb: str, *arguments: Request | str) -> None:
    """Never returns normally: exit code 1 means that the step was not reached."""
    asyncio.run(_run(settings, step, verb, VERBS[verb](*arguments)))
    raise SystemExit(1)


async def _run(settings: Settings, step: Step, verb: str, call: Callable[[Engine], Awaitable[Any]]) -> None:
    engine = await Engine.open(settings)
    _arm(engine, step, verb)
    await call(engine)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _arm(engine: Engine, step: Step, verb: str) -> None:
    run, start = engine.calls.run, engine.calls.start
    write, commit = engine.store.bookings.write, engine.journal.commit

    def start_script(name: str, *rest: Any) -> asyncio.Future[Any]:
        if name == verb and step is Step.BEFORE_SCRIPT:
            _die()
        begun = start(name, *rest)
        assert begun is not None
        if name == verb and step is Step.AFTER_SCRIPT:
            begun.add_done_callback(lambda _: _die())
        return begun

    async def run_script(name: str, *rest: Any) -> Any:
        if name == verb and step is Step.BEFORE_SCRIPT:
            _die()
        answer = await run(name, *rest)
        if name == verb and step is Step.AFTER_SCRIPT:
            _die()
        return answer

    async def write_group(bookings: Any) -> Any:
        if step is Step.BEFORE_WRITE:
            _die()
        refused = await write(bookings)
        if step is Step.AFTER_WRITE:
            _die()
        return refused

    async def ask_after(committed: Awaitable[Any]) -> Any:
        written = await committed
        if step is Step.BEFORE_ANSWER:
            await engine.calls.command("PING")  # behind the XDEL on the same connection
            _die()
        return written

    engine.calls.run, engine.calls.start = run_script, start_script  # type: ignore[method-assign]
    engine.store.bookings.write = write_group  # type: ignore[method-assign]
    engine.journal.commit = lambda *rest: asyncio.create_task(ask_after(commit(*rest)))  # type: ignore[method-assign]
