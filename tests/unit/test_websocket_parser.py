"""The WebSocket parser, whatever pieces the bytes come in."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.live.websocket import BINARY, CLOSE, LARGEST, PING, PONG, TEXT, WebSocket, frame, unmask
from tests.live.raw import frame as masked

MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.just(TEXT), st.text(max_size=300).map(str.encode)),
        st.tuples(st.just(BINARY), st.binary(max_size=300)),
        st.tuples(st.just(PING), st.binary(max_size=125)),
        st.tuples(st.just(PONG), st.binary(max_size=125)),
    ),
    max_size=12,
)


class Pipe:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def get_extra_info(self, name: str) -> object:
        return object() if name == "sslcontext" else None  # so that nothing is written past it

    def set_write_buffer_limits(self, high: int) -> None:
        assert high == 0

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class Heard(WebSocket):
    def __init__(self) -> None:
        super().__init__()
        self.pipe = Pipe()
        self.messages: list[tuple[int, bytes]] = []
        self.connection_made(cast(asyncio.Transport, self.pipe))

    def on_message(self, kind: int, payload: bytes) -> None:
        self.messages.append((kind, payload))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True) if start < end]


@given(MESSAGES, st.lists(st.integers(0, 10_000), max_size=20), st.lists(st.integers(0, 300), max_size=3))
@settings(max_examples=200)
def test_messages_are_the_same_in_whatever_pieces_they_come(
    messages: list[tuple[int, bytes]], places: list[int], fragments: list[int]
) -> None:
    data = b""
    for kind, payload in messages:
        parts = cut(payload, fragments) if kind in (TEXT, BINARY) and payload else [payload]
        for number, part in enumerate(parts):
            data += masked(kind if not number else 0, part, final=number == len(parts) - 1)
    heard = Heard()
    for piece in cut(data, places):
        heard.data_received(piece)
    assert heard.messages == [message for message in messages if message[0] in (TEXT, BINARY)]
    assert not heard.closing


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=300)
async def test_no_bytes_at_all_break_the_parser(data: bytes, places: list[int]) -> None:
    """It goes on, waits for more, or closes with a code; and what it has kept is bounded."""
    heard = Heard()
    for piece in cut(data, places):
        heard.data_received(piece)
    if heard.closing:
        assert heard.pipe.written[0] & 0x0F in (CLOSE, PONG)
    assert len(heard._received or b"") <= LARGEST + 14


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_says_its_length_in_the_fewest_bytes(length: int) -> None:
    data = frame(TEXT, b"x" * length)
    assert len(data) == length + (2 if length < 126 else 4 if length < 65_536 else 10)
    assert data[0] == 0x81


@given(st.binary(max_size=200), st.binary(min_size=4, max_size=4))
def test_unmasking_is_xor(payload: bytes, mask: bytes) -> None:
    assert unmask(payload, mask) == bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def test_what_a_write_does_not_take_waits_in_the_transport_and_is_not_overtaken(monkeypatch: Any) -> None:
    """A frame that was written in part must be ended before the next begins."""
    heard = Heard()
    heard.fd = heard._fd = 7
    monkeypatch.setattr("os.write", lambda fd, data: 3)
    heard.send(b"abcdef")
    assert heard.pipe.written == b"def"
    heard.pause_writing()
    heard.send(b"ghi")
    assert heard.pipe.written == b"defghi"
    heard.resume_writing()
    assert heard.fd == 7
    heard.connection_lost(None)
    assert heard.fd == -1, "the number may be another connection's from now on"
