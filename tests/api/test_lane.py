"""The lane answers byte for byte what Sanic's own way answers, and takes nothing but what is beyond doubt."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic import Sanic
from sanic.http import Stage

from api import lane
from api.app import create_app
from api.lane import START, Lane, plain
from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from tests.api.serving import Server, order, serving
from tests.samples import Sample, make_sample

VARIES = re.compile(
    rb'(?<="id":")\w+-[0-9a-f]{32}|(?<=/api/bookings/)[^\r"]+|(?<="accessToken":")[^"]+|\d{4}-\d\d-\d\dT[^"]+Z'
    rb'|(?<=x-request-id: )[^\r]+|(?<="requestId":")[^"]+'
)
"""What two answers to the same request may differ in."""


@pytest.fixture(scope="module")
def ways(mongo_server: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """A worker with the lane and one without, on the same stores."""
    folder = tmp_path_factory.mktemp("lane")
    with (
        RedisServer(folder / "redis", persist=False) as redis,
        serving(redis, mongo_server, "lane", folder / "on", workers=1, lane="on") as on,
        serving(redis, mongo_server, "lane", folder / "off", workers=1, lane="off") as off,
    ):
        yield {"on": on, "off": off}


@pytest.fixture(scope="module")
def settings(ways: dict[str, Server]) -> Settings:
    return ways["on"].settings


@pytest.fixture(scope="module")
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


def raw(body: bytes, *more: str, head: str = "", length: int | None = None) -> bytes:
    lines = [
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
    ]
    return START + (head or "\r\n".join(lines)).encode("latin-1") + b"\r\n\r\n" + body


def body_of(sample: Sample, slot: int = 0, **changes: object) -> bytes:
    return orjson.dumps(order(sample, slot, **changes))


async def say(server: Server, *pieces: bytes, pause: float = 0.02) -> bytes:
    """All that comes back for these pieces, until nothing more does or the connection is closed."""
    host, port = server.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        with suppress(TimeoutError, ConnectionError):
            while chunk := await asyncio.wait_for(reader.read(65536), 3 if not said else 0.3):
                said += chunk
    finally:
        writer.close()
    return said


def same(answer: bytes) -> bytes:
    return re.sub(rb"content-length: \d+", b"content-length: n", VARIES.sub(b"*", answer))


async def both(ways: dict[str, Server], *pieces: bytes) -> bytes:
    on, off = await asyncio.gather(say(ways["on"], *pieces), say(ways["off"], *pieces))
    assert same(on) == same(off)
    return on


async def test_a_booking_a_refusal_and_a_replay_are_the_same_both_ways(ways: dict[str, Server], engine: Engine) -> None:
    first, second = [await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600) for _ in range(2)]
    for extra, status in ((("Idempotency-Key: a",), 201), (("Idempotency-Key: a",), 201), ((), 409)):
        answers = {}
        for way, sample in (("on", first), ("off", second)):
            text = await say(ways[way], raw(body_of(sample), *(f"{line}-{way}" for line in extra)))
            answers[way] = same(
                text.replace(sample.expert.id.encode(), b"EXPERT").replace(
                    sample.slots[0].id.partition("-")[2].encode(), b"SLOT"
                )
            )
            assert text.startswith(b"HTTP/1.1 %d " % status)
        assert answers["on"] == answers["off"]


async def test_what_is_wrong_is_said_the_same_both_ways(ways: dict[str, Server], sample: Sample) -> None:
    good = body_of(sample)
    for piece, status in (
        (raw(b"{"), 400),
        (raw(b""), 400),
        (raw(body_of(sample, name="", email="x")), 422),
        (raw(body_of(sample, slotId="nowhere")), 404),
        (raw(good, "Idempotency-Key: " + "x" * 256), 400),
        (raw(good, head=f"Host: a\r\nContent-Type: text/plain\r\nContent-Length: {len(good)}"), 415),
        (raw(body_of(sample, name="Zoë 😀", email="no")), 422),
        (raw(b"[" * 5000), 400),
        (raw(b" " * 70_000), 413),
    ):
        assert (await both(ways, piece)).startswith(b"HTTP/1.1 %d " % status), piece[:200]


SMUGGLED = b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{"


@pytest.mark.parametrize(
    "piece",
    [
        raw(b"{}", "Transfer-Encoding: chunked"),
        raw(b"{}", "Content-Length: 2"),
        raw(b"{}", "Content-Length: 60"),
        raw(b"{}", length=1),
        raw(b"{}" + SMUGGLED, length=2),
        raw(b"{}", head="Host: a\r\nContent-Length: +2"),
        raw(b"{}", head="Host: a\r\nContent-Length: 0x2"),
        raw(b"{}", head="Host: a\r\nContent-Length: 2 "),
        raw(b"{}", head="Host: a\r\nContent-Length : 2"),
        raw(b"{}", head="Host: a\r\n Content-Length: 2"),
        raw(b"{}", head="Host: a\nContent-Length: 2"),
        raw(b"{}", head="Host: a\r\nX: a\x00b\r\nContent-Length: 2"),
        raw(b"{}", head="Host: a\r\nContent-Length: 2\r\nConnection: close"),
        raw(b"{}", head="Host: a\r\nContent-Length: 2\r\nConnection: upgrade\r\nUpgrade: websocket"),
        raw(b"{}", "Expect: 100-continue"),
        raw(b"{}", "Expect: nonsense"),
        raw(b"{}", "User-Agent: caf\xe9"),
        raw(b"{}", "Host: other"),
        raw(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        raw(b"{}").replace(b"POST", b"post", 1),
        raw(b"{}").replace(b"/api", b"http://x/api", 1),
        raw(b"5\r\n{}", head="Host: a\r\nTransfer-Encoding: chunked") + SMUGGLED,
    ],
    ids=lambda piece: repr(piece[29:75]),
)  # fmt: skip
async def test_what_could_be_read_in_two_ways_is_left_to_sanic(ways: dict[str, Server], piece: bytes) -> None:
    """Nobody may hide a request in another: answers, their number and their order are those of the ordinary way."""
    assert plain(piece) is None or not piece.startswith(START)
    await both(ways, piece)


async def test_a_request_inside_a_body_that_nobody_has_read_is_no_request(
    ways: dict[str, Server], engine: Engine, sample: Sample
) -> None:
    """Sanic answers 404 before it has read the body, and keeps the connection: what comes next is still that body,
    whatever it looks like."""
    hidden = raw(body_of(sample))
    head = raw(b"", length=len(hidden) + 1).replace(b"/api/bookings", b"/api/nothing", 1)
    said = await both(ways, head, hidden, b"." + raw(b"{"))
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"404", b"400"]
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 1


async def test_what_follows_the_last_chunk_of_a_body_that_nobody_has_read_is_no_request(
    ways: dict[str, Server], engine: Engine, sample: Sample
) -> None:
    """A trailer, or the line that ends the body: Sanic still waits for it when it has answered."""
    head = raw(b"", head="Host: a\r\nTransfer-Encoding: chunked").replace(b"/api/bookings", b"/api/nothing", 1)
    said = await both(ways, head + b"0\r\n", raw(body_of(sample)), b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"404"]
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 1


async def test_requests_in_one_piece_or_before_the_first_is_answered_are_answered_in_order(
    ways: dict[str, Server], sample: Sample
) -> None:
    three = [raw(body_of(sample, number), f"X-Request-Id: n{number}") for number in (0, 1, 0)]
    said = await say(ways["on"], b"".join(three))
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"201", b"201", b"409"]
    three = [raw(body_of(sample, number), f"X-Request-Id: n{number}") for number in (2, 3, 2)]
    said = await say(ways["on"], *three, pause=0)
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"201", b"201", b"409"]
    assert re.findall(rb"x-request-id: (\w+)", said) == [b"n2", b"n3", b"n2"]


async def test_an_empty_line_between_requests_is_no_request(ways: dict[str, Server]) -> None:
    for pieces in ([raw(b"{") + b"\r\n", raw(b"{")], [raw(b"{"), b"\r\n", raw(b"{")], [raw(b"{"), b"\r\n" + raw(b"{")]):
        said = await both(ways, *pieces)
        assert said.count(b"HTTP/1.1 400 ") == said.count(b'"code":"malformed-json"') == 2


async def test_a_request_in_two_pieces_is_one_request(ways: dict[str, Server], sample: Sample) -> None:
    whole = raw(body_of(sample, 5))
    for cut in (1, 20, len(START), len(START) + 9, whole.index(b"\r\n\r\n") + 2, whole.index(b"{"), len(whole) - 1):
        said = await say(ways["on"], whole[:cut], whole[cut:])
        assert len(re.findall(rb"HTTP/1.1 (?:201|409)", said)) == 1, cut


TYPICAL = {
    "curl": ["Host: a", "User-Agent: curl/8", "Accept: */*", "Content-Type: application/json", "Content-Length: 2"],
    "httpx": ["Host: a", "Accept: */*", "Accept-Encoding: gzip", "Connection: keep-alive", "User-Agent: p/1",
              "Content-Length: 2", "Content-Type: application/json", "Authorization: Bearer x.y"],
    "Chromium": ["Host: a", "Connection: keep-alive", "Content-Length: 2", "sec-ch-ua-platform: \"Linux\"",
                 "User-Agent: M", "sec-ch-ua: \"C\";v=\"1\"", "Content-Type: application/json", "Idempotency-Key: k",
                 "sec-ch-ua-mobile: ?0", "Accept: */*", "Origin: http://a", "Sec-Fetch-Site: same-origin",
                 "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Referer: http://a/", "Accept-Encoding: gzip, br",
                 "Accept-Language: en"],
}  # fmt: skip


@pytest.mark.parametrize("client", TYPICAL)
def test_what_usual_clients_send_is_plain(client: str) -> None:
    found = plain(raw(b"{}", head="\r\n".join(TYPICAL[client])))
    assert found is not None
    headers, body = found
    assert body == b"{}"
    assert headers == {name.lower(): value for name, value in (line.split(": ") for line in TYPICAL[client])}


@given(st.binary(max_size=80), st.integers(0, 140), st.integers(0, 6))
def test_plain_never_fails_and_never_takes_more_or_less_than_the_length_says(noise: bytes, at: int, cut: int) -> None:
    whole = raw(b'{"a": 1}', "Accept: */*")
    piece = whole[:at] + noise + whole[at + cut :]
    lane._usual.clear()
    found = plain(piece)
    assert plain(piece) == found, "whether its lines have been read before or not"
    if found is not None:
        headers, body = found
        assert headers["content-length"] == str(len(body))
        assert all(value.isprintable() and value == value.strip() for value in headers.values())


def test_lines_that_have_been_read_are_kept_at_hand_but_not_all_and_no_secrets() -> None:
    lane._usual.clear()
    for number in range(lane.MOST_USUAL + 100):
        own = (f"Idempotency-Key: k{number}", f"X-Request-Id: r{number}", f"Authorization: Bearer {number}")
        assert plain(raw(b"{}", f"User-Agent: {number}", *own)) is not None
        assert len(lane._usual) <= lane.MOST_USUAL
    assert {name for name, _ in lane._usual.values()} == {"host", "content-type", "content-length", "user-agent"}
    assert plain(raw(b"{}", "Referer: " + "x" * lane.LONGEST_USUAL)) is not None
    assert max(map(len, lane._usual)) <= lane.LONGEST_USUAL


class Paused:
    """A transport whose client reads nothing."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False

    def resume_reading(self) -> None:
        pass


