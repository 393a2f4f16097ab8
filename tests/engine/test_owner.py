"""A Redis is for one database. Two of them took each other's slots off sale (`slotline audit --repair`)."""

from __future__ import annotations

import asyncio

import pytest

from engine.cli.reach import redis_client
from engine.engine import Engine
from engine.errors import WrongRedis
from engine.settings import Settings
from tests.samples import Sample


@pytest.fixture
async def theirs(settings: Settings) -> Settings:
    """Another Slotline, on the same Redis."""
    return settings.model_copy(update={"mongo_database": f"{settings.mongo_database}_theirs"})


async def is_refused(theirs: Settings, ours: Settings) -> bool:
    with pytest.raises(WrongRedis) as refusal:
        await Engine.open(theirs, reconciles=False)
    said = f"whose database is {ours.mongo_database}, and not to that of {theirs.mongo_database}: "
    return said in str(refusal.value)


async def opens(settings: Settings) -> bool:
    await (await Engine.open(settings)).close()
    return True


async def test_nobody_starts_on_the_redis_of_another_database(
    engine: Engine, sample: Sample, settings: Settings, theirs: Settings
) -> None:
    before = await engine.calendar(sample.expert.id)
    for _ in range(2):
        assert await is_refused(theirs, settings)
    assert await engine.calendar(sample.expert.id) == before
    assert await opens(settings)


async def test_whoever_builds_an_emptied_redis_again_keeps_it(
    engine: Engine, sample: Sample, settings: Settings, theirs: Settings
) -> None:
    await engine.calls.command("FLUSHALL")
    engine.rebuilder.wake()
    async with asyncio.timeout(10):
        while await engine.rebuilder.missing():
            await asyncio.sleep(0.02)
    assert await is_refused(theirs, settings)
    assert (await engine.book(sample.request())).durable


async def test_who_finds_another_owner_builds_nothing_there(engine: Engine) -> None:
    emptied = engine.keys.partitions[1]
    await engine.calls.command("SET", engine.keys.owner, "0123456789abcdef theirs")
    await engine.calls.command("DEL", emptied.epoch)
    with pytest.raises(WrongRedis):
        await engine.rebuilder.ensure()
    assert await engine.rebuilder.missing() == [emptied]


async def test_an_emptied_redis_goes_to_the_next_that_starts(settings: Settings, theirs: Settings) -> None:
    assert await opens(settings)
    with redis_client(settings.redis_url) as client:  # nobody is there who would build it again
        client.flushall()
    assert await opens(theirs)
    assert await is_refused(settings, theirs)


async def test_the_stores_of_a_version_that_knew_no_owner_are_taken_over(
    engine: Engine, sample: Sample, settings: Settings, theirs: Settings
) -> None:
    """Nor is MongoDB refused when it is restored from a backup of that time, and Redis has been taken meanwhile."""
    for _ in range(2):
        await engine.store._database["settings"].update_one({"_id": "partitions"}, {"$unset": {"database": 1}})
        await engine.calls.command("DEL", engine.keys.owner)
        for _ in range(2):
            assert await opens(settings)
        assert await is_refused(theirs, settings)
    assert (await engine.book(sample.request())).durable


async def test_of_two_that_start_at_once_one_has_it(settings: Settings, theirs: Settings) -> None:
    opened = await asyncio.gather(*(Engine.open(each) for each in (settings, theirs) * 2), return_exceptions=True)
    kinds = [type(each) for each in opened]
    for each in opened:
        if isinstance(each, Engine):
            await each.close()
    assert kinds in ([Engine, WrongRedis] * 2, [WrongRedis, Engine] * 2)
