"""``slotline slots add|close|open``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from engine.cli.admin import OfBookings, Why, filled, with_bookings, with_engine
from engine.cli.say import complain, say

app = typer.Typer(help="Slots: add, close, open.", no_args_is_help=True)


@app.command()
def add(
    expert_id: Annotated[str, typer.Argument()],
    start: Annotated[str, typer.Argument(help="With a zone: 2027-03-01T09:00Z or 2027-03-01T10:00+01:00.")],
    minutes: Annotated[int, typer.Option(help="How long it lasts.")] = 30,
    seats: Annotated[int, typer.Option()] = 1,
    times: Annotated[int, typer.Option(min=1, max=500, help="How many, one right after the other.")] = 1,
) -> None:
    """Put slots on sale and print their ids; one that is there already stays as it is."""
    from engine.forms import SlotForm

    try:
        first = datetime.fromisoformat(start)
    except ValueError:
        complain(f"START is not a time such as 2027-03-01T09:00Z: {start}")
        raise typer.Exit(1) from None
    if first.tzinfo is None:
        complain("START needs a zone, such as 2027-03-01T09:00Z")
        raise typer.Exit(1)
    forms = []
    try:
        for number in range(times):
            begins = (first + timedelta(minutes=minutes * number)).astimezone(UTC)
            values = {"start": begins, "end": begins + timedelta(minutes=minutes), "seats": seats}
            forms.append(filled(SlotForm, values))
    except OverflowError:
        complain("a slot begins within the next two years, and lasts 5 minutes to 24 hours")
        raise typer.Exit(1) from None
    slots = [form.slot(expert_id) for form in forms]
    for slot in with_engine(lambda engine: engine.admin.add_slots(expert_id, slots)):
        say(slot.id)


@app.command()
def close(slot_id: Annotated[str, typer.Argument()], bookings: OfBookings = None, reason: Why = None) -> None:
    """Take a slot off sale. One that has bookings is closed only if it is said what to do with them."""
    closed = with_bookings(bookings, lambda engine, wanted: engine.admin.close_slot(slot_id, wanted, reason))
    say(f"Closed; bookings kept: {closed.kept}, cancelled: {closed.cancelled}.")


@app.command(name="open")
def open_(slot_id: Annotated[str, typer.Argument()]) -> None:
    """Put a closed slot on sale again."""
    slot = with_engine(lambda engine: engine.admin.open_slot(slot_id))
    say(f"Open, with {slot.free} of {slot.seats} seats free.")
