"""Who may open a live socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from engine.stack import MongoServer
from tests.api.serving import Server, serving

FRIEND = "http://localhost:8081"


@pytest.fixture(scope="module")
def guarded(server: Server, mongo_server: MongoServer) -> Iterator[Server]:
    with serving(
        server.redis, mongo_server, "live", server.settings.data_dir, workers=1, rate_limits=True,
        sockets_per_address=3, cors_origins=FRIEND, trusted_proxies="127.0.0.1",
    ) as served:  # fmt: skip
        yield served


async def served(socket: ClientConnection) -> bool:
    await socket.send('{"type":"ping"}')
    async with asyncio.timeout(5):
        return await socket.recv() == '{"type":"pong"}'


async def knock(server: Server, origin: str | None, address: str = "198.51.100.1") -> int:
    """The status of the answer."""
    url = server.base.replace("http", "ws") + "/api/live"
    try:
        async with connect(url, origin=origin, additional_headers={"x-forwarded-for": address}) as socket:  # type: ignore[arg-type]
            assert await served(socket)
    except InvalidStatus as refusal:
        return refusal.response.status_code
    return 101


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, 101),  # an app, not a page
        ("same", 101),
        (FRIEND, 101),
        ("http://localhost:8082", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("same.evil.example", 403),
        ("http://[", 403),
    ],
)
async def test_only_pages_of_ours_and_of_friends_may_connect(
    guarded: Server, origin: str | None, expected: int
) -> None:
    """Else any page could watch in the name, and from the network, of whoever looks at it."""
    if origin and origin.startswith("same"):
        origin = guarded.base + origin.removeprefix("same")
    assert await knock(guarded, origin) == expected


async def test_an_address_has_so_many_sockets(guarded: Server) -> None:
    url = guarded.base.replace("http", "ws") + "/api/live"
    here = {"x-forwarded-for": "198.51.100.2"}
    mine = [await connect(url, additional_headers=here) for _ in range(3)]
    try:
        assert all([await served(socket) for socket in mine])
        assert await knock(guarded, None, "198.51.100.2") == 429
        assert await knock(guarded, None, "198.51.100.3") == 101
        assert all([await served(socket) for socket in mine]), "those that are in stay in"
        await mine.pop().close()
        for _ in range(100):
            if await knock(guarded, None, "198.51.100.2") == 101:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the place of the one that left stays taken")
    finally:
        for socket in mine:
            await socket.close()
