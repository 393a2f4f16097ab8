"""RFC 6455 on the wire: what a client may do, and what ends its connection."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.serving import Server
from tests.live.raw import BINARY, CLOSE, HANDSHAKE, PING, PONG, TEXT, Raw, frame

PINGED = b'{"type":"ping"}'
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The answer to the key of RFC 6455, 1.3."""


async def assert_lives(raw: Raw) -> None:
    raw.send(frame(TEXT, PINGED))
    assert await raw.hear() == {"type": "pong"}


# The handshake -------------------------------------------------------------------------------------------------------


async def test_the_handshake_is_answered_without_any_extension(server: Server) -> None:
    async with await Raw.connect(server.base) as raw:
        offered = {"Sec-WebSocket-Extensions": "permessage-deflate", "X-Request-Id": "abc"}
        status, headers = await raw.handshake({**HANDSHAKE, **offered})
        assert (status, headers["sec-websocket-accept"].lower()) == (101, ACCEPT.lower())
        assert headers["x-request-id"] == "abc"
        assert "sec-websocket-extensions" not in headers
        await assert_lives(raw)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-WebSocket-Version", "8"),
        ("Sec-WebSocket-Version", ""),
        ("Sec-WebSocket-Key", ""),
        ("Sec-WebSocket-Key", "short"),
        ("Sec-WebSocket-Key", "AAAA"),
        ("Sec-WebSocket-Key", "é" * 24),
        ("Upgrade", "h2c"),
        ("Connection", "keep-alive"),
    ],
)
async def test_what_is_no_handshake_is_a_bad_request(server: Server, name: str, value: str) -> None:
    async with await Raw.connect(server.base) as raw:
        status, headers = await raw.handshake({**HANDSHAKE, name: value})
        assert (status, headers["content-type"]) == (400, "application/problem+json")


