"""One run: stage, load, nemesis; every generation is checked when it is quiet; at the end audit and report."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.audit import audit
from tests.faults.checker import Violation, check
from tests.faults.generation import Generation, create
from tests.faults.history import History
from tests.faults.load import Load, Mix
from tests.faults.nemesis import Fault, Nemesis
from tests.faults.report import Report
from tests.faults.stage import Stage

PROGRESS = 30.0
SETTLE = 20.0
"""Seconds within which Redis and MongoDB agree once nothing goes on any more."""

EVIDENCE = 5
"""Violations of a kind that are kept word for word; more are counted."""


@dataclass
class Plan:
    seconds: float
    seed: int
    faults: Sequence[Fault]
    rotate: float = 60.0
    mix: Mix = field(default_factory=Mix)
    planted: str = ""
    keep: bool = False
    """Keep the history of generations in which nothing was found."""
    settle: float = SETTLE
    after_faults: float | None = None
    """Seconds for which the load goes on when the faults are over; None: until ``seconds`` have passed."""


@dataclass
class Run:
    plan: Plan
    folder: Path
    violations: list[Violation] = field(default_factory=list)
    generations: int = 0
    began: float = field(default_factory=time.monotonic)

    async def go(self) -> Report:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.history = History(self.folder)
        async with Stage(self.folder, planted=self.plan.planted) as stage:
            self.stage = stage
            self.load = Load(stage.port, self.history, self.plan.seed, self.plan.mix)
            self.nemesis = Nemesis(stage, self.plan.seed, self._log_fault)
            return await self._go()

    async def _go(self) -> Report:
        self.began = time.monotonic()
        await self._rotate()
        self.load.start()
        talking = asyncio.create_task(self._talk())
        faulting = asyncio.create_task(self.nemesis.run(self.plan.faults))
        try:
            await self._run_load(faulting)
        finally:
            faulting.cancel()
            talking.cancel()
            await asyncio.gather(faulting, talking, return_exceptions=True)
        await self.load.stop()
        seconds = time.monotonic() - self.began
        if last := self.load.current:
            last.retired = time.time()
            await self._finish(last)
            await self._audit()
        return Report(self.plan.seed, seconds, self.history, self.nemesis.done, self.generations, self.violations)

    async def _run_load(self, faulting: asyncio.Task[None]) -> None:
        end = self.began + self.plan.seconds
        due = self.began + self.plan.rotate
        while time.monotonic() < end or not faulting.done():  # the last faults are not cut short
            await asyncio.sleep(0.1)
            if faulting.done():
                faulting.result()
                if self.plan.after_faults is not None:
                    await asyncio.sleep(self.plan.after_faults)
                    return
            if time.monotonic() > due and end - time.monotonic() > self.plan.rotate / 3:
                await self._rotate()
                due = time.monotonic() + self.plan.rotate

    async def _rotate(self) -> None:
        """Sends the load to new experts, and checks and deletes the ones it has left."""
        async with self.nemesis.calm:
            await self._healthy()
            async with self.stage.engine() as engine:
                fresh = await create(engine, self.generations)
            self.generations += 1
            if left := await self.load.move_to(fresh):
                await self._finish(left)
                await self.stage.tidy()

    async def _healthy(self) -> None:
        try:
            await self.stage.healthy()
        except TimeoutError:
            self._add([Violation("not-healthy", f"{self._clock()}: not ready again within 30 s of the last fault")])

    async def _finish(self, generation: Generation) -> None:
        await self._healthy()
        try:
            await self.stage.drained(generation.retired + 0.5)
        except TimeoutError:
            self._add(
                [Violation("stuck", f"{self._clock()}: the outbox keeps entries of generation {generation.number}")]
            )
        await asyncio.sleep(max(generation.retired + self.stage.settings.hold_seconds + 1 - time.time(), 0))
        ops = self.history.read(generation.number)
        found = await self._settled(generation, ops)
        state = await self.stage.servers.read(generation)
        if found:
            path = self.folder / f"state-{generation.number}.json"
            path.write_bytes(orjson.dumps(vars(state), default=str))
        elif not self.plan.keep:
            self.history.drop(generation.number)
        self._add(found)
        await self.stage.servers.forget(generation, state.documents)

    async def _settled(self, generation: Generation, ops: list[dict[str, Any]]) -> list[Violation]:
        """What is wrong for good: what only has not been mended yet is given some seconds."""
        deadline = time.monotonic() + self.plan.settle
        while True:
            state = await self.stage.servers.read(generation)
            windows = list(self.nemesis.windows)
            found = await asyncio.to_thread(check, ops, generation.seats, state, windows)
            if not found or time.monotonic() > deadline:
                return found
            await asyncio.sleep(1)

    async def _audit(self) -> None:
        async with self.stage.engine() as engine:
            report = await audit(engine, thorough=True)
        self._add([Violation("audit", str(finding)) for finding in report.findings])

    def _add(self, violations: Sequence[Violation]) -> None:
        for violation in violations:
            kind = sum(known.kind == violation.kind for known in self.violations)
            self.violations.append(violation)
            if kind < EVIDENCE:
                print(f"{self._clock()}  VIOLATION  {violation}"[:1500], file=sys.stderr, flush=True)

    def _log_fault(self, fault: dict[str, Any]) -> None:
        self.history.fault(self.generations - 1, fault)
        path = self.folder / "faults.jsonl"
        with path.open("ab") as file:
            file.write(orjson.dumps(fault, option=orjson.OPT_APPEND_NEWLINE))

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS)
            totals = self.history.totals
            known = sum(number for (_, outcome), number in totals.items() if outcome != "unknown")
            print(
                f"{self._clock()}  {sum(totals.values()):,} operations ({known:,} answered for certain), "
                f"{self.nemesis.done.total()} faults, {self.generations} generations, "
                f"{len(self.violations)} violations",
                file=sys.stderr,
                flush=True,
            )

    def _clock(self) -> str:
        return f"{time.monotonic() - self.began:7.1f} s"


def run(plan: Plan, folder: Path) -> Report:
    logging.getLogger("slotline").setLevel(logging.CRITICAL)  # our own engine's; the workers have a file
    return asyncio.run(Run(plan, folder).go())
