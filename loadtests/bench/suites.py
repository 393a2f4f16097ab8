"""The two suites: beside hello-world, and beside peers. Each answers its text for the terminal and its section."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.engine import Engine
from loadtests.bench import contenders, machine, peers_report, report
from loadtests.bench.bench import Bench, Measured, Plan, Tell
from loadtests.bench.cases import Case
from loadtests.bench.peers import Comparison, Results
from loadtests.bench.servers import Servers, running
from loadtests.bench.wrk import BenchError, find_wrk


@dataclass(frozen=True, slots=True)
class Told:
    """What a suite has to say."""

    screen: Sequence[Any]
    """For rich."""
    facts: dict[str, str]
    section: str


def hello(folder: Path, plan: Plan, tell: Tell, command: str) -> Told:
    """Raises BenchError, StackError, SlotlineError."""
    cores = machine.Cores.of_machine()
    facts = before(folder, cores)
    with running(folder, cores) as servers, machine.on(cores.others):
        results = asyncio.run(_hello(servers, folder, plan, tell))
    facts["versions"] = machine.versions(find_wrk())
    facts["embedded stores"] = "Valkey (appendfsync everysec); SecantusDB with sync-on-commit in MongoDB's place"
    rows = report.rows(results)
    section = report.markdown(rows, plan, facts, command)
    return Told((report.terminal(rows), report.store_share(rows)), facts, section)


async def _hello(servers: Servers, folder: Path, plan: Plan, tell: Tell) -> list[tuple[Case, list[Measured]]]:
    product, stand_ins = await Engine.open(servers.product), await Engine.open(servers.stand_ins, reconciles=False)
    try:
        return await Bench(servers, (product, stand_ins), folder, plan, tell).run()
    finally:
        await product.close()
        await stand_ins.close()


def peers(folder: Path, plan: Plan, tell: Tell, command: str) -> Told:
    """Raises BenchError, StackError, SlotlineError."""
    if lacks := contenders.missing():
        raise BenchError(lacks)
    cores = machine.Cores.of_machine()
    facts = before(folder, cores)
    tell("starting six workers and three databases")
    with contenders.running(folder, cores) as field, machine.on(cores.others):
        results = asyncio.run(_peers(field, folder, plan, tell))
    facts["versions"] = f"{machine.versions(find_wrk())}; {contenders.versions()}"
    section = peers_report.markdown(results, field.contenders, plan, facts, command)
    return Told(peers_report.terminal(results), facts, section)


async def _peers(field: contenders.Field, folder: Path, plan: Plan, tell: Tell) -> Results:
    engine = await Engine.open(field.settings)
    try:
        return await Comparison(field, engine, folder, plan, tell).run()
    finally:
        await engine.close()


def before(folder: Path, cores: machine.Cores) -> dict[str, str]:
    """What is to be known about the machine, before it is put under load."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": machine.processor(),
        "cores": str(cores),
        "load average before": f"{os.getloadavg()[0]:.2f}",
        "4 KiB write and fdatasync": f"{machine.fdatasync_ms(folder):.2f} ms (median)",
    }
