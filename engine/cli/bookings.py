"""``slotline bookings list|confirm|complete|cancel``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from engine.cli.admin import Why, with_engine
from engine.cli.say import complain, console, say
from engine.model import ADMIN, Booking, Status

if TYPE_CHECKING:
    from engine.engine import Engine

app = typer.Typer(help="Bookings: list, confirm, complete, cancel.", no_args_is_help=True)

Ids = Annotated[list[str], typer.Argument(help="One or more ids.")]


@app.command(name="list")
def list_(
    email: Annotated[str | None, typer.Option(help="Of this customer.")] = None,
    expert: Annotated[str | None, typer.Option(help="With this expert: the id.")] = None,
    status: Annotated[Status | None, typer.Option()] = None,
    page: Annotated[int, typer.Option(min=1, max=100_000)] = 1,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """A customer's bookings, newest first, or an expert's."""
    if (email is None) == (expert is None):
        complain("say either --email or --expert")
        raise typer.Exit(1)
    if email is not None:
        found = with_engine(lambda engine: engine.bookings_of(email, status, page, limit))
    else:
        found = with_engine(lambda engine: engine.bookings_of_expert(expert or "", status, page, limit))
    table = Table("booking", "status", "start (UTC)", "name", "email", "phone", "notes")
    for booking in found.items:
        # As Text, what people wrote is no markup for the terminal.
        table.add_row(booking.id, booking.status, when(booking), *map(Text, personal(booking)))
    console.print(table, soft_wrap=False)
    say(f"{found.total:,} in all; page {found.page} of {max(found.pages, 1)}.")


def when(booking: Booking) -> str:
    return datetime.fromtimestamp(booking.start, UTC).strftime("%Y-%m-%d %H:%M")


def personal(booking: Booking) -> tuple[str, ...]:
    return booking.name, booking.email, booking.phone, booking.notes


def _change(ids: list[str], status: Status, reason: str | None) -> None:
    """Each in turn; the first that cannot be changed ends it, and says so."""

    async def work(engine: Engine) -> None:
        for booking_id in ids:
            booking = await engine.change(booking_id, status, ADMIN, reason)
            say(f"{booking.id} is {booking.status}.")

    with_engine(work)


@app.command()
def confirm(ids: Ids, reason: Why = None) -> None:
    """pending → confirmed."""
    _change(ids, Status.CONFIRMED, reason)


@app.command()
def complete(ids: Ids, reason: Why = None) -> None:
    """confirmed → completed."""
    _change(ids, Status.COMPLETED, reason)


@app.command()
def cancel(ids: Ids, reason: Why = None) -> None:
    """pending, confirmed → cancelled; the seat is free again."""
    _change(ids, Status.CANCELLED, reason)
