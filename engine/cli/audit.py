"""``slotline audit``: do Redis and MongoDB agree, and is nothing booked twice or by nobody?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from engine.cli import reach
from engine.cli.progress import progress_bar
from engine.cli.say import console, say
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.audit import Report
    from engine.engine import Engine
    from engine.repair import Mended

Looked = tuple["Report", list["Mended"], "Report | None"]


def command(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended, and look again.")] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Walk through all of Redis, too, for bookings that nothing points to.")
    ] = False,
) -> None:
    """Compare Redis and MongoDB while they serve; ends with 1 if anything is wrong and was not mended, or if some of it
    changed too fast to be judged."""
    with reach.servers(reach.given_settings()) as ready:
        report, mended, after = asyncio.run(look(ready, repair, thorough))
    show(report, mended)
    if after is not None:
        new = set(after.findings) - {each.finding for each in mended if not each.done}
        for finding in sorted(new, key=str):
            say(f"Still or newly wrong: {finding.kind} {finding.subject}: {finding.detail}", "bold red")
    last = after or report
    if left := len(last.findings):
        say(f"{left} fault{'' if left == 1 else 's'} left.", "bold red")
    if hasty := len(last.unsettled):
        say(f"{hasty} expert{'' if hasty == 1 else 's'} changed too fast to be judged: look again.", "bold red")
    if not last.clean:
        raise typer.Exit(1)
    say("Redis and MongoDB agree.", "bold green")


async def look(settings: Settings, repair: bool, thorough: bool) -> Looked:
    """Audits, and if asked repairs and audits again. Raises StoreUnavailable."""
    from engine.engine import Engine
    from engine.repair import Repair
    from engine.store import translated

    engine = await Engine.open(settings, reconciles=False)  # a look changes nothing
    try:
        with translated():
            report = await audited(engine, thorough)
            if not repair or report.clean:
                return report, [], None
            mended = await Repair(engine).run(report.findings)
            return report, mended, await audited(engine, thorough)
    finally:
        await engine.close()


async def audited(engine: Engine, thorough: bool) -> Report:
    from engine.audit import audit

    with progress_bar() as bar:
        task = bar.add_task("experts", total=None)
        return await audit(engine, lambda done, total: bar.update(task, completed=done, total=total), thorough=thorough)


def show(report: Report, mended: list[Mended]) -> None:
    if report.findings:
        table = Table("fault", "partition", "what", "detail", *(["what was done"] if mended else []))
        became = {each.finding: each for each in mended}
        for finding in report.findings:
            each = became.get(finding)
            done = [f"{'✓' if each.done else '✗'} {each.text}"] if each else []
            # As Text: a key or an entry of Redis may hold anything, and is no markup for the terminal.
            table.add_row(*map(Text, (finding.kind, str(finding.partition), finding.subject, finding.detail, *done)))
        console.print(table, soft_wrap=False)
    say(
        f"Looked at {report.experts:,} experts, {report.slots:,} slots, {report.bookings:,} bookings and "
        f"{report.holds:,} holds in {report.partitions} partitions in {report.seconds:.1f} s; "
        f"{report.unwritten:,} changes were on their way to MongoDB."
    )
