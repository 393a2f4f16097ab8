"""What is seen stays in view, at its size and in its place: long names, small and turned phones, slots that change."""

from __future__ import annotations

import re
import time

from playwright.async_api import Locator, expect

from engine.engine import Engine
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.samples import Sample, make_sample

SMALL = {"width": 320, "height": 568}
TABLET = {"width": 768, "height": 1024}

LONG_NAME = "Maximiliana-Konstantinopoulou von Hohenzollern-Sigmaringen-Schwarzenberg"

STICKS_OUT = """() => [...document.querySelectorAll('body *')].filter(element => {
    const {left, right, width} = element.getBoundingClientRect();
    // A row of chips is scrolled sideways; an avatar's frame cuts off what is drawn in it.
    return width > 0 && (right > innerWidth + 1 || left < -1) && element.checkVisibility()
        && !element.closest('[role=radiogroup], [aria-hidden=true]');
}).map(element => element.textContent.slice(0, 60))"""


async def box(locator: Locator) -> dict[str, float]:
    found = await locator.bounding_box()
    assert found is not None
    return {**found}


async def fits(person: Person, screen: str) -> None:
    assert (screen, await person.page.evaluate(STICKS_OUT)) == (screen, [])


async def test_a_long_name_stays_on_a_small_phone(people: People, engine: Engine) -> None:
    """The way back to the expert went on beyond the edge, and the icon beside a long address shrank."""
    long = await make_sample(
        engine,
        start=int(time.time()) // 60 * 60 + 7200,
        name=LONG_NAME,
        category="Intercultural communication & conflict mediation",
        headline="Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenberatung",
        email="maximiliana.von.hohenzollern-sigmaringen@a-very-long-subdomain.example.org",
    )
    ann = await people(viewport=SMALL)
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("Maximiliana")
    await expect(ann.visible(f"expert-{long.expert.id}")).to_be_visible()
    await fits(ann, "experts")
    await ann.open_expert(long.expert.id)
    await fits(ann, "expert")
    await ann.begin_booking(long.slots[0].id)
    await fits(ann, "form")
    await ann.fill(email="somebody.with.a.long.address.too@another-very-long-subdomain.example.com", notes="word" * 60)
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()
    await fits(ann, "booked")
    await ann.to_bookings()
    await expect(ann.booking_cards()).to_have_count(1)
    await fits(ann, "bookings")
    icon = ann.page.get_by_role("link", name=re.compile("^Write to")).locator("svg")
    assert (await box(icon))["width"] == 16
    await ann.button(re.compile("^Cancel the session with")).click()
    await fits(ann, "cancel")


async def test_what_became_of_the_form_is_seen_from_its_top(people: People, sample: Sample, engine: Engine) -> None:
    """On a small phone one saw the buttons below it, for one had scrolled down to send the form."""
    ann = await people(viewport=SMALL)
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[0].id)
    await ann.fill()
    await ann.submit()
    await expect(ann.page.get_by_role("heading", name="It’s yours")).to_be_in_viewport(ratio=1)

    await ann.page.route("**/api/holds", lambda route: route.abort())
    await ann.open(f"/experts/{sample.expert.id}/book/{sample.slots[1].id}")
    await expect(ann.text(re.compile("not held"))).to_be_visible()
    await ann.visible("submit").scroll_into_view_if_needed()
    await engine.book(sample.request(1), "customer")
    await expect(ann.page.get_by_role("heading", name="Somebody was faster")).to_be_in_viewport(ratio=1)


async def test_the_form_and_what_is_booked_with_it_are_one_column_on_a_tablet(people: People, sample: Sample) -> None:
    """The form kept to the left of what was twice as wide."""
    ann = await people(viewport=TABLET)
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[0].id)
    bar, submit = await box(ann.text("Held for you").locator("xpath=../..")), await box(ann.visible("submit"))
    assert (bar["x"], bar["width"]) == (submit["x"], submit["width"])
    assert bar["x"] == TABLET["width"] - bar["x"] - bar["width"], "in the middle"


async def test_nothing_moves_when_slots_change(people: People, sample: Sample, engine: Engine) -> None:
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.page.evaluate("document.fonts.ready.then(() => null)")
    before = [await box(ann.slot(slot.id)) for slot in sample.slots]
    await engine.book(sample.request(1), "customer")
    await engine.holds.hold(sample.slots[2].id)
    await engine.book(sample.request(sample.group), "customer")
    await ann.sees_slot(sample.slots[1].id, "booked")
    await ann.sees_slot(sample.slots[2].id, "held")
    await expect(ann.slot(sample.group.id)).to_contain_text("6 left")
    assert [await box(ann.slot(slot.id)) for slot in sample.slots] == before


async def test_who_turns_the_phone_goes_on_typing(people: People, sample: Sample) -> None:
    """A list of other columns was another list, and the field above it, too."""
    ann = await people()
    await ann.open()
    search = ann.page.get_by_role("searchbox")
    await search.click()
    await ann.page.keyboard.type(sample.expert.name[:6])
    # Two columns; then as wide as a desk, with the tabs on top; and back.
    for width, height in ((844, 390), (932, 430), (430, 932)):
        await ann.page.set_viewport_size({"width": width, "height": height})
        await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()
        await expect(search).to_be_focused()
    await ann.page.keyboard.type(sample.expert.name[6:])
    await expect(search).to_have_value(sample.expert.name)


async def test_what_is_said_of_oneself_is_cut_only_where_more_can_be_asked_for(people: People, engine: Engine) -> None:
    """ "More" was there also where there was no more."""
    start = int(time.time()) // 60 * 60 + 7200
    terse = await make_sample(engine, start=start, name="Terry Terse", bio="Ask me.")
    wordy = await make_sample(engine, start=start, name="Wilma Wordy", bio="Ask me about it. " * 30)
    ann = await people()
    await ann.open_expert(terse.expert.id)
    await expect(ann.text("Ask me.")).to_be_visible()
    await expect(ann.button(re.compile("More$"))).to_have_count(0)
    await ann.open_expert(wordy.expert.id)
    more = ann.button(re.compile("More$"))
    short = (await box(more))["height"]
    await more.press("Enter")
    less = ann.button(re.compile("Less$"))
    await expect(less).to_be_focused()
    assert (await box(less))["height"] > short
    await less.press("Enter")
    await expect(more).to_be_focused()
    assert (await box(more))["height"] == short
