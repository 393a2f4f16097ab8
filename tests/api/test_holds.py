from __future__ import annotations

import httpx
import pytest

from tests.api.serving import order
from tests.samples import Sample


async def hold(client: httpx.AsyncClient, sample: Sample, slot: int = 0) -> httpx.Response:
    return await client.post("/api/holds", json={"expertId": sample.expert.id, "slotId": sample.slots[slot].id})


async def slot_state(client: httpx.AsyncClient, sample: Sample, slot: int = 0) -> dict[str, object]:
    days = (await client.get(f"/api/experts/{sample.expert.id}")).json()["days"]
    return next(found for day in days for found in day["slots"] if found["id"] == sample.slots[slot].id)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_hold_keeps_others_out_and_is_consumed_by_its_booking(
    client: httpx.AsyncClient, sample: Sample
) -> None:
    held = await hold(client, sample)
    assert held.status_code == 201
    assert set(held.json()) == {"holdToken", "expiresAt"}
    assert held.headers["location"] == f"/api/holds/{held.json()['holdToken']}"
    shown = await slot_state(client, sample)
    assert (shown["state"], shown["free"], shown["heldUntil"]) == ("held", 0, held.json()["expiresAt"])
    assert code(await client.post("/api/bookings", json=order(sample))) == (409, "slot-held")
    assert code(await hold(client, sample)) == (409, "slot-held")
    booked = await client.post("/api/bookings", json=order(sample, holdToken=held.json()["holdToken"]))
    assert booked.status_code == 201
    shown = await slot_state(client, sample)
    assert (shown["state"], shown["heldUntil"]) == ("booked", None)


async def test_the_same_key_holds_once(client: httpx.AsyncClient, sample: Sample) -> None:
    body = {"expertId": sample.expert.id, "slotId": sample.slots[0].id}
    first, again = [
        await client.post("/api/holds", json=body, headers={"idempotency-key": "one form"}) for _ in range(2)
    ]
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert [answer.headers.get("idempotent-replayed") for answer in (first, again)] == [None, "true"]
    other = {**body, "slotId": sample.slots[1].id}
    refused = await client.post("/api/holds", json=other, headers={"idempotency-key": "one form"})
    assert code(refused) == (422, "idempotency-key-reused")


async def test_a_hold_is_renewed_and_released(client: httpx.AsyncClient, sample: Sample) -> None:
    held = (await hold(client, sample)).json()
    renewed = await client.patch(f"/api/holds/{held['holdToken']}")
    assert renewed.status_code == 200
    assert renewed.json()["expiresAt"] >= held["expiresAt"]
    released = await client.delete(f"/api/holds/{held['holdToken']}")
    assert (released.status_code, released.content) == (204, b"")
    assert (await slot_state(client, sample))["state"] == "open"
    assert code(await client.delete(f"/api/holds/{held['holdToken']}")) == (404, "hold-not-found")
    assert code(await client.patch(f"/api/holds/{held['holdToken']}")) == (404, "hold-not-found")


async def test_a_token_that_is_over_meets_a_taken_slot(client: httpx.AsyncClient, sample: Sample) -> None:
    held = (await hold(client, sample)).json()
    await client.delete(f"/api/holds/{held['holdToken']}")
    await client.post("/api/bookings", json=order(sample))
    late = await client.post("/api/bookings", json=order(sample, holdToken=held["holdToken"]))
    assert code(late) == (409, "hold-expired")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"slotId": "nobody-zz"}, (404, "slot-not-found")),
        ({"expertId": "another"}, (404, "slot-not-found")),
        ({"slotId": {"$gt": ""}}, (422, "validation-failed")),
        ({"more": 1}, (422, "validation-failed")),
    ],
)
async def test_a_wrong_wish_is_refused(
    client: httpx.AsyncClient, sample: Sample, change: dict[str, object], expected: tuple[int, str]
) -> None:
    wish = {"expertId": sample.expert.id, "slotId": sample.slots[0].id, **change}
    assert code(await client.post("/api/holds", json=wish)) == expected
    assert (await slot_state(client, sample))["state"] == "open"


async def test_a_booking_moves_to_another_slot(client: httpx.AsyncClient, sample: Sample) -> None:
    booking = (await client.post("/api/bookings", json=order(sample))).json()["booking"]
    path = f"/api/bookings/{booking['id']}/reschedule"
    moved = await client.post(path, json={"slotId": sample.slots[2].id, "reason": "train is late"})
    assert moved.status_code == 200
    shown = moved.json()["booking"]
    assert (shown["id"], shown["slot"]["id"], shown["status"]) == (booking["id"], sample.slots[2].id, "pending")
    assert shown["history"][-1]["reason"] == "train is late"
    assert (await slot_state(client, sample, 0))["state"] == "open"
    assert (await slot_state(client, sample, 2))["state"] == "booked"
    await client.post("/api/bookings", json=order(sample, 1))
    assert code(await client.post(path, json={"slotId": sample.slots[1].id})) == (409, "slot-taken")
    assert code(await client.post(path, json={"slotId": "nobody-zz"})) == (404, "slot-not-found")
    assert code(await client.post(path, json={})) == (422, "validation-failed")
    await client.patch(f"/api/bookings/{booking['id']}/status", json={"status": "cancelled"})
    assert code(await client.post(path, json={"slotId": sample.slots[3].id})) == (409, "invalid-transition")
    gone = f"/api/bookings/{sample.expert.id}-0/reschedule"
    assert code(await client.post(gone, json={"slotId": sample.slots[3].id})) == (404, "booking-not-found")
