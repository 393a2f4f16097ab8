from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from engine.model import Expert, new_expert_id
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from tests.api.contract import Contract
from tests.api.serving import Add, Server, eventually, one_client_a_worker, serving
from tests.samples import ZOE


@pytest.fixture(scope="session")
def server(mongo_server: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, on a Redis that no other test wipes."""
    folder = tmp_path_factory.mktemp("api")
    with RedisServer(folder / "redis", persist=False) as redis, serving(redis, mongo_server, "api", folder) as served:
        yield served


@pytest.fixture(scope="session")
def verified(server: Server, mongo_server: MongoServer) -> Iterator[Server]:
    """A worker with ``ACCESS=verified`` beside the open ones: the same data, the same secrets."""
    folder = server.settings.data_dir
    with serving(server.redis, mongo_server, "api", folder, workers=1, access="verified") as served:
        yield served


@pytest.fixture(scope="session")
def admin_headers(server: Server) -> dict[str, str]:
    assert server.settings.admin_token is not None
    return {"authorization": f"Bearer {server.settings.admin_token.get_secret_value()}"}


@pytest.fixture(scope="session")
def settings(server: Server) -> Settings:
    return server.settings


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    """One of our own beside the workers', for what the API does not offer; makes the ``sample`` of each test."""
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def contract(server: Server) -> Contract:
    async with httpx.AsyncClient(base_url=server.base) as plain:
        return Contract((await plain.get("/openapi.json")).json())


@pytest.fixture
async def client(server: Server, contract: Contract) -> AsyncIterator[httpx.AsyncClient]:
    """Every answer it gets is held against the OpenAPI document."""

    async def check(answer: httpx.Response) -> None:
        await answer.aread()
        contract.check(answer)

    async with httpx.AsyncClient(base_url=server.base, timeout=30, event_hooks={"response": [check]}) as opened:
        yield opened


@pytest.fixture
async def each_worker(server: Server) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client a worker."""
    async with one_client_a_worker(server) as clients:
        yield clients


@pytest.fixture(scope="module")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RedisServer, MongoServer]]:
    """Servers for tests that stop and kill them."""
    folder = tmp_path_factory.mktemp("frail")
    with RedisServer(folder / "redis") as redis, MongoServer(folder / "mongo") as mongo:
        yield redis, mongo


@pytest.fixture
def category() -> str:
    """One that no other test has."""
    return f"Trade {secrets.token_hex(6)}"


@pytest.fixture
async def add(engine: Engine, category: str, client: httpx.AsyncClient) -> Add:
    """``await add("Ada", "Bo", rating=4.0)`` adds experts of this test's category, visible to every worker."""

    async def put(*names: str, **profile: Any) -> list[Expert]:
        experts = [replace(ZOE, id=new_expert_id(), name=name, category=category, **profile) for name in names]
        await engine.add_experts(experts)
        known: list[Expert] = [*made, *experts]
        made.extend(experts)

        async def all_there() -> bool:
            found = [await client.get("/api/experts", params={"category": category}) for _ in range(4)]
            return all(answer.json()["total"] == len(known) for answer in found)

        await eventually(all_there)
        return experts

    made: list[Expert] = []
    return put
