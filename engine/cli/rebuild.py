"""``slotline rebuild``: Redis made anew from MongoDB."""

from __future__ import annotations

import asyncio
import time

import typer

from engine.cli import reach
from engine.cli.progress import progress_bar
from engine.cli.say import say
from engine.settings import Settings


def command() -> None:
    """Rebuild Redis from MongoDB, a partition at a time; bookings in that partition get 503 for that moment.

    Nothing that was decided is lost: a partition goes only when MongoDB has all of its outbox. Holds end.
    """
    with reach.servers(reach.given_settings()) as ready:
        began = time.perf_counter()
        built, slots, left = asyncio.run(rebuild(ready))
    seconds = time.perf_counter() - began
    say(f"Rebuilt {built} partitions with {slots:,} slots in {seconds:.1f} s ({slots / seconds:,.0f} slots/s).")
    if left:
        numbers = ", ".join(map(str, left))
        say(f"Left as they were, because MongoDB has not got all of their outbox: {numbers}.", "bold red")
        raise typer.Exit(1)


async def rebuild(settings: Settings) -> tuple[int, int, list[int]]:
    """Answers how many partitions and slots were rebuilt, and which partitions were not. Raises StoreUnavailable."""
    from engine.engine import Engine
    from engine.repair import adopt_all
    from engine.store import translated

    engine = await Engine.open(settings)
    try:
        with translated():
            await adopt_all(engine)
            with progress_bar() as bar:
                task = bar.add_task("experts", total=await engine.count_experts())
                return await engine.rebuilder.rebuild_all(lambda done: bar.update(task, completed=done))
    finally:
        await engine.close()
