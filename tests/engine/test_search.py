from __future__ import annotations

from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.model import Expert
from engine.store.experts import SORTS
from tests.samples import ZOE

NAMES = [
    "Zoë Nguyễn",
    "Zoe Baker",
    "Łukasz Żółć",
    "Søren Ångström",
    "Đặng Thị Mai",
    "Bo Li",
    "Jean-Luc O’Brien",
    "A.B. (Carl) [x]+*?^$|\\{1}",
    "ZOÉ MARTIN",
    "Ümit Işık",
    "李小龍",
    "Anna Bell",
    "Bella Annan",
]


@pytest.fixture
async def experts(engine: Engine) -> list[Expert]:
    people = [
        replace(
            ZOE,
            id=f"{number:010}",
            name=name,
            category="Law" if number % 2 else "Health",
            rating=4.0 + number % 3 / 10,
            experience=number % 4,
        )
        for number, name in enumerate(NAMES)
    ]
    assert await engine.store.experts.put(people) == len(people)
    return people


async def names(engine: Engine, search: str, category: str | None = None) -> set[str]:
    page = await engine.store.experts.find(search, category, "name", 1, 100)
    found = {expert.name for expert in page.items}
    assert page.total == len(found)
    return found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("nguyen", {"Zoë Nguyễn"}),
        ("NGUYỄN", {"Zoë Nguyễn"}),
        ("zoe", {"Zoë Nguyễn", "Zoe Baker", "ZOÉ MARTIN"}),
        ("zoë n", {"Zoë Nguyễn"}),
        ("  zoe \t baker ", {"Zoe Baker"}),
        ("zolc", {"Łukasz Żółć"}),
        ("lukasz", {"Łukasz Żółć"}),
        ("soren ang", {"Søren Ångström"}),
        ("dang thi", {"Đặng Thị Mai"}),
        ("o'brien", {"Jean-Luc O’Brien"}),
        ("luc o’b", {"Jean-Luc O’Brien"}),
        ("isik", {"Ümit Işık"}),
        ("小", {"李小龍"}),
        ("小龍", {"李小龍"}),
        ("bo", {"Bo Li"}),
        ("li", {"Bo Li"}),
        ("uk", {"Łukasz Żółć"}),
        ("k", {"Zoe Baker", "Łukasz Żółć", "Ümit Işık"}),
        ("anna", {"Anna Bell", "Bella Annan"}),
        ("annabell", set()),
        ("bell anna", set()),
        ("nguyenx", set()),
    ],
)
async def test_search_ignores_case_and_accents(
    engine: Engine, experts: list[Expert], search: str, found: set[str]
) -> None:
    assert await names(engine, search) == found


@pytest.mark.parametrize("search", ["", "   ", "\t"])
async def test_an_empty_search_finds_everybody(engine: Engine, experts: list[Expert], search: str) -> None:
    assert await names(engine, search) == set(NAMES)


@pytest.mark.parametrize(
    "search",
    [
        ".*",
        "....",
        "zoe.*",
        "^zoe",
        "a|b|c|d",
        "[a-z]+",
        "(zoe)",
        "\\w+\\w+",
        "$where",
        "{1,}",
        "(?i)zoe",
        "zoe\x00",
    ],
)
async def test_what_means_something_to_a_pattern_means_nothing(
    engine: Engine, experts: list[Expert], search: str
) -> None:
    assert await names(engine, search) == set()


@pytest.mark.parametrize("search", ["a.b.", "(carl)", "[x]+*?^$|\\{1}", "*?", "\\{", ") [x]+*"])
async def test_such_characters_are_found_where_they_are(engine: Engine, experts: list[Expert], search: str) -> None:
    assert await names(engine, search) == {"A.B. (Carl) [x]+*?^$|\\{1}"}


async def test_a_search_in_a_category(engine: Engine, experts: list[Expert]) -> None:
    assert await names(engine, "zoe", "Law") == {"Zoe Baker"}
    assert await names(engine, "zoe", "None") == set()
    assert await names(engine, "", "Law") == set(NAMES[1::2])


async def pages(engine: Engine, sort: str, category: str | None, limit: int) -> list[Expert]:
    found: list[Expert] = []
    number = 1
    while True:
        page = await engine.store.experts.find("", category, sort, number, limit)
        assert page.total == (len(NAMES) if category is None else len(NAMES[1::2]))
        found += page.items
        if number == page.pages:
            return found
        number += 1


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("category", [None, "Law"])
async def test_pages_are_in_order_and_have_everybody_once(
    engine: Engine, experts: list[Expert], sort: str, category: str | None
) -> None:
    order = {
        "rating": lambda expert: (-expert.rating, expert.id),
        "experience": lambda expert: (-expert.experience, expert.id),
    }.get(sort)
    whole = await pages(engine, sort, category, 100)
    for limit in (1, 2, 5):
        assert await pages(engine, sort, category, limit) == whole
    assert {expert.id for expert in whole} == {e.id for e in experts if category in (None, e.category)}
    if order:
        assert whole == sorted(whole, key=order)


async def test_names_are_in_order_without_case_or_accents(engine: Engine, experts: list[Expert]) -> None:
    whole = [expert.name for expert in await pages(engine, "name", None, 4)]
    assert whole.index("Łukasz Żółć") < whole.index("Søren Ångström") < whole.index("Ümit Işık")
    assert whole.index("Zoe Baker") < whole.index("ZOÉ MARTIN") < whole.index("Zoë Nguyễn")


async def test_an_expert_is_read_as_written(engine: Engine, experts: list[Expert]) -> None:
    for expert in experts:
        assert await engine.store.experts.get(expert.id) == expert
    assert await engine.store.experts.by_id([experts[0].id, "nobody"]) == {experts[0].id: experts[0]}
    renamed = replace(experts[0], name="Kim Novák")
    assert await engine.store.experts.put([renamed]) == 0
    assert await engine.store.experts.get(renamed.id) == experts[0], "who is there stays"
    assert await engine.store.experts.replace(renamed)
    assert await names(engine, "novak") == {"Kim Novák"}
    assert await names(engine, "nguyen") == set()
