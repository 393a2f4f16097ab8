"""Each dimension by itself, the others as small as they can be: sizes in, points out."""

from __future__ import annotations

import random
import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from string import ascii_lowercase

from engine.cli.workers import Workers, address, listen
from engine.engine import Engine
from engine.model import Booking, Status, new_booking_id, new_expert_id, new_slot, slot_id
from engine.records import to_document
from loadtests.bench.servers import worker
from loadtests.bench.supply import EXPERT, midnight
from loadtests.bench.wrk import Line
from loadtests.growth.ground import FEW, Calendars, Point, ask, book, ground, one_worker
from loadtests.live_bench.measure import crowd
from loadtests.live_bench.servers import Rival

Tell = Callable[[str], None]
Measure = Callable[[], Awaitable[tuple[float, float]]]
BULK = 1000
PEOPLE = 50
"""Bookings that one customer of the past has."""


@dataclass(frozen=True, slots=True)
class Effort:
    seconds: float
    """Of one measurement."""
    rounds: int


async def measured(size: int, what: str, effort: Effort, measure: Measure) -> Point:
    await measure()  # warms up
    rounds = [await measure() for _ in range(effort.rounds)]
    return Point(size, what, statistics.median(r for r, _ in rounds), statistics.median(p for _, p in rounds))


async def slots(folder: Path, sizes: Sequence[int], effort: Effort, tell: Tell) -> list[Point]:
    """Slots on sale, a thousand an expert: claims all over them, and the page of one expert."""
    points = []
    with ground(folder, effort.seconds) as on, one_worker(on, "claim") as url:
        engine = await Engine.open(on.settings, reconciles=False)
        calendars = Calendars(engine)
        for size in sizes:
            tell(f"slots: {size:,}")
            await calendars.grow(size)
            page = [Line("GET", f"/api/experts/{expert}") for expert in calendars.experts[:40]]
            points.append(await measured(size, "claim", effort, partial(book, on, calendars, url, effort.seconds)))
            points.append(
                await measured(size, "page of 1,000 slots", effort, partial(ask, on, page, url, effort.seconds))
            )
        await engine.close()
    return points


