"""The app without a mouse: true links, radios as a browser has them, and a focus that goes where the screen goes."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, Route, expect

from engine.engine import Engine
from engine.model import Status, new_expert_id, new_slot
from tests.api.serving import eventually
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.e2e.site import Site
from tests.samples import ZOE, Sample


def link(person: Person, name: str) -> Locator:
    return person.page.get_by_role("link", name=name, exact=True).filter(visible=True)


def heading(person: Person, name: str, level: int = 1) -> Locator:
    return person.page.get_by_role("heading", name=name, level=level).filter(visible=True)


async def test_enter_opens_an_expert_and_changes_tabs(people: People, sample: Sample) -> None:
    """They were links without an address: the keyboard got to them, and no further."""
    ann = await people()
    await ann.open()
    card = ann.visible(f"expert-{sample.expert.id}")
    await expect(card).to_have_attribute("href", f"/experts/{sample.expert.id}")
    await ann.page.evaluate("window.samePage = true")
    await card.focus()
    await ann.page.keyboard.press("Enter")
    await ann.sees_status("Live")
    for tab, title in (("My bookings", "My bookings"), ("Experts", sample.expert.name)):
        await link(ann, tab).focus()
        await ann.page.keyboard.press("Enter")
        await expect(heading(ann, title)).to_be_visible()
    assert await ann.page.evaluate("window.samePage === true"), "nothing was loaded anew"


async def test_a_link_opens_a_tab_of_its_own_for_those_who_want_one(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.open()
    async with ann.context.expect_page() as opened:
        await ann.visible(f"expert-{sample.expert.id}").click(modifiers=["ControlOrMeta"])
    other = await opened.value
    assert other.url == f"{ann.base}/experts/{sample.expert.id}"
    await expect(ann.page.get_by_role("searchbox")).to_be_visible()
    # React Native for the web notes a touch that ends where it has not seen one begin; it has no other effect.
    ann.faults[:] = [fault for fault in ann.faults if "Cannot record touch end" not in fault]


async def test_what_is_in_a_tab_that_is_not_in_front_is_not_reached(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.to_bookings()
    reached: list[str] = []
    for _ in range(8):
        await ann.page.keyboard.press("Tab")
        reached.append(
            await ann.page.evaluate(
                "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName)"
                " + (document.activeElement.closest('[aria-hidden=true]') ? ' hidden' : '')"
            )
        )
    assert "Experts" in reached
    assert not [name for name in reached if "hidden" in name or "Back to" in name or "Open" in name], reached


async def test_a_tab_that_comes_back_to_the_front_is_where_it_was(people: People, sample: Sample) -> None:
    ann = await people(viewport={"width": 390, "height": 500})
    await ann.open_expert(sample.expert.id)
    await ann.slot(sample.group.id).scroll_into_view_if_needed()
    await ann.to_bookings()
    await link(ann, "Experts").click()
    await expect(ann.slot(sample.group.id)).to_be_in_viewport()


async def test_space_and_arrows_choose_a_radio(people: People, sample: Sample) -> None:
    ann = await people(timezone_id="Asia/Tokyo")
    await ann.open_expert(sample.expert.id)
    own = ann.page.get_by_role("radio", name=re.compile("Your time")).filter(visible=True)
    theirs = ann.page.get_by_role("radio", name=re.compile("Expert’s time")).filter(visible=True)
    await theirs.focus()
    await ann.page.keyboard.press("Space")
    await expect(theirs).to_be_checked()
    await ann.page.keyboard.press("ArrowLeft")
    await expect(own).to_be_checked()
    await expect(own).to_be_focused()
    await ann.page.keyboard.press("ArrowLeft")
    await expect(theirs).to_be_checked()


async def test_tab_comes_to_the_chosen_radio_and_goes_on_beyond_the_others(people: People, sample: Sample) -> None:
    """Through all categories one by one, on the way from the search to the first expert."""
    ann = await people()
    await ann.open()
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()
    await expect(ann.page.get_by_role("radio")).not_to_have_count(1)
    await ann.page.get_by_role("searchbox").focus()
    await ann.page.keyboard.press("Tab")
    everybody = ann.page.get_by_role("radio", name="All")
    await expect(everybody).to_be_focused()
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.locator("[data-testid^=expert-]:focus")).to_have_count(1)
    await ann.page.keyboard.press("Shift+Tab")
    await expect(everybody).to_be_focused()
    await ann.page.keyboard.press("ArrowRight")
    await expect(ann.page.get_by_role("radio").nth(1)).to_be_checked()
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.locator("[data-testid^=expert-]:focus")).to_have_count(1)
    await ann.page.keyboard.press("Shift+Tab")
    await expect(ann.page.get_by_role("radio").nth(1)).to_be_focused()


async def test_a_slot_to_move_to_is_chosen_with_the_keyboard(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id)
    await ann.to_bookings()
    await ann.button(re.compile("^Move the session")).click()
    slot = ann.page.get_by_role("dialog").get_by_test_id(f"slot-{sample.slots[4].id}")
    await slot.focus()
    await ann.page.keyboard.press("Space")
    await expect(slot).to_be_checked()
    groups = ann.page.get_by_role("dialog").get_by_role("radiogroup")
    assert not re.search(r"\d{4}-\d\d-\d\d", await groups.first.get_attribute("aria-label") or ""), "a day in words"


async def test_the_focus_goes_to_the_heading_of_what_appears(people: People, sample: Sample) -> None:
    """It fell back to the top of the page, and nothing told a screen reader that the screen had changed."""
    ann = await people()
    await ann.open()
    await ann.visible(f"expert-{sample.expert.id}").press("Enter")
    await expect(heading(ann, sample.expert.name)).to_be_focused()
    await ann.slot(sample.slots[0].id).press("Enter")
    await expect(heading(ann, sample.expert.name)).to_be_focused()
    await ann.fill()
    await ann.visible("submit").press("Enter")
    await expect(heading(ann, "It’s yours")).to_be_focused()


async def test_who_comes_back_goes_on_from_where_they_were(people: People, sample: Sample) -> None:
    """From the top of the page again."""
    ann = await people()
    await ann.open()
    card = ann.visible(f"expert-{sample.expert.id}")
    await card.press("Enter")
    await expect(heading(ann, sample.expert.name)).to_be_focused()
    await ann.slot(sample.slots[2].id).press("Enter")
    await expect(ann.visible("hold-left")).to_be_visible()
    await expect(ann.page).to_have_title(f"Book {sample.expert.name} · Slotline")
    await ann.page.go_back()
    # The slot; or the heading, while the hold is still being given back.
    await expect(ann.page.locator(f"h1:focus, [data-testid=slot-{sample.slots[2].id}]:focus")).to_be_visible()
    await ann.page.go_back()
    await expect(card).to_be_focused()


async def test_the_focus_is_not_lost_with_what_had_it(people: People, sample: Sample, engine: Engine) -> None:
    """A search that is cleared, a session that is cancelled, an email that is left."""
    ann = await people()
    await ann.open()
    search = ann.page.get_by_role("searchbox")
    await search.fill("nobody")
    await ann.button("Clear the search").press("Enter")
    await expect(search).to_be_focused()

    await ann.book(sample.expert.id, sample.slots[0].id)
    await ann.to_bookings()
    await ann.button(re.compile("^Cancel the session with")).press("Enter")
    await ann.page.get_by_role("dialog").get_by_role("button", name="Cancel the session").press("Enter")
    await expect(ann.booking_cards().get_by_role("heading", level=3)).to_be_focused()
    await expect(ann.booking_cards()).to_contain_text("Cancelled")
    await ann.button("Use another email").press("Enter")
    await ann.button("Keep it").press("Enter")
    await expect(ann.visible("find-email")).to_be_focused()


async def test_the_first_of_those_that_were_not_shown_is_next(
    people: People, served: Site, sample: Sample, engine: Engine
) -> None:
    """The button went away, and the focus with it."""
    email = "often@example.com"
    for number in range(7):
        request = replace(sample.request(number), email=email)
        await engine.change((await engine.book(request, "customer")).booking.id, Status.CANCELLED, "customer")
    ann = await people()
    await ann.open("/bookings")
    printed = len(served.console)
    await ann.visible("find-email").fill(email)
    await ann.visible("find-email").press("Enter")
    await expect(ann.visible("code")).to_be_visible()
    await ann.visible("code").fill(served.code_for(email, printed))
    await expect(ann.booking_cards()).to_have_count(5)
    await ann.button("Show 2 more").press("Enter")
    await expect(ann.booking_cards().nth(5).get_by_role("heading", level=3)).to_be_focused()
    await expect(ann.booking_cards()).to_have_count(7)


async def test_the_first_of_more_days_is_next(people: People, engine: Engine) -> None:
    """Of the last days to be asked for: the button went away, and the focus with it."""
    expert = replace(ZOE, id=new_expert_id(), name="Zoë Many Days")
    noon = int(time.time()) // 86_400 * 86_400 + 12 * 3600
    slots = [new_slot(expert.id, noon + 86_400 * day, noon + 86_400 * day + 1800) for day in range(1, 11)]
    await engine.add_experts([expert])
    await engine.add_slots(slots)
    ann = await people()
    await ann.book(expert.id, slots[0].id)
    await ann.to_bookings()
    await ann.button(re.compile("^Move the session")).click()
    days = ann.page.get_by_role("dialog").get_by_role("heading", level=3)
    await expect(days).to_have_count(7)
    await ann.button("More days").press("Enter")
    await expect(days).to_have_count(9)
    await expect(days.nth(7)).to_be_focused()


async def test_the_slots_of_a_day_that_are_over_are_shown_to_who_asks(people: People, sample: Sample) -> None:
    """The focus went away with the button."""
    now = datetime.now(UTC)

    async def add_what_is_over(route: Route) -> None:
        answer = await (await route.fetch()).json()
        like = answer["days"][0]["slots"][0]
        over = [
            {
                **like,
                "id": f"over-{n}",
                "start": f"{now - timedelta(minutes=n + 1):%Y-%m-%dT%H:%M:%SZ}",
                "state": "past",
            }
            for n in range(5)
        ]
        answer["days"][0]["slots"][:0] = over
        await route.fulfill(json=answer)

    # Where it is about noon: five minutes ago it was the same day.
    ann = await people(timezone_id=f"Etc/GMT{now.hour - 12:+d}")
    await ann.page.route(f"**/api/experts/{sample.expert.id}*", add_what_is_over)
    await ann.page.route_web_socket(re.compile("/api/live"), lambda ws: None)  # it knows of no such slots
    await ann.open(f"/experts/{sample.expert.id}")
    over = ann.page.get_by_test_id(re.compile("^slot-over-")).filter(visible=True)
    await expect(over).to_have_count(3)
    await ann.button("Show 2 earlier").press("Enter")
    await expect(over).to_have_count(5)
    await expect(ann.page.get_by_role("heading", level=3).filter(visible=True).first).to_be_focused()


def results(person: Person) -> Locator:
    """The line above the list, that says how many there are."""
    return person.page.get_by_role("heading", name=re.compile(r"^(\d+|No) experts?\b"), level=2).filter(visible=True)


async def test_another_try_goes_on_at_the_list(people: People, sample: Sample) -> None:
    """The button was gone as it was pressed, and the focus with it."""
    ann = await people()
    await ann.page.route("**/api/experts?*", lambda route: route.abort())
    await ann.open()
    await ann.button("Try again").press("Enter")
    await expect(ann.button("Try again")).to_have_count(0)
    await expect(ann.button("Try again")).to_be_visible()  # it has failed again
    await expect(ann.page.locator("body:focus")).to_have_count(0)
    await ann.page.unroute("**/api/experts?*")
    await ann.button("Try again").press("Enter")
    await expect(results(ann)).to_be_focused()
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.locator("[data-testid^=expert-]:focus")).to_have_count(1)


async def test_who_found_nobody_goes_on_at_the_list_of_all(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("qqqq")
    await expect(results(ann)).to_have_text("No experts")
    await ann.button("Show all experts").press("Enter")
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()
    await expect(results(ann)).to_be_focused()
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.locator("[data-testid^=expert-]:focus")).to_have_count(1)


async def test_another_try_for_an_expert_goes_on_with_what_comes_of_it(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.page.route(f"**/api/experts/{sample.expert.id}*", lambda route: route.abort())
    await ann.open(f"/experts/{sample.expert.id}")
    failed = heading(ann, "Slotline cannot be reached")
    await expect(failed).to_be_focused()
    await ann.button("Try again").press("Enter")
    await expect(failed).to_have_count(0)
    await expect(ann.button("Back to Experts")).to_be_focused()
    await expect(failed).to_be_focused()
    await ann.page.unroute(f"**/api/experts/{sample.expert.id}*")
    await ann.button("Try again").press("Enter")
    await expect(heading(ann, sample.expert.name)).to_be_focused()


async def test_a_slot_that_is_taken_hands_the_focus_to_its_day(people: People, sample: Sample, engine: Engine) -> None:
    """What the feed takes from under the keyboard took the focus along."""
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.slot(sample.slots[1].id).focus()
    await engine.book(sample.request(1), "customer")
    await ann.sees_slot(sample.slots[1].id, "booked")
    await expect(ann.page.locator("h3:focus")).to_have_count(1)


async def test_a_button_that_was_busy_has_the_focus_when_it_failed(people: People, sample: Sample) -> None:
    """Disabled meanwhile, it had lost it."""

    async def busy(route: Route) -> None:
        await route.fulfill(status=503, json={"code": "store-unavailable"})

    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[0].id)
    await ann.fill()
    await ann.page.route("**/api/bookings*", busy)
    await ann.visible("submit").press("Enter")
    await expect(ann.visible("submit")).to_have_text("Send again")
    await expect(ann.visible("submit")).to_be_focused()
    await ann.page.unroute("**/api/bookings*")
    await ann.visible("submit").press("Enter")
    await expect(heading(ann, "It’s yours")).to_be_focused()

    await ann.to_bookings()
    await ann.page.route("**/api/bookings/**", busy)
    await ann.button(re.compile("^Cancel the session with")).press("Enter")
    cancel = ann.page.get_by_role("dialog").get_by_role("button", name="Cancel the session")
    await cancel.press("Enter")
    await expect(ann.page.get_by_role("dialog")).to_contain_text("busy")
    await expect(cancel).to_be_focused()


async def test_more_experts_that_could_not_be_loaded_come_after_the_last(people: People, engine: Engine) -> None:
    """Of the list that goes on only with another try."""
    await engine.add_experts([replace(ZOE, id=new_expert_id(), name=f"Wanda {n:02} Onward") for n in range(22)])
    ann = await people()

    async def fail(route: Route) -> None:
        await (route.abort() if "page=2" in route.request.url else route.continue_())

    await ann.page.route("**/api/experts?*", fail)
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("onward")
    cards = ann.page.locator("[data-testid^=expert-]").filter(visible=True)
    await expect(results(ann)).to_contain_text("22 experts")
    again = ann.button("Try again")

    async def offered() -> bool:
        await cards.last.scroll_into_view_if_needed()
        return await again.is_visible()

    await eventually(offered, 30)
    last = await cards.last.get_attribute("data-testid")
    await ann.page.unroute("**/api/experts?*")
    await again.press("Enter")
    await expect(ann.visible(last or "")).to_be_focused()
