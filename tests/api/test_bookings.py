from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event

from engine.engine import Engine
from engine.model import new_expert_id, new_slot
from tests.api.serving import order
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


async def book(client: httpx.AsyncClient, sample: Sample, slot: int = 0, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/bookings", json=order(sample, slot, **changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["booking"])


async def move(client: httpx.AsyncClient, booking_id: str, status: str, **more: Any) -> httpx.Response:
    return await client.patch(f"/api/bookings/{booking_id}/status", json={"status": status, **more})


def instant(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Create and read -----------------------------------------------------------------------------------------------------


async def test_a_booking_is_created(client: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    answer = await client.post("/api/bookings", json=order(sample, notes="Bring the lease."))
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert "idempotent-replayed" not in answer.headers
    assert set(answer.json()) == {"booking", "accessToken"}
    booking = answer.json()["booking"]
    assert answer.headers["location"] == f"/api/bookings/{booking['id']}"
    assert before < datetime.fromisoformat(booking["createdAt"]) < datetime.now(UTC) + timedelta(seconds=2)
    assert booking == {
        "id": booking["id"],
        "status": "pending",
        "expert": {
            "id": sample.expert.id,
            "name": sample.expert.name,
            "category": sample.expert.category,
            "email": sample.expert.email,
            "phone": sample.expert.phone,
        },
        "slot": {
            "id": sample.slots[0].id,
            "start": instant(sample.slots[0].start),
            "end": instant(sample.slots[0].end),
        },
        "name": "Ann Onymous",
        "email": "ann@example.com",
        "phone": "+49 30 1234567",
        "notes": "Bring the lease.",
        "createdAt": booking["createdAt"],
        "updatedAt": booking["createdAt"],
        "history": [
            {"at": booking["createdAt"], "from": None, "to": "pending", "by": "customer", "reason": None},
        ],
    }
    stored = await engine.store.bookings.get(booking["id"])
    assert stored is not None, "what was answered with 201 is durable"
    assert (stored.slot_id, stored.notes) == (sample.slots[0].id, "Bring the lease.")


async def test_its_location_gives_the_booking_on_every_worker(
    each_worker: list[httpx.AsyncClient], sample: Sample
) -> None:
    created = await each_worker[0].post("/api/bookings", json=order(sample))
    for client in each_worker:
        answer = await client.get(created.headers["location"])
        assert answer.status_code == 200
        assert answer.json() == {"booking": created.json()["booking"]}


async def test_each_booking_has_an_access_token_of_its_own(client: httpx.AsyncClient, sample: Sample) -> None:
    answers = [await client.post("/api/bookings", json=order(sample, n)) for n in range(3)]
    assert len({answer.json()["accessToken"] for answer in answers}) == 3
    assert all(len(answer.json()["accessToken"]) >= 32 for answer in answers)


async def test_a_seat_given_back_can_be_booked(client: httpx.AsyncClient, sample: Sample) -> None:
    first = await book(client, sample)
    await move(client, first["id"], "cancelled")
    second = await book(client, sample)
    assert second["id"] != first["id"]


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


# Idempotency-Key -----------------------------------------------------------------------------------------------------


@pytest.fixture
def key() -> str:
    return secrets.token_urlsafe()


async def keyed(client: httpx.AsyncClient, key: str | bytes, body: dict[str, Any]) -> httpx.Response:
    return await client.post("/api/bookings", json=body, headers=[(b"Idempotency-Key", as_bytes(key))])


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


async def test_a_replay_gives_the_first_answer_again_on_any_worker(
    each_worker: list[httpx.AsyncClient], sample: Sample, key: str
) -> None:
    first = await keyed(each_worker[0], key, order(sample))
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    for client in each_worker:
        again = await keyed(client, key, order(sample))
        assert again.status_code == 201
        assert again.headers["idempotent-replayed"] == "true"
        assert again.content == first.content, "to the byte"
        assert again.headers["location"] == first.headers["location"]


async def test_a_replay_is_the_first_answer_even_after_a_cancel(
    client: httpx.AsyncClient, sample: Sample, key: str
) -> None:
    first = await keyed(client, key, order(sample))
    await move(client, first.json()["booking"]["id"], "cancelled")
    again = await keyed(client, key, order(sample))
    assert (again.status_code, again.content) == (201, first.content)
    await book(client, sample)


async def test_the_spelling_of_the_json_does_not_matter_to_a_replay(
    client: httpx.AsyncClient, sample: Sample, key: str
) -> None:
    first = await keyed(client, key, order(sample, notes=""))
    body = dict(reversed(list(order(sample).items())))
    again = await keyed(client, key, body)
    assert (again.status_code, again.content) == (201, first.content)


@pytest.mark.parametrize(
    "change",
    [{"name": "Bob"}, {"email": "bob@example.com"}, {"phone": "+49 30 7654321"}, {"notes": "x"}, {"slot": 1}],
)
async def test_another_request_under_the_same_key_is_refused(
    client: httpx.AsyncClient, engine: Engine, sample: Sample, key: str, change: dict[str, Any]
) -> None:
    await keyed(client, key, order(sample))
    answer = await keyed(client, key, order(sample, **change))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert (await engine.calendar(sample.expert.id)).slots[1].free == 1


async def test_a_refusal_does_not_use_up_the_key(client: httpx.AsyncClient, sample: Sample, key: str) -> None:
    blocker = await book(client, sample)
    assert (await keyed(client, key, order(sample))).status_code == 409
    await move(client, blocker["id"], "cancelled")
    assert (await keyed(client, key, order(sample))).status_code == 201


@pytest.mark.parametrize("length", [1, 255])
async def test_a_key_may_have_any_printable_characters(client: httpx.AsyncClient, engine: Engine, length: int) -> None:
    start = int(datetime.now(UTC).timestamp()) // 60 * 60 + 3600
    sample = await make_sample(engine, start=start)
    printable = "".join(chr(code) for code in range(33, 127))
    key = secrets.choice(printable) if length == 1 else (secrets.token_hex(8) + printable * 3)[:length]
    first = await keyed(client, key, order(sample))
    assert first.status_code == 201
    assert (await keyed(client, key, order(sample))).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("bad", ["", "x" * 256, "a\tb", "schlüssel".encode(), "\N{SNOWMAN}".encode(), b"\xff"])
async def test_a_key_that_is_no_key_is_refused(
    client: httpx.AsyncClient, engine: Engine, sample: Sample, bad: str | bytes
) -> None:
    answer = await keyed(client, bad, order(sample))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 1


async def test_the_same_key_forty_times_at_once_books_once(
    each_worker: list[httpx.AsyncClient], client: httpx.AsyncClient, engine: Engine, sample: Sample, key: str
) -> None:
    """On connections of their own, so over both workers; the slot has seats for seven."""
    answers = await asyncio.gather(*(keyed(client, key, order(sample, -1)) for _ in range(40)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert (await engine.calendar(sample.expert.id)).slots[-1].free == 6


async def test_the_same_key_for_two_experts_at_once_books_one(
    client: httpx.AsyncClient, engine: Engine, sample: Sample, key: str
) -> None:
    other = await make_sample(engine, start=sample.slots[0].start)
    answers = await asyncio.gather(*(keyed(client, key, order(chosen)) for chosen in (sample, other) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201, 422}
    assert len({answer.json()["booking"]["id"] for answer in answers if answer.status_code == 201}) == 1
    free = [(await engine.calendar(each.expert.id)).slots[0].free for each in (sample, other)]
    assert sorted(free) == [0, 1], "the loser's seat was given back"


# Refusals that concern a slot or a booking ---------------------------------------------------------------------------


async def refused(client: httpx.AsyncClient, body: dict[str, Any], status: int, code: str) -> None:
    answer = await client.post("/api/bookings", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_slot_that_cannot_be_booked_says_why(client: httpx.AsyncClient, engine: Engine, sample: Sample) -> None:
    await book(client, sample, 0)
    await refused(client, order(sample, 0), 409, "slot-taken")
    await engine.desk.close(sample.slots[1].id)
    await refused(client, order(sample, 1), 409, "slot-closed")
    start = sample.slots[0].start - 7200
    past = new_slot(sample.expert.id, start, start + 1800)
    await engine.add_slots([past])
    await refused(client, order(sample, slotId=past.id), 409, "slot-past")
    unknown = new_slot(sample.expert.id, start + 864_000, start + 865_800)
    await refused(client, order(sample, slotId=unknown.id), 404, "slot-not-found")
    await refused(client, order(sample, 2, expertId=new_expert_id()), 404, "slot-not-found")
    assert [slot.free for slot in (await engine.calendar(sample.expert.id)).slots[1:]] == [0, 1, *[1] * 6, 7]


@pytest.mark.parametrize("booking_id", ["zzzzzzzzzz-" + "0" * 32, "x", "%00", "$ne", "a%2Fb", "x" * 1000])
async def test_an_unknown_booking_is_not_found(client: httpx.AsyncClient, booking_id: str) -> None:
    path = f"/api/bookings/{booking_id}"
    for answer in (
        await client.get(path),
        await client.get(f"{path}/calendar.ics"),
        await move(client, booking_id, "cancelled"),
        await move(client, booking_id, "pending"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "booking-not-found")
