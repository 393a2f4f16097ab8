"""The servers of a run: Slotline's worker on stores of its own, and the rivals, each pinned to the same core."""

from __future__ import annotations

import asyncio
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.engine import Engine
from engine.model import Expert, Hold, Slot, new_expert_id, new_slot
from engine.settings import Settings
from engine.stack import Child, MongoServer, RedisServer
from loadtests.bench.machine import Cores, on

ROOT = Path(__file__).parents[2]
NODE = Path(__file__).parent / "socketio"
PATIENCE = 30.0
BURST = 10
"""Messages of a burst: as many slots of one expert change at the same time."""


class LiveBenchError(Exception):
    """Why nothing can be measured, in a line."""


class Teller(Protocol):
    async def tell(self, messages: int) -> None:
        """Makes so many messages for the room, as one event each."""


@dataclass(slots=True)
class Line:
    """A rival's control port."""

    writer: asyncio.StreamWriter

    async def tell(self, messages: int) -> None:
        self.writer.write(b"%d\n" % messages)


@dataclass(slots=True)
class Desk:
    """Slotline is told by what changes its slots: holds that are made and released, one script each."""

    engine: Engine
    slots: list[Slot]
    held: list[Hold | None] = field(default_factory=lambda: [None] * BURST)

    async def tell(self, messages: int) -> None:
        await asyncio.gather(*(self._turn(number) for number in range(messages)))

    async def _turn(self, number: int) -> None:
        hold, self.held[number] = self.held[number], None
        if hold is None:
            self.held[number] = await self.engine.holds.hold(self.slots[number].id)
        else:
            await self.engine.holds.release(hold.token)


@dataclass(frozen=True, slots=True)
class Rival:
    kind: str
    name: str
    pid: int
    port: int
    teller: Teller
    expert: str = ""


def node_ready() -> None:
    """Installs Socket.IO if it is not there. Raises LiveBenchError without Node."""
    if not shutil.which("npm"):
        raise LiveBenchError("Socket.IO needs Node 18 or newer with npm; or leave it out: ARGS=--without-socketio")
    if not (NODE / "node_modules").exists():
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LiveBenchError(f"npm could not install Socket.IO: {done.stderr.strip().splitlines()[-1:]}")


@contextmanager
def slotline(folder: Path, cores: Cores) -> Iterator[tuple[int, int, Settings]]:
    """A worker of the product: its pid and port."""
    with ExitStack() as stack:
        with on(cores.others):
            mongo = stack.enter_context(MongoServer(folder / "mongo"))
            redis = stack.enter_context(RedisServer(folder / "redis", persist=False))
        settings = Settings(
            redis_url=redis.url, mongo_url=mongo.url, mongo_database="livebench", data_dir=folder,
            log_level="warning", access="open", rate_limits=False, _env_file=None,
        ).for_development()  # fmt: skip
        metrics = folder / "metrics"
        metrics.mkdir()
        env = {
            **os.environ,
            **settings.environment(),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONPATH": str(ROOT),
        }
        ready, written = os.pipe()
        with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener, on(cores.server):
            port = listener.getsockname()[1]
            command = [sys.executable, "-m", "api.worker", "--fd", str(listener.fileno()), "--ready-fd", str(written)]
            child = Child(command, log=folder / "worker.log", env=env, pass_fds=(listener.fileno(), written))
        os.close(written)
        try:
            if not (select.select([ready], [], [], PATIENCE)[0] and os.read(ready, 1) == b"R"):
                raise LiveBenchError(f"the worker did not start: {(folder / 'worker.log').read_text()[-300:]}")
            yield child.pid, port, settings
        finally:
            os.close(ready)
            child.stop()


@contextmanager
def rival(kind: str, folder: Path, cores: Cores) -> Iterator[tuple[int, int, int]]:
    """A rival's pid, port and control port."""
    command = ["node", str(NODE / "server.js")]
    if kind != "socketio":
        command = [sys.executable, "-m", f"loadtests.live_bench.rival_{kind}"]
    log = folder / f"{kind}.log"
    with on(cores.server), log.open("w") as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, text=True)
    try:
        assert child.stdout is not None
        if not select.select([child.stdout], [], [], PATIENCE)[0]:
            raise LiveBenchError(f"{kind} did not start")
        try:
            said = json.loads(child.stdout.readline())
        except ValueError:
            raise LiveBenchError(f"{kind} did not start: {log.read_text()[-300:]}") from None
        yield child.pid, said["port"], said["control"]
    finally:
        child.kill()
        child.wait()


@asynccontextmanager
async def all_servers(folder: Path, cores: Cores, with_socketio: bool) -> AsyncIterator[list[Rival]]:
    names = {"sanic": "await ws.send() on Sanic", "broadcast": "websockets.broadcast", "socketio": "Socket.IO 4"}
    if not with_socketio:
        del names["socketio"]
    with ExitStack() as stack:
        pid, port, settings = stack.enter_context(slotline(folder, cores))
        ports = {kind: stack.enter_context(rival(kind, folder, cores)) for kind in names}
        engine = await Engine.open(settings)
        try:
            desk = await _desk(engine)
            servers = [Rival("slotline", "Slotline", pid, port, desk, desk.slots[0].expert_id)]
            for kind, (its_pid, its_port, control) in ports.items():
                _, writer = await asyncio.open_connection("127.0.0.1", control)
                servers.append(Rival(kind, names[kind], its_pid, its_port, Line(writer)))
            yield servers
        finally:
            await engine.close()


async def _desk(engine: Engine) -> Desk:
    expert = Expert(
        id=new_expert_id(), name="Zoë Nguyễn", category="Law", headline="", bio="", languages=("English",),
        time_zone="UTC", experience=15, rating=4.8, review_count=120, email="z@example.com", phone="+49301234567",
    )  # fmt: skip
    start = int(time.time()) // 60 * 60 + 86_400
    slots = [new_slot(expert.id, start + 1800 * number, start + 1800 * (number + 1)) for number in range(40)]
    await engine.add_experts([expert])
    await engine.add_slots(slots)
    return Desk(engine, slots)


Status = Callable[[str], None]
