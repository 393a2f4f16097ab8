"""Nobody hides a request in another: what a proxy in front could read in another way than we is refused."""

from __future__ import annotations

import asyncio
import http.client
import re
from contextlib import closing

import orjson
import pytest

from api.framing import HEAD
from engine.stack import MongoServer
from tests.api.serving import Server, order, serving
from tests.api.test_lane import raw, say
from tests.samples import Sample

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = b"%d" % len(HIDDEN)
POST = b"POST /api/holds HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

HEADS = {
    "a blank before the colon": POST + b"Content-Length : " + LENGTH + b"\r\n\r\n" + HIDDEN,
    "a folded line": POST + b"X: y\r\n Content-Length: " + LENGTH + b"\r\n\r\n" + HIDDEN,
    "a bare line feed": POST + b"X: y\nContent-Length: " + LENGTH + b"\r\n\r\n" + HIDDEN,
    "a bare carriage return": POST + b"X: y\rContent-Length: " + LENGTH + b"\r\n\r\n" + HIDDEN,
    "a NUL in a name": POST + b"Content-Length\0: " + LENGTH + b"\r\n\r\n" + HIDDEN,
    "a NUL in a value": POST + b"X: y\0z\r\nContent-Length: 2\r\n\r\n{}",
    "no name": POST + b": y\r\nContent-Length: 2\r\n\r\n{}",
    "digits of another script": POST + b"Content-Length: \xd9\xa2\r\n\r\n{}",
    "a blank of Unicode's": POST + b"Content-Length: \xc2\xa02\r\n\r\n{}",
    "a blank of Unicode's before chunked": POST + b"Transfer-Encoding: \xc2\xa0chunked\r\n\r\n0\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n",
    "two hosts in HTTP/1.0": b"GET /healthz HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n",
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0")
    + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN),
    "a vertical tab before chunked": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
}
CHUNKS = {
    "0x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "digits of another script": b"\xd9\xa2\r\n{}\r\n0\r\n\r\n",
    "a blank before the length": b" 2\r\n{}\r\n0\r\n\r\n",
    "no line end behind the chunk": b"2\r\n{}XX0\r\n\r\n",
    "a line feed in an extension": b"2;a\nb\r\n{}\r\n0\r\n\r\n",
}


