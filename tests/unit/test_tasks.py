from __future__ import annotations

import asyncio

from engine import tasks


async def test_a_task_that_loses_its_cancellation_is_ended_all_the_same() -> None:
    """Two runs of these tests hung for ever: an engine was closed while its reconciler waited for a MongoDB that had
    just come back, and `asyncio.wait_for` lost the cancellation."""
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost > 2:
                    raise

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await tasks.end([task, None])
    assert (lost, task.cancelled()) == (3, True)


async def test_what_has_ended_or_fails_in_the_end_is_no_matter() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("last words")

    over = asyncio.create_task(asyncio.sleep(0))
    failing = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    await tasks.end([over, failing])
    assert over.done()
    assert failing.done()
