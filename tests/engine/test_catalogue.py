"""What a worker keeps of the catalogue, and what it does without Redis."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from api.experts import MOST, MOST_BYTES, Pages, Rendered
from engine import catalogue
from engine.availability import WEEKDAYS
from engine.catalogue import MOST_PAGES, Cache
from engine.cli.seed import fill
from engine.engine import Engine
from engine.errors import ExpertNotFound, StoreUnavailable
from engine.forms import AvailabilityForm, ExpertForm
from engine.model import Calendar, new_expert_id, new_slot
from engine.seeding import seed
from engine.settings import Settings
from engine.stack import RedisServer
from tests.samples import ZOE, Sample


async def test_whoever_searches_for_other_words_each_time_fills_no_memory(engine: Engine, sample: Sample) -> None:
    """Four thousand searches took 500 MB of a worker, and pages that were out of date stayed."""
    for number in range(MOST_PAGES + 50):
        await engine.find_experts(f"nobody {number}", None, "rating", 1, 20)
    assert len(engine.catalogue._pages._values) == MOST_PAGES


async def test_a_search_in_other_letters_is_the_same_search(engine: Engine, sample: Sample) -> None:
    first, _ = await engine.find_experts("Nguyễn", None, "rating", 1, 20)
    second, _ = await engine.find_experts("  NGUYEN ", None, "rating", 1, 20)
    assert second is first


async def test_the_least_recently_read_goes_first() -> None:
    cache, reads = Cache(60, 2), list[str]()

    async def value(key: str) -> str:
        async def read() -> str:
            reads.append(key)
            return key

        return await cache.get(key, read)

    for key in ("a", "b", "c", "b", "c", "a"):
        assert await value(key) == key
    assert reads == ["a", "b", "c", "a"]


def test_rendered_calendars_are_kept_up_to_so_many_bytes() -> None:
    """Each other ``to=`` is another rendering of a calendar that may have thousands of slots."""
    pages, calendar = Pages(), Calendar("x", "e", 1, ())
    size = MOST_BYTES // 10
    for number in range(35):
        pages.keep(("x", str(number % 30)), Rendered(calendar, ZOE, 0.0, bytes(size)))
        assert pages.size == sum(len(key[1]) + len(each.body) for key, each in pages.items()) <= MOST_BYTES
    assert [query for _, query in pages] == [str(number % 30) for number in range(26, 35)]
    for number in range(MOST + 100):
        pages.keep(("x", "&" * 5000 + str(number)), Rendered(calendar, ZOE, 0.0, b""))
    assert len(pages) <= MOST
    assert pages.size == sum(len(query) for _, query in pages), "a query may be longer than its answer"


async def test_without_redis_the_catalogue_can_be_browsed(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One master of a cluster that was away made a 503 of every list, only for want of the next open slots."""

    async def away(expert_id: str) -> Calendar:
        raise StoreUnavailable

    monkeypatch.setattr(engine.calendars, "get", away)
    page, openings = await engine.find_experts("", None, "rating", 1, 20)
    assert sample.expert in page.items
    assert openings[sample.expert.id] is None

    async def silent(expert_id: str) -> Calendar:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(engine.calendars, "get", silent)
    monkeypatch.setattr(catalogue, "OPENINGS", 0.05)
    async with asyncio.timeout(2):
        page, openings = await engine.find_experts("", None, "name", 1, 20)
    assert openings[sample.expert.id] is None