async def test_in_http_1_0_there_is_no_handshake(server: Server) -> None:
    """RFC 9110, 7.8. A proxy that speaks it would take what follows for the body of an answer."""
    async with await Raw.connect(server.base) as raw:
        lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
        raw.send(f"GET /api/live HTTP/1.0\r\n{lines}\r\n".encode())
        assert (await raw.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("version", ["8", "14", "13, 8", ""])
async def test_who_speaks_another_version_is_told_which_one_it_is(server: Server, version: str) -> None:
    """RFC 6455, 4.4: it may ask again in that one. It was told in words only."""
    async with await Raw.connect(server.base) as raw:
        status, headers = await raw.handshake({**HANDSHAKE, "Sec-WebSocket-Version": version})
        assert (status, headers.get("sec-websocket-version")) == (400, "13")


async def test_the_header_connection_may_name_more(server: Server) -> None:
    async with await Raw.connect(server.base) as raw:
        status, _ = await raw.handshake({**HANDSHAKE, "Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"})
        assert status == 101
        await assert_lives(raw)


async def test_what_comes_in_the_same_packet_as_the_handshake_is_heard(server: Server) -> None:
    async with await Raw.open(server.base, early=frame(TEXT, PINGED) + frame(PING, b"x")) as raw:
        assert await raw.frame() == (TEXT, b'{"type":"pong"}')
        assert await raw.frame() == (PONG, b"x")


# What is allowed -----------------------------------------------------------------------------------------------------


async def test_a_message_may_come_in_pieces_with_pings_between(server: Server) -> None:
    async with await Raw.open(server.base) as raw:
        raw.send(frame(TEXT, PINGED[:5], final=False) + frame(PING, b"1") + frame(0, b"", final=False))
        raw.send(frame(0, PINGED[5:9], final=False) + frame(PONG, b"unasked") + frame(0, PINGED[9:]))
        assert await raw.frame() == (PONG, b"1")
        assert await raw.hear() == {"type": "pong"}


async def test_a_message_may_come_byte_by_byte(server: Server) -> None:
    async with await Raw.open(server.base) as raw:
        for byte in frame(TEXT, PINGED + b" " * 200):
            raw.send(bytes((byte,)))
            await asyncio.sleep(0.0005)
        assert await raw.hear() == {"type": "pong"}


async def test_many_messages_in_one_packet_are_answered_in_order(server: Server) -> None:
    async with await Raw.open(server.base) as raw:
        raw.send(b"".join(frame(TEXT, PINGED) + frame(TEXT, b"%d" % n) for n in range(9)))
        for _ in range(9):
            assert (await raw.hear())["type"] == "pong"
            assert (await raw.hear())["code"] == "bad-request"
        await assert_lives(raw)


async def test_a_flood_is_answered_whole_and_others_are_not_kept_waiting(server: Server) -> None:
    async with await Raw.open(server.base) as raw, await Raw.open(server.base) as other:
        raw.send(frame(TEXT, PINGED) * 5000)
        await assert_lives(other)
        for _ in range(5000):
            assert await raw.frame(30) == (TEXT, b'{"type":"pong"}')


async def test_text_in_pieces_may_be_cut_within_a_character(server: Server) -> None:
    text = b'{"type":"ping"}' + "é".encode()
    async with await Raw.open(server.base) as raw:
        raw.send(frame(TEXT, text[:-1], final=False) + frame(0, text[-1:]))
        assert (await raw.hear())["code"] == "bad-request", "no JSON, but UTF-8"
        await assert_lives(raw)


async def test_the_largest_message_in_pieces_is_heard(server: Server) -> None:
    text = PINGED + b" " * (65_536 - len(PINGED))
    async with await Raw.open(server.base) as raw:
        for at in range(0, len(text), 16_384):
            raw.send(frame(TEXT if not at else 0, text[at : at + 16_384], final=at + 16_384 == len(text)))
        assert await raw.hear() == {"type": "pong"}


# What is not ---------------------------------------------------------------------------------------------------------

MASK = b"\x01\x02\x03\x04"
WRONG: dict[str, tuple[int, bytes]] = {
    "not masked": (1002, frame(TEXT, PINGED, masked=False)),
    "an extension's bit": (1002, frame(TEXT, PINGED, reserved=0x40)),
    "another reserved bit": (1002, frame(TEXT, PINGED, reserved=0x10)),
    "opcode 3": (1002, frame(0x3, b"")),
    "opcode 11": (1002, frame(0xB, b"")),
    "a ping in pieces": (1002, frame(PING, b"", final=False)),
    "a long ping": (1002, frame(PING, b"x" * 126)),
    "the end of no message": (1002, frame(0, b"x")),
    "a message within a message": (1002, frame(TEXT, b"{", final=False) + frame(TEXT, b"}")),
    "a wasteful length of 16 bits": (1002, bytes((0x81, 0xFE)) + (5).to_bytes(2, "big") + MASK + b"hello"),
    "a wasteful length of 64 bits": (1002, bytes((0x81, 0xFF)) + (5).to_bytes(8, "big") + MASK + b"hello"),
    "a negative length": (1009, bytes((0x81, 0xFF)) + b"\xff" * 8 + MASK),
    "no UTF-8": (1007, frame(TEXT, b"\xc3\x28")),
    "a surrogate": (1007, frame(TEXT, b"\xed\xa0\x80")),
    "half a character": (1007, frame(TEXT, b"\xc3")),
    "no UTF-8 in pieces": (1007, frame(TEXT, b"\xc3", final=False) + frame(0, b"\x28")),
    "too large": (1009, frame(TEXT, b" " * 65_537)),
    "too large, by its head alone": (1009, bytes((0x81, 0xFF)) + (1 << 40).to_bytes(8, "big") + MASK),
    "too large in pieces": (1009, frame(TEXT, b" " * 65_000, final=False) + frame(0, b" " * 537)),
    "too many pieces": (1009, frame(BINARY, b" " * 50_000, final=False) + frame(0, b" " * 50_000, final=False)),
    "a close code of one byte": (1002, frame(CLOSE, b"\x03")),
    "a close code that there is not": (1002, frame(CLOSE, (999).to_bytes(2, "big"))),
    "a close code that nobody sends": (1002, frame(CLOSE, (1006).to_bytes(2, "big"))),
    "a close code of nobody": (1002, frame(CLOSE, (2999).to_bytes(2, "big"))),
    "a reason that is no UTF-8": (1007, frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff")),
}


@pytest.mark.parametrize(("code", "data"), WRONG.values(), ids=WRONG)
async def test_a_violation_ends_the_connection_with_its_code(server: Server, code: int, data: bytes) -> None:
    async with await Raw.open(server.base) as raw, await Raw.open(server.base) as other:
        raw.send(data + frame(TEXT, PINGED))
        assert (await raw.closed())[0] == code
        raw.send(frame(CLOSE, code.to_bytes(2, "big")))
        await raw.ended()
        await assert_lives(other)


async def test_a_violator_that_does_not_answer_the_close_is_cut_off(server: Server) -> None:
    async with await Raw.open(server.base) as raw:
        raw.send(frame(TEXT, PINGED, masked=False))
        assert (await raw.closed())[0] == 1002
        await raw.ended(10)


async def test_a_client_that_never_makes_sense_is_told_not_to_come_back(server: Server) -> None:
    async with await Raw.open(server.base) as raw:
        raw.send(frame(TEXT, b"hello") * 30)
        code, _ = await raw.closed()
        assert 4400 <= code <= 4499


# Farewell ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", (1000).to_bytes(2, "big") + "tschüß".encode(), (4999).to_bytes(2, "big")])
async def test_a_close_is_answered_with_its_code_and_the_server_ends_the_connection(
    server: Server, payload: bytes
) -> None:
    async with await Raw.open(server.base) as raw:
        raw.send(frame(CLOSE, payload) + frame(TEXT, PINGED))
        assert await raw.frame() == (CLOSE, payload[:2])
        await raw.ended(1.5)


async def test_pings_are_answered_with_what_they_hold(server: Server) -> None:
    async with await Raw.open(server.base) as raw:
        for payload in (b"", b"x", b"y" * 125):
            raw.send(frame(PING, payload))
            assert await raw.frame() == (PONG, payload)
