"""Experts, slots and the audit, by HTTP."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from engine.model import Status
from tests.api.admin import EXPERT, instant, slot_form
from tests.api.serving import eventually, order
from tests.samples import Sample


@pytest.fixture
async def admin(client: httpx.AsyncClient, admin_headers: dict[str, str]) -> httpx.AsyncClient:
    """The client that holds every answer against the document, with the admin token."""
    client.headers.update(admin_headers)
    return client


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def slot_of(client: httpx.AsyncClient, sample: Sample, number: int) -> dict[str, Any]:
    days = (await client.get(f"/api/experts/{sample.expert.id}")).json()["days"]
    return next(slot for day in days for slot in day["slots"] if slot["id"] == sample.slots[number].id)


# Experts -------------------------------------------------------------------------------------------------------------


async def test_an_expert_is_added_replaced_and_removed(
    admin: httpx.AsyncClient, each_worker: list[httpx.AsyncClient]
) -> None:
    made = await admin.post("/api/admin/experts", json=EXPERT)
    assert made.status_code == 201
    expert = made.json()["expert"]
    assert {name: expert[name] for name in EXPERT} == EXPERT
    path = f"/api/experts/{expert['id']}"
    assert made.headers["location"] == path
    for client in each_worker:
        shown = (await client.get(path)).json()["expert"]
        assert (shown["name"], shown["bio"]) == (EXPERT["name"], EXPERT["bio"])
        assert "email" not in shown, "not for everybody who looks"

    changed = await admin.put(f"/api/admin{path[4:]}", json={**EXPERT, "name": "Zoë", "bio": "", "rating": 5})
    assert changed.status_code == 200
    for client in each_worker:

        async def is_known_by_the_new_name(client: httpx.AsyncClient = client) -> bool:
            return bool((await client.get(path)).json()["expert"]["name"] == "Zoë")

        await eventually(is_known_by_the_new_name)

    gone = await admin.delete(f"/api/admin{path[4:]}")
    assert (gone.status_code, gone.content) == (204, b"")
    for client in each_worker:

        async def is_gone(client: httpx.AsyncClient = client) -> bool:
            return (await client.get(path)).status_code == 404

        await eventually(is_gone)
    assert code(await admin.put(f"/api/admin{path[4:]}", json=EXPERT)) == (404, "expert-not-found")
    assert code(await admin.delete(f"/api/admin{path[4:]}")) == (404, "expert-not-found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "A"}, "name"),
        ({"name": {"$gt": ""}}, "name"),
        ({"headline": "a\0b"}, "headline"),
        ({"languages": []}, "languages"),
        ({"languages": ["English", "a\nb"]}, "languages.1"),
        ({"languages": "English"}, "languages"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"experience": -1}, "experience"),
        ({"experience": 1.5}, "experience"),
        ({"rating": 5.1}, "rating"),
        ({"email": "nobody"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"id": "mine"}, "id"),
        ({"time_zone": "Europe/Berlin"}, "time_zone"),
    ],
)
async def test_an_expert_that_is_wrong_is_not_added(
    admin: httpx.AsyncClient, engine: Engine, change: dict[str, Any], field: str
) -> None:
    before = await engine.count_experts()
    answer = await admin.post("/api/admin/experts", json={**EXPERT, **change})
    assert code(answer) == (422, "validation-failed")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await engine.count_experts() == before


async def test_an_expert_who_has_bookings_does_not_just_go(
    admin: httpx.AsyncClient, engine: Engine, sample: Sample
) -> None:
    made = [await admin.post("/api/bookings", json=order(sample, n)) for n in (0, 1)]
    path = f"/api/admin/experts/{sample.expert.id}"
    refused = await admin.delete(path)
    assert code(refused) == (409, "expert-has-bookings")
    assert "2 active bookings" in refused.json()["detail"]
    assert (await slot_of(admin, sample, 2))["state"] == "open"
    assert (await admin.delete(f"{path}?bookings=cancel&reason=retired")).status_code == 204
    for answer in made:
        booking = await engine.booking(answer.json()["booking"]["id"])
        assert (booking.status, booking.history[-1].by, booking.history[-1].reason) == (
            Status.CANCELLED, "admin", "retired",
        )  # fmt: skip
    assert code(await admin.post("/api/bookings", json=order(sample, 2))) == (409, "slot-closed")
    again = await admin.post(f"/api/admin/slots/{sample.slots[2].id}/open")
    assert code(again) == (404, "slot-not-found"), "off sale for good"


async def test_bookings_that_are_kept_stay_as_they_are(
    admin: httpx.AsyncClient, engine: Engine, sample: Sample
) -> None:
    made = await admin.post("/api/bookings", json=order(sample))
    assert (await admin.delete(f"/api/admin/experts/{sample.expert.id}?bookings=keep")).status_code == 204
    answer = await admin.get(made.headers["location"])
    assert (answer.status_code, answer.json()["booking"]["status"]) == (200, "pending")
    report = await engine.audit()
    assert [finding for finding in report.findings if sample.expert.id in finding.subject] == []


# Slots ---------------------------------------------------------------------------------------------------------------


async def test_slots_are_put_on_sale_once(admin: httpx.AsyncClient, sample: Sample) -> None:
    path = f"/api/admin/experts/{sample.expert.id}/slots"
    wanted = [slot_form(sample.group.end, 30), slot_form(sample.group.end + 3600, 45, seats=3)]
    for _ in range(2):
        made = await admin.post(path, json={"slots": wanted})
        assert made.status_code == 201
        assert [(slot["start"], slot["end"], slot["seats"], slot["free"]) for slot in made.json()["slots"]] == [
            (wanted[0]["start"], wanted[0]["end"], 1, 1),
            (wanted[1]["start"], wanted[1]["end"], 3, 3),
        ]
    slot_id = made.json()["slots"][1]["id"]
    booked = await admin.post("/api/bookings", json=order(sample) | {"slotId": slot_id})
    assert booked.status_code == 201
    again = await admin.post(path, json={"slots": wanted})
    assert again.json()["slots"][1]["free"] == 2, "what is there stays as it is"


async def test_a_slot_that_would_overlap_is_refused_and_none_is_added(
    admin: httpx.AsyncClient, engine: Engine, sample: Sample
) -> None:
    path = f"/api/admin/experts/{sample.expert.id}/slots"
    free, taken = sample.group.end + 7200, sample.slots[3].start
    for slots in (
        [slot_form(free, 30), slot_form(taken + 60, 15)],
        [slot_form(free, 30), slot_form(taken - 600, 1200)],
        [slot_form(free, 30), slot_form(free + 60, 30)],
    ):
        answer = await admin.post(path, json={"slots": slots})
        assert code(answer) == (409, "slot-overlaps")
    assert len((await engine.calendar(sample.expert.id)).slots) == len(sample.slots)
    nobody = await admin.post("/api/admin/experts/nobody/slots", json={"slots": [slot_form(free, 30)]})
    assert code(nobody) == (404, "expert-not-found")


async def test_of_two_administrators_who_add_what_overlaps_one_does(
    admin: httpx.AsyncClient, each_worker: list[httpx.AsyncClient], admin_headers: dict[str, str], sample: Sample
) -> None:
    """Both would see that there is room, if they looked first."""
    path, free = f"/api/admin/experts/{sample.expert.id}/slots", sample.group.end
    for number in range(10):
        start = free + number * 7200
        answers = await asyncio.gather(
            *(
                client.post(path, json={"slots": [slot_form(start + 60 * n, 30)]}, headers=admin_headers)
                for n, client in enumerate([*each_worker, *each_worker])
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * (len(answers) - 1)]


NOW = int(time.time()) // 60 * 60


@pytest.mark.parametrize(
    "slot",
    [
        {},
        slot_form(NOW - 3600, 30),
        slot_form(NOW + 3 * 366 * 86_400, 30),
        slot_form(NOW + 7200, 4),
        slot_form(NOW + 7200, 24 * 60 + 1),
        slot_form(NOW + 7200, -30),
        slot_form(NOW + 7230, 30),
        slot_form(NOW + 7200, 30, seats=0),
        slot_form(NOW + 7200, 30, seats=1001),
        slot_form(NOW + 7200, 30, seats="many"),
        {"start": instant(NOW + 7200)[:-1], "end": instant(NOW + 9000)},
        {"start": "9999-12-31T23:59:00Z", "end": "9999-12-31T23:59:00-23:00"},
        {"start": 1e300, "end": 2},
    ],
)
async def test_a_slot_that_is_none_is_refused(admin: httpx.AsyncClient, sample: Sample, slot: dict[str, Any]) -> None:
    answer = await admin.post(f"/api/admin/experts/{sample.expert.id}/slots", json={"slots": [slot]})
    assert code(answer) == (422, "validation-failed")
    assert all(error["field"].startswith("slots.0") for error in answer.json()["errors"])


async def test_a_slot_is_closed_and_opened(admin: httpx.AsyncClient, sample: Sample) -> None:
    path = f"/api/admin/slots/{sample.slots[0].id}"
    closed = await admin.post(f"{path}/close")
    assert (closed.status_code, closed.json()["kept"], closed.json()["cancelled"]) == (200, 0, 0)
    assert closed.json()["slot"]["state"] == "closed"
    assert code(await admin.post("/api/bookings", json=order(sample))) == (409, "slot-closed")
    assert (await admin.post(f"{path}/close")).status_code == 200, "closed already: no change"
    opened = await admin.post(f"{path}/open")
    assert (opened.status_code, opened.json()["slot"]["state"]) == (200, "open")
    assert (await admin.post("/api/bookings", json=order(sample))).status_code == 201
    for verb in ("close", "open"):
        assert code(await admin.post(f"/api/admin/slots/nobody-1/{verb}")) == (404, "slot-not-found")


async def test_closing_a_slot_that_has_bookings_asks_what_to_do_with_them(
    admin: httpx.AsyncClient, engine: Engine, sample: Sample
) -> None:
    made = [(await admin.post("/api/bookings", json=order(sample, -1))).json()["booking"]["id"] for _ in range(3)]
    path = f"/api/admin/slots/{sample.group.id}/close"
    refused = await admin.post(path)
    assert code(refused) == (409, "slot-has-bookings")
    assert "3 active bookings" in refused.json()["detail"]
    assert (await slot_of(admin, sample, -1))["state"] == "open", "nothing has been done"
    kept = await admin.post(path, json={"bookings": "keep"})
    assert (kept.json()["kept"], kept.json()["cancelled"]) == (3, 0)
    cancelled = await admin.post(path, json={"bookings": "cancel", "reason": "the room is flooded"})
    assert (cancelled.json()["kept"], cancelled.json()["cancelled"]) == (0, 3)
    assert cancelled.json()["slot"]["free"] == 7
    for booking_id in made:
        last = (await engine.booking(booking_id)).history[-1]
        assert (last.to_status, last.by, last.reason) == (Status.CANCELLED, "admin", "the room is flooded")


async def test_what_is_booked_while_a_slot_is_closed_is_cancelled_too(
    admin: httpx.AsyncClient, engine: Engine, sample: Sample
) -> None:
    """The slot is closed first; then everybody who got in before is found, even if MongoDB has them a moment later."""
    path = f"/api/admin/slots/{sample.group.id}/close"
    bookings = [admin.post("/api/bookings", json=order(sample, -1)) for _ in range(7)]
    closing = admin.post(path, json={"bookings": "cancel"})
    *answers, closed = await asyncio.gather(*bookings, closing)
    assert closed.status_code == 200
    assert (closed.json()["kept"], closed.json()["slot"]["free"]) == (0, 7)
    for answer in answers:
        if answer.status_code == 201:
            assert (await engine.booking(answer.json()["booking"]["id"])).status is Status.CANCELLED
        else:
            assert code(answer) == (409, "slot-closed")


# Bookings and the audit ----------------------------------------------------------------------------------------------


async def test_what_the_admin_does_is_in_the_history_with_who_and_why(admin: httpx.AsyncClient, sample: Sample) -> None:
    made = await admin.post("/api/bookings", json=order(sample))
    path = made.headers["location"]
    assert made.json()["booking"]["history"][0]["by"] == "admin"
    for status in ("confirmed", "completed"):
        answer = await admin.patch(f"{path}/status", json={"status": status, "reason": f"{status} by telephone"})
        last = answer.json()["booking"]["history"][-1]
        assert (last["to"], last["by"], last["reason"]) == (status, "admin", f"{status} by telephone")


async def test_the_audit_looks_at_everything(admin: httpx.AsyncClient, sample: Sample) -> None:
    await admin.post("/api/bookings", json=order(sample))
    answers = await asyncio.gather(*(admin.get("/api/admin/audit") for _ in range(4)))
    for answer in answers:
        assert answer.status_code == 200
        report = answer.json()
        assert report["partitions"] == 16
        assert report["bookings"] >= 1
        assert report["clean"] == (report["findings"] == [])
