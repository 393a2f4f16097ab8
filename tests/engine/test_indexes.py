from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient, monitoring

from engine.engine import Engine
from engine.model import Status, new_expert_id, new_slot
from engine.settings import Settings
from engine.store import INDEXES, Store
from engine.store.bookings import FENCE, IDEMPOTENCY
from engine.store.bulk import DUPLICATE
from engine.store.experts import SORTS
from tests.engine.stored import booking, cancelled
from tests.samples import ZOE, Sample


class Queries(monitoring.CommandListener):
    """Every query that goes over the wire: what the store really asks, not what a test believes."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.writes = 0
        """Of days."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if "days" in (event.command.get("insert"), event.command.get("update")):
            self.writes += sum(len(event.command.get(kind, ())) for kind in ("documents", "updates"))
        if event.command_name in ("find", "aggregate"):
            unwanted = ("lsid", "$db", "$clusterTime", "$readPreference", "txnNumber", "readConcern", "writeConcern")
            self.seen.append({name: value for name, value in event.command.items() if name not in unwanted})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    listener = Queries()
    from pymongo import AsyncMongoClient

    monkeypatch.setattr(
        "engine.store.AsyncMongoClient",
        lambda *args, **options: AsyncMongoClient(*args, event_listeners=[listener], **options),
    )
    return listener


def stages(plan: Any) -> Iterator[str]:
    """The names of a plan's stages, however they are nested."""
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for name, value in plan.items():
            if name != "rejectedPlans":
                yield from stages(value)
    elif isinstance(plan, list):
        for each in plan:
            yield from stages(each)


async def ask(store: Store, name: str, expert_id: str) -> None:
    experts, slots, bookings = store.experts, store.slots, store.bookings
    kind, _, rest = name.partition(" ")
    if kind == "experts":
        sort, _, category = rest.partition(" ")
        await experts.find("", category or None, sort, 2, 10)
    elif kind == "search":
        await experts.find(rest, None, "name", 1, 10)
        await experts.find(rest, "Law", "rating", 1, 10)
    elif kind == "profiles":
        await experts.by_id([expert_id, "x"])
        await experts.get(expert_id)
    elif kind == "days":
        assert [slot async for slot in slots.since([expert_id, "x"], "2020-01-01")]
    elif kind == "add":
        await slots.add([new_slot(expert_id, 4_000_000_020, 4_000_001_820)])
    elif kind == "email":
        await bookings.of_email("c7@example.com", Status(rest) if rest else None, 1, 10)
    elif kind == "expert":
        await bookings.of_expert(expert_id, Status(rest) if rest else None, 1, 10)
    elif kind == "key":
        assert await bookings.of_key("key7")
    elif kind == "seat":
        await bookings.active(f"{expert_id}-slot", 1)
    elif kind == "since":
        assert [each async for each in bookings.since([expert_id, "x"], 0)]
    elif kind == "booking":
        await bookings.get("x")


RESIDUAL = ("status", "folded", "day", "end")
"""What an index narrowed down is then filtered by. The embedded server does that, but explains it as a COLLSCAN."""


def narrowed(query: dict[str, Any]) -> dict[str, Any]:
    """The query without residual conditions."""

    def narrow(condition: dict[str, Any]) -> dict[str, Any]:
        residual = (*RESIDUAL, "category") if "grams" in condition else RESIDUAL
        return {field: value for field, value in condition.items() if field not in residual}

    if "find" in query:
        return {**query, "filter": narrow(query["filter"])}
    return {**query, "pipeline": [{"$match": narrow(query["pipeline"][0]["$match"])}, *query["pipeline"][1:]]}


