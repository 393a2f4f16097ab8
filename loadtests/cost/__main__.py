"""``python -m loadtests.cost``: counts, prints a table, and ends with 1 if a request costs more than it may."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from contextlib import AbstractAsyncContextManager
from dataclasses import astuple, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from engine.stack import MongoServer, RedisServer
from loadtests.cost.cases import make_cases
from loadtests.cost.stage import Cost, Stage, stage


def main() -> int:
    logging.getLogger("slotline").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory(prefix="slotline-cost-") as folder,
        RedisServer(Path(folder, "redis"), persist=False) as redis,
        MongoServer(Path(folder, "mongo")) as mongo,
    ):
        costs, excess = asyncio.run(counted(stage(Path(folder), redis, mongo)))
    table = Table("a request (mean)", *(field.name for field in fields(Cost)))
    for name, cost in costs.items():
        table.add_row(name, *("-" if value is None else f"{value:.2f}" for value in astuple(cost)))
    Console(width=None if sys.stdout.isatty() else 130, highlight=False).print(table)
    for line in excess:
        print(f"too much: {line}", file=sys.stderr)
    return 1 if excess else 0


async def counted(staged: AbstractAsyncContextManager[Stage]) -> tuple[dict[str, Cost], list[str]]:
    """What each request costs, and in what it costs too much."""
    costs: dict[str, Cost] = {}
    excess: list[str] = []
    async with staged as on:
        for case in await make_cases(on):
            costs[case.name] = await on.cost(case.lines, case.status)
            excess += case.excess(costs[case.name])
    return costs, excess


if __name__ == "__main__":
    sys.exit(main())
