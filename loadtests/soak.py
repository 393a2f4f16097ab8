"""``python -m loadtests.soak``: for as long as one likes, sockets come and go while customers book and cancel.

Two workers on stores of their own. Ends with 0 only if no client missed anything while it was connected, no two clients
ever showed different states of the same version, all show what Redis has in the end, and the workers' memory is flat.
The seed decides who comes when and what is booked; the timing is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil

from api import views
from api.live.frames import now_ms
from api.worker import raise_file_limit
from engine.cli.workers import Workers, address, listen
from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.live import Backoff, LiveClient, Picture
from engine.seeding import seed
from engine.settings import Settings
from engine.stack import Stack

WORKERS = 2
EXPERTS = 20
STAY = (5.0, 60.0)
"""Seconds that a socket stays; less in a short run."""
EACH = 5
"""One version in so many is compared among all clients that show it: it costs this process more than to follow."""
PAUSE = (0.02, 0.1)
"""Seconds between two actions of a customer."""
CUSTOMERS = 2
KEEP = 400
"""Versions of an expert whose states are remembered, to compare what clients show."""
SAMPLES = 5.0
"""Seconds between two looks at the workers' memory."""
GROWTH, SLACK = 1.1, 8 << 20
"""Factor and bytes by which memory may be above that of the second quarter, for runs of at least `JUDGED` seconds."""
JUDGED = 240.0


class Failed(Exception):
    """Why the soak has failed, in a line."""


class Watched:
    """What all clients together have shown."""

    def __init__(self) -> None:
        self.states: dict[str, dict[tuple[str, int], tuple[tuple[str, object, object], ...]]] = {}
        """Expert → epoch and version → start, free seats and state of each slot."""
        self.counts: Counter[str] = Counter()
        self.quiet = asyncio.Event()
        """Set in the end: from then on everybody stays."""

    def note(self, picture: Picture) -> None:
        """Raises nothing: what is wrong is counted, and shown once.

        That a slot has begun is no change that anybody is told of: one client asked before, another one after.
        """
        if picture.version % EACH or not picture.live:
            return
        known = self.states.setdefault(picture.expert_id, {})
        state = tuple(sorted((str(slot["start"]), slot["free"], slot["state"]) for slot in picture.slots.values()))
        before = known.setdefault((picture.epoch, picture.version), state)
        now = views.instant(int(time.time()))
        if before != state and (differs := {slot for slot in set(before) ^ set(state) if slot[0] > now}):
            self.counts["contradictions"] += 1
            if self.counts["contradictions"] == 1:
                print(f"{picture.expert_id} {picture.version}: {differs}", file=sys.stderr)
        if len(known) > KEEP:
            del known[next(iter(known))]


class Guest:
    """One place among the sockets: somebody who watches an expert, leaves in one way or another, and comes again."""

    def __init__(self, url: str, experts: list[str], watched: Watched, rng: random.Random, seconds: float) -> None:
        self.url, self.experts, self.watched, self.rng = url, experts, watched, rng
        self.stay = (min(STAY[0], seconds / 8), min(STAY[1], seconds / 2))
        self.client: LiveClient | None = None

    async def live(self) -> None:
        while True:
            self.client = LiveClient(self.url, backoff=Backoff(first=0.5, most=4.0, rng=self.rng))
            self.client.session.on_change = self.watched.note
            self.client.session.on_frame = lambda frame: self.watched.counts.update((str(frame["type"]),))
            async with self.client as client:
                picture = client.watch(self.rng.choice(self.experts))
                await self.remain()
                if self.rng.random() < 0.5:  # the connection breaks, and it goes on where it was
                    if client._socket is not None:
                        client._socket.transport.abort()
                    self.watched.counts["cuts"] += 1
                    await self.remain()
                self.watched.counts["losses"] += picture.losses
                self.watched.counts["connections"] += client.connections

    async def remain(self) -> None:
        await asyncio.sleep(self.rng.uniform(*self.stay))
        if self.watched.quiet.is_set():
            await asyncio.Event().wait()


async def customer(url: str, experts: list[str], counts: Counter[str], rng: random.Random) -> None:
    """Books what is open, and cancels some of it."""
    mine: list[str] = []
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        while True:
            await asyncio.sleep(rng.uniform(*PAUSE))
            if mine and (len(mine) > 40 or rng.random() < 0.3):
                booking = mine.pop(rng.randrange(len(mine)))
                answer = await http.patch(f"/api/bookings/{booking}/status", json={"status": "cancelled"})
                counts[f"cancelled {answer.status_code}"] += 1
                continue
            expert = rng.choice(experts)
            days = (await http.get(f"/api/experts/{expert}")).json()["days"]
            slots = [slot["id"] for day in days for slot in day["slots"] if slot["state"] == "open"]
            if not slots:
                continue
            body = {
                "expertId": expert, "slotId": rng.choice(slots), "name": "Ann Onymous", "email": "ann@example.com",
                "phone": "+49 30 1234567",
            }  # fmt: skip
            answer = await http.post("/api/bookings", json=body)
            counts[f"booked {answer.status_code}"] += 1
            if answer.status_code == 201:
                mine.append(answer.json()["booking"]["id"])