def statuses(said: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1.1 (\d+)", said)


@pytest.mark.parametrize("piece", HEADS.values(), ids=HEADS)
async def test_a_head_that_could_be_read_in_two_ways_is_refused(server: Server, piece: bytes) -> None:
    """Sanic took the first five for a request without a body, and the body for the next request."""
    said = await say(server, piece)
    assert statuses(said) == [b"400"]
    assert b"connection: close" in said
    assert b'"code":"bad-request"' in said


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
@pytest.mark.parametrize("path", [b"/api/holds", b"/api/nothing"], ids=["read", "thrown away"])
async def test_a_chunk_that_could_be_read_in_two_ways_is_refused(server: Server, chunks: bytes, path: bytes) -> None:
    """Also in a body that nobody wants: what follows it on the connection is never looked at."""
    said = await say(server, CHUNKED.replace(b"/api/holds", path) + chunks + HIDDEN)
    assert statuses(said) == [b"400" if path == b"/api/holds" else b"404"]


async def test_a_monitor_of_long_ago_need_not_name_a_host(server: Server) -> None:
    assert statuses(await say(server, b"GET /healthz HTTP/1.0\r\n\r\n")) == [b"200"]


async def test_an_empty_line_before_a_request_is_ignored(server: Server) -> None:
    """RFC 9112, 2.2: some clients send one behind a body, which its length does not count. More than one is no head."""
    post = POST + b"Content-Length: 2\r\n\r\n{}"
    for pieces in ([b"\r\n" + HIDDEN], [b"\r", b"\n", HIDDEN], [b"\r", b"\n" + HIDDEN]):
        assert statuses(await say(server, *pieces)) == [b"200"], pieces
    for pieces in ([post + b"\r\n" + post + b"\r\n"], [post, b"\r\n", post, b"\r\n"], [post + b"\r\n", post]):
        assert statuses(await say(server, *pieces)) == [b"422", b"422"], pieces
    for line in (b"\r\n\r\n", b"\n", b"\r"):
        assert statuses(await say(server, line + HIDDEN)) == [b"400"], line


async def test_chunks_as_they_should_be_are_read(server: Server) -> None:
    chunks = b"1\r\n{\r\n0001 ;a=b\r\n}\r\n0\r\n\r\n"
    for pieces in ([CHUNKED + chunks + HIDDEN], [CHUNKED[n : n + 1] for n in range(len(CHUNKED))] + [chunks, HIDDEN]):
        assert statuses(await say(server, *pieces, pause=0.001)) == [b"422", b"200"]
    expecting = CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    assert statuses(await say(server, expecting, chunks)) == [b"100", b"422"]


async def test_blanks_around_a_key_are_no_part_of_it(server: Server, sample: Sample) -> None:
    """RFC 9110, 5.5. A proxy takes them off, perhaps one retry later: that was another key, and another booking."""
    key, body = sample.expert.id, orjson.dumps(order(sample, 8))
    said = [await say(server, raw(body, f"Idempotency-Key:{spelt}")) for spelt in (f" {key} \t", f"  {key}", f" {key}")]
    assert [statuses(answer) for answer in said] == [[b"201"]] * 3
    assert len(set(re.findall(rb'"id":"(\w+-[0-9a-f]{32})"', b"".join(said)))) == 1
    assert statuses(await say(server, raw(body, "Idempotency-Key:  \t"))) == [b"400"]


@pytest.mark.parametrize(
    ("path", "expected"), [("/api/holds", (413, "body-too-large")), ("/api/nothing", (404, "not-found"))]
)
def test_who_sends_too_much_hears_so(server: Server, path: str, expected: tuple[int, str]) -> None:
    """Most clients send all of a body before they listen. The connection was reset meanwhile, and the answer lost."""
    host, port = server.base.removeprefix("http://").split(":")
    for _ in range(5):
        with closing(http.client.HTTPConnection(host, int(port), timeout=10)) as connection:
            connection.request("POST", path, b" " * 10_000_000, {"content-type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, orjson.loads(answer.read())["code"]) == expected


async def flood(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()
        await asyncio.sleep(0.01)


async def test_who_goes_on_sending_is_cut_off(server: Server) -> None:
    host, port = server.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(POST + b"Content-Length: 1000000000\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 413 "), "and the end: there will be no other answer"
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(flood(writer), 5)


async def test_who_asks_on_behind_its_last_request_has_the_answer(server: Server) -> None:
    """The connection was closed at once, and reset by what still came: who had not read the answer yet lost it."""
    for last in (HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), HIDDEN.replace(b"1.1", b"1.0")):
        said = await say(server, last, HIDDEN, HIDDEN, HIDDEN, pause=0.05)
        assert statuses(said) == [b"200"]
        assert said.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize(
    "line", ["Host: x", 'A: b="c"', "X:", "X:\ta\tb ", "User-Agent: caf\xe9", "!#$%&'*+.^_`|~9: y"]
)
def test_lines_as_they_should_be_are_taken(line: str) -> None:
    assert HEAD.fullmatch(b"GET / HTTP/1.1\r\nContent-Length: 2 \r\n" + line.encode("latin-1"))


@pytest.mark.parametrize("ended", [True, False])
async def test_a_head_that_is_too_long_is_called_so(server: Server, ended: bool) -> None:
    """RFC 6585, 5. It was answered as a body that is too large."""
    for head in (b"GET /%b HTTP/1.1\r\nHost: x" % (b"x" * 9000), b"GET / HTTP/1.1\r\nHost: x\r\nX: %b" % (b"x" * 9000)):
        said = await say(server, head + b"\r\n\r\n" * ended)
        assert statuses(said) == [b"431"]
        assert b'"code":"head-too-large"' in said
        assert b"connection: close" in said


async def test_an_address_that_cannot_be_read_is_answered_and_not_logged(
    server: Server, mongo_server: MongoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sanic failed at it a second time, closed the connection without an answer, and put it all into the log."""
    with serving(server.redis, mongo_server, "api", server.settings.data_dir, workers=1) as served:
        for target in (b"experts?email=ann@example.com", b"/\0", b"http://x:99999999/ann@example.com", b"x:80"):
            said = await say(served, b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            head, _, body = said.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 400 "), target
            told = orjson.loads(body)
            assert told["code"] == "bad-request"
            assert f"x-request-id: {told['requestId']}".encode() in head
    assert "example.com" not in "".join(capfd.readouterr())
