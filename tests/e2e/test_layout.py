"""What is seen stays in view, at its size and in its place: long names, small and turned phones, slots that change."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Route, expect

from engine.engine import Engine
from engine.model import new_expert_id
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.samples import ZOE, Sample, make_sample

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


async def test_how_long_the_seat_is_kept_stays_in_view(people: People, sample: Sample) -> None:
    """Further down the form it was scrolled away, and with it what is said when it ends."""
    ann = await people(viewport=SMALL)
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[0].id)
    await ann.visible("submit").scroll_into_view_if_needed()
    await expect(ann.visible("submit")).to_be_in_viewport(ratio=1)
    await expect(ann.visible("hold-left")).to_be_in_viewport(ratio=1)
    # Turned, there is no room for it beside a keyboard.
    await ann.page.set_viewport_size({"width": 568, "height": 320})
    await ann.visible("submit").scroll_into_view_if_needed()
    await expect(ann.visible("hold-left")).not_to_be_in_viewport()


NOTE_EVERY_PLACE = """() => {
    window.places = new Set();
    const field = [...document.querySelectorAll('[data-testid=name]')].find(one => one.checkVisibility());
    const note = () => {
        let place = field.getBoundingClientRect().top;
        for (let around = field; around; around = around.parentElement) place += around.scrollTop;
        window.places.add(Math.round(place));
        requestAnimationFrame(note);
    };
    note();
}"""
"""Where in the form its first field is, frame by frame."""


@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 640), (412, 915), (640, 360)])
async def test_the_form_stays_in_its_place_whatever_becomes_of_the_hold(
    people: People, sample: Sample, width: int, height: int
) -> None:
    """As more time was offered, and as the time was over, it was pushed down from under the finger."""
    lasts = 50.0

    async def give(route: Route) -> None:
        answer = await route.fetch()
        until = f"{datetime.now(UTC) + timedelta(seconds=lasts):%Y-%m-%dT%H:%M:%S.%fZ}"
        await route.fulfill(response=answer, json={**await answer.json(), "expiresAt": until})

    ann = await people(viewport={"width": width, "height": height})
    await ann.page.route_web_socket(re.compile("/api/live"), lambda ws: None)  # it would tell of the true hold
    await ann.page.route("**/api/holds", give)
    await ann.open(f"/experts/{sample.expert.id}/book/{sample.slots[0].id}")
    await expect(ann.visible("hold-left")).to_be_visible()
    await ann.page.evaluate("document.fonts.ready.then(() => null)")
    await ann.page.evaluate(NOTE_EVERY_PLACE)

    async def unmoved() -> None:
        assert len(await ann.page.evaluate("[...window.places]")) == 1

    longer = ann.button("Keep it longer")
    await expect(longer).to_be_visible()
    await unmoved()
    await ann.page.route("**/api/holds/*", lambda route: route.abort())
    await longer.click()
    await expect(ann.text("It could not be kept longer just now.")).to_be_visible()
    await ann.page.unroute("**/api/holds/*")
    lasts = 4.0
    await ann.page.route("**/api/holds/*", give)
    await ann.button("Try again").click()
    await expect(ann.text("It cannot be kept longer.")).to_be_visible()
    await expect(ann.visible("hold-ended")).to_be_visible()
    await unmoved()
    await ann.page.route("**/api/holds", lambda route: route.abort())
    await ann.button("Hold it again").click()
    await expect(ann.text("It is not held")).to_be_visible()
    await unmoved()


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


async def test_on_a_desk_no_word_is_left_alone_and_no_half_is_empty(people: People, sample: Sample) -> None:
    """The end of two sentences had a line of its own, and beside "Find your bookings" there was nothing."""
    ann = await people(viewport={"width": 1280, "height": 800})
    await ann.open(f"/experts/{sample.expert.id}/book/{sample.slots[0].id}")
    assert (await settled(ann.text(re.compile("^The expert sees your name"))))["height"] == 18
    await ann.page.route("**/api/experts?*", lambda route: route.abort())
    await ann.open()
    assert (await settled(ann.text(re.compile("^No connection to Slotline"))))["height"] == 24
    await ann.open("/bookings")
    await expect(ann.text("Your bookings show here")).to_be_visible()
    await ann.visible("find-email").fill("nothing@example.com")
    await ann.button("Show my bookings").click()
    await expect(ann.visible("code")).to_be_visible()
    await expect(ann.text("Your bookings show here")).to_be_visible()
    await ann.page.set_viewport_size({"width": 360, "height": 640})
    await expect(ann.text("Your bookings show here")).to_have_count(0)


class Held:
    """The answers to a page's requests, kept back for as long as one likes."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._free = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self._free.wait()
        await route.continue_()

    async def of(self, requests: str) -> Held:
        await self._person.page.route(requests, self)
        return self

    def let_go(self) -> None:
        self._free.set()


async def settled(locator: Locator) -> dict[str, float]:
    """In the letters that it is going to have."""
    await expect(locator).to_be_visible()
    await locator.evaluate("() => document.fonts.ready.then(() => null)")
    return await box(locator)


