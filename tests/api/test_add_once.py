"""Adding takes effect once: experts by the Idempotency-Key, slots by what they are."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from engine.engine import Engine
from tests.api.admin import EXPERT, slot_form
from tests.samples import Sample

PATH = "/api/admin/experts"


@pytest.fixture
def expert() -> dict[str, Any]:
    """One whose name nobody else has."""
    return {**EXPERT, "name": f"Once {secrets.token_hex(6)}"}


@pytest.fixture
def headers(admin_headers: dict[str, str]) -> dict[str, str]:
    return {**admin_headers, "idempotency-key": secrets.token_urlsafe()}


async def number_of(engine: Engine, expert: dict[str, Any]) -> int:
    return int((await engine.store.experts.find(expert["name"], None, "name", 1, 1)).total)


async def test_the_same_key_gives_the_first_answer_again_on_any_worker(
    each_worker: list[httpx.AsyncClient],
    client: httpx.AsyncClient,
    engine: Engine,
    expert: dict[str, Any],
    headers: dict[str, str],
) -> None:
    first = await client.post(PATH, json=expert, headers=headers)
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    for worker in each_worker:
        again = await worker.post(PATH, json=dict(reversed(expert.items())), headers=headers)
        assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
        assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
    assert await number_of(engine, expert) == 1
    assert (await client.get(first.headers["location"])).json()["expert"]["name"] == expert["name"]


async def test_the_same_key_twenty_times_at_once_adds_one_expert(
    client: httpx.AsyncClient, engine: Engine, expert: dict[str, Any], headers: dict[str, str]
) -> None:
    """On connections of their own, so over both workers."""
    answers = await asyncio.gather(*(client.post(PATH, json=expert, headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await number_of(engine, expert) == 1


async def test_without_a_key_and_under_another_one_each_request_adds_an_expert(
    client: httpx.AsyncClient, engine: Engine, expert: dict[str, Any], admin_headers: dict[str, str]
) -> None:
    for key in ({}, {}, {"idempotency-key": secrets.token_hex()}, {"idempotency-key": secrets.token_hex()}):
        assert (await client.post(PATH, json=expert, headers={**admin_headers, **key})).status_code == 201
    assert await number_of(engine, expert) == 4


@pytest.mark.parametrize("change", [{"name": "Bob"}, {"rating": 4.7}, {"languages": ["English"]}, {"bio": ""}])
async def test_another_expert_under_the_same_key_is_refused(
    client: httpx.AsyncClient, engine: Engine, expert: dict[str, Any], headers: dict[str, str], change: dict[str, Any]
) -> None:
    first = await client.post(PATH, json=expert, headers=headers)
    before = await engine.store.experts.get(first.json()["expert"]["id"])
    answer = await client.post(PATH, json={**expert, **change}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await engine.store.experts.get(first.json()["expert"]["id"]) == before
    assert await number_of(engine, expert) == 1


async def test_a_replay_is_the_first_answer_and_undoes_no_change_that_came_since(
    client: httpx.AsyncClient, engine: Engine, expert: dict[str, Any], headers: dict[str, str]
) -> None:
    first = await client.post(PATH, json=expert, headers=headers)
    expert_id = first.json()["expert"]["id"]
    await client.put(f"{PATH}/{expert_id}", json={**expert, "headline": "Retired"}, headers=headers)
    again = await client.post(PATH, json=expert, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert (await engine.store.experts.get(expert_id)).headline == "Retired"


async def test_a_refusal_does_not_use_up_the_key(
    client: httpx.AsyncClient, expert: dict[str, Any], headers: dict[str, str]
) -> None:
    assert (await client.post(PATH, json={**expert, "rating": 6}, headers=headers)).status_code == 422
    assert (await client.post(PATH, json=expert, headers=headers)).status_code == 201


@pytest.mark.parametrize("bad", ["", "x" * 256, "a\tb"])
async def test_a_key_that_is_no_key_is_refused(
    client: httpx.AsyncClient, engine: Engine, expert: dict[str, Any], admin_headers: dict[str, str], bad: str
) -> None:
    answer = await client.post(PATH, json=expert, headers={**admin_headers, "idempotency-key": bad})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert await number_of(engine, expert) == 0


async def test_the_same_slots_ten_times_at_once_are_put_on_sale_once(
    client: httpx.AsyncClient, engine: Engine, sample: Sample, admin_headers: dict[str, str]
) -> None:
    path, start = f"{PATH}/{sample.expert.id}/slots", sample.group.end
    body = {"slots": [slot_form(start, 30), slot_form(start + 1800, 30, seats=3)]}
    answers = await asyncio.gather(*(client.post(path, json=body, headers=admin_headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    slots = (await engine.calendar(sample.expert.id)).slots
    assert [(slot.start, slot.seats) for slot in slots[len(sample.slots) :]] == [(start, 1), (start + 1800, 3)]
    longer = {"slots": [slot_form(start, 45, seats=2)]}
    stays = (await client.post(path, json=longer, headers=admin_headers)).json()["slots"]
    assert stays == answers[0].json()["slots"][:1]
