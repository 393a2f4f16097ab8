"""``slotline expert add|import|edit|hours|remove``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.admin import OfBookings, Why, filled, with_bookings, with_engine
from engine.cli.progress import progress_bar
from engine.cli.say import complain, errors, say
from engine.cli.signals import Interrupted, interruptible
from engine.errors import SlotlineError

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.importing import BadRow, Import
    from engine.model import Expert

CHUNK = 100
"""Experts written at a time."""

app = typer.Typer(help="Experts: add, import, edit, hours, remove.", no_args_is_help=True)

Name = Annotated[str | None, typer.Option(help="2 to 100 characters.")]
Category = Annotated[str | None, typer.Option()]
Headline = Annotated[str | None, typer.Option()]
Bio = Annotated[str | None, typer.Option()]
Languages = Annotated[str | None, typer.Option(help="With semicolons: 'English;Français'.")]
TimeZone = Annotated[str | None, typer.Option(help="IANA name, such as Europe/Berlin.")]
Experience = Annotated[int | None, typer.Option(help="Years.")]
Email = Annotated[str | None, typer.Option()]
Phone = Annotated[str | None, typer.Option()]


@app.command()
def add(
    name: Name = None, category: Category = None, headline: Headline = None, bio: Bio = None,
    languages: Languages = None, time_zone: TimeZone = None, experience: Experience = None, email: Email = None,
    phone: Phone = None,
) -> None:  # fmt: skip
    """Add an expert and print the id."""
    from engine.forms import ExpertForm

    form = filled(ExpertForm, given(name, category, headline, bio, languages, time_zone, experience, email, phone))
    added = with_engine(lambda engine: engine.admin.add_expert(form))
    say(added.expert.id)


@app.command()
def edit(
    expert_id: Annotated[str, typer.Argument()],
    name: Name = None, category: Category = None, headline: Headline = None, bio: Bio = None,
    languages: Languages = None, time_zone: TimeZone = None, experience: Experience = None, email: Email = None,
    phone: Phone = None,
) -> None:  # fmt: skip
    """Change what is said of an expert; what is not given stays."""
    from engine.forms import ExpertForm

    changes = given(name, category, headline, bio, languages, time_zone, experience, email, phone)

    async def work(engine: Engine) -> Expert:
        old = await engine.expert(expert_id)
        before = {
            "name": old.name, "category": old.category, "headline": old.headline, "bio": old.bio,
            "languages": list(old.languages), "timeZone": old.time_zone, "experience": old.experience,
            "rating": old.rating, "reviewCount": old.review_count, "email": old.email, "phone": old.phone,
        }  # fmt: skip
        return await engine.admin.replace_expert(expert_id, filled(ExpertForm, before | changes))

    say(f"{with_engine(work).name} is as you said.")


@app.command()
def hours(
    expert_id: Annotated[str, typer.Argument()],
    file: Annotated[
        typer.FileText | None, typer.Argument(help="JSON as the API takes it; - reads it from standard input.")
    ] = None,
) -> None:
    """Keep slots on sale by the weekly hours in FILE; without FILE, print the hours that there are."""
    from engine.availability import dump
    from engine.forms import AvailabilityForm

    if file is None:
        rule = with_engine(lambda engine: engine.admin.availability(expert_id))
        if rule is None:
            complain("this expert has no hours: slots are added by hand")
            raise typer.Exit(1)
        values = dump(rule)
        del values["timeZone"]  # it is the expert's
        typer.echo(json.dumps(values, indent=2))
        return
    try:
        values = json.load(file)
        if not isinstance(values, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        complain(f"{file.name} cannot be read as JSON: {error}")
        raise typer.Exit(1) from None
    form = filled(AvailabilityForm, values)
    _, arranged = with_engine(lambda engine: engine.admin.set_availability(expert_id, form))
    say(
        f"Slots added: {arranged.added}, opened: {arranged.opened}, closed: {arranged.closed} (bookings that stay: "
        f"{arranged.bookings}), left out because of others: {arranged.left_out}."
    )


@app.command()
def remove(expert_id: Annotated[str, typer.Argument()], bookings: OfBookings = None, reason: Why = None) -> None:
    """Take an expert out of the catalogue and all slots to come off sale."""
    cancelled = with_bookings(bookings, lambda engine, wanted: engine.admin.remove_expert(expert_id, wanted, reason))
    say(f"Removed; {cancelled} bookings were cancelled.")


@app.command(name="import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON (a list, or an object a line) or CSV.")
    ],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Add the good rows even if others are bad.")] = False,
) -> None:
    """Add experts from a file. Nothing is added unless every row is good, or --skip-bad is given."""
    from engine.importing import Unreadable, read_experts

    added: int | None = None

    async def work(engine: Engine) -> Import:
        nonlocal added
        read = read_experts(file, await engine.expert_emails())
        if read.bad and not (skip_bad and read.whole):
            return read
        added = 0
        with progress_bar() as bar:
            task = bar.add_task("experts", total=len(read.good))
            for first in range(0, len(read.good), CHUNK):
                chunk = [form for _, form in read.good[first : first + CHUNK]]
                await engine.admin.add_all(chunk)
                added += len(chunk)
                bar.update(task, completed=added)
        return read

    try:
        with interruptible():
            read = with_engine(work)
    except Unreadable as error:
        complain(str(error))
        raise typer.Exit(1) from None
    except Interrupted:
        say(f"Stopped: {rest_of(added)}")
        raise typer.Exit(130) from None
    except SlotlineError:
        if added is not None:
            say(f"Not all were added: {rest_of(added)}")
        raise
    tell_bad(file, read.bad)
    if not read.whole:
        complain(f"nothing was added: what follows in {file.name} from line {read.bad[-1].line} on cannot be read")
        raise typer.Exit(1)
    if read.bad and not skip_bad:
        complain(f"nothing was added: {count(len(read.bad), 'bad row')} of {len(read.bad) + len(read.good)}")
        raise typer.Exit(1)
    say(f"Added {count(len(read.good), 'expert')}; {count(len(read.bad), 'bad row')} left out.")


def rest_of(added: int | None) -> str:
    """What an import that did not come to its end leaves to be done. ``added``: None if it had not begun to add."""
    if added is None:
        return "nothing was added."
    # The chunk that was under way may be there or not: the next run finds by their email those that are.
    return (
        f"{count(added, 'expert')} added, and perhaps up to {CHUNK} more; run it again with --skip-bad to add the rest."
    )


def tell_bad(file: Path, rows: list[BadRow]) -> None:
    for row in rows:
        errors.print(f"{file.name}:{row.line}: {'; '.join(row.faults)}", markup=False)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def given(
    name: str | None, category: str | None, headline: str | None, bio: str | None, languages: str | None,
    time_zone: str | None, experience: int | None, email: str | None, phone: str | None,
) -> dict[str, Any]:  # fmt: skip
    """What was said on the command line, in the spelling of the form."""
    spoken = [part.strip() for part in languages.split(";") if part.strip()] if languages is not None else None
    values = {
        "name": name, "category": category, "headline": headline, "bio": bio, "languages": spoken,
        "timeZone": time_zone, "experience": experience, "email": email, "phone": phone,
    }  # fmt: skip
    return {field: value for field, value in values.items() if value is not None}
