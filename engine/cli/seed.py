"""``slotline seed``: sample experts and their slots."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import reach
from engine.cli.progress import progress_bar
from engine.cli.say import say
from engine.cli.signals import Interrupted, interruptible
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.seeding import Seeded

EXPERTS, WEEKS, SEED = 40, 4, 7
FILLING = "filling"
"""The mark of an empty database that is being filled: what is interrupted goes on at the next start."""


def command(
    experts: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many experts.")] = EXPERTS,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How many weeks of slots.")] = WEEKS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same experts.")] = SEED,
) -> None:
    """Add sample experts with their slots; what is there already stays as it is."""
    settings = reach.given_settings()
    with interruptible():
        try:
            with reach.servers(settings) as ready:
                _, seeded = asyncio.run(fill(ready, experts, weeks, seed))
        except Interrupted:
            say("Stopped; run it again to add the rest.")
            raise typer.Exit(130) from None
    if seeded is None or not (seeded.experts or seeded.slots):
        say("Nothing new: these experts and slots are there already.")
        return
    rate = seeded.slots / seeded.seconds if seeded.seconds else 0
    say(f"Added {seeded.experts:,} experts and {seeded.slots:,} slots in {seeded.seconds:.1f} s ({rate:,.0f} slots/s).")


async def fill(
    settings: Settings, experts: int, weeks: int, seed: int, *, only_if_empty: bool = False
) -> tuple[int, Seeded | None]:
    """Seed through the engine, with a progress bar.

    Answers how many experts there were before, and what was added (None if it was not to be touched).
    Raises StoreUnavailable when a server cannot be reached.
    """
    from engine import seeding
    from engine.engine import Engine

    engine = await Engine.open(settings)
    try:
        known = await engine.count_experts()
        if only_if_empty and known and not await engine.mark(FILLING):
            return known, None
        if not known:
            await engine.mark(FILLING, True)
        with progress_bar() as bar:
            task = bar.add_task("experts", total=experts)
            seeded = await seeding.seed(
                engine,
                experts=experts,
                weeks=weeks,
                seed=seed,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        await engine.mark(FILLING, False)
        return known, seeded
    finally:
        await engine.close()
