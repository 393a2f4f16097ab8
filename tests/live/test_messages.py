"""What a client may say to the live feed, and what is answered to anything else."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from engine.engine import Engine
from engine.model import new_expert_id
from tests.live.watching import IN_TIME, Watcher, book
from tests.samples import ZOE, Sample


async def test_a_ping_is_answered(watcher: Watcher) -> None:
    await watcher.say(type="ping")
    assert await watcher.hear() == {"type": "pong"}


BAD: dict[str, str | bytes] = {
    "not JSON": "hello",
    "empty": "",
    "half": '{"type":"ping"',
    "a list": "[]",
    "null": "null",
    "a number": "1",
    "no type": "{}",
    "unknown type": '{"type":"shout"}',
    "type of a server": '{"type":"snapshot"}',
    "type is an object": '{"type":{"$gt":""}}',
    "no expert": '{"type":"subscribe"}',
    "empty expert": '{"type":"subscribe","expertId":""}',
    "expert is a number": '{"type":"subscribe","expertId":5}',
    "expert is a pattern": '{"type":"subscribe","expertId":"*"}',
    "expert with NUL": '{"type":"subscribe","expertId":"a\\u0000b"}',
    "long expert": '{"type":"subscribe","expertId":"' + "x" * 65 + '"}',
    "version is text": '{"type":"subscribe","expertId":"abc","epoch":"e","version":"one"}',
    "negative version": '{"type":"subscribe","expertId":"abc","epoch":"e","version":-1}',
    "long epoch": '{"type":"subscribe","expertId":"abc","epoch":"' + "e" * 65 + '","version":1}',
    "unknown field": '{"type":"ping","x":1}',
    "lone surrogate": '{"type":"\\ud800"}',
    "deep": "[" * 60_000,
    "huge number": '{"type":"subscribe","expertId":"abc","epoch":"e","version":' + "9" * 10_000 + "}",
    "binary": b"\x00\xff\xfe",
    "empty binary": b"",
    "binary text": b"hello",
}


async def test_thousands_of_fields_are_not_looked_at_one_by_one(watcher: Watcher) -> None:
    """To tell of the first took a worker as long as several hundred requests."""
    await watcher.say(type="ping", **{f"{number:x}": 1 for number in range(6000)})
    answer = await watcher.hear()
    assert (answer["code"], answer["detail"]) == ("bad-request", "this is no message of ours")


@pytest.mark.parametrize("frame", BAD.values(), ids=BAD)
async def test_a_frame_that_is_no_message_is_answered_and_the_socket_stays(
    client: httpx.AsyncClient, watcher: Watcher, sample: Sample, frame: str | bytes
) -> None:
    await watcher.subscribe(sample.expert.id)
    await watcher.socket.send(frame)
    answer = await watcher.hear()
    assert set(answer) == {"type", "code", "detail"}
    assert (answer["type"], answer["code"]) == ("error", "bad-request")
    assert answer["detail"]
    assert len(answer["detail"]) < 300
    await book(client, sample)
    assert (await watcher.hear(IN_TIME))["type"] == "slot"


@pytest.mark.parametrize("version", [2**53, 2**63, 2**64, 10**30])
async def test_no_version_is_too_large_to_be_answered(watcher: Watcher, sample: Sample, version: int) -> None:
    first = await watcher.subscribe(sample.expert.id)
    text = f'{{"type":"subscribe","expertId":"{sample.expert.id}","epoch":"{first["epoch"]}","version":{version}}}'
    await watcher.socket.send(text)
    assert (await watcher.hear())["type"] in ("snapshot", "error")
    await watcher.assert_silent(0)


async def test_an_unknown_expert_is_answered_and_the_socket_stays(watcher: Watcher, sample: Sample) -> None:
    answer = await watcher.subscribe(new_expert_id())
    assert (answer["type"], answer["code"]) == ("error", "expert-not-found")
    assert (await watcher.subscribe(sample.expert.id))["type"] == "snapshot"


async def test_a_socket_watches_at_most_fifty_experts(
    client: httpx.AsyncClient, engine: Engine, watcher: Watcher, sample: Sample
) -> None:
    crowd = [replace(ZOE, id=new_expert_id(), name=f"Person {n}") for n in range(50)]
    await engine.add_experts(crowd)
    for expert in crowd:
        assert (await watcher.subscribe(expert.id))["type"] == "snapshot"
    refused = await watcher.subscribe(sample.expert.id)
    assert (refused["type"], refused["code"]) == ("error", "too-many-experts")
    assert (await watcher.subscribe(crowd[0].id))["type"] == "snapshot", "one that is watched already"
    await book(client, sample)
    await watcher.assert_silent(0.1)
    await watcher.say(type="unsubscribe", expertId=crowd[0].id)
    assert (await watcher.subscribe(sample.expert.id))["type"] == "snapshot"


async def test_a_message_of_64_kib_is_heard_and_a_larger_one_closes_the_socket(watcher: Watcher) -> None:
    await watcher.socket.send('{"type":"ping"}' + " " * (65_536 - 15))
    assert await watcher.hear() == {"type": "pong"}
    await watcher.socket.send('{"type":"ping"}' + " " * (65_537 - 15))
    with pytest.raises(ConnectionClosed) as closed:
        await watcher.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_plain_request_is_no_socket(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/live")
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