async def test_an_expert_who_was_added_is_not_denied_because_nobody_could_be_told(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was 503, nothing happened, and each retry added one more."""

    async def away(*command: object, at: str | None = None) -> object:
        raise StoreUnavailable

    profile = {
        "name": "Ann Bee", "category": "Law", "headline": "x", "languages": ["English"], "timeZone": "UTC",
        "experience": 1, "email": "ann@example.com", "phone": "+49301234567",
    }  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(engine.calls, "command", away)
        added = await engine.admin.add_expert(ExpertForm(**profile))
    assert await engine.expert(added.expert.id) == added.expert


async def test_a_redis_that_says_nothing_keeps_no_administrator_waiting(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change was in MongoDB, and the answer came six seconds later: there was a Redis to tell it to."""
    monkeypatch.setattr("engine.experts.PATIENCE", 0.3)
    with RedisServer(tmp_path / "redis") as server:
        engine = await Engine.open(settings.model_copy(update={"redis_url": server.url}))
        try:
            expert = replace(ZOE, id=new_expert_id())
            await engine.add_experts([expert])
            os.kill(server.pid, signal.SIGSTOP)
            began = time.monotonic()
            await engine.replace_expert(replace(expert, name="Zoë Roux"))
            assert time.monotonic() - began < 1.5
            assert (await engine.expert(expert.id)).name == "Zoë Roux"
        finally:
            os.kill(server.pid, signal.SIGCONT)
            await engine.close()


async def test_an_edit_does_not_bring_a_removed_expert_back(engine: Engine, sample: Sample) -> None:
    await engine.remove_expert(sample.expert.id)
    with pytest.raises(ExpertNotFound):
        await engine.replace_expert(replace(sample.expert, name="Zoe"))
    with pytest.raises(ExpertNotFound):
        await engine.expert(sample.expert.id)


async def test_adding_an_expert_who_is_there_changes_nothing(engine: Engine, sample: Sample) -> None:
    """`slotline seed` gave sample experts their sample names and addresses back, and said: nothing new."""
    other = replace(ZOE, id=new_expert_id())
    assert await engine.add_experts([replace(sample.expert, name="Somebody Else"), other]) == 1
    assert await engine.expert(sample.expert.id) == sample.expert


async def test_seeding_leaves_what_has_been_edited(engine: Engine) -> None:
    await seed(engine, experts=3, weeks=1)
    [first, *_] = [expert_id async for expert_id in engine.store.experts.ids()]
    edited = replace(await engine.expert(first), name="Another Name", email="real@example.org")
    await engine.replace_expert(edited)
    assert (await seed(engine, experts=3, weeks=1)).experts == 0
    assert await engine.expert(first) == edited


async def test_seeding_puts_nothing_on_sale_beside_other_hours_or_slots(engine: Engine) -> None:
    """More weeks, or a later day: slots by the sample's hours came on sale amidst those by the hours that the experts
    have now, or those that were added by hand, and an expert could be booked twice at a time."""
    await seed(engine, experts=3, weeks=1)
    [first, second, third] = [expert_id async for expert_id in engine.store.experts.ids()]
    hours = AvailabilityForm.model_validate(
        {
            "weekly": [{"weekday": day, "opens": "00:10", "closes": "23:50"} for day in WEEKDAYS],
            "slotMinutes": 40,
            "windowDays": 21,
        }
    )
    await engine.admin.set_availability(first, hours)
    theirs = (await engine.calendar(first)).slots
    [*_, last] = (await engine.calendar(second)).slots
    week = 7 * 86_400
    start = last.start + week + 300
    await engine.admin.add_slots(second, [new_slot(second, start, last.end + week, 1)])
    before = len((await engine.calendar(third)).slots)

    seeded = await seed(engine, experts=3, weeks=3)

    assert (await engine.calendar(first)).slots == theirs
    slots = [slot for slot in (await engine.calendar(second)).slots if not slot.closed]
    assert [one for one, next_one in pairwise(slots) if one.end > next_one.start] == []
    assert len((await engine.calendar(third)).slots) > before * 2
    assert (await seed(engine, experts=3, weeks=3)).slots == 0 < seeded.slots


async def test_what_was_interrupted_goes_on_at_the_next_start(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second `make run` found forty experts, and left them without a slot for good."""

    class Interrupted(Exception):
        pass

    async def breaks(engine: Engine, slots: object) -> int:
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "add_slots", breaks)
        with pytest.raises(Interrupted):
            await fill(settings, 3, 1, 5, only_if_empty=True)
    known, seeded = await fill(settings, 3, 1, 5, only_if_empty=True)
    assert known == 3
    assert seeded is not None
    assert seeded.slots > 0
    [first, *_] = [expert_id async for expert_id in engine.store.experts.ids()]
    await engine.admin.remove_expert(first, "cancel", None)
    assert await fill(settings, 3, 1, 5, only_if_empty=True) == (2, None), "and nobody who was removed comes back"


async def test_another_number_of_partitions_is_refused(engine: Engine) -> None:
    """Each expert would have been looked for elsewhere, and found without bookings."""
    settings = engine.settings.model_copy(update={"partitions": engine.settings.partitions + 1})
    with pytest.raises(StoreUnavailable, match=f"made with PARTITIONS={engine.settings.partitions}"):
        await Engine.open(settings)
