"""Every refusal, as the client gets it. The ``client`` holds each against the schema of a problem."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sanic import Sanic
from sanic.exceptions import ServiceUnavailable

from api.app import create_app
from api.problems import from_sanic
from engine.settings import Settings
from tests.api.contract import PROBLEM, Contract
from tests.api.serving import Server, order
from tests.samples import Sample

JSON = {"content-type": "application/json"}


async def post(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    return await client.post("/api/bookings", content=body, headers={**JSON, **headers})


def assert_problem(answer: httpx.Response, status: int, code: str, *more: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == PROBLEM
    assert set(answer.json()) == {"type", "title", "status", "detail", "code", "requestId", *more}
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'name': 1}", b"nonsense", b'{"a":1}}', b"\xff\xfe{}", b'{"name": "\xff"}']
)
async def test_a_body_that_is_not_json(client: httpx.AsyncClient, body: bytes) -> None:
    assert_problem(await post(client, body), 400, "malformed-json")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "", None])
async def test_a_body_that_does_not_say_it_is_json(
    client: httpx.AsyncClient, sample: Sample, media: str | None
) -> None:
    headers = {} if media is None else {"content-type": media}
    body = httpx.Request("POST", "http://x", json=order(sample)).content
    answer = await client.post("/api/bookings", content=body, headers=headers)
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
async def test_a_body_may_say_so_in_other_words(client: httpx.AsyncClient, sample: Sample, media: str) -> None:
    body = httpx.Request("POST", "http://x", json=order(sample)).content
    answer = await client.post("/api/bookings", content=body, headers={"content-type": media})
    assert answer.status_code == 201


async def test_a_body_that_is_too_large(client: httpx.AsyncClient, server: Server, sample: Sample) -> None:
    body = b'{"notes": "%s"}' % (b"x" * server.settings.body_limit)
    assert_problem(await post(client, body), 413, "body-too-large")


async def test_a_body_that_turns_out_to_be_too_large(client: httpx.AsyncClient, server: Server) -> None:
    """Sent in chunks without its length. Who still sends when the answer comes hears it all the same."""

    async def chunks() -> Any:
        for _ in range(server.settings.body_limit // 4096 + 2):
            yield b"x" * 4096

    for _ in range(10):
        assert_problem(await client.post("/api/bookings", content=chunks(), headers=JSON), 413, "body-too-large")


async def test_what_takes_too_long_is_said_in_our_words(settings: Settings) -> None:
    """Sanic ends a handler after a minute, with a 503 of its own; a booking may wait longer for MongoDB."""
    app = create_app(settings.model_copy(update={"commit_timeout": 90.0}), "slow")
    Sanic.unregister_app(app)
    assert app.config.RESPONSE_TIMEOUT > 90
    refusal = from_sanic(ServiceUnavailable("Response Timeout"))
    assert (refusal.status, refusal.code) == (503, "store-unavailable")
    assert refusal.retry_after


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/experts", {"GET"}),
        ("DELETE", "/api/bookings", {"GET", "POST"}),
        ("PUT", "/api/bookings/x", {"GET"}),
        ("GET", "/api/bookings/x/status", {"PATCH"}),
        ("POST", "/healthz", {"GET"}),
        ("PATCH", "/api/live", {"GET"}),
    ],
)
async def test_a_method_that_an_address_does_not_take(
    client: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await client.request(method, path)
    assert_problem(answer, 405, "method-not-allowed")
    assert {name.strip() for name in answer.headers["allow"].split(",")} - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize("path", ["/api", "/api/expert", "/api/experts/a/b", "/docs/../api", "/%00", "/api/%ff"])
async def test_an_address_with_nothing(client: httpx.AsyncClient, path: str) -> None:
    assert_problem(await client.get(path), 404, "not-found")


async def test_all_faults_are_named_at_once_in_the_clients_spelling(client: httpx.AsyncClient) -> None:
    body = {"slotId": "", "name": "A", "email": "ann", "phone": "1", "notes": 5, "expert_id": "x", "seat": 1}
    answer = await client.post("/api/bookings", json=body)
    assert_problem(answer, 422, "validation-failed", "errors")
    errors = answer.json()["errors"]
    assert all(set(error) == {"field", "message"} and error["message"] for error in errors)
    fields = [error["field"] for error in errors]
    assert sorted(fields) == sorted(["expertId", "slotId", "name", "email", "phone", "notes", "expert_id", "seat"])


async def test_a_fault_does_not_repeat_what_was_sent(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/bookings", json={"email": "my secret <script>", "name": "\0secret"})
    assert answer.status_code == 422
    assert "secret" not in answer.text


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1", b"true"])
async def test_json_that_is_no_object(client: httpx.AsyncClient, body: bytes) -> None:
    assert_problem(await post(client, body), 422, "validation-failed", "errors")


# X-Request-Id --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/api/experts/nobody", "/nothing", "/api/experts?limit=0"])
@pytest.mark.parametrize("given", ["abc", "A1._:-z", "0af7651916cd43dd8448eb211c80319c", "x" * 64])
async def test_a_harmless_request_id_is_kept(client: httpx.AsyncClient, path: str, given: str) -> None:
    answer = await client.get(path, headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == given
    if answer.status_code >= 400:
        assert answer.json()["requestId"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "é".encode(), "a,b", 'a"b', "a\tb"])
async def test_any_other_request_id_is_replaced(client: httpx.AsyncClient, given: str | bytes) -> None:
    sent = given if isinstance(given, bytes) else given.encode()
    answer = await client.get("/nothing", headers=[(b"X-Request-Id", sent)])
    assert answer.headers["x-request-id"].encode() != sent
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


async def test_every_request_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    ids = [(await client.get("/healthz")).headers["x-request-id"] for _ in range(20)]
    assert len(set(ids)) == 20


# What httpx would not send -------------------------------------------------------------------------------------------


async def raw(server: Server, request: bytes) -> httpx.Response:
    """The answer to these very bytes, and that nothing comes after it."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            headers = [tuple(line.split(": ", 1)) for line in lines]
            length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
            body = await reader.readexactly(length)
    finally:
        writer.close()
        await writer.wait_closed()
    return httpx.Response(int(first.split(" ")[1]), headers=headers, content=body)


@pytest.mark.parametrize("ending", [b"\n", b"\r"])
async def test_a_request_id_cannot_add_a_header(server: Server, contract: Contract, ending: bytes) -> None:
    request = b"GET /nothing HTTP/1.1\r\nHost: x\r\nX-Request-Id: a%sX-Evil: 1\r\nConnection: close\r\n\r\n" % ending
    answer = await raw(server, request)
    assert "x-evil" not in answer.headers
    assert answer.status_code in (400, 404)
    assert answer.headers["x-request-id"] != "a"
    contract.check_problem(answer)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost x\r\n\r\n",
        b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/experts?%ff HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_request_get_a_problem(
    server: Server, contract: Contract, request_bytes: bytes
) -> None:
    answer = await raw(server, request_bytes)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == PROBLEM
    contract.check_problem(answer)


async def test_a_half_request_harms_nobody(server: Server, client: httpx.AsyncClient) -> None:
    host, _, port = server.base.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b'POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"na')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await client.get("/healthz")).status_code == 200