def ordered_by(indexes: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether an index begins with the filter's fields and goes on in the order that is asked for."""
    wanted = [*((field, 1) for field in query["filter"] if field not in RESIDUAL), *query["sort"].items()]
    return any(index["key"][: len(wanted)] == wanted for index in indexes.values())


@pytest.mark.parametrize(
    "name",
    [
        *(f"experts {sort}" for sort in SORTS),
        *(f"experts {sort} Law" for sort in SORTS),
        "search z",
        "search zo",
        "search zoe",
        "search zoë nguyễn",
        "profiles",
        "days",
        "add",
        "email",
        "email pending",
        "expert",
        "expert pending",
        "key",
        "seat",
        "since",
        "booking",
    ],
)
async def test_a_query_reads_an_index(
    queries: Queries, settings: Settings, engine: Engine, sample: Sample, name: str
) -> None:
    """No query looks at a whole collection, and pages that everybody asks for come in the order of an index."""
    people = [replace(ZOE, id=f"{n:010}", name=f"Expert {n}", category="Law" if n % 5 else "Art") for n in range(40)]
    await engine.store.experts.put(people)
    made = [booking(sample.expert.id, n, n, email=f"c{n % 9}@example.com", idempotency=f"key{n}") for n in range(40)]
    assert await engine.store.bookings.write(made) == []
    queries.seen.clear()
    await ask(engine.store, name, sample.expert.id)
    assert queries.seen
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        database = client[settings.mongo_database]
        for query in queries.seen:
            plan = database.command({"explain": narrowed(query), "verbosity": "executionStats"})
            assert "COLLSCAN" not in set(stages(plan)), query
            assert set(stages(plan)) & {"IXSCAN", "IDHACK", "COUNT_SCAN", "EXPRESS_IXSCAN"}, (query, plan)
            if query.get("sort") and not name.startswith("search"):
                assert ordered_by(database[query["find"]].index_information(), query), query


@pytest.mark.parametrize("whose", ["email", "expert"])
async def test_bookings_of_the_same_time_stand_in_one_order(engine: Engine, whose: str) -> None:
    """They stood in that of their writing, which another member of a replica set need not share, and came twice or
    never where the pages of one were followed by those of another."""
    expert_id = new_expert_id()
    made = [replace(booking(expert_id, 0, 7), seat=seat) for seat in range(1, 8)]
    assert await engine.store.bookings.write(made) == []

    async def page(number: int) -> list[str]:
        if whose == "email":
            found = await engine.store.bookings.of_email(made[0].email, None, number, 2)
        else:
            found = await engine.store.bookings.of_expert(expert_id, None, number, 2)
        return [each.id for each in found.items]

    listed = [each for number in range(1, 5) for each in await page(number)]
    assert listed == sorted((each.id for each in made), reverse=True)


async def test_the_indexes_of_an_older_version_are_replaced(engine: Engine, settings: Settings) -> None:
    """They cost every booking, and an index may not change under its name."""
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        bookings = client[settings.mongo_database]["bookings"]
        bookings.drop_indexes()
        bookings.create_index([("emailKey", 1), ("createdAt", -1)], name="email_newest")
        bookings.create_index([("expertId", 1), ("end", 1)], name="expert_end")
        again = [await Engine.open(settings) for _ in range(2)]
        for each in again:
            await each.close()
        assert set(bookings.index_information()) == {"_id_", *(index.document["name"] for index in INDEXES["bookings"])}


async def test_a_day_of_slots_is_one_write(queries: Queries, engine: Engine, sample: Sample) -> None:
    """Each slot was one: new hours for five thousand of them took the embedded MongoDB more than the half minute after
    which they are given up."""
    day = 4_000_060_800
    slots = [new_slot(sample.expert.id, day + 300 * n, day + 300 * (n + 1)) for n in range(280)]
    await engine.store.slots.add(slots[:40])
    closed = [replace(slot, closed=True, revision=1) for slot in slots]
    before = queries.writes
    assert await engine.store.slots.write(closed) == []
    assert queries.writes == before + 1
    assert await engine.store.slots.get(slots) == closed
    assert await engine.store.slots.write([*closed[1:], slots[0]]) == slots[:1], "the newer one stays"
    assert queries.writes == before + 1, "nor is anything written that is there"


async def test_the_fences_stand(engine: Engine, settings: Settings) -> None:
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        indexes = client[settings.mongo_database]["bookings"].index_information()
    seat, key = indexes[FENCE], indexes[IDEMPOTENCY]
    assert (seat["unique"], seat["key"]) == (True, [("slotId", 1), ("seat", 1)])
    assert seat["partialFilterExpression"] == {"active": True}
    assert (key["unique"], key["key"]) == (True, [("idem", 1)])


async def test_the_fence_refuses_a_second_booking_of_a_key(engine: Engine) -> None:
    expert_id = new_expert_id()
    first, second = (booking(expert_id, n, n, idempotency="key") for n in (0, 1))
    unkeyed = [booking(expert_id, n, n) for n in (2, 3)]
    assert await engine.store.bookings.write([first, *unkeyed]) == []
    refused = await engine.store.bookings.write([second])
    assert [(each.id, wrong["code"]) for each, wrong in refused] == [(second.id, DUPLICATE)]
    assert await engine.store.bookings.of_key("key") == first


async def test_the_fence_refuses_a_second_booking_of_a_seat_and_says_which(engine: Engine) -> None:
    expert_id = new_expert_id()
    first, second, elsewhere = (booking(expert_id, n, n) for n in (0, 0, 1))
    assert await engine.store.bookings.write([first]) == []
    refused = await engine.store.bookings.write([second, elsewhere])
    assert [(each.id, wrong["code"]) for each, wrong in refused] == [(second.id, DUPLICATE)]
    assert await engine.store.bookings.get(elsewhere.id) == elsewhere
    assert await engine.store.bookings.write([second, cancelled(first)]) == [], "what frees a seat is written first"
    assert await engine.store.bookings.active(first.slot_id, 1) == second
