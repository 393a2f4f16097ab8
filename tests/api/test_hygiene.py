"""What browsers are told, what nobody is told, and clients that take their time."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import orjson
import pytest

from engine.engine import Engine
from engine.stack import MongoServer
from tests.api.callers import token_of
from tests.api.serving import Server, eventually, order, serving
from tests.api.test_lane import raw
from tests.api.test_shutdown import frozen_mongo
from tests.live.raw import HANDSHAKE, Raw
from tests.samples import Sample

FRIEND = "http://localhost:8081"
HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


@pytest.fixture(scope="module")
def friendly(server: Server, mongo_server: MongoServer) -> Iterator[Server]:
    """One that lets pages of another origin in, is reached by TLS, and has little patience."""
    with serving(
        server.redis, mongo_server, "api", server.settings.data_dir, workers=1, access="verified",
        cors_origins=FRIEND, public_url="https://book.example.com", request_timeout=1.0,
    ) as served:  # fmt: skip
        yield served


# Headers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/api/experts", "/api/experts/nobody", "/nothing", "/docs", "/%00"])
async def test_every_answer_has_its_headers_and_says_nothing_of_the_server(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    assert "sanic" not in (answer.text + str(answer.headers)).lower()
    assert "access-control-allow-origin" not in answer.headers
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_no_page_may_do_nothing_as_one(client: httpx.AsyncClient) -> None:
    for path in ("/api/experts", "/nothing", "/metrics"):
        policy = (await client.get(path)).headers["content-security-policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"


async def test_a_page_loads_from_its_own_server_alone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs")
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    host = httpx.URL(str(client.base_url)).netloc.decode()
    assert rules["default-src"] == "'self'"
    assert rules["script-src"] == "'self'", "no script in the page"
    assert "'unsafe-inline'" not in rules["style-src"], "the style sheets that a page may carry are named by their hash"
    assert rules["img-src"] == "'self' data:"
    assert rules["connect-src"].split() == ["'self'", f"ws://{host}", f"wss://{host}"]
    assert (rules["frame-ancestors"], rules["object-src"], rules["base-uri"]) == ("'none'",) * 3
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", ["evil.example; script-src *", "a b", "a'b", "<script>"])
async def test_a_host_cannot_write_into_the_policy(client: httpx.AsyncClient, host: str) -> None:
    policy = (await client.get("/docs", headers={"host": host})).headers.get("content-security-policy", "")
    assert "ws:" not in policy
    assert "script-src *" not in policy


async def test_behind_tls_browsers_are_told_to_stay_there(friendly: Server) -> None:
    async with httpx.AsyncClient(base_url=friendly.base) as client:
        assert "max-age=" in (await client.get("/docs")).headers["strict-transport-security"]


# CORS ----------------------------------------------------------------------------------------------------------------


async def ask_first(client: httpx.AsyncClient, origin: str, path: str = "/api/bookings") -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, idempotency-key",
    }
    return await client.options(path, headers=headers)


async def test_pages_elsewhere_are_kept_out_by_default(client: httpx.AsyncClient) -> None:
    refused = await ask_first(client, FRIEND)
    assert refused.status_code == 405
    answer = await client.get("/api/experts", headers={"origin": FRIEND})
    assert not [name for name in {**refused.headers, **answer.headers} if name.startswith("access-control")]


async def test_a_page_that_was_named_may_call(friendly: Server) -> None:
    async with httpx.AsyncClient(base_url=friendly.base) as client:
        asked = await ask_first(client, FRIEND)
        assert (asked.status_code, asked.content) == (204, b"")
        assert asked.headers["access-control-allow-origin"] == FRIEND
        assert "POST" in asked.headers["access-control-allow-methods"]
        allowed = {name.strip().lower() for name in asked.headers["access-control-allow-headers"].split(",")}
        assert allowed >= {"authorization", "content-type", "idempotency-key"}
        assert "access-control-allow-credentials" not in asked.headers, "tokens, no cookies"
        for path in ("/api/experts", "/api/bookings/nobody-1", "/nothing"):
            answer = await client.get(path, headers={"origin": FRIEND})
            assert answer.headers["access-control-allow-origin"] == FRIEND, "errors are for it to read, too"
            told = set(answer.headers["access-control-expose-headers"].split(", "))
            assert told >= {"Date", "Location", "Retry-After", "X-Request-Id"}, "what the app looks at"
            assert answer.headers["vary"] == "Origin"
        refused = await ask_first(client, FRIEND, "/nothing")
        assert refused.status_code == 404


@pytest.mark.parametrize("origin", ["http://localhost:8082", "null", "http://localhost:8081.evil.example", "*", ""])
async def test_a_page_that_was_not_named_may_not(friendly: Server, origin: str) -> None:
    async with httpx.AsyncClient(base_url=friendly.base) as client:
        for answer in (await ask_first(client, origin), await client.get("/api/experts", headers={"origin": origin})):
            assert "access-control-allow-origin" not in answer.headers


# Slow clients --------------------------------------------------------------------------------------------------------


async def connect(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = server.base.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /api/holds HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 1000\r\n\r\n{",
        b"GET /api/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nContent-Length: 1000\r\n\r\n{",
    ],
    ids=["head", "body", "body of what asks for a WebSocket", "body of a handshake"],
)
async def test_slow_clients_do_not_hold_a_worker(friendly: Server, head: bytes) -> None:
    """A byte now and then: they are ended when their time is over, and nobody else waits meanwhile."""
    slow = [await connect(friendly) for _ in range(50)]
    began = time.monotonic()
    for _, writer in slow:
        writer.write(head)
    ended = asyncio.gather(*(reader.read() for reader, _ in slow))

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.3)
            for _, writer in slow:
                if not writer.is_closing():
                    writer.write(b"x")

    dripping = asyncio.create_task(drip())
    try:
        async with httpx.AsyncClient(base_url=friendly.base, timeout=10) as client:
            for _ in range(10):
                assert (await client.get("/healthz")).status_code == 200
        answers = await asyncio.wait_for(asyncio.shield(ended), 30)
    finally:
        dripping.cancel()
        for _, writer in slow:
            writer.close()
    assert time.monotonic() - began >= 0.9
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 408 "), answer[:200]
        assert b'"code":"request-timeout"' in answer


async def test_half_a_request_behind_one_that_takes_long_has_its_own_time(
    server: Server, mongo_server: MongoServer, sample: Sample
) -> None:
    """It was ended with the other's clock: as soon as that was answered."""
    with serving(
        server.redis, mongo_server, "api", server.settings.data_dir, workers=1, request_timeout=1.0
    ) as served:  # fmt: skip
        reader, writer = await connect(served)
        with frozen_mongo(served):
            writer.write(raw(orjson.dumps(order(sample))) + b"GET /hea")
            await asyncio.sleep(1.5)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201 ")
        answered = time.monotonic()
        assert b"HTTP/1.1 408 " in await reader.read()
        assert time.monotonic() - answered >= 0.9
        writer.close()