@pytest.mark.parametrize(("width", "height"), [(360, 740), (412, 915), (1280, 800)])
async def test_what_is_loading_is_as_high_as_what_comes(
    people: People, sample: Sample, engine: Engine, width: int, height: int
) -> None:
    """Cards, and what is below a profile or a summary, were further down than what had stood for them."""
    viewport = {"width": width, "height": height}
    # A row of them, whose category has one line.
    await engine.add_experts([replace(ZOE, id=new_expert_id(), name="Fiona First", rating=5.0) for _ in range(3)])
    ann = await people(viewport=viewport)
    held = await Held(ann).of("**/api/experts?*")
    await ann.open()
    loading = await settled(ann.page.get_by_role("status", name="Loading experts").locator("xpath=./*[1]/*[1]"))
    held.let_go()
    card = ann.page.locator("[data-testid^=expert-]").filter(visible=True).first
    assert await settled(card) == loading

    wordy = await make_sample(
        engine,
        start=int(time.time()) // 60 * 60 + 7200,
        name="Wim Wordy",
        headline="Tenancy lawyer · For those who rent, and for those who let",
        bio="Ask me. " * 40,
        email="wim.wordy@some.example.com",
    )
    ann = await people(viewport=viewport)
    held = await Held(ann).of(f"**/api/experts/{wordy.expert.id}*")
    await ann.open(f"/experts/{wordy.expert.id}")
    slots = ann.page.get_by_role("heading", name="Open slots", level=2).filter(visible=True)
    loading = await settled(slots)
    held.let_go()
    await expect(ann.page.get_by_role("heading", name="Wim Wordy", level=1)).to_be_visible()
    assert await settled(slots) == loading

    ann = await people(viewport=viewport, timezone_id="Asia/Tokyo")
    held = await Held(ann).of(f"**/api/experts/{wordy.expert.id}*")
    await ann.open(f"/experts/{wordy.expert.id}/book/{wordy.slots[0].id}")
    loading = await settled(ann.page.get_by_role("status", name="Loading the slot").locator("xpath=./*[2]/*[1]"))
    held.let_go()
    details = ann.page.get_by_role("heading", name="Your details")
    assert (await settled(details))["y"] == loading["y"]
    await expect(ann.visible("hold-left")).to_be_visible()
    assert (await settled(details))["y"] == loading["y"], "with the hold, too"

    await ann.fill()
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()
    held = await Held(ann).of("**/api/bookings/**")
    await ann.open("/bookings")
    loading = await settled(ann.page.get_by_role("status", name="Loading your bookings").locator("xpath=./*[2]"))
    held.let_go()
    assert await settled(ann.booking_cards().first) == loading


async def test_a_small_phone_has_room_for_three_beside_each_other(people: People, engine: Engine) -> None:
    """Two slots a row and a third of it empty; one button below two; a line of the title with a single word."""
    sample = await make_sample(engine, start=(int(time.time()) // 86_400 + 1) * 86_400 + 11 * 3600, name="Nora Noon")
    ann = await people(viewport={"width": 360, "height": 740}, locale="en-US")
    await ann.open()
    title = ann.page.get_by_role("heading", name=re.compile("^An hour with"), level=1)
    assert (await box(title))["height"] == 2 * 34
    await ann.open_expert(sample.expert.id)
    await expect(ann.slot(sample.slots[0].id)).to_contain_text("12:00 PM")
    tops = [(await box(ann.slot(slot.id)))["y"] for slot in sample.slots]
    assert tops[0] == tops[1] == tops[2] < tops[3] == tops[5]
    await ann.begin_booking(sample.slots[0].id)
    await ann.fill()
    await ann.submit()
    await ann.to_bookings()
    buttons = [ann.button(re.compile(name)) for name in ("^Move the", "^Add to", "^Cancel the")]
    assert len({(await box(button))["y"] for button in buttons}) == 1


async def test_what_is_open_waits_for_the_profile_above_it(people: People, sample: Sample) -> None:
    """The feed may be faster: then the slots were there before the profile, and pushed down by it."""
    ann = await people()
    held = await Held(ann).of(f"**/api/experts/{sample.expert.id}*")
    await ann.open_expert(sample.expert.id)
    await expect(ann.slot(sample.slots[0].id)).to_have_count(0)
    held.let_go()
    await expect(ann.slot(sample.slots[0].id)).to_be_visible()


SEEN = """bar => {
    let under = bar.parentElement;
    while (getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
    const light = element => {
        const linear = getComputedStyle(element).backgroundColor.match(/\\d+/g).slice(0, 3)
            .map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05;
    };
    const [less, more] = [light(bar), light(under)].sort((one, other) => one - other);
    return more / less;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_is_loading_is_seen(people: People, sample: Sample, scheme: str) -> None:
    """In the dark a card that was loading looked like one that is empty."""
    ann = await people(color_scheme=scheme, reduced_motion="reduce")
    held = await Held(ann).of("**/api/experts?*")
    await ann.open()
    bar = ann.page.get_by_role("status", name="Loading experts").locator("div:not(:has(*))").first
    await expect(bar).to_be_visible()
    assert await bar.evaluate(SEEN) > 1.25
    held.let_go()