async def test_a_client_that_does_not_read_its_answer_waits_for_the_next(settings: Settings, engine: Engine) -> None:
    """Its requests pile up with it, and not their answers in the worker's memory."""
    app = create_app(settings, "paused")
    app.ctx.engine = engine
    try:
        lane, transport = Lane(loop=asyncio.get_running_loop(), app=app), Paused()
        lane.transport = transport  # type: ignore[assignment]
        lane.conn_info = SimpleNamespace(client_ip="127.0.0.1")  # type: ignore[assignment]
        lane._http = SimpleNamespace(keep_alive=True, stage=Stage.IDLE, request=None)
        lane.recv_buffer = bytearray()
        lane.pause_writing()
        for number in range(2):
            lane.data_received(raw(b"{", f"X-Request-Id: n{number}"))
        await asyncio.sleep(0.1)
        assert [b"x-request-id: n0" in answer for answer in transport.written] == [True]
        lane.resume_writing()
        await asyncio.sleep(0.1)
        assert len(transport.written) == 2
        assert b"x-request-id: n1" in transport.written[1]
    finally:
        Sanic._app_registry.pop("paused", None)


async def test_an_expert_whose_profile_is_not_known_yet_is_looked_up(ways: dict[str, Server], engine: Engine) -> None:
    """The first booking that a fresh worker takes."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
    said = await say(ways["on"], raw(body_of(sample)))
    assert said.startswith(b"HTTP/1.1 201 ")
    assert sample.expert.email.encode() in said
    await engine.remove_expert(sample.expert.id)
    await asyncio.sleep(0.2)  # the worker is told
    said = await say(ways["on"], raw(body_of(sample, 1)))
    assert said.startswith(b"HTTP/1.1 201 ")
    assert b'"name":""' in said, "booked all the same"
