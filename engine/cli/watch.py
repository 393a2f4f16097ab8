"""``slotline watch EXPERT``: the live calendar in the terminal, as every screen sees it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.availability import zone
from engine.cli import reach
from engine.cli.say import console, in_url, say
from engine.stack import StackError

if TYPE_CHECKING:
    from engine.live import Picture

STYLES = {"open": "bold green", "held": "yellow", "booked": "red", "past": "dim", "closed": "dim strike"}
PATIENCE = 5.0
"""Seconds for the first calendar to come."""
RECENT = 8
"""Changes that are listed below the calendar."""
FRESH = 3.0
"""Seconds for which a slot that has changed stands out."""

Slots = dict[str, dict[str, Any]]


def command(
    expert: Annotated[str, typer.Argument(help="The expert's id, as /api/experts lists them.")],
    url: Annotated[str, typer.Option(help="The server; by default the one that HOST and PORT name.")] = "",
    tz: Annotated[str, typer.Option(help="An IANA time zone; by default this machine's.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Show the calendar as it is now, and end.")] = False,
) -> None:
    """Show an expert's calendar live; where there is no terminal, a line for each change. Ctrl-C ends it."""
    from engine.live import Refused, Unwatchable

    settings = reach.given_settings()
    try:
        local = zone(tz) if tz else None
    except ValueError as error:
        raise StackError(f"there is no time zone {tz}") from error
    where = url or f"http://{in_url(settings.host)}:{settings.port}"
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(watch(where, expert, Screen(local), once))
    except Unwatchable as error:
        if error.code == "expert-not-found":
            raise StackError(f"there is no expert {expert}; {where}/api/experts lists them") from error
        raise StackError(str(error)) from error
    except Refused as error:
        raise StackError(f"{where} does not let us watch: {error}") from error
    except TimeoutError as error:
        raise StackError(f"{where} does not answer; is the server running?") from error


async def watch(url: str, expert_id: str, screen: Screen, once: bool) -> None:
    """Raises Refused, Unwatchable, and TimeoutError if there is no calendar in time."""
    from engine.live import LiveClient

    async with LiveClient(url) as live:
        picture = await live.until(expert_id, lambda picture: picture.live, PATIENCE)
        if once:
            console.print(screen.calendar(picture))
        elif console.is_terminal:
            with Live(screen.render(picture), console=console, auto_refresh=False, screen=False) as shown:
                ticking = asyncio.create_task(_tick(shown, screen, picture))
                try:
                    async for picture in live.states(expert_id):
                        screen.note(picture)
                        shown.update(screen.render(picture), refresh=True)
                finally:
                    ticking.cancel()
        else:
            async for picture in live.states(expert_id):
                for line in screen.note(picture):
                    say(line.plain)


async def _tick(shown: Live, screen: Screen, picture: Picture) -> None:
    """Time passes: slots begin, and what has changed no longer stands out."""
    while True:
        await asyncio.sleep(1)
        shown.update(screen.render(picture), refresh=True)


class Screen:
    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._known: Slots | None = None
        self._recent: deque[Text] = deque(maxlen=RECENT)
        self._changed: dict[str, float] = {}
        """Slot id → when it last changed (steady clock)."""

    def note(self, picture: Picture) -> list[Text]:
        """What is different from what was shown before, a line each."""
        lines = [] if self._known is None else list(self._differences(self._known, picture.slots))
        self._known = dict(picture.slots)
        self._recent += lines
        return lines

    def _differences(self, before: Slots, after: Slots) -> list[Text]:
        now = datetime.now(self._zone)
        lines = []
        for slot_id, slot in after.items():
            was = before.get(slot_id)
            if was == slot:
                continue
            self._changed[slot_id] = time.monotonic()
            seats = f" ({slot['free']} of {slot['seats']} free)" if slot["seats"] > 1 else ""
            lines.append(
                Text.assemble(
                    (f"{now:%H:%M:%S}  ", "dim"),
                    f"{self._local(slot['start']):%a %d %b %H:%M}  ",
                    (was["state"] if was else "new", STYLES.get(was["state"] if was else "", "")),
                    " → ",
                    (slot["state"], STYLES.get(slot["state"], "")),
                    seats,
                )
            )
        for slot_id in before.keys() - after.keys():
            lines.append(Text(f"{now:%H:%M:%S}  {self._local(before[slot_id]['start']):%a %d %b %H:%M}  gone"))
        return lines

    def render(self, picture: Picture) -> Group:
        status = ("live", "bold green") if picture.live else ("connecting …", "bold yellow")
        head = Text.assemble(
            (picture.expert_id, "bold"), "  ", status, (f"  epoch {picture.epoch}  version {picture.version}", "dim")
        )
        return Group(head, self.calendar(picture), *self._recent)

    def calendar(self, picture: Picture) -> Table:
        """A line a day; slots by their start, with the free seats of those that have several."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True, style="bold")
        table.add_column()
        for day, slots in groupby(picture.in_order, key=lambda slot: self._local(slot["start"]).date()):
            table.add_row(f"{day:%a %d %b}", Text(" ").join(self._cell(slot) for slot in slots))
        return table

    def _cell(self, slot: dict[str, Any]) -> Text:
        start, now = self._local(slot["start"]), datetime.now(UTC)
        state = "past" if start <= now else slot["state"]
        style = STYLES.get(state, "")
        if time.monotonic() - self._changed.get(slot["id"], -FRESH) < FRESH:
            style += " reverse"
        return Text(f"{start:%H:%M}" + (f"·{slot['free']}" if slot["seats"] > 1 else ""), style=style)

    def _local(self, instant: str) -> datetime:
        return datetime.fromisoformat(instant).astimezone(self._zone)