async def equal(engine: Engine, guests: list[Guest], seconds: float) -> None:
    """Waits until every picture is what Redis has. Raises Failed."""
    deadline = time.monotonic() + seconds
    while True:
        wrong = 0
        for guest in guests:
            assert guest.client is not None
            for picture in guest.client.session.pictures.values():
                calendar = await engine.calendars.get(picture.expert_id)
                slots = [views.slot(slot, now_ms()) for slot in calendar.slots]
                same = (picture.epoch, picture.version) == (calendar.epoch, calendar.version)
                wrong += not (picture.live and same and _free(picture.in_order) == _free(slots))
        if not wrong:
            return
        if time.monotonic() > deadline:
            raise Failed(f"{wrong} of {len(guests)} clients do not show what Redis has")
        await asyncio.sleep(0.2)


def _free(slots: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(slot["id"], slot["free"]) for slot in slots]


async def sample_memory(pids: list[int], memory: list[int]) -> None:
    processes = [psutil.Process(pid) for pid in pids]
    while True:
        memory.append(sum(process.memory_info().rss for process in processes))
        await asyncio.sleep(SAMPLES)


async def soak(url: str, settings: Settings, pids: list[int], given: argparse.Namespace) -> None:
    """Raises Failed."""
    engine = await Engine.open(settings)
    rng = random.Random(given.seed)
    watched, memory = Watched(), list[int]()
    try:
        await seed(engine, experts=EXPERTS)
        experts = [expert_id async for expert_id in engine.store.experts.ids()]
        rngs = [random.Random(rng.random()) for _ in range(given.sockets)]
        guests = [Guest(url, experts, watched, its, given.seconds) for its in rngs]
        tasks = [asyncio.create_task(guest.live()) for guest in guests]
        busy = [
            asyncio.create_task(customer(url, experts, watched.counts, random.Random(rng.random())))
            for _ in range(CUSTOMERS)
        ]
        busy.append(asyncio.create_task(sample_memory(pids, memory)))
        began = time.monotonic()
        while (spent := time.monotonic() - began) < given.seconds:
            await asyncio.sleep(min(30.0, given.seconds - spent))
            if failed := [task for task in (*tasks, *busy) if task.done()]:
                failed[0].result()
            if given.seconds > 60:
                print(progress(watched, memory, time.monotonic() - began), flush=True)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        watched.quiet.set()
        await equal(engine, guests, 60)
        losses = sum(p.losses for g in guests if g.client is not None for p in g.client.session.pictures.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await engine.close()
    print(progress(watched, memory, given.seconds))
    judge(watched, memory, losses, given.seconds)


def progress(watched: Watched, memory: list[int], seconds: float) -> str:
    counts = watched.counts
    told = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("slot", "snapshot", "resumed", "heartbeat"))
    return (
        f"{seconds:6.0f} s  workers {memory[-1] / 2**20 if memory else 0:.0f} MiB  {told}, {counts['cuts']:,} cuts, "
        f"{counts['booked 201']:,} booked, {counts['cancelled 200']:,} cancelled, {counts['losses']} losses, "
        f"{counts['contradictions']} contradictions"
    )


def judge(watched: Watched, memory: list[int], losses: int, seconds: float) -> None:
    """Raises Failed."""
    counts = watched.counts
    losses += counts["losses"]
    if losses or counts["contradictions"]:
        raise Failed(f"{losses} losses while connected, {counts['contradictions']} contradictions")
    bad = {what: count for what, count in counts.items() if what[:6] in ("booked", "cancel") and what[-1] not in "19"}
    bad = {what: count for what, count in bad.items() if what != "cancelled 200"}
    if bad:
        raise Failed(f"unexpected answers: {bad}")
    if not counts["booked 201"] or not counts["slot"]:
        raise Failed("nothing was booked, or nobody was told")
    if seconds >= JUDGED:
        quarter = len(memory) // 4
        early, late = statistics.median(memory[quarter : 2 * quarter]), statistics.median(memory[-quarter:])
        print(f"memory of the workers: {early / 2**20:.1f} MiB in the second quarter, {late / 2**20:.1f} in the last")
        if late > early * GROWTH + SLACK:
            raise Failed("the workers' memory grows")


def main() -> int:
    parser = argparse.ArgumentParser(prog="loadtests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800, help="(default: 1800)")
    parser.add_argument("--sockets", type=int, default=2000, help="(default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    given = parser.parse_args()
    raise_file_limit()
    print(f"{given.sockets:,} sockets for {given.seconds:g} s, seed {given.seed}", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="slotline-soak-") as folder:
            run(Path(folder), given)
    except (Failed, StoreUnavailable) as failure:
        print(f"soak failed: {failure}", file=sys.stderr)
        return 1
    print("no client missed anything, and all showed the same")
    return 0


def run(folder: Path, given: argparse.Namespace) -> None:
    with Stack(folder) as stack:
        settings = Settings(
            redis_url=stack.redis_url, mongo_url=stack.mongo_url, data_dir=folder, workers=WORKERS, port=0,
            log_level="warning", access="open", rate_limits=False, _env_file=None,
        ).for_development()  # fmt: skip
        with listen(settings) as listener, Workers(listener, settings, print) as workers:
            pids = workers.pids
            asyncio.run(soak(address(listener), settings, pids, given))
            if workers.pids != pids:
                raise Failed("a worker has died")


if __name__ == "__main__":
    sys.exit(main())
