from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import connect

from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from tests.api.serving import Server, one_client_a_worker, serving
from tests.live.watching import Watch, Watcher


@pytest.fixture(scope="session")
def server(mongo_server: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, on a Redis that no other test wipes."""
    folder = tmp_path_factory.mktemp("live")
    with RedisServer(folder / "redis", persist=False) as redis, serving(redis, mongo_server, "live", folder) as served:
        yield served


@pytest.fixture(scope="session")
def settings(server: Server) -> Settings:
    return server.settings


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    """One of our own beside the workers', for what the API does not offer; makes the ``sample`` of each test."""
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.base, timeout=30) as opened:
        yield opened


@pytest.fixture
async def each_worker(server: Server) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with one_client_a_worker(server) as clients:
        yield clients


@pytest.fixture
async def watch(server: Server) -> AsyncIterator[Watch]:
    """``await watch()`` opens a socket."""
    async with AsyncExitStack() as sockets:

        async def open_socket() -> Watcher:
            url = server.base.replace("http", "ws") + "/api/live"
            return Watcher(await sockets.enter_async_context(connect(url, compression=None)))

        yield open_socket


@pytest.fixture
async def watcher(watch: Watch) -> Watcher:
    return await watch()
