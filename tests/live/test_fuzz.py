"""Whatever is said on a live socket, and however it ends: the server stays well, and its memory where it was."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import Iterator

import httpx
import psutil
import pytest
from websockets.frames import Frame, Opcode

from engine.engine import Engine
from engine.stack import MongoServer
from tests.api.serving import Server, order, serving
from tests.live.watching import Watch
from tests.samples import Sample

HANDSHAKE = (
    b"GET /api/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SEEDS = (
    b'{"type":"ping"}',
    b'{"type":"subscribe","expertId":"EXPERT"}',
    b'{"type":"subscribe","expertId":"EXPERT","epoch":"x","version":0}',
    b'{"type":"unsubscribe","expertId":"EXPERT"}',
    b'{"type":"subscribe","expertId":{"$gt":""}}',
    b"[" * 2000,
    b"\xff\xfe\x00",
    b"",
    b"9" * 5000,
)
CONTROL = (Opcode.PING, Opcode.CLOSE)
ROUND = 150
"""Sockets."""
GROWTH = 24 << 20
"""Bytes that a worker may have more after many rounds: allocators keep some."""


@pytest.fixture(scope="module")
def alone(server: Server, mongo_server: MongoServer) -> Iterator[Server]:
    with serving(server.redis, mongo_server, "live", server.settings.data_dir, workers=1) as served:
        yield served


def noise(rng: random.Random, expert_id: str) -> bytes:
    """A frame, mostly of a message, mostly damaged."""
    payload = bytearray(rng.choice(SEEDS).replace(b"EXPERT", expert_id.encode()))
    for _ in range(rng.choice((0, 0, 1, 3, 20))):
        if payload:
            payload[rng.randrange(len(payload))] = rng.randrange(256)
    kind = rng.choice((Opcode.TEXT, Opcode.TEXT, Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CONT, Opcode.CLOSE))
    if kind in CONTROL:
        payload = payload[:120]
    wire = bytearray(
        Frame(kind, bytes(payload), fin=kind in CONTROL or rng.random() < 0.9).serialize(mask=rng.random() < 0.95)
    )
    for _ in range(rng.choice((0, 0, 0, 1, 5))):
        wire[rng.randrange(min(len(wire), 14))] = rng.randrange(256)
    return bytes(wire[: rng.randrange(1, len(wire) + 1)] if rng.random() < 0.1 else wire)


async def one_socket(server: Server, rng: random.Random, expert_id: str) -> None:
    host, _, port = server.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(HANDSHAKE[: len(HANDSHAKE) if rng.random() < 0.9 else rng.randrange(len(HANDSHAKE))])
        for _ in range(rng.randrange(12)):
            writer.write(noise(rng, expert_id))
            if rng.random() < 0.3:
                await asyncio.sleep(0)
        end = rng.random()
        if end < 0.3:  # half open: we say nothing more, but listen
            if writer.can_write_eof():
                writer.write_eof()
            await asyncio.wait_for(reader.read(65_536), 1)
        elif end < 0.6:
            writer.transport.abort()
        else:
            await asyncio.wait_for(reader.read(4096), 0.2)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()


@pytest.mark.timeout(180)
async def test_noise_leaves_the_server_well_and_its_memory_flat(alone: Server, engine: Engine, sample: Sample) -> None:
    seed = int(os.environ.get("FUZZ_SEED", secrets.randbelow(2**32)))
    rng = random.Random(seed)
    (pid,) = alone.workers.pids
    process = psutil.Process(pid)

    async def some_rounds(count: int) -> None:
        for _ in range(count):
            await asyncio.gather(*(one_socket(alone, rng, sample.expert.id) for _ in range(ROUND)))

    await some_rounds(3)
    before = process.memory_info().rss
    await some_rounds(6)
    after = process.memory_info().rss
    assert alone.workers.pids == [pid], f"the worker lives (seed {seed})"
    assert after - before < GROWTH, f"seed {seed}"
    async with httpx.AsyncClient(base_url=alone.base, timeout=30) as client:
        assert (await client.get("/readyz")).status_code == 200
        for _ in range(200):
            open_sockets = [
                line for line in (await client.get("/metrics")).text.splitlines()
                if line.startswith(("slotline_live_sockets{", "slotline_live_sockets "))
            ]  # fmt: skip
            if sum(float(line.split()[-1]) for line in open_sockets) == 0:
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail(f"sockets are left: {open_sockets} (seed {seed})")


async def test_frames_carry_no_personal_data(client: httpx.AsyncClient, watch: Watch, sample: Sample) -> None:
    """Who watches a calendar sees seats, whoever takes, moves or gives one back."""
    watcher = await watch()
    heard = [await watcher.subscribe(sample.expert.id)]
    mark = f"mark{secrets.token_hex(6)}"
    body = order(sample, name=mark, email=f"{mark}@example.com", notes=mark, phone="+49 30 98765432")
    made = (await client.post("/api/bookings", json=body, headers={"idempotency-key": mark})).json()
    path = f"/api/bookings/{made['booking']['id']}"
    await client.post(f"{path}/reschedule", json={"slotId": sample.slots[1].id, "reason": mark})
    held = (await client.post("/api/holds", json={"expertId": sample.expert.id, "slotId": sample.slots[2].id})).json()
    await client.patch(f"{path}/status", json={"status": "cancelled", "reason": mark})
    while sum(frame["type"] == "slot" for frame in heard) < 5:
        heard.append(await watcher.hear())
    later = await watch()
    heard.append(await later.subscribe(sample.expert.id, epoch=heard[0]["epoch"], version=heard[0]["version"]))
    text = str(heard)
    for private in (mark, "98765432", made["booking"]["id"], made["accessToken"], held["holdToken"], "example.com"):
        assert private not in text
    assert {key for frame in heard if frame["type"] == "slot" for key in frame["slot"]} == {
        "id", "start", "end", "state", "seats", "free", "heldUntil",
    }  # fmt: skip
