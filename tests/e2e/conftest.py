"""Headless Chromium on the app as the server sends it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import redis as redis_client
from playwright.async_api import Browser, async_playwright

from engine.engine import Engine
from engine.stack import MongoServer, RedisServer
from tests.e2e.person import FLAGS, Person
from tests.e2e.site import Site, site
from tests.needs import chromium, web_build
from tests.samples import Sample, make_sample

People = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    web_build()
    path = chromium()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("e2e-redis"), persist=False) as server:
        yield server


@pytest.fixture(scope="module")
def knobs() -> dict[str, object]:
    """Settings of the module's own; a module that has some defines this anew."""
    return {}


@pytest.fixture(scope="module")
def served(
    browser: Browser,
    redis: RedisServer,
    mongo_server: MongoServer,
    knobs: dict[str, object],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A server for the tests of one module, with ACCESS=verified and the limits off; no browser, no server."""
    with redis_client.Redis.from_url(redis.url) as wiping:
        wiping.flushall()
    name = request.module.__name__.rpartition(".")[2]
    with site(redis, mongo_server, name, tmp_path_factory.mktemp(name), **knobs) as running:
        yield running


@pytest.fixture
async def engine(served: Site) -> AsyncIterator[Engine]:
    """One of our own beside the workers', to make what the tests start from."""
    opened = await Engine.open(served.settings)
    yield opened
    await opened.close()


@pytest.fixture
async def sample(engine: Engine, request: pytest.FixtureRequest) -> Sample:
    """An expert with slots from two hours ahead, whose name no other test has."""
    name = f"Zoë {request.node.name.replace('test_', '').replace('_', ' ')[:40].strip().title()}"
    return await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200, name=name)


@pytest.fixture
async def people(browser: Browser, served: Site) -> AsyncIterator[People]:
    """``await people()`` is somebody with a browser of their own; what goes wrong in it is told at the end."""
    opened: list[Person] = []

    async def arrive(**options: object) -> Person:
        person = await Person.arrive(browser, served.base, **options)
        opened.append(person)
        return person

    yield arrive
    for person in opened:
        await person.leave()
    assert not [fault for person in opened for fault in person.faults]
