"""Limits as a client meets them. The server believes the test's X-Forwarded-For: each test has addresses of its own."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from engine.model import Expert
from engine.stack import MongoServer
from tests.api.callers import token_of
from tests.api.serving import Server, eventually, one_client_a_worker, order, serving
from tests.samples import Sample, make_sample

addresses = (f"198.51.{a}.{b}" for a, b in itertools.product(range(100), range(1, 250)))


@pytest.fixture(scope="module")
def limited(server: Server, mongo_server: MongoServer) -> Iterator[Server]:
    """A tenth of all limits, over two workers."""
    with serving(
        server.redis, mongo_server, "api", server.settings.data_dir, access="verified", rate_limits=True,
        rate_scale=0.1, trusted_proxies="127.0.0.1", bookings_per_email=2, holds_per_client=2,
    ) as served:  # fmt: skip
        yield served


@pytest.fixture
async def client(limited: Server) -> AsyncIterator[httpx.AsyncClient]:
    """From one address, which is no other test's."""
    async with httpx.AsyncClient(base_url=limited.base, timeout=30, headers=somewhere()) as opened:
        yield opened


def somewhere() -> dict[str, str]:
    return {"x-forwarded-for": next(addresses)}


def assert_limited(answer: httpx.Response, policy: str = "") -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited"), answer.text
    assert int(answer.headers["retry-after"]) >= 1
    if policy:
        assert answer.headers["ratelimit-policy"].startswith(f'"{policy}"')


# Rates ---------------------------------------------------------------------------------------------------------------

SIX_A_MINUTE: dict[str, tuple[str, str, Any]] = {
    "bookings": ("POST", "/api/bookings", {}),
    "holds": ("POST", "/api/holds", {}),
    "changes": ("PATCH", "/api/bookings/nobody-1/status", {"status": "cancelled"}),
}