async def test_an_empty_line_behind_a_request_is_not_the_begin_of_another(friendly: Server) -> None:
    """Its clock does not run, and the connection is kept."""
    reader, writer = await connect(friendly)
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    writer.write(ask + b"\r\n")
    assert (await reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200 ")
    await asyncio.sleep(1.8)
    writer.write(ask)
    assert (await reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_worker_that_stops_ends_a_connection_on_which_an_empty_line_has_come(
    server: Server, mongo_server: MongoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is idle. Sanic failed at naming the request that it took to be under way."""
    with serving(server.redis, mongo_server, "api", server.settings.data_dir, workers=1) as served:
        reader, writer = await connect(served)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\r\n")
        assert (await reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200 ")
        began = time.monotonic()
        await asyncio.to_thread(served.workers.stop)
        assert time.monotonic() - began < 5
        assert await reader.read() == b""
        writer.close()
    assert '"error"' not in "".join(capfd.readouterr())


async def test_a_handshake_that_takes_its_time_is_one_all_the_same(
    server: Server, mongo_server: MongoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its body comes when the clock has been looked at, which is each half second. Sanic still expects no answer."""
    with serving(
        server.redis, mongo_server, "api", server.settings.data_dir, workers=1, request_timeout=1.0
    ) as served:  # fmt: skip
        async with await Raw.connect(served.base) as raw:
            lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
            raw.send(f"GET /api/live HTTP/1.1\r\n{lines}Content-Length: 2\r\n\r\n1".encode())
            await asyncio.sleep(0.7)
            raw.send(b"2")
            assert (await raw.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            raw.say(type="ping")
            assert await raw.hear() == {"type": "pong"}
    assert '"error"' not in "".join(capfd.readouterr())


# Logs ----------------------------------------------------------------------------------------------------------------


async def test_the_log_names_requests_and_nothing_personal(
    server: Server, mongo_server: MongoServer, engine: Engine, sample: Sample, capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    """At its most talkative, whatever goes right or wrong."""
    mark = f"mark{secrets.token_hex(6)}"
    email = f"{mark}@example.com"
    with serving(
        server.redis, mongo_server, "api", server.settings.data_dir, workers=1, access="verified", log_level="debug",
        smtp_url="smtp://127.0.0.1:1",
    ) as served:  # fmt: skip
        async with httpx.AsyncClient(base_url=served.base, timeout=30) as client:
            token = await token_of(client, engine, email)
            own = {"authorization": f"Bearer {token}", "idempotency-key": mark, "user-agent": mark, "cookie": mark}
            body = order(sample, name=f"Name {mark}", email=email, notes=mark, phone="+49 30 98765432")
            made = await client.post("/api/bookings", json=body, headers=own)
            assert made.status_code == 201
            access = made.json()["accessToken"]
            await client.post("/api/bookings", json={**body, "name": mark * 50, "phone": mark}, headers=own)
            await client.post("/api/bookings", content=mark, headers=own)
            await client.get("/api/bookings", params={"email": email}, headers=own)
            await client.get(made.headers["location"], headers={"authorization": f"Bearer {access}"})
            await client.get(f"/{mark}?email={email}", headers={"authorization": f"Bearer {mark}"})
            await client.get("/api/bookings", params={"email": email}, headers={"authorization": f"Basic {mark}"})
            await client.post("/api/access/codes", json={"email": email})
            await client.post("/api/access/tokens", json={"email": email, "code": "123456"})
            status = f"{made.headers['location']}/status"
            await client.patch(status, json={"status": "cancelled", "reason": mark}, headers=own)
            host, _, port = served.base.removeprefix("http://").partition(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /{mark} HTTP/9.9\r\nx: {mark}\r\n\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.5)
            writer.close()
    logged = "".join(capfd.readouterr())
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert any("a code was not sent" in line["event"] and line["request_id"] for line in lines)
    secret = served.settings.key().decode()
    assert served.settings.admin_token is not None
    admin = served.settings.admin_token.get_secret_value()
    for private in (mark, "98765432", token, access, secret, admin):
        assert private not in logged, re.findall(rf".*{re.escape(private)}.*", logged)[:3]


async def test_what_can_be_read_can_be_asked_for_its_header_alone(client: httpx.AsyncClient, sample: Sample) -> None:
    """RFC 9110, 9.1. Monitors do so."""
    expert = sample.expert.id
    for path in ("/healthz", "/readyz", "/api/experts", f"/api/experts/{expert}", f"/avatars/{expert}", "/docs"):
        whole, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]
    refused = await client.head(f"/api/experts/{expert[:-1]}")
    assert (refused.status_code, refused.content) == (404, b"")
    assert (await client.head("/api/bookings/x/status")).status_code == 405


async def test_a_picture_follows_the_name(client: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
    """It was good for a day, whatever the expert was called by then."""
    path = f"/avatars/{sample.expert.id}"
    first = await client.get(path)
    known = {"if-none-match": first.headers["etag"]}
    same = await client.get(path, headers=known)
    assert (same.status_code, same.content) == (304, b"")
    await engine.replace_expert(replace(sample.expert, name="Ann Bee"))

    async def is_another() -> bool:
        other = await client.get(path, headers=known)
        return other.status_code == 200 and b">AB<" in other.content

    await eventually(is_another)
    assert "max-age=300" in first.headers["cache-control"]


@pytest.mark.parametrize("spelt", ["W/{}", '"x", {}', '"x",W/{} , "y"', "*"])
async def test_a_picture_is_known_however_its_tag_is_spelt(
    client: httpx.AsyncClient, sample: Sample, spelt: str
) -> None:
    """A proxy that compresses makes a weak tag of it: every picture was sent again."""
    path = f"/avatars/{sample.expert.id}"
    tag = (await client.get(path)).headers["etag"]
    assert (await client.get(path, headers={"if-none-match": spelt.format(tag)})).status_code == 304
    if spelt != "*":
        assert (await client.get(path, headers={"if-none-match": spelt.format('"z"')})).status_code == 200


async def test_an_expectation_that_cannot_be_met_has_a_code_of_its_own(server: Server) -> None:
    answer = await asyncio.to_thread(httpx.post, f"{server.base}/api/holds", json={}, headers={"expect": "tea"})
    assert (answer.status_code, answer.json()["code"]) == (417, "expectation-failed")
    assert f'id="{answer.json()["code"]}"' in httpx.get(f"{server.base}/docs/errors").text
