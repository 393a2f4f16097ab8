"""Every row of the contract's error table, each met by a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from engine.model import Status, new_slot
from engine.stack import MongoServer, RedisServer
from tests.api.serving import Server, eventually, order, serving
from tests.api.test_ops import CODES
from tests.samples import Sample

JSON = {"content-type": "application/json"}


class Case:
    def __init__(self, open_: httpx.AsyncClient, verified: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
        self.open, self.verified, self.engine, self.sample = open_, verified, engine, sample

    async def post(self, body: Any, **options: Any) -> httpx.Response:
        return await self.open.post("/api/bookings", json=body, **options)

    async def booked(self) -> str:
        return str((await self.post(order(self.sample))).json()["booking"]["id"])


Ask = Callable[[Case], Awaitable[httpx.Response]]
TABLE: dict[tuple[int, str], Ask] = {}


def row(status: int, code: str) -> Callable[[Ask], Ask]:
    def declare(ask: Ask) -> Ask:
        TABLE[status, code] = ask
        return ask

    return declare


@row(400, "malformed-json")
async def _(case: Case) -> httpx.Response:
    return await case.open.post("/api/bookings", content=b"{", headers=JSON)


@row(400, "bad-request")
async def _(case: Case) -> httpx.Response:
    return await case.open.get("/api/experts?page=1&page=2")


@row(401, "unauthenticated")
async def _(case: Case) -> httpx.Response:
    return await case.verified.get("/api/bookings/nobody-1")


@row(403, "forbidden")
async def _(case: Case) -> httpx.Response:
    made = (await case.post(order(case.sample))).json()
    own = {"authorization": f"Bearer {made['accessToken']}"}
    path = f"/api/bookings/{made['booking']['id']}/status"
    return await case.verified.patch(path, json={"status": "confirmed"}, headers=own)


@row(404, "expert-not-found")
async def _(case: Case) -> httpx.Response:
    return await case.open.get("/api/experts/nobody")


@row(404, "slot-not-found")
async def _(case: Case) -> httpx.Response:
    return await case.post({**order(case.sample), "slotId": f"{case.sample.expert.id}-zz"})


@row(404, "booking-not-found")
async def _(case: Case) -> httpx.Response:
    return await case.open.get("/api/bookings/nobody-1")


@row(404, "hold-not-found")
async def _(case: Case) -> httpx.Response:
    return await case.open.delete("/api/holds/nobody-1-1")


@row(405, "method-not-allowed")
async def _(case: Case) -> httpx.Response:
    answer = await case.open.put("/api/holds/x")
    assert answer.headers["allow"] == "DELETE, PATCH"
    return answer


@row(413, "body-too-large")
async def _(case: Case) -> httpx.Response:
    return await case.open.post("/api/holds", content=b" " * 70_000, headers=JSON)


@row(415, "unsupported-media-type")
async def _(case: Case) -> httpx.Response:
    return await case.open.post("/api/bookings", content=b"{}", headers={"content-type": "text/plain"})


@row(409, "slot-taken")
async def _(case: Case) -> httpx.Response:
    await case.booked()
    return await case.post(order(case.sample))


@row(409, "slot-held")
async def _(case: Case) -> httpx.Response:
    await case.engine.holds.hold(case.sample.slots[0].id)
    return await case.post(order(case.sample))


@row(409, "slot-past")
async def _(case: Case) -> httpx.Response:
    begun = case.sample.slots[0].start - 2 * 3600
    past = new_slot(case.sample.expert.id, begun, begun + 1800)
    await case.engine.add_slots([past])
    return await case.post({**order(case.sample), "slotId": past.id})


@row(409, "slot-closed")
async def _(case: Case) -> httpx.Response:
    await case.engine.close_slot(case.sample.slots[0].id)
    return await case.post(order(case.sample))


@row(409, "hold-expired")
async def _(case: Case) -> httpx.Response:
    hold = await case.engine.holds.hold(case.sample.slots[0].id)
    await case.engine.holds.release(hold.token)
    await case.booked()
    return await case.post(order(case.sample, holdToken=hold.token))


@row(409, "invalid-transition")
async def _(case: Case) -> httpx.Response:
    booking_id = await case.booked()
    await case.engine.change(booking_id, Status.CANCELLED, "customer")
    return await case.open.patch(f"/api/bookings/{booking_id}/status", json={"status": "confirmed"})


@row(422, "validation-failed")
async def _(case: Case) -> httpx.Response:
    return await case.post({})


@row(422, "idempotency-key-reused")
async def _(case: Case) -> httpx.Response:
    key = {"idempotency-key": f"table {case.sample.expert.id}"}
    await case.post(order(case.sample), headers=key)
    return await case.post(order(case.sample, name="Somebody Else"), headers=key)


@pytest.mark.parametrize(("status", "code"), TABLE)
async def test_a_row(
    status: int, code: str, client: httpx.AsyncClient, verified: Server, engine: Engine, sample: Sample
) -> None:
    async with httpx.AsyncClient(base_url=verified.base, timeout=30) as strict:
        answer = await TABLE[status, code](Case(client, strict, engine, sample))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert CODES[code] == status


async def test_too_often_and_out_of_order(mongo_server: MongoServer, tmp_path: Path) -> None:
    """429 and 503, each with Retry-After: on a server of its own, whose Redis is stopped."""
    with (
        RedisServer(tmp_path / "redis", persist=False) as redis,
        serving(
            redis, mongo_server, "table", tmp_path, workers=1, rate_limits=True, rate_scale=0.1, redis_timeout=0.5
        ) as served,
    ):
        async with httpx.AsyncClient(base_url=served.base, timeout=30) as client:
            for _ in range(7):
                answer = await client.post("/api/holds", json={})
            assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
            assert int(answer.headers["retry-after"]) >= 1
            redis.stop()

            async def away() -> bool:
                nonlocal answer
                answer = await client.get("/api/experts/nobody/")
                answer = await client.post("/api/access/codes", json={"email": "ann@example.com"})
                return answer.status_code == 503

            await eventually(away, 20)
            assert answer.json()["code"] == "store-unavailable"
            assert int(answer.headers["retry-after"]) >= 1


def test_the_table_has_every_row_of_the_contract() -> None:
    contract = {
        "malformed-json", "bad-request", "unauthenticated", "forbidden", "expert-not-found", "slot-not-found",
        "booking-not-found", "hold-not-found", "method-not-allowed", "body-too-large", "unsupported-media-type",
        "slot-taken", "slot-held", "slot-past", "slot-closed", "hold-expired", "invalid-transition",
        "validation-failed", "idempotency-key-reused",
    }  # fmt: skip
    assert {code for _, code in TABLE} == contract, "and rate-limited and store-unavailable, below"
