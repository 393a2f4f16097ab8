from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from engine.model import new_expert_id, new_slot
from tests.api.serving import book, instant, move, order
from tests.samples import Sample, make_sample

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
