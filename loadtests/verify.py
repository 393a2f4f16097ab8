"""Were the promises kept? ``python -m loadtests.verify`` asks the engine's audit, and MongoDB for each booking that
a client was told is durable. Ends with 1 if not.

Which servers: REDIS_URL and MONGO_URL, or the embedded ones that `slotline up` runs in DATA_DIR.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.audit import audit
from engine.cli import reach
from engine.engine import Engine
from engine.errors import SlotlineError
from engine.settings import Settings
from engine.stack import StackError
from loadtests.ledger import noted

SHOWN = 5
"""Of each kind of fault."""


class Broken(Exception):
    """Which promise was broken, in some lines."""


@dataclass(frozen=True, slots=True)
class Verdict:
    bookings: int
    slots: int
    promised: int
    """201s in the ledger."""

    def __str__(self) -> str:
        return (
            f"Redis and MongoDB agree on {self.slots:,} slots and {self.bookings:,} bookings: every active one has a "
            f"seat of its own, and no other seat is taken; none of {self.promised:,} answered with 201 is missing"
        )


async def verify(settings: Settings, ledger: Path | None = None) -> Verdict:
    """Raises Broken, SlotlineError."""
    engine = await Engine.open(settings)
    try:
        report = await audit(engine)
        wrong = [f"{found.kind} {found.subject}: {found.detail}" for found in report.findings[:SHOWN]]
        promised = noted(ledger) if ledger else []
        lost = [booking_id for booking_id in promised if await engine.store.bookings.get(booking_id) is None]
        wrong += [f"lost: {booking_id} was answered with 201 and is not in MongoDB" for booking_id in lost[:SHOWN]]
    finally:
        await engine.close()
    if len(promised) != len(set(promised)):
        wrong.append("a booking was promised to two customers")
    if wrong:
        raise Broken(f"{len(report.findings)} faults, {len(lost)} lost bookings: {'; '.join(wrong)}")
    return Verdict(report.bookings, report.slots, len(promised))


async def booked_seats(settings: Settings, expert_id: str) -> int:
    engine = await Engine.open(settings)
    try:
        return sum(slot.seatmap.count("b") for slot in (await engine.calendar(expert_id)).slots)
    finally:
        await engine.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="loadtests.verify", description=__doc__)
    parser.add_argument("--ledger", type=Path, metavar="FOLDER", help="where the users noted their 201s")
    given = parser.parse_args()
    try:
        with reach.servers(Settings()) as ready:
            print(asyncio.run(verify(ready, given.ledger)))
    except (Broken, SlotlineError, StackError) as error:
        print(f"slotline: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
