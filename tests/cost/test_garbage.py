"""What a request makes is gone when it is answered: no cycles are left, which only the collector would find.

Every 409 once left thirty objects in cycles (an exception in a frame of its own traceback); to collect them stopped
a worker for some 80 ms at a time in the middle of a rush.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from sanic import Request, Sanic
from sanic.compat import Header

from api.app import create_app
from api.lane import Lane
from engine.engine import Engine
from engine.model import new_slot
from engine.settings import Settings
from tests.samples import Sample

TIMES = 60
CASES = (
    "booked",
    "taken",
    "replayed",
    "key reused",
    "no such slot",
    "invalid",
    "malformed",
    "page",
    "list",
    "my bookings",
)
OF_BOOKINGS = ("booked", "taken", "replayed", "key reused", "no such slot", "invalid", "malformed")
STATUS = dict(zip(CASES, (201, 409, 201, 422, 404, 422, 400, 200, 200, 200), strict=True))


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    opened = await Engine.open(settings.model_copy(update={"rate_limits": False}))
    yield opened
    await opened.close()


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Iterator[Sanic[Any, Any]]:
    open_to_all = {
        "access": "open",
        "rate_limits": False,
        "secret": SecretStr("q8Zr1vKp0XsW3nTb6YcLm9EhUjGfDa2o7iRxB5Vt"),
    }
    Sanic._app_registry.clear()
    app = create_app(settings.model_copy(update=open_to_all), "garbage")
    app.ctx.engine = engine
    yield app
    Sanic._app_registry.clear()


def body(sample: Sample, slot_id: str, **other: str) -> dict[str, str]:
    form = {"name": "Ann Onymous", "email": "ann@example.com", "phone": "+49 30 1234567"}
    return {"expertId": sample.expert.id, "slotId": slot_id, **form, **other}


@asynccontextmanager
async def lane(app: Sanic[Any, Any]) -> AsyncIterator[Callable[[bytes, str], Awaitable[int]]]:
    """Posts a booking's body with a key over a connection of its own; answers the status."""
    loop = asyncio.get_running_loop()
    app.signalize(allow_fail_builtin=False)
    server = await loop.create_server(lambda: Lane(loop=loop, app=app, connections=set()), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())

    async def post(content: bytes, key: str) -> int:
        head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\nIdempotency-Key: {key}"
        writer.write(f"POST /api/bookings HTTP/1.1\r\n{head}\r\n\r\n".encode() + content)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(answer.partition("content-length: ")[2].partition("\r\n")[0]))
        return int(answer.split(" ", 2)[1])

    try:
        yield post
    finally:
        writer.close()
        server.close()


@pytest.mark.parametrize(
    ("case", "way"),
    [*((case, "handler") for case in CASES), *((case, "lane") for case in CASES if case in OF_BOOKINGS)],
)
async def test_a_request_leaves_no_garbage(
    app: Sanic[Any, Any], engine: Engine, sample: Sample, case: str, way: str
) -> None:
    start = sample.group.end
    many = [new_slot(sample.expert.id, start + n * 60, start + n * 60 + 60) for n in range(2 * TIMES)]
    await engine.add_slots(many)
    await engine.book(sample.request(key="first"))

    async def ask(number: int) -> int:
        taken = sample.slots[0].id
        key, content = f"key-{number}", orjson.dumps(body(sample, taken))
        if case == "booked":
            content = orjson.dumps(body(sample, many[number].id))
        elif case in ("replayed", "key reused"):
            key = "first" if case == "key reused" else "again"
            content = orjson.dumps(body(sample, many[0].id, notes="another"))
        elif case == "no such slot":
            content = orjson.dumps(body(sample, f"{sample.expert.id}-nothing"))
        elif case == "invalid":
            content = orjson.dumps(body(sample, taken, email="ann", phone="1"))
        elif case == "malformed":
            content = b'{"expertId": '
        method, path, parameters = {
            "page": ("GET", "/api/experts/{expert_id}", {"expert_id": sample.expert.id}),
            "list": ("GET", "/api/experts", {}),
            "my bookings": ("GET", "/api/bookings", {}),
        }.get(case, ("POST", "/api/bookings", {}))
        url = path.replace("{expert_id}", sample.expert.id) + (
            "?email=ann@example.com" if case == "my bookings" else ""
        )
        if way == "lane":
            return await post(content, key)
        headers = Header({"host": "x", "content-type": "application/json", "idempotency-key": key})
        request = Request(url.encode(), headers, "1.1", method, None, app)  # type: ignore[arg-type]
        request.body = content
        answer = await app.ctx.handlers[method, path](request, **parameters)
        return int(answer.status)

    async with lane(app) as post:
        for number in range(TIMES):
            assert await ask(number) == STATUS[case]
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            for number in range(TIMES, 2 * TIMES):
                await ask(number)
            gc.collect()
            left = Counter(type(thing).__name__ for thing in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
    assert sum(left.values()) < TIMES, f"of {TIMES} requests: {left.most_common(8)}"
