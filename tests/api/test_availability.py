"""Weekly hours, by HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.api.admin import ALWAYS, EXPERT
from tests.api.serving import eventually, order
from tests.samples import Sample


@pytest.fixture
async def admin(client: httpx.AsyncClient, admin_headers: dict[str, str]) -> httpx.AsyncClient:
    """The client that holds every answer against the document, with the admin token."""
    client.headers.update(admin_headers)
    return client


@pytest.fixture
async def expert(admin: httpx.AsyncClient) -> str:
    """The id of an expert in Paris without slots."""
    return str((await admin.post("/api/admin/experts", json=EXPERT)).json()["expert"]["id"])


async def shown(client: httpx.AsyncClient, expert: str) -> list[dict[str, Any]]:
    days = (await client.get(f"/api/experts/{expert}")).json()["days"]
    return [slot for day in days for slot in day["slots"] if slot["state"] not in ("past", "closed")]


async def test_hours_put_slots_on_sale_at_every_worker(
    admin: httpx.AsyncClient, each_worker: list[httpx.AsyncClient], expert: str
) -> None:
    path = f"/api/admin/experts/{expert}/availability"
    assert (await admin.get(path)).json() == {"availability": None}
    answer = await admin.put(path, json=ALWAYS)
    assert answer.status_code == 200
    rule, slots = answer.json()["availability"], answer.json()["slots"]
    assert rule == {
        "timeZone": "Europe/Paris", "exceptions": [], "bufferMinutes": 0, "seats": 1, "noticeMinutes": 0, **ALWAYS,
    }  # fmt: skip
    assert (await admin.get(path)).json() == {"availability": rule}
    assert 24 <= slots["added"] <= 36
    assert slots == {"added": slots["added"], "opened": 0, "closed": 0, "bookings": 0, "leftOut": 0, "held": 0}
    for client in each_worker:
        found = await shown(client, expert)
        assert len(found) == slots["added"]
        assert {slot["state"] for slot in found} == {"open"}
    again = await admin.put(path, json=ALWAYS)
    assert not any(again.json()["slots"].values())


async def test_a_booking_outside_new_hours_stays_and_its_slot_is_closed(
    admin: httpx.AsyncClient, expert: str, sample: Sample
) -> None:
    path = f"/api/admin/experts/{expert}/availability"
    await admin.put(path, json={**ALWAYS, "seats": 2})
    slot = (await shown(admin, expert))[2]
    body = {
        "expertId": expert,
        "slotId": slot["id"],
        "name": "Ann",
        "email": "ann@example.com",
        "phone": "+49301234567",
    }
    booked = await admin.post("/api/bookings", json=body)
    assert booked.status_code == 201
    closed = (await admin.put(path, json={**ALWAYS, "weekly": []})).json()["slots"]
    assert (closed["closed"], closed["bookings"]) == (closed["closed"], 1)
    assert await shown(admin, expert) == []
    second = await admin.post("/api/bookings", json={**body, "email": "bob@example.com"})
    assert (second.status_code, second.json()["code"]) == (409, "slot-closed")
    kept = await admin.get(booked.headers["location"])
    assert kept.json()["booking"]["status"] == "pending"


async def test_every_offered_slot_can_be_booked(admin: httpx.AsyncClient, expert: str, sample: Sample) -> None:
    await admin.put(f"/api/admin/experts/{expert}/availability", json={**ALWAYS, "noticeMinutes": 180})
    found = await shown(admin, expert)
    for slot in (found[0], found[-1]):
        answer = await admin.post("/api/bookings", json={**order(sample), "expertId": expert, "slotId": slot["id"]})
        assert answer.status_code == 201
        start = datetime.fromisoformat(slot["start"])
        assert (start - datetime.now(start.tzinfo)).total_seconds() > 3 * 3600 - 60


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slotMinutes": 0}, "slotMinutes"),
        ({"weekly": [{"weekday": "someday", "opens": "09:00", "closes": "10:00"}]}, "weekly.0.weekday"),
        ({"weekly": [{"weekday": "monday", "opens": "9", "closes": "10:00"}]}, "weekly.0.opens"),
        ({"exceptions": [{"date": "tomorrow", "hours": []}]}, "exceptions.0.date"),
        ({"weekly": ALWAYS["weekly"] * 2}, ""),
        ({"slotMinutes": 5, "windowDays": 366}, ""),
        ({"zone": "UTC"}, "zone"),
    ],
)
async def test_hours_that_are_none_are_refused_and_change_nothing(
    admin: httpx.AsyncClient, expert: str, change: dict[str, Any], field: str
) -> None:
    path = f"/api/admin/experts/{expert}/availability"
    answer = await admin.put(path, json={**ALWAYS, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await admin.get(path)).json() == {"availability": None}
    assert await shown(admin, expert) == []


async def test_nobody_has_no_hours(admin: httpx.AsyncClient) -> None:
    path = "/api/admin/experts/nobody0000/availability"
    for answer in (await admin.put(path, json=ALWAYS), await admin.get(path)):
        assert (answer.status_code, answer.json()["code"]) == (404, "expert-not-found")


async def test_hours_go_with_the_expert(admin: httpx.AsyncClient, expert: str) -> None:
    path = f"/api/admin/experts/{expert}/availability"
    await admin.put(path, json=ALWAYS)
    assert (await admin.delete(f"/api/admin/experts/{expert}")).status_code == 204

    async def is_gone() -> bool:
        return (await admin.get(path)).status_code == 404

    await eventually(is_gone)
