"""Bugs for the checker to find: each breaks one of the product's mechanisms in the worker that loads it.

Nothing but `tests.faults.worker` reads this, and only when ``FAULTS_PLANTED`` names a bug.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha1
from typing import Any

from engine import calls, desk, fence, glance, journal, link, rebuild, reconcile, scripts
from engine.calls import Calls
from engine.claim import Booked, Request
from engine.entry import Written
from engine.errors import SlotTaken
from engine.model import Booking, Slot
from engine.store import bookings


def ack_before_commit() -> None:
    """The journal says that a booking is durable as soon as it has heard of it."""
    commit = journal.Journal.commit

    def hasty(self: journal.Journal, thing: Booking | Slot, entry: bytes | None) -> asyncio.Future[Written]:
        commit(self, thing, entry)
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        future.set_result(Written.DURABLE)
        return future

    journal.Journal.commit = hasty  # type: ignore[method-assign]


def no_fence() -> None:
    """MongoDB has no unique index on the seat, and Redis is believed whatever happened to it."""
    bookings.INDEXES[:] = [index for index in bookings.INDEXES if index.document["name"] != bookings.FENCE]

    async def stored(*_: Any, **__: Any) -> fence.Verdict:
        return fence.Verdict.STORED

    fence.Fence.judge = stored  # type: ignore[method-assign,assignment]
    no_reconcile()


def no_reconcile() -> None:
    """Redis is not compared with MongoDB after it has gone back."""

    async def nothing(*_: object) -> list[int]:
        return []

    reconcile.Reconciler.check = nothing  # type: ignore[method-assign]


def epoch_ignored() -> None:
    """A partition that came up empty gets an epoch at once, and its slots as if nobody had booked them."""

    def empty(slots: dict[str, Slot], _bookings: object) -> list[Slot]:
        return list(slots.values())

    rebuild.taken = empty  # type: ignore[assignment]
    no_reconcile()


def outbox_outside() -> None:
    """The outbox entry is written by a second call, after the script; and nothing finds what that leaves behind."""
    no_reconcile()
    edit_scripts("redis.call('XADD', outbox, '*', 'booking', record)", "'0-0'")
    run = Calls.run

    async def later(
        self: Calls, verb: str, keys: tuple[str, ...], args: tuple[Any, ...], begun: None = None
    ) -> list[Any]:
        answer = await run(self, verb, keys, args, begun)
        if verb == "book" and answer[0] == b"ok":
            await asyncio.sleep(0.5)
            record = await self.command("GET", keys[6])
            answer[-1] = await self.command("XADD", keys[5], "*", "booking", record)
        return answer

    Calls.run = later  # type: ignore[method-assign,assignment]
    Calls.start = lambda *_: None  # type: ignore[method-assign,assignment]  # all go through `run`


def idempotency_ignored() -> None:
    """Every request is a new one."""
    book = desk.Desk.book

    def forgetful(self: desk.Desk, request: Request, by: str = "customer") -> asyncio.Future[Booked]:
        return book(self, replace(request, key=None), by)

    desk.Desk.book = forgetful  # type: ignore[method-assign]


def refused_from_memory() -> None:
    """A slot that was full once is full for ever."""

    def remember(self: glance.Glance, full: glance.Full) -> None:
        asking, full.asking = full.asking, []
        self._tell(asking, SlotTaken, [None] * len(asking))

    glance.Glance._look = remember  # type: ignore[method-assign]


def order_is_conflict() -> None:
    """Who stands in the way in MongoDB is believed to stand there, wherever Redis has it."""

    async def conflict(_: fence.Fence, newcomer: Booking, stored: Booking | None, holder: Booking) -> fence.Conflict:
        return fence.Conflict(newcomer, stored, holder)

    fence.Fence._settle_order = conflict  # type: ignore[method-assign]
    no_reconcile()


def edit_scripts(old: str, new: str) -> None:
    original = scripts.script

    def edited(name: str) -> scripts.Script:
        source = original(name).source.replace(old, new)
        return scripts.Script(name, source, sha1(source.encode(), usedforsecurity=False).hexdigest().encode())

    calls.script = edited  # type: ignore[attr-defined]
    link.all_scripts = lambda: tuple(edited(script.name) for script in scripts.all_scripts())  # type: ignore[attr-defined]


BUGS: dict[str, Callable[[], None]] = {
    "ack-before-commit": ack_before_commit,
    "no-fence": no_fence,
    "epoch-ignored": epoch_ignored,
    "outbox-outside": outbox_outside,
    "idempotency-ignored": idempotency_ignored,
    "refused-from-memory": refused_from_memory,
    "order-is-conflict": order_is_conflict,
}
