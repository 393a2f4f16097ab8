from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient, monitoring
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from engine.availability import Availability
from engine.engine import Engine
from engine.model import Booking, Change, Expert, Page, Status, new_booking_id, new_expert_id, new_slot
from engine.settings import Settings
from engine.store import Store
from engine.store.bookings import FENCE, IDEMPOTENCY
from engine.store.bulk import DUPLICATE
from engine.store.experts import SORTS
from tests.samples import ZOE, Sample

NAMES = [
    "Zoë Nguyễn",
    "Zoe Baker",
    "Łukasz Żółć",
    "Søren Ångström",
    "Đặng Thị Mai",
    "Bo Li",
    "Jean-Luc O’Brien",
    "A.B. (Carl) [x]+*?^$|\\{1}",
    "ZOÉ MARTIN",
    "Ümit Işık",
    "李小龍",
    "Anna Bell",
    "Bella Annan",
]


@pytest.fixture
async def experts(engine: Engine) -> list[Expert]:
    people = [
        replace(
            ZOE,
            id=f"{number:010}",
            name=name,
            category="Law" if number % 2 else "Health",
            rating=4.0 + number % 3 / 10,
            experience=number % 4,
        )
        for number, name in enumerate(NAMES)
    ]
    assert await engine.store.experts.put(people) == len(people)
    return people


async def names(engine: Engine, search: str, category: str | None = None) -> set[str]:
    page = await engine.store.experts.find(search, category, "name", 1, 100)
    found = {expert.name for expert in page.items}
    assert page.total == len(found)
    return found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("nguyen", {"Zoë Nguyễn"}),
        ("NGUYỄN", {"Zoë Nguyễn"}),
        ("zoe", {"Zoë Nguyễn", "Zoe Baker", "ZOÉ MARTIN"}),
        ("zoë n", {"Zoë Nguyễn"}),
        ("  zoe \t baker ", {"Zoe Baker"}),
        ("zolc", {"Łukasz Żółć"}),
        ("lukasz", {"Łukasz Żółć"}),
        ("soren ang", {"Søren Ångström"}),
        ("dang thi", {"Đặng Thị Mai"}),
        ("o'brien", {"Jean-Luc O’Brien"}),
        ("luc o’b", {"Jean-Luc O’Brien"}),
        ("isik", {"Ümit Işık"}),
        ("小", {"李小龍"}),
        ("小龍", {"李小龍"}),
        ("bo", {"Bo Li"}),
        ("li", {"Bo Li"}),
        ("uk", {"Łukasz Żółć"}),
        ("k", {"Zoe Baker", "Łukasz Żółć", "Ümit Işık"}),
        ("anna", {"Anna Bell", "Bella Annan"}),
        ("annabell", set()),
        ("bell anna", set()),
        ("nguyenx", set()),
    ],
)
async def test_search_ignores_case_and_accents(
    engine: Engine, experts: list[Expert], search: str, found: set[str]
) -> None:
    assert await names(engine, search) == found


@pytest.mark.parametrize("search", ["", "   ", "\t"])
async def test_an_empty_search_finds_everybody(engine: Engine, experts: list[Expert], search: str) -> None:
    assert await names(engine, search) == set(NAMES)


@pytest.mark.parametrize(
    "search",
    [
        ".*",
        "....",
        "zoe.*",
        "^zoe",
        "a|b|c|d",
        "[a-z]+",
        "(zoe)",
        "\\w+\\w+",
        "$where",
        "{1,}",
        "(?i)zoe",
        "zoe\x00",
    ],
)
async def test_what_means_something_to_a_pattern_means_nothing(
    engine: Engine, experts: list[Expert], search: str
) -> None:
    assert await names(engine, search) == set()


@pytest.mark.parametrize("search", ["a.b.", "(carl)", "[x]+*?^$|\\{1}", "*?", "\\{", ") [x]+*"])
async def test_such_characters_are_found_where_they_are(engine: Engine, experts: list[Expert], search: str) -> None:
    assert await names(engine, search) == {"A.B. (Carl) [x]+*?^$|\\{1}"}


async def test_a_search_in_a_category(engine: Engine, experts: list[Expert]) -> None:
    assert await names(engine, "zoe", "Law") == {"Zoe Baker"}
    assert await names(engine, "zoe", "None") == set()
    assert await names(engine, "", "Law") == set(NAMES[1::2])


