"""A seeded schedule of faults, and what each of them does."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.stage import Stage

MENDING = 10.0
"""Seconds for which a Redis that has forgotten something may show and refuse what is out of date."""

RECOVERY = 3.0
"""Seconds that everybody needs to find a server again after it was away."""

FORGETTING = ("flushall", "stale")


@dataclass(frozen=True, slots=True)
class Fault:
    at: float
    """Seconds after the start; later if the fault before it is not over."""
    name: str
    seconds: float
    """How long it lasts; for ``stale``, how old the copy is that is put back."""
    share: float = 1.0
    """Of the connections that are hit."""
    beside: bool = False
    """Whether it begins without waiting for the end of the one before."""


def schedule(
    seconds: float, seed: int, pace: float = 6.0, pairs: float = 0.2, only: Sequence[str] | None = None
) -> list[Fault]:
    """Every kind once in each round, in a random order, about every ``pace`` seconds."""
    rng = random.Random(f"schedule/{seed}")
    faults: list[Fault] = []
    at = min(3.0, pace)
    while True:
        names = list(only or FAULTS)
        rng.shuffle(names)
        for name in names:
            if at > seconds:
                return faults
            lasts = rng.uniform(3, 8) if name == "stale" else rng.choice((0.3, 1.0, 2.5, 4.0)) * rng.uniform(0.8, 1.2)
            beside = bool(faults) and rng.random() < pairs and not {name, faults[-1].name} & set(FORGETTING)
            faults.append(Fault(round(at, 2), name, round(lasts, 2), rng.choice((0.5, 1.0)), beside))
            at += rng.uniform(0.5, 1.5) * pace * (0.2 if beside else 1)


class Nemesis:
    """``calm`` is held while a fault is under way; whoever takes it has a quiet moment."""

    def __init__(self, stage: Stage, seed: int, log: Callable[[dict[str, Any]], None]) -> None:
        self._stage = stage
        self._rng = random.Random(f"nemesis/{seed}")
        self._log = log
        self.calm = asyncio.Lock()
        self.done: Counter[str] = Counter()
        self.windows: list[tuple[float, float]] = []

    async def run(self, faults: Sequence[Fault]) -> None:
        began = time.monotonic()
        groups: list[list[Fault]] = []
        for fault in faults:
            if fault.beside and groups:
                groups[-1].append(fault)
            else:
                groups.append([fault])
        for group in groups:
            await asyncio.sleep(max(began + group[0].at - time.monotonic(), 0))
            async with self.calm, asyncio.TaskGroup() as tasks:
                for fault in group:
                    tasks.create_task(self._do(fault, fault.at - group[0].at))

    async def _do(self, fault: Fault, delay: float) -> None:
        await asyncio.sleep(max(delay, 0))
        begin = time.monotonic()
        await FAULTS[fault.name](self._stage, fault, self._rng)
        end = time.monotonic()
        self.done[fault.name] += 1
        # Nothing can be mended while a server is away: a fault within such a window makes it longer by itself.
        self.windows = [(a, b + end - begin + RECOVERY if begin < b else b) for a, b in self.windows]
        if fault.name in FORGETTING:
            self.windows.append((begin, end + MENDING))
        self._log({"kind": "fault", "name": fault.name, "start": begin, "end": end, **asdict(fault)})


async def kill_worker(stage: Stage, fault: Fault, rng: random.Random) -> None:
    if pids := stage.workers.pids:
        send(rng.choice(pids), signal.SIGKILL)


async def kill_workers(stage: Stage, fault: Fault, rng: random.Random) -> None:
    for pid in stage.workers.pids:
        send(pid, signal.SIGKILL)


def send(pid: int, sign: signal.Signals) -> None:
    """To a child of ours, unless another fault was faster and it is dead."""
    with suppress(ProcessLookupError):
        os.kill(pid, sign)


async def freeze(pid: int, seconds: float) -> None:
    send(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(pid, signal.SIGCONT)


async def stop_worker(stage: Stage, fault: Fault, rng: random.Random) -> None:
    if pids := stage.workers.pids:
        await freeze(rng.choice(pids), fault.seconds)


async def restart(server: Any, seconds: float) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.restart)


async def flush(stage: Stage, fault: Fault, rng: random.Random) -> None:
    await stage.servers.redis.flushall()


async def flush_scripts(stage: Stage, fault: Fault, rng: random.Random) -> None:
    await stage.servers.redis.script_flush()


async def go_back(stage: Stage, fault: Fault, rng: random.Random) -> None:
    """Redis comes up with what it had some seconds ago: a failover that lost the tail."""
    copy = await asyncio.to_thread(stage.copy_redis)
    await asyncio.sleep(fault.seconds)
    await asyncio.to_thread(stage.redis.kill)
    stage.put_back(copy)
    await asyncio.to_thread(stage.redis.restart)


async def jump(stage: Stage, fault: Fault, rng: random.Random) -> None:
    """The wall clock of one worker jumps, and jumps back. (That of the servers cannot be moved without privileges.)"""
    if pids := stage.workers.pids:
        pid = rng.choice(pids)
        for offset in (rng.choice((-1, 1)) * rng.uniform(60, 12 * 3600), 0.0):
            stage.clock.write_text(str(offset))
            if pid in stage.workers.pids and all(worker.ready for worker in stage.workers._workers):
                os.kill(pid, signal.SIGUSR1)
            await asyncio.sleep(fault.seconds if offset else 0)


Do = Callable[[Stage, Fault, random.Random], Coroutine[Any, Any, None]]

FAULTS: dict[str, Do] = {
    "worker-kill": kill_worker,
    "workers-kill": kill_workers,
    "worker-stop": stop_worker,
    "redis-kill": lambda stage, fault, rng: restart(stage.redis, fault.seconds / 2),
    "redis-stop": lambda stage, fault, rng: freeze(stage.redis.pid, fault.seconds),
    "mongo-kill": lambda stage, fault, rng: restart(stage.mongo, fault.seconds / 2),
    "mongo-stop": lambda stage, fault, rng: freeze(stage.mongo.pid, fault.seconds),
    "redis-cut": lambda stage, fault, rng: stage.redis_proxy.cut(fault.seconds / 2, rng, fault.share),
    "mongo-cut": lambda stage, fault, rng: stage.mongo_proxy.cut(fault.seconds / 2, rng, fault.share),
    "redis-stall": lambda stage, fault, rng: stage.redis_proxy.stall(fault.seconds, rng, fault.share),
    "mongo-stall": lambda stage, fault, rng: stage.mongo_proxy.stall(fault.seconds, rng, fault.share),
    "redis-deaf": lambda stage, fault, rng: stage.redis_proxy.lose_replies(fault.seconds / 4, rng, fault.share),
    "mongo-deaf": lambda stage, fault, rng: stage.mongo_proxy.lose_replies(fault.seconds / 4, rng, fault.share),
    "flushall": flush,
    "stale": go_back,
    "script-flush": flush_scripts,
    "clock": jump,
}
"""``deaf``: what is asked is done, and the replies are lost."""
