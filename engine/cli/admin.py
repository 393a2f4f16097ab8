"""What the administration commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from engine.cli import reach
from engine.cli.say import complain, console
from engine.errors import ExpertHasBookings, SlotHasBookings
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.admin import WhatOfBookings
    from engine.engine import Engine

T = TypeVar("T")

Why = Annotated[str | None, typer.Option("--reason", help="For the history of the bookings that are changed.")]
OfBookings = Annotated[
    str | None, typer.Option("--bookings", help="What to do with bookings: keep or cancel. Asked when it is not said.")
]


def with_engine(work: Callable[[Engine], Awaitable[T]]) -> T:
    """Runs ``work`` with an engine on the servers of the settings, or of the stack that runs here."""
    from engine.engine import Engine

    async def run(settings: Settings) -> T:
        engine = await Engine.open(settings)
        try:
            return await work(engine)
        finally:
            await engine.close()

    with reach.servers(reach.given_settings()) as ready:
        return asyncio.run(run(ready))


def filled(form: type[T], values: dict[str, Any]) -> T:
    """A form, or the end with 1 and a line that names all that is wrong."""
    from engine.forms import faults_of

    try:
        return form(**values)
    except ValidationError as error:
        complain("; ".join(f"{name}: {said}" if name else said for name, said in faults_of(error)))
        raise typer.Exit(1) from None


def with_bookings(said: str | None, work: Callable[[Engine, WhatOfBookings], Awaitable[T]]) -> T:
    """As `with_engine`, for ``work`` that bookings may stand in the way of: asks what to do with them, unless it was
    ``said``."""
    wanted = _what_of(said)
    try:
        return with_engine(lambda engine: work(engine, wanted))
    except (ExpertHasBookings, SlotHasBookings) as refusal:
        decided = _ask_what_of(f"{str(refusal).partition(':')[0].capitalize()}.")
        return with_engine(lambda engine: work(engine, decided))


def _what_of(said: str | None) -> WhatOfBookings:
    """Raises typer.BadParameter."""
    if said == "keep":
        return "keep"
    if said == "cancel":
        return "cancel"
    if said is None:
        return None
    raise typer.BadParameter("keep or cancel", param_hint="--bookings")


def _ask_what_of(question: str) -> WhatOfBookings:
    """Asks the person at the terminal. Without one: ends with 1 and says what to say."""
    if not console.is_terminal:
        complain(f"{question} Say --bookings keep or --bookings cancel")
        raise typer.Exit(1)
    answer = typer.prompt(f"{question} [keep/cancel/abort]", default="abort", show_default=False).strip().lower()
    if answer not in ("keep", "cancel"):
        complain("nothing was changed")
        raise typer.Exit(1)
    return _what_of(answer)
