"""Finding somebody: the list goes on as one scrolls, a category narrows it, and it says so while it loads."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Locator, Route, expect

from engine.engine import Engine
from engine.model import Expert, new_expert_id
from tests.api.serving import eventually
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.samples import ZOE, make_sample

PAGE = 20
"""Experts that the app asks for at a time."""


async def add(engine: Engine, number: int, name: str, category: str = "Law") -> list[Expert]:
    """Experts of that name, the best rated first; none has the rating of another."""
    experts = [
        replace(ZOE, id=new_expert_id(), name=f"{name} {n:02}", category=category, rating=round(5 - n / 10, 1))
        for n in range(number)
    ]
    await engine.add_experts(experts)
    return experts


def cards(person: Person) -> Locator:
    return person.page.get_by_test_id(re.compile("^expert-")).filter(visible=True)


def chip(person: Person, label: str) -> Locator:
    return person.page.get_by_role("radiogroup", name="Category").get_by_role("radio", name=label)


async def ids_on(person: Person) -> list[str]:
    found = await cards(person).evaluate_all("cards => cards.map(card => card.dataset.testid)")
    return [test_id.removeprefix("expert-") for test_id in found]


async def test_the_list_goes_on_as_one_scrolls_until_everybody_was_there_once(people: People, engine: Engine) -> None:
    await add(engine, 1, "Somebody else")
    crowd = [expert.id for expert in await add(engine, 2 * PAGE + 5, "Wayfarer")]
    ann = await people()
    asked: list[str] = []
    second = asyncio.Event()

    async def note(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        if query.get("search"):
            asked.extend(query["page"])
            if query["page"] == ["2"]:
                await second.wait()
        await route.continue_()

    await ann.page.route("**/api/experts?*", note)
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("wayfarer")
    await expect(ann.text("45 experts, best rated first")).to_be_visible()

    more = ann.page.get_by_label("Loading more experts")
    assert asked == ["1"], "a page when it is needed, and not before"

    async def waits_for_more() -> bool:
        await cards(ann).last.scroll_into_view_if_needed()
        return await more.is_visible()

    await eventually(waits_for_more, 20)
    assert (await ids_on(ann), asked) == (crowd[:PAGE], ["1", "2"])
    second.set()

    async def sees_all() -> bool:
        await cards(ann).last.scroll_into_view_if_needed()
        return len(await ids_on(ann)) >= len(crowd)

    await eventually(sees_all, 20)
    await expect(more).to_have_count(0)
    assert (await ids_on(ann), asked) == (crowd, ["1", "2", "3"])


async def test_a_category_narrows_the_list_and_chosen_again_lets_everybody_in(people: People, engine: Engine) -> None:
    quokkas = {expert.id for expert in await add(engine, 3, "Quentin", "Quokka care")}
    wombats = {expert.id for expert in await add(engine, 2, "Wilma", "Wombat care")}
    ann = await people()

    async def sees_the_new_categories() -> bool:
        """A worker may have answered somebody a moment ago, and keeps that for two seconds."""
        await ann.open()
        await expect(chip(ann, "All")).to_be_checked()
        await expect(cards(ann)).not_to_have_count(0)
        return await chip(ann, "Quokka care, 3").count() == 1

    await eventually(sees_the_new_categories, 30)
    await chip(ann, "Quokka care, 3").click()
    await expect(ann.text("3 experts in Quokka care, best rated first")).to_be_visible()
    await expect(cards(ann)).to_have_count(3)
    assert set(await ids_on(ann)) == quokkas
    await expect(chip(ann, "Quokka care, 3")).to_be_checked()
    await expect(chip(ann, "All")).not_to_be_checked()

    await chip(ann, "Wombat care, 2").click()
    await expect(ann.text("2 experts in Wombat care, best rated first")).to_be_visible()
    await expect(cards(ann)).to_have_count(2)
    assert set(await ids_on(ann)) == wombats
    await expect(chip(ann, "Quokka care, 3")).not_to_be_checked()

    await chip(ann, "Wombat care, 2").click()
    await expect(chip(ann, "All")).to_be_checked()
    await expect(ann.text(re.compile(r"^\d+ experts, best rated first$"))).to_be_visible()
    for expert_id in quokkas | wombats:
        await expect(ann.visible(f"expert-{expert_id}")).to_be_visible()


async def test_a_list_that_is_on_its_way_shows_that_it_is(people: People, engine: Engine) -> None:
    (slow,) = await add(engine, 1, "Slowly")
    ann = await people()
    answered = asyncio.Event()

    async def wait(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await ann.page.route("**/api/experts?*", wait)
    await ann.open()
    skeleton = ann.page.get_by_role("status", name="Loading experts")
    await expect(skeleton).to_be_visible()
    await expect(cards(ann)).to_have_count(0)
    answered.set()
    await expect(ann.visible(f"expert-{slow.id}")).to_be_visible()
    await expect(skeleton).to_have_count(0)

    answered.clear()
    async with ann.page.expect_request("**/api/experts?*search=slowly*"):
        await ann.page.get_by_role("searchbox").fill("slowly")
    await expect(skeleton).to_have_count(0)
    await expect(cards(ann)).not_to_have_count(1)  # what was found before stays until then
    answered.set()
    await expect(ann.text(re.compile("^1 expert$"))).to_be_visible()


async def test_a_list_that_cannot_go_on_says_so_where_it_ends(people: People, engine: Engine) -> None:
    """It just ended, and what was said of it was said at its top."""
    await add(engine, PAGE + 3, "Drifter")
    ann = await people()
    broken = True

    async def fail(route: Route) -> None:
        page = parse_qs(urlsplit(route.request.url).query)["page"]
        await (route.abort() if broken and page == ["2"] else route.continue_())

    await ann.page.route("**/api/experts?*", fail)
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("drifter")
    await expect(ann.text(f"{PAGE + 3} experts, best rated first")).to_be_visible()
    notice = ann.text("There are more experts. No connection.")

    async def says_so() -> bool:
        await cards(ann).last.scroll_into_view_if_needed()
        return await notice.is_visible()

    await eventually(says_so, 30)
    await expect(ann.text(re.compile("This list is from"))).to_have_count(0)
    broken = False
    await ann.button("Try again").click()
    await expect(cards(ann)).to_have_count(PAGE + 3)
    await expect(notice).to_have_count(0)


async def test_the_number_of_one_search_is_not_said_of_the_next(people: People, engine: Engine) -> None:
    """While a category was on its way, "12 experts in Numbat care" was said of everybody."""
    await add(engine, 2, "Nora", "Numbat care")
    ann = await people()
    answered = asyncio.Event()

    async def wait(route: Route) -> None:
        if "category=" in route.request.url:
            await answered.wait()
        await route.continue_()

    await ann.page.route("**/api/experts?*", wait)

    async def sees_the_new_category() -> bool:
        await ann.open()
        await expect(cards(ann)).not_to_have_count(0)
        return await chip(ann, "Numbat care, 2").count() == 1

    await eventually(sees_the_new_category, 30)
    async with ann.page.expect_request("**/api/experts?*category=*"):
        await chip(ann, "Numbat care, 2").click()
    await expect(ann.text(re.compile("best rated first"))).to_have_count(0)
    answered.set()
    await expect(ann.text("2 experts in Numbat care, best rated first")).to_be_visible()


async def test_an_empty_catalogue_speaks_of_no_search(people: People) -> None:
    ann = await people()
    nobody = {"experts": [], "page": 1, "limit": PAGE, "total": 0, "pages": 0}
    await ann.page.route("**/api/experts?*", lambda route: route.fulfill(json=nobody))
    await ann.page.route("**/api/categories", lambda route: route.fulfill(json={"categories": []}))
    await ann.open()
    await expect(ann.text("Nobody here yet")).to_be_visible()
    await expect(ann.button("Show all experts")).to_have_count(0)


async def test_whom_nobody_has_rated_yet_is_new_and_not_the_worst(people: People, engine: Engine) -> None:
    """A star, and "0.0"."""
    fresh = replace(ZOE, id=new_expert_id(), name="Nina Newcomer", rating=0.0, review_count=0)
    await engine.add_experts([fresh])
    ann = await people()
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("Nina Newcomer")
    card = ann.visible(f"expert-{fresh.id}")
    await expect(card).to_contain_text("New")
    await expect(card).not_to_contain_text("0.0")
    await card.click()
    await expect(ann.text("no reviews yet")).to_be_visible()
    await expect(ann.text("0.0")).to_have_count(0)


async def test_an_address_that_leads_nowhere_says_so(people: People, engine: Engine) -> None:
    """It showed the list, as if that had been asked for."""
    ann = await people()
    await ann.open("/no/such/page")
    await expect(ann.text("There is no such page")).to_be_visible()
    await expect(ann.page).to_have_title("Not found · Slotline")
    await ann.button("See all experts").click()
    await expect(ann.page).to_have_url(f"{ann.base}/")
    await expect(ann.page.get_by_role("searchbox")).to_be_visible()
    await ann.open("/experts/nobody")
    await expect(ann.text("This expert is not here")).to_be_visible()
    await expect(ann.page).to_have_title("Not found · Slotline")
    await ann.open("/experts")
    await expect(ann.page.get_by_role("searchbox")).to_be_visible()


async def test_a_zone_has_the_name_that_its_city_has_today(people: People, engine: Engine) -> None:
    """Browsers tell the name that it had first: all of India was on "Calcutta" time."""
    start = int(time.time()) // 60 * 60 + 7200
    kyiv = await make_sample(engine, start=start, name="Kateryna Kyiv", time_zone="Europe/Kyiv")
    ann = await people(timezone_id="Asia/Calcutta")
    await ann.open_expert(kyiv.expert.id)
    await expect(ann.visible("zone")).to_contain_text("Kolkata")
    await ann.begin_booking(kyiv.slots[0].id)
    await expect(ann.text(re.compile("Kolkata time"))).to_be_visible()
    await expect(ann.text(re.compile("in Kyiv"))).to_be_visible()


async def test_the_form_of_an_expert_who_is_not_there_leads_back_to_all(people: People) -> None:
    """Back to "the expert", who was not there either."""
    ann = await people()
    await ann.open("/experts/nobody/book/nothing")
    await expect(ann.text("This expert is not here")).to_be_visible()
    await ann.button("Back to Experts").click()
    await expect(ann.page.get_by_role("searchbox")).to_be_visible()
