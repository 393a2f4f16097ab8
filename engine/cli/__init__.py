"""The command line: ``slotline up | serve | seed | watch | audit | rebuild | doctor | expert | slots | bookings``."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError

from engine.cli import audit, bookings, doctor, experts, rebuild, run, seed, slots, watch
from engine.cli.say import complain, is_text, what_is_wrong
from engine.errors import SlotlineError
from engine.stack import StackError

app = typer.Typer(
    name="slotline",
    help="Slotline books expert sessions. Settings come from the environment or a file .env; see .env.example.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run.up)
app.command()(run.serve)
app.command(name="seed")(seed.command)
app.command(name="audit")(audit.command)
app.command(name="rebuild")(rebuild.command)
app.command(name="doctor")(doctor.command)
app.command(name="watch")(watch.command)
app.add_typer(experts.app, name="expert")
app.add_typer(slots.app, name="slots")
app.add_typer(bookings.app, name="bookings")


def main(argv: list[str] | None = None) -> NoReturn:
    """Run a command and exit: 0, 1 with one line on stderr for a set-up that does not work, 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may not know our signs
    if not all(map(is_text, sys.argv[1:] if argv is None else argv)):
        complain("the command line is not UTF-8 text")  # neither Redis nor MongoDB would know what to do with it
        sys.exit(1)
    try:
        app(args=argv, prog_name="slotline")
    except ValidationError as error:
        complain(what_is_wrong(error))
    except SlotlineError as error:
        complain(error.detail or error.title)
    except StackError as error:
        complain(str(error))
    sys.exit(1)