async def pages(engine: Engine, sort: str, category: str | None, limit: int) -> list[Expert]:
    found: list[Expert] = []
    number = 1
    while True:
        page = await engine.store.experts.find("", category, sort, number, limit)
        assert page.total == (len(NAMES) if category is None else len(NAMES[1::2]))
        found += page.items
        if number == page.pages:
            return found
        number += 1


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("category", [None, "Law"])
async def test_pages_are_in_order_and_have_everybody_once(
    engine: Engine, experts: list[Expert], sort: str, category: str | None
) -> None:
    order = {
        "rating": lambda expert: (-expert.rating, expert.id),
        "experience": lambda expert: (-expert.experience, expert.id),
    }.get(sort)
    whole = await pages(engine, sort, category, 100)
    for limit in (1, 2, 5):
        assert await pages(engine, sort, category, limit) == whole
    assert {expert.id for expert in whole} == {e.id for e in experts if category in (None, e.category)}
    if order:
        assert whole == sorted(whole, key=order)


async def test_names_are_in_order_without_case_or_accents(engine: Engine, experts: list[Expert]) -> None:
    whole = [expert.name for expert in await pages(engine, "name", None, 4)]
    assert whole.index("Łukasz Żółć") < whole.index("Søren Ångström") < whole.index("Ümit Işık")
    assert whole.index("Zoe Baker") < whole.index("ZOÉ MARTIN") < whole.index("Zoë Nguyễn")


async def test_an_expert_is_read_as_written(engine: Engine, experts: list[Expert]) -> None:
    for expert in experts:
        assert await engine.store.experts.get(expert.id) == expert
    assert await engine.store.experts.by_id([experts[0].id, "nobody"]) == {experts[0].id: experts[0]}
    renamed = replace(experts[0], name="Kim Novák")
    assert await engine.store.experts.put([renamed]) == 0
    assert await engine.store.experts.get(renamed.id) == experts[0], "who is there stays"
    assert await engine.store.experts.replace(renamed)
    assert await names(engine, "novak") == {"Kim Novák"}
    assert await names(engine, "nguyen") == set()


def booking(expert_id: str, number: int, at: int, **change: Any) -> Booking:
    slot = new_slot(expert_id, 4_000_000_020 + 1800 * number, 4_000_001_820 + 1800 * number)
    return replace(
        Booking(
            new_booking_id(expert_id), 1, Status.PENDING, slot.id, 1, slot.start, slot.end, "Ann", "Ann@Example.com",
            "+493012345", "", at, at, (Change(at, None, Status.PENDING, "customer"),), None, "print",
        ),
        **change,
    )  # fmt: skip


def cancelled(booking: Booking) -> Booking:
    at = booking.updated_at + 1
    change = Change(at, booking.status, Status.CANCELLED, "customer")
    return replace(
        booking, revision=booking.revision + 1, status=Status.CANCELLED, updated_at=at,
        history=(*booking.history, change),
    )  # fmt: skip


async def test_a_booking_is_written_onto_what_it_has_come_from_only(engine: Engine) -> None:
    """Another history is another Redis' memory, however high its revision: it goes to the fence."""
    first = booking(new_expert_id(), 0, 1_700_000_000_000)
    other = replace(first, revision=2, updated_at=first.updated_at + 5, history=(*first.history, first.history[0]))
    other = replace(other, history=(first.history[0], first.history[0]._replace(at=other.updated_at)))
    assert await engine.store.bookings.write([first]) == []
    assert await engine.store.bookings.write([other]) == []
    [(refused, wrong)] = await engine.store.bookings.write([cancelled(cancelled(cancelled(first)))])
    assert (refused.revision, wrong["code"]) == (4, DUPLICATE)
    assert await engine.store.bookings.get(first.id) == other
    assert await engine.store.bookings.write([cancelled(cancelled(other))]) == []


