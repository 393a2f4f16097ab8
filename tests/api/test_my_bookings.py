"""What customers do with the bookings they have: find them, change them, put them into a calendar."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event

from engine.engine import Engine
from tests.api.serving import book, move
from tests.samples import Sample, make_sample

BOOKING = {
    "id", "status", "expert", "slot", "name", "email", "phone", "notes", "createdAt", "updatedAt", "history",
}  # fmt: skip
STEPS = {"pending": [], "confirmed": ["confirmed"], "completed": ["confirmed", "completed"], "cancelled": ["cancelled"]}
LEGAL = {
    ("pending", "confirmed"),
    ("pending", "cancelled"),
    ("confirmed", "completed"),
    ("confirmed", "cancelled"),
}


@pytest.fixture
def email() -> str:
    """An address that no other test has."""
    return f"Ann.{secrets.token_hex(6)}@Example.com"


# The list ------------------------------------------------------------------------------------------------------------


async def listed(client: httpx.AsyncClient, **params: str | int) -> dict[str, Any]:
    answer = await client.get("/api/bookings", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_customer_finds_the_bookings_newest_first(
    client: httpx.AsyncClient, sample: Sample, email: str
) -> None:
    made = [await book(client, sample, n, email=email) for n in (3, 0, 2)]
    await book(client, sample, 1, email="x" + email)
    answer = await listed(client, email=email)
    assert set(answer) == {"bookings", "page", "limit", "total", "pages"}
    assert answer["bookings"] == made[::-1]
    assert (answer["page"], answer["limit"], answer["total"], answer["pages"]) == (1, 20, 3, 1)
    for booking in answer["bookings"]:
        assert set(booking) == BOOKING


async def test_the_case_of_an_email_does_not_matter(client: httpx.AsyncClient, sample: Sample, email: str) -> None:
    booking = await book(client, sample, email=email)
    assert booking["email"] == email, "kept as it was written"
    for spelling in (email, email.lower(), email.upper(), f" {email} "):
        assert (await listed(client, email=spelling))["total"] == 1


async def test_a_plus_address_is_another_customer(client: httpx.AsyncClient, sample: Sample, email: str) -> None:
    await book(client, sample, 0, email=email)
    await book(client, sample, 1, email=email.replace("@", "+b@"))
    assert (await listed(client, email=email))["total"] == 1
    assert (await listed(client, email=email.replace("@", "+b@")))["total"] == 1


async def test_the_list_can_be_of_one_status(client: httpx.AsyncClient, sample: Sample, email: str) -> None:
    ids = {}
    for number, (status, steps) in enumerate(STEPS.items()):
        ids[status] = (await book(client, sample, number, email=email))["id"]
        for step in steps:
            await move(client, ids[status], step)
    for status, booking_id in ids.items():
        found = await listed(client, email=email, status=status)
        assert [(each["id"], each["status"]) for each in found["bookings"]] == [(booking_id, status)]
        assert found["total"] == 1
    assert (await listed(client, email=email))["total"] == 4


async def test_the_pages_of_the_list_are_the_list_once(client: httpx.AsyncClient, sample: Sample, email: str) -> None:
    made = [(await book(client, sample, n, email=email))["id"] for n in range(5)]
    got = []
    for page in (1, 2, 3):
        answer = await listed(client, email=email, page=page, limit=2)
        assert (answer["page"], answer["limit"], answer["total"], answer["pages"]) == (page, 2, 5, 3)
        got += [booking["id"] for booking in answer["bookings"]]
    assert got == made[::-1]
    assert (await listed(client, email=email, page=4, limit=2))["bookings"] == []


async def test_bookings_made_within_a_millisecond_are_listed_once_too(
    client: httpx.AsyncClient, sample: Sample, email: str
) -> None:
    """Without a second sort key the order of equals may change from page to page."""
    made = await asyncio.gather(*(book(client, sample, -1, email=email) for _ in range(7)))
    pages = [await listed(client, email=email, page=page, limit=1) for page in range(1, 8)]
    assert sorted(page["bookings"][0]["id"] for page in pages) == sorted(booking["id"] for booking in made)


async def test_a_stranger_has_no_bookings(client: httpx.AsyncClient, email: str) -> None:
    answer = await listed(client, email=email)
    assert (answer["bookings"], answer["total"], answer["pages"]) == ([], 0, 0)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "email"),
        ("email=", "email"),
        ("email=nobody", "email"),
        ("email[$ne]=x", "email"),
        ("email=a@b.co&status=open", "status"),
        ("email=a@b.co&limit=0", "limit"),
        ("email=a@b.co&limit=101", "limit"),
        ("email=a@b.co&page=0", "page"),
        ("email=a@b.co&sort=name", "sort"),
    ],
)
async def test_what_is_wrong_with_the_query_is_named(client: httpx.AsyncClient, query: str, field: str) -> None:
    answer = await client.get(f"/api/bookings?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert field in [error["field"] for error in answer.json()["errors"]]


# Status --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", STEPS)
@pytest.mark.parametrize("start", STEPS)
async def test_a_booking_moves_along_the_status_machine_and_no_other_way(
    client: httpx.AsyncClient, sample: Sample, start: str, to: str
) -> None:
    booking_id = (await book(client, sample))["id"]
    for step in STEPS[start]:
        assert (await move(client, booking_id, step)).status_code == 200
    before = (await client.get(f"/api/bookings/{booking_id}")).json()
    answer = await move(client, booking_id, to, reason="because")
    after = (await client.get(f"/api/bookings/{booking_id}")).json()
    if start == to:
        assert answer.status_code == 200
        assert answer.json() == before == after, "no change at all, not even of its history"
    elif (start, to) in LEGAL:
        assert answer.status_code == 200
        assert answer.json() == after
        assert after["booking"]["status"] == to
        assert after["booking"]["history"][:-1] == before["booking"]["history"]
        assert after["booking"]["history"][-1] == {
            "at": after["booking"]["updatedAt"],
            "from": start,
            "to": to,
            "by": "customer",
            "reason": "because",
        }
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid-transition")
        assert after == before


async def test_two_who_change_a_booking_at_once_change_it_once(
    each_worker: list[httpx.AsyncClient], sample: Sample
) -> None:
    booking_id = (await book(each_worker[0], sample))["id"]
    answers = await asyncio.gather(*(move(each_worker[n % 2], booking_id, "cancelled") for n in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    booking = (await each_worker[0].get(f"/api/bookings/{booking_id}")).json()["booking"]
    assert [change["to"] for change in booking["history"]] == ["pending", "cancelled"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "open"}, "status"),
        ({"status": None}, "status"),
        ({"status": ["cancelled"]}, "status"),
        ({"status": "CANCELLED"}, "status"),
        ({"status": "cancelled", "reason": "x" * 501}, "reason"),
        ({"status": "cancelled", "reason": "a\0b"}, "reason"),
        ({"status": "cancelled", "by": "admin"}, "by"),
    ],
)
async def test_a_change_that_is_wrong_changes_nothing(
    client: httpx.AsyncClient, sample: Sample, body: dict[str, Any], field: str
) -> None:
    booking = await book(client, sample)
    answer = await client.patch(f"/api/bookings/{booking['id']}/status", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await client.get(f"/api/bookings/{booking['id']}")).json() == {"booking": booking}


# calendar.ics --------------------------------------------------------------------------------------------------------


async def event_of(client: httpx.AsyncClient, booking_id: str) -> Event:
    answer = await client.get(f"/api/bookings/{booking_id}/calendar.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n")), "RFC 5545 folds lines"
    calendar = Calendar.from_ical(answer.content)
    assert not calendar.errors
    assert calendar["version"] == "2.0"
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    return event


async def test_a_booking_is_an_event(client: httpx.AsyncClient, sample: Sample) -> None:
    booking = await book(client, sample)
    event = await event_of(client, booking["id"])
    for name, epoch in (("dtstart", sample.slots[0].start), ("dtend", sample.slots[0].end)):
        assert event[name].to_ical().endswith(b"Z"), "UTC"
        assert event.decoded(name) == datetime.fromtimestamp(epoch, UTC)
    assert booking["id"] in event["uid"]
    assert event["sequence"] == 0
    assert sample.expert.name in event["summary"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [("pending", "TENTATIVE"), ("confirmed", "CONFIRMED"), ("completed", "CONFIRMED"), ("cancelled", "CANCELLED")],
)
async def test_a_changed_booking_replaces_its_event(
    client: httpx.AsyncClient, sample: Sample, status: str, shown: str
) -> None:
    booking_id = (await book(client, sample))["id"]
    first = await event_of(client, booking_id)
    for step in STEPS[status]:
        await move(client, booking_id, step)
    event = await event_of(client, booking_id)
    assert event["status"] == shown
    assert event["uid"] == first["uid"]
    assert event["sequence"] == len(STEPS[status])


async def test_text_cannot_break_out_of_an_event(client: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
    name, headline = "Zoë, Inc.; \\n Sons", "Law\r\nEND:VEVENT\r\nBEGIN:VEVENT\nX-EVIL:1; a,b"
    odd = await make_sample(engine, start=sample.slots[0].start, name=name, headline=headline)
    event = await event_of(client, (await book(client, odd))["id"])
    assert "x-evil" not in event
    assert event["summary"] == f"{odd.expert.category}: {name}"
    assert "BEGIN:VEVENT\nX-EVIL:1; a,b" in event["description"]