@pytest.mark.parametrize("policy", SIX_A_MINUTE)
async def test_an_address_may_ask_so_often(limited: Server, policy: str) -> None:
    """On one worker, which counts exactly. What was asked does not matter: a wrong request counts, too."""
    method, path, body = SIX_A_MINUTE[policy]
    async with one_client_a_worker(limited) as (one, *_):
        here, there = somewhere(), somewhere()
        for left in range(5, -1, -1):
            answer = await one.request(method, path, json=body, headers=here)
            assert answer.status_code in (401, 422)
            assert answer.headers["ratelimit-policy"] == f'"{policy}";q=6;w=60'
            found = re.fullmatch(rf'"{policy}";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
            assert found
            assert int(found[1]) == left
        refused = await one.request(method, path, json=body, headers=here)
        assert_limited(refused, policy)
        assert 8 <= int(refused.headers["retry-after"]) <= 10, "a sixth of a minute"
        elsewhere = await one.request(method, path, json=body, headers=there)
        assert elsewhere.status_code != 429


async def test_all_workers_refuse_soon(limited: Server) -> None:
    here = somewhere()
    async with one_client_a_worker(limited) as clients:
        passed = 0
        for client in clients:
            for _ in range(20):
                passed += (await client.post("/api/holds", json={}, headers=here)).status_code != 429
        assert passed <= 6 * len(clients)

        async def refused_everywhere() -> bool:
            answers = [await client.post("/api/holds", json={}, headers=here) for client in clients]
            return all(answer.status_code == 429 for answer in answers)

        await eventually(refused_everywhere)


async def test_a_refused_booking_books_nothing(limited: Server, engine: Engine, sample: Sample) -> None:
    async with one_client_a_worker(limited) as (one, *_):
        here = somewhere()
        for _ in range(6):
            await one.post("/api/bookings", json={}, headers=here)
        assert_limited(await one.post("/api/bookings", json=order(sample), headers=here), "bookings")
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 1


async def test_codes_are_limited_by_address_exactly(client: httpx.AsyncClient) -> None:
    emails = [f"{secrets.token_hex(6)}@example.com" for _ in range(20)]
    answers = await asyncio.gather(*(client.post("/api/access/codes", json={"email": email}) for email in emails))
    assert sorted(answer.status_code for answer in answers) == [202] * 2 + [429] * 18
    assert_limited(next(answer for answer in answers if answer.status_code == 429), "codes")


async def test_codes_are_limited_by_email_wherever_one_asks(limited: Server) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    async with httpx.AsyncClient(base_url=limited.base, timeout=30) as client:
        answers = [
            await client.post("/api/access/codes", json={"email": spelt}, headers=somewhere())
            for spelt in (email, email.upper(), email)
        ]
    assert [answer.status_code for answer in answers] == [202, 429, 429]
    for answer in answers:
        assert "email" not in answer.headers.get("ratelimit-policy", "")


async def test_guessing_a_code_is_limited(client: httpx.AsyncClient, limited: Server) -> None:
    guesses = [{"email": f"{secrets.token_hex(6)}@example.com", "code": "123456"} for _ in range(10)]
    statuses = [(await client.post("/api/access/tokens", json=guess)).status_code for guess in guesses]
    assert statuses == [401] * 3 + [429] * 7
    email = guesses[-1]["email"]
    async with httpx.AsyncClient(base_url=limited.base, timeout=30) as anywhere:
        answers = [
            await anywhere.post("/api/access/tokens", json={"email": email, "code": "123456"}, headers=somewhere())
            for _ in range(5)
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429, 429]


async def test_lookups_are_limited(limited: Server) -> None:
    async with one_client_a_worker(limited) as (one, *_):
        here = somewhere()
        statuses = [(await one.get("/api/bookings/nobody-1", headers=here)).status_code for _ in range(30)]
    assert statuses == [401] * 24 + [429] * 6


async def test_browsing_is_not_limited(client: httpx.AsyncClient, sample: Sample) -> None:
    for _ in range(40):
        assert (await client.get(f"/api/experts/{sample.expert.id}")).status_code == 200


async def test_who_says_where_it_comes_from_is_not_believed(server: Server, mongo_server: MongoServer) -> None:
    with serving(
        server.redis, mongo_server, "api", server.settings.data_dir, workers=1, rate_limits=True, rate_scale=0.1
    ) as served:
        async with httpx.AsyncClient(base_url=served.base, timeout=30) as client:
            answers = [await client.post("/api/holds", json={}, headers=somewhere()) for _ in range(9)]
    assert [answer.status_code for answer in answers].count(429) >= 3


# How much ------------------------------------------------------------------------------------------------------------


async def book(
    limited: Server, sample: Sample, slot: int, email: str, headers: dict[str, str], **more: Any
) -> httpx.Response:
    async with httpx.AsyncClient(base_url=limited.base, timeout=30, headers=headers) as client:
        return await client.post("/api/bookings", json=order(sample, slot, email=email, **more))


async def test_an_email_may_have_so_many_bookings_with_an_expert(
    limited: Server, engine: Engine, sample: Sample
) -> None:
    """The limit on how often an email books is two as well: each try comes from another place."""
    email = f"{secrets.token_hex(6)}@example.com"
    here = somewhere()
    made = [await book(limited, sample, n, email, here) for n in (0, 1)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert_limited(await book(limited, sample, 2, email, here))
    assert (await engine.calendar(sample.expert.id)).slots[2].free == 1


async def one_who_has_booked_twice(engine: Engine, sample: Sample, who: str) -> list[str]:
    made = []
    for slot in (0, 1):
        request = sample.request(slot)
        request.who = who
        made.append((await engine.book(request)).booking.id)
    return made


@pytest.fixture
async def strict(server: Server) -> AsyncIterator[Engine]:
    """An engine that lets everybody have two bookings with an expert."""
    limits = {"rate_limits": True, "bookings_per_email": 2}
    opened = await Engine.open(server.settings.model_copy(update=limits))
    yield opened
    await opened.close()


async def refused(engine: Engine, sample: Sample, slot: int, who: str) -> bool:
    from engine.errors import TooManyBookings

    request = sample.request(slot)
    request.who = who
    try:
        await engine.book(request)
    except TooManyBookings:
        return True
    return False


async def test_what_is_cancelled_or_moved_or_completed_does_not_count(strict: Engine, sample: Sample) -> None:
    from engine.model import Status

    first, second = await one_who_has_booked_twice(strict, sample, "ann")
    assert await refused(strict, sample, 2, "ann")
    assert not await refused(strict, sample, 2, "bob")
    await strict.reschedule(first, sample.slots[3].id, "customer")
    assert await refused(strict, sample, 4, "ann")
    await strict.change(first, Status.CANCELLED, "customer")
    assert not await refused(strict, sample, 4, "ann")
    assert await refused(strict, sample, 5, "ann")
    await strict.change(second, Status.CONFIRMED, "admin")
    assert await refused(strict, sample, 5, "ann")
    await strict.change(second, Status.COMPLETED, "admin")
    assert not await refused(strict, sample, 5, "ann")


async def test_what_was_moved_to_an_earlier_slot_does_not_count_when_that_is_over(
    strict: Engine, sample: Sample
) -> None:
    """It went on counting until the end of the slot that it had been booked for."""
    first, _ = await one_who_has_booked_twice(strict, sample, "ann")
    start = await strict.now_ms(sample.expert.id) // 1000 + 2
    soon = replace(sample.slots[0], id=f"{sample.expert.id}-soon", start=start, end=start + 1)
    await strict.add_slots([soon])
    await strict.reschedule(first, soon.id, "customer")
    assert await refused(strict, sample, 4, "ann")
    while await strict.now_ms(sample.expert.id) < soon.end * 1000:
        await asyncio.sleep(0.1)
    assert not await refused(strict, sample, 4, "ann")
    assert await refused(strict, sample, 5, "ann")


async def test_with_another_expert_one_may_book_as_well(strict: Engine, sample: Sample) -> None:
    await one_who_has_booked_twice(strict, sample, "ann")
    other = await make_sample(strict, start=sample.slots[0].start)
    assert not await refused(strict, other, 0, "ann")


async def test_many_at_once_get_no_more_than_that(strict: Engine, sample: Sample) -> None:
    """The script counts and books in one: nobody slips in between."""
    outcomes = await asyncio.gather(*(refused(strict, sample, slot, "ann") for slot in range(8)))
    assert outcomes.count(False) == 2


async def test_a_replay_is_no_booking_more(strict: Engine, sample: Sample) -> None:
    request = sample.request(0, key=f"key {sample.expert.id}")
    request.who = "ann"
    first = await strict.book(request)
    assert not await refused(strict, sample, 1, "ann")
    again = await strict.book(request)
    assert again.replayed
    assert again.booking.id == first.booking.id


async def test_what_an_email_has_keeps_no_stranger_from_booking_with_it(
    limited: Server, engine: Engine, sample: Sample
) -> None:
    """Else a stranger could find out that it has bookings. Its owner, with a token, has the limit wherever they are."""
    email = f"{secrets.token_hex(6)}@example.com"
    async with httpx.AsyncClient(base_url=limited.base, timeout=30, headers=somewhere()) as client:
        token = await token_of(client, engine, email)
    own = {"authorization": f"Bearer {token}"}
    made = [await book(limited, sample, n, email, {**own, **somewhere()}) for n in (0, 1)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert_limited(await book(limited, sample, 2, email, {**own, **somewhere()}))
    stranger = await book(limited, sample, 2, email, somewhere())
    assert stranger.status_code == 201


async def hold(client: httpx.AsyncClient, expert: Expert, slot_id: str) -> httpx.Response:
    return await client.post("/api/holds", json={"expertId": expert.id, "slotId": slot_id})


async def test_a_client_may_hold_so_many_seats(client: httpx.AsyncClient, limited: Server, sample: Sample) -> None:
    expert, slots = sample.expert, [slot.id for slot in sample.slots]
    first, second = [await hold(client, expert, slot_id) for slot_id in slots[:2]]
    assert (first.status_code, second.status_code) == (201, 201)
    assert_limited(await hold(client, expert, slots[2]))
    async with httpx.AsyncClient(base_url=limited.base, headers=somewhere()) as another:
        assert (await hold(another, expert, slots[2])).status_code == 201
    assert (await client.delete(first.headers["location"])).status_code == 204
    assert (await hold(client, expert, slots[3])).status_code == 201


async def test_who_guesses_the_key_of_another_address_gets_no_hold_of_it(limited: Server, sample: Sample) -> None:
    wish = {"expertId": sample.expert.id, "slotId": sample.slots[0].id}
    here, there = [{**somewhere(), "idempotency-key": "1"} for _ in range(2)]
    async with httpx.AsyncClient(base_url=limited.base) as client:
        answers = [await client.post("/api/holds", json=wish, headers=headers) for headers in (here, there, here)]
    assert [answer.status_code for answer in answers] == [201, 409, 201]
    assert answers[2].json() == answers[0].json()
    assert answers[1].json()["code"] == "slot-held"


async def test_a_hold_counts_where_it_was_made(limited: Server, sample: Sample) -> None:
    """A phone that changes networks renews it, books it or gives it back from another address. It counted there, too,
    and where it was made until its time was over."""
    expert, slots = sample.expert, [slot.id for slot in sample.slots]
    async with (
        httpx.AsyncClient(base_url=limited.base, headers=somewhere()) as first,
        httpx.AsyncClient(base_url=limited.base, headers=somewhere()) as second,
    ):
        one, two = [await hold(first, expert, slot_id) for slot_id in slots[:2]]
        assert (await second.patch(one.headers["location"])).status_code == 200
        assert (await second.patch(two.headers["location"])).status_code == 200
        assert (await hold(second, expert, slots[2])).status_code == 201
        assert_limited(await hold(first, expert, slots[3]))
        assert (await second.delete(one.headers["location"])).status_code == 204
        body = order(sample, 1, holdToken=two.json()["holdToken"], email=f"{secrets.token_hex(6)}@example.com")
        assert (await second.post("/api/bookings", json=body)).status_code == 201
        assert [(await hold(first, expert, slot_id)).status_code for slot_id in slots[4:6]] == [201, 201]


async def test_a_hold_that_became_a_booking_or_came_to_nothing_does_not_count(
    client: httpx.AsyncClient, sample: Sample
) -> None:
    expert, slots = sample.expert, [slot.id for slot in sample.slots]
    held = await hold(client, expert, slots[0])
    assert (await hold(client, expert, slots[0])).json()["code"] == "slot-held"
    body = order(sample, 0, holdToken=held.json()["holdToken"], email=f"{secrets.token_hex(6)}@example.com")
    assert (await client.post("/api/bookings", json=body)).status_code == 201
    for slot_id in slots[1:3]:
        assert (await hold(client, expert, slot_id)).status_code == 201
    assert_limited(await hold(client, expert, slots[4]))
