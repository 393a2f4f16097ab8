"""Ending what goes on in the background, or at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar, cast

T = TypeVar("T")

AGAIN = 0.5
"""Seconds after which a task that goes on is cancelled once more."""


async def end(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    """Cancels tasks and waits until they have ended; None is no task.

    Once is not enough: up to Python 3.11 `asyncio.wait_for`, which PyMongo waits with, loses a cancellation that comes
    in the same turn as the answer (bpo-42130), and a loop that asks MongoDB again and again would go on.
    """
    left = {task for task in tasks if task is not None}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN)
        for task in done:
            if not task.cancelled():
                task.exception()  # whoever ends a task has no use for its last words


async def all_of(calls: Iterable[Awaitable[T]]) -> list[T]:
    """What all of them answer. If one fails the others are waited for: nobody may go on writing when the lease has been
    given back, for whoever takes it next may have the same name."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast(list[T], results)