async def experts(folder: Path, sizes: Sequence[int], effort: Effort, tell: Tell) -> list[Point]:
    """Experts in the catalogue: a search that MongoDB answers each time, and the list that is kept."""
    points: list[Point] = []
    with ground(folder, effort.seconds) as on, one_worker(on, "product") as url:
        engine = await Engine.open(on.settings, reconciles=False)
        have = 0
        listing = [Line("GET", "/api/experts?limit=20")]
        for size in sizes:
            tell(f"experts: {size:,}")
            while have < size:
                number = min(BULK // 5, size - have)
                await engine.add_experts(
                    [replace(EXPERT, id=new_expert_id(), name=name_of(have + n)) for n in range(number)]
                )
                have += number
            searches = [Line("GET", f"/api/experts?search={piece(n, size)}") for n in range(5000)]
            points.append(await measured(size, "list", effort, partial(ask, on, listing, url, effort.seconds)))
            points.append(await measured(size, "search", effort, partial(ask, on, searches, url, effort.seconds, FEW)))
        await engine.close()
    return points


async def bookings(folder: Path, sizes: Sequence[int], effort: Effort, tell: Tell) -> list[Point]:
    """Bookings of the past in MongoDB: durable bookings on top, and a customer's list of fifty."""
    points: list[Point] = []
    with ground(folder, effort.seconds) as on, one_worker(on, "product") as url:
        engine = await Engine.open(on.settings, reconciles=False)
        calendars = Calendars(engine)
        await calendars.grow(1000)
        have = 0
        for size in sizes:
            tell(f"bookings in MongoDB: {size:,}")
            while have < size:
                number = min(BULK, size - have)
                await engine.store.bookings._bookings.insert_many(
                    [to_document(past(have + n)) for n in range(number)], ordered=False
                )
                have += number
            lists = [
                Line("GET", f"/api/bookings?email=past{n * 7 % max(size // PEOPLE, 1)}@example.com") for n in range(500)
            ]
            points.append(
                await measured(size, "durable booking", effort, partial(book, on, calendars, url, effort.seconds))
            )
            points.append(
                await measured(size, "a customer's list", effort, partial(ask, on, lists, url, effort.seconds, FEW))
            )
        await engine.close()
    return points


def name_of(number: int) -> str:
    """Another name for each, of two words of seven letters."""
    letters = random.Random(number)
    return " ".join("".join(letters.choices(ascii_lowercase, k=7)).title() for _ in range(2))


def piece(number: int, experts: int) -> str:
    """A piece of a name that few have; hardly ever the same again, so that no cache answers."""
    draw = random.Random(number)
    word = name_of(draw.randrange(experts)).split(" ")[draw.randrange(2)]
    first = draw.randrange(4)
    return word[first : first + draw.randrange(4, 8)].lower()


def past(number: int) -> Booking:
    """A booking of long ago, on a slot of its own."""
    expert = f"{number // 100_000:010d}"
    start = midnight() - 400 * 86_400 - number % 100_000 * 60
    return Booking(
        new_booking_id(expert), 1, Status.COMPLETED, slot_id(expert, start), 1, start, start + 60, "Ann Onymous",
        f"past{number // PEOPLE}@example.com", "+49 30 1234567", "", start * 1000, start * 1000, (), None, "",
    )  # fmt: skip


async def workers(folder: Path, sizes: Sequence[int], effort: Effort, tell: Tell) -> list[Point]:
    """API processes on one socket and all cores: refusals (Redis alone) and durable bookings."""
    points: list[Point] = []
    for size in sizes:
        tell(f"workers: {size}")
        with ground(folder / str(size), effort.seconds) as on, ExitStack() as stack:
            settings = on.settings.model_copy(update={"workers": size, "port": 0})
            listener = stack.enter_context(listen(settings))
            stack.enter_context(Workers(listener, settings, print))
            url = address(listener)
            engine = await Engine.open(settings, reconciles=False)
            calendars = Calendars(engine)
            await calendars.grow(1000)
            page = [Line("GET", f"/api/experts/{calendars.experts[0]}")]
            points.append(
                await measured(size, "durable booking", effort, partial(book, on, calendars, url, effort.seconds))
            )
            points.append(
                await measured(size, "page of 1,000 slots", effort, partial(ask, on, page, url, effort.seconds))
            )
            await engine.close()
    return points


async def partitions(folder: Path, sizes: Sequence[int], effort: Effort, tell: Tell) -> list[Point]:
    """Partitions of one Redis: claims."""
    points: list[Point] = []
    for size in sizes:
        tell(f"partitions: {size:,}")
        with ground(folder / str(size), effort.seconds, partitions=size) as on, one_worker(on, "claim") as url:
            engine = await Engine.open(on.settings, reconciles=False)
            calendars = Calendars(engine)
            await calendars.grow(20_000)
            points.append(await measured(size, "claim", effort, partial(book, on, calendars, url, effort.seconds)))
            await engine.close()
    return points


async def sockets(folder: Path, sizes: Sequence[int], effort: Effort, tell: Tell) -> list[Point]:
    """Live sockets of one worker that watch one expert, while others are booked and looked at."""
    points: list[Point] = []
    with ground(folder, effort.seconds) as on, worker("claim", on.settings, on.redis, on.cores) as api:
        engine = await Engine.open(on.settings, reconciles=False)
        calendars = Calendars(engine)
        await calendars.grow(20_000)
        watched = replace(EXPERT, id=new_expert_id())
        await engine.add_experts([watched])
        await engine.add_slots([new_slot(watched.id, midnight(), midnight() + 60)])
        page = [Line("GET", f"/api/experts/{expert}") for expert in calendars.experts]
        watching = Rival("slotline", "", api.pid, api.port, Nobody(), watched.id)
        async with crowd(watching, on.cores) as people:
            for have, size in zip((0, *sizes), sizes, strict=False):
                tell(f"sockets: {size:,}")
                for number in range(have + BULK, size + BULK, BULK):
                    await people.connect(min(number, size))
                points.append(
                    await measured(size, "claim", effort, partial(book, on, calendars, api.url, effort.seconds))
                )
                points.append(
                    await measured(size, "page of 1,000 slots", effort, partial(ask, on, page, api.url, effort.seconds))
                )
        await engine.close()
    return points


class Nobody:
    """Nothing happens to the one who is watched."""

    async def tell(self, messages: int) -> None:
        raise NotImplementedError


Dimension = Callable[[Path, Sequence[int], Effort, Tell], Awaitable[list[Point]]]
DIMENSIONS: dict[str, Dimension] = {
    "slots": slots, "experts": experts, "bookings": bookings, "sockets": sockets, "workers": workers,
    "partitions": partitions,
}  # fmt: skip