async def test_a_customers_bookings_come_newest_first_each_once(engine: Engine) -> None:
    """Three were made in the same millisecond, where two pages could have one of them both, or none."""
    expert_id = new_expert_id()
    made = [booking(expert_id, number, 1_700_000_000_000 + number // 3) for number in range(9)]
    assert await engine.store.bookings.write(made) == []
    found: list[Booking] = []
    for number in range(1, 6):
        page: Page = await engine.store.bookings.of_email("ann@EXAMPLE.com", None, number, 2)
        assert (page.total, page.pages) == (9, 5)
        found += page.items
    assert [each.created_at for each in found] == sorted((each.created_at for each in made), reverse=True)
    assert {each.id for each in found} == {each.id for each in made}


async def test_a_customers_bookings_of_one_status(engine: Engine) -> None:
    expert_id = new_expert_id()
    made = [
        booking(expert_id, number, number, status=Status.CANCELLED if number % 2 else Status.PENDING)
        for number in range(6)
    ]
    await engine.store.bookings.write(made)
    page = await engine.store.bookings.of_email("ann@example.com", Status.CANCELLED, 1, 10)
    assert [each.created_at for each in page.items] == [5, 3, 1]
    assert (await engine.store.bookings.of_email("bob@example.com", None, 1, 10)).items == []


async def test_slots_are_added_once_whoever_adds_them(engine: Engine, sample: Sample) -> None:
    more = [new_slot(sample.expert.id, 4_000_000_020 + 1800 * n, 4_000_001_820 + 1800 * n) for n in range(60)]
    assert await engine.store.slots.add(more[:30]) == 30
    assert await engine.store.slots.add(more) == 30
    assert await engine.store.slots.add(more) == 0
    stored = [slot async for slot in engine.store.slots.since([sample.expert.id], "2090-01-01")]
    assert sorted(stored, key=lambda slot: slot.start) == more


async def test_what_several_add_at_once_is_there_once(engine: Engine, experts: list[Expert]) -> None:
    people = [replace(expert, id=new_expert_id()) for expert in experts]
    assert sum(await asyncio.gather(*(engine.store.experts.put(people) for _ in range(4)))) == len(people)
    slots = [new_slot(people[0].id, 4_000_000_020 + 1800 * n, 4_000_001_820 + 1800 * n) for n in range(60)]
    await asyncio.gather(*(engine.store.slots.add(slots) for _ in range(4)))
    assert sorted(slot.id for slot in await engine.store.slots.get(slots)) == sorted(slot.id for slot in slots)


@pytest.mark.parametrize("what", ["experts", "slots", "availabilities"])
async def test_what_no_majority_has_got_is_not_called_added(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Duplicate keys are no fault of a bulk write. That no majority acknowledged it was none either: what may not last
    was called added."""
    write, expert = AsyncCollection.bulk_write, replace(ZOE, id=new_expert_id())
    rule = Availability("Europe/Berlin", (), 60)
    slots = [new_slot(expert.id, 4_000_000_020, 4_000_001_820)]
    adding = {
        "experts": lambda: engine.store.experts.put([expert]),
        "slots": lambda: engine.store.slots.write(slots),
        "availabilities": lambda: engine.store.availabilities.add([(expert.id, rule, 0)], 0),
    }

    async def unacknowledged(*arguments: Any, **options: Any) -> None:
        await write(*arguments, **options)
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "timed out"}]})

    monkeypatch.setattr(AsyncCollection, "bulk_write", unacknowledged)
    with pytest.raises(BulkWriteError):
        await adding[what]()


async def test_a_mark_is_there_from_when_it_is_set_until_it_is_removed(engine: Engine) -> None:
    said = [await engine.mark("here", mark) for mark in (None, True, True, None, False, False, None)]
    assert said == [False, True, True, True, False, False, False]
    await engine.mark("here", True)
    assert not await engine.mark("there")


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


async def test_writers_of_one_day_do_not_undo_each_other(engine: Engine, sample: Sample) -> None:
    day = 4_000_060_800
    slots = [new_slot(sample.expert.id, day + 300 * n, day + 300 * (n + 1)) for n in range(64)]
    closed = [replace(slot, closed=True, revision=1) for slot in slots[:40]]
    store = engine.store.slots
    await store.add(slots[:20])
    answers = await asyncio.gather(
        *(store.write(closed[first : first + 5]) for first in range(0, 40, 5)),
        *(store.add(slots[first : first + 8]) for first in range(40, 64, 8)),
    )
    assert answers == [[]] * 8 + [8] * 3
    assert sorted(await store.get(slots), key=lambda slot: slot.start) == [*closed, *slots[40:]]


# --- Every query is served by an index -----------------------------------------------------------------------------


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
