from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from engine.engine import Engine
from tests.api.serving import SUMMARY, Add, eventually, instant, order
from tests.samples import Sample


async def names(client: httpx.AsyncClient, **params: str | int) -> list[str]:
    answer = await client.get("/api/experts", params=params)
    assert answer.status_code == 200
    return [expert["name"] for expert in answer.json()["experts"]]


async def test_a_page_of_experts_has_the_fields_of_the_contract(client: httpx.AsyncClient, sample: Sample) -> None:
    answer = (await client.get("/api/experts")).json()
    assert set(answer) == {"experts", "page", "limit", "total", "pages"}
    assert (answer["page"], answer["limit"]) == (1, 20)
    assert answer["total"] >= len(answer["experts"]) >= 1
    for expert in answer["experts"]:
        assert set(expert) == SUMMARY


async def test_a_summary_is_the_profile_without_its_contact(client: httpx.AsyncClient, add: Add, category: str) -> None:
    (expert,) = await add("Ada", rating=4.3, experience=7, review_count=12)
    (summary,) = (await client.get("/api/experts", params={"category": category})).json()["experts"]
    assert summary == {
        "id": expert.id,
        "name": "Ada",
        "category": category,
        "headline": expert.headline,
        "experience": 7,
        "rating": 4.3,
        "reviewCount": 12,
        "avatarUrl": f"/avatars/{expert.id}",
        "nextOpen": None,
    }


@pytest.mark.parametrize(
    "search",
    [
        "nguyen",
        "NGUYỄN",
        "Nguyễn",
        "guy",
        "zoë q",
        "zoe q",
        "  Zoë   Quỳnh ",
        "ỳ",
        "o'br",
        "ng",
        "Zoe Quynh Nguyen-O'B",
    ],
)
async def test_search_finds_any_part_of_a_name_without_case_or_accents(
    client: httpx.AsyncClient, add: Add, category: str, search: str
) -> None:
    await add("Zoë Quỳnh Nguyễn-O'Brien", "Łukasz Åkerstrøm")
    assert await names(client, search=search, category=category) == ["Zoë Quỳnh Nguyễn-O'Brien"]


@pytest.mark.parametrize("search", [".*", "a.c", "nguyen$", "%", "Nguyễn Zoë", "(", "\\", "tenancy", "x" * 100])
async def test_search_takes_its_words_literally(
    client: httpx.AsyncClient, add: Add, category: str, search: str
) -> None:
    await add("Zoë Nguyễn", "abc")
    assert await names(client, search=search, category=category) == []


async def test_an_empty_search_finds_all(client: httpx.AsyncClient, add: Add, category: str) -> None:
    await add("Ada", "Bo")
    assert sorted(await names(client, search="", category=category)) == ["Ada", "Bo"]


async def test_a_category_is_taken_whole(client: httpx.AsyncClient, add: Add, category: str) -> None:
    await add("Ada")
    assert await names(client, category=category) == ["Ada"]
    assert await names(client, category=category[:-1]) == []


async def test_each_sort_has_its_order(client: httpx.AsyncClient, add: Add, category: str) -> None:
    await add("Émile", rating=4.1, experience=9)
    await add("Zoë", rating=5.0, experience=1)
    await add("adam", rating=4.7, experience=30)
    by_rating = ["Zoë", "adam", "Émile"]
    assert await names(client, category=category, sort="rating") == by_rating
    assert await names(client, category=category) == by_rating, "rating is the default"
    assert await names(client, category=category, sort="experience") == ["adam", "Émile", "Zoë"]
    assert await names(client, category=category, sort="name") == ["adam", "Émile", "Zoë"]


async def test_the_pages_together_are_the_whole_list_once(client: httpx.AsyncClient, add: Add, category: str) -> None:
    """All with the same rating: the order of equals must not change between pages."""
    await add(*(f"Person {n}" for n in range(7)))
    whole = await names(client, category=category)
    got = []
    for page in (1, 2, 3):
        answer = (await client.get("/api/experts", params={"category": category, "page": page, "limit": 3})).json()
        assert (answer["page"], answer["limit"], answer["total"], answer["pages"]) == (page, 3, 7, 3)
        got += [expert["name"] for expert in answer["experts"]]
    assert got == whole
    assert len(set(got)) == 7
    beyond = (await client.get("/api/experts", params={"category": category, "page": 4, "limit": 3})).json()
    assert (beyond["experts"], beyond["total"], beyond["pages"]) == ([], 7, 3)


async def test_nothing_found_is_no_page(client: httpx.AsyncClient, category: str) -> None:
    answer = (await client.get("/api/experts", params={"category": category})).json()
    assert (answer["experts"], answer["total"], answer["pages"]) == ([], 0, 0)


@pytest.mark.parametrize("limit", [1, 100])
async def test_the_bounds_of_limit_are_taken(client: httpx.AsyncClient, sample: Sample, limit: int) -> None:
    answer = (await client.get("/api/experts", params={"limit": limit})).json()
    assert answer["limit"] == limit
    assert len(answer["experts"]) == min(limit, answer["total"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=ten", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("page=0", "page"),
        ("page=1.5", "page"),
        # What Python reads as a number, and nobody writes as one, was taken for it.
        ("page=1_0", "page"),
        ("page=1.0", "page"),
        ("limit=%2B5", "limit"),
        ("limit=%205", "limit"),
        ("page=100001", "page"),
        ("sort=price", "sort"),
        ("sort=", "sort"),
        ("search=" + "x" * 101, "search"),
        ("category=" + "x" * 101, "category"),
        ("colour=red", "colour"),
        ("Sort=name", "Sort"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(client: httpx.AsyncClient, query: str, field: str) -> None:
    answer = await client.get(f"/api/experts?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "validation-failed"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_parameter_given_twice_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/experts?page=1&page=2")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert "page" in answer.json()["detail"]


@pytest.mark.parametrize("search", ["%ff", "%ed%a0%80", "%00", "%", "a%0ab", "%F0%9F%98%80", "$where", "[$ne]=1"])
async def test_no_search_is_a_fault_of_ours(client: httpx.AsyncClient, search: str) -> None:
    assert (await client.get(f"/api/experts?search={search}")).status_code in (200, 400, 422)


async def test_next_open_follows_a_booking(
    client: httpx.AsyncClient, engine: Engine, sample: Sample, category: str
) -> None:
    await engine.replace_expert(replace(sample.expert, category=category))

    async def next_open() -> str | None:
        experts = (await client.get("/api/experts", params={"category": category})).json()["experts"]
        return experts[0]["nextOpen"] if experts else "not listed yet"

    async def is_now(slot: int) -> bool:
        return await next_open() == instant(sample.slots[slot].start)

    await eventually(lambda: is_now(0))
    booking = (await client.post("/api/bookings", json=order(sample))).json()["booking"]
    await eventually(lambda: is_now(1), 4.0)
    await client.patch(f"/api/bookings/{booking['id']}/status", json={"status": "cancelled"})
    await eventually(lambda: is_now(0), 4.0)


async def test_categories_are_counted(client: httpx.AsyncClient, engine: Engine, add: Add, category: str) -> None:
    await add("Ada", "Bo", "Cy")

    async def counted() -> bool:
        answer = (await client.get("/api/categories")).json()
        assert set(answer) == {"categories"}
        found = [entry["name"] for entry in answer["categories"]]
        assert found == sorted(set(found))
        assert {"name": category, "experts": 3} in answer["categories"]
        return sum(entry["experts"] for entry in answer["categories"]) == await engine.count_experts()

    await eventually(counted)
