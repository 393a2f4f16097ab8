"""An order whose answer does not come, or comes late: one's own booking is never taken for somebody else's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Route, expect

from engine.engine import Engine
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.samples import Sample

NOTE_LOST_PANEL = """() => {
    window.lostSeen = 0;
    const note = () => { if (document.querySelector('[data-testid=lost]')) window.lostSeen += 1; };
    new MutationObserver(note).observe(document.body, {subtree: true, childList: true});
}"""
SEND_AS_THE_HOLD_ENDS = """() => {
    const watch = new MutationObserver(() => {
        if (!document.querySelector('[data-testid=hold-ended]')) return;
        watch.disconnect();
        const submit = [...document.querySelectorAll('[data-testid=submit]')].find(button => button.checkVisibility());
        setTimeout(() => submit.click(), 30);
    });
    watch.observe(document.body, {subtree: true, childList: true});
}"""
NOT_TWICE = re.compile("you will not be booked twice")


@pytest.fixture(scope="module")
def knobs() -> dict[str, object]:
    return {"hold_seconds": 6.0, "hold_most": 12.0}


async def lose(route: Route) -> None:
    await route.fetch()
    await route.abort()


async def give_up_on(route: Route) -> None:
    """As a gateway does: the request arrives all the same."""
    await route.fetch()
    await route.fulfill(status=504, content_type="text/html", body="<html>gateway timeout</html>")


async def answer_late(route: Route) -> None:
    answer = await route.fetch()
    await asyncio.sleep(1.5)
    await route.fulfill(response=answer)


async def fate(person: Person, *first: Callable[[Route], Awaitable[None]], of: str = "**/api/bookings") -> None:
    """What becomes of the first requests, for a booking or something else; those that follow go through."""
    waiting = list(first)

    async def handle(route: Route) -> None:
        await (waiting.pop(0)(route) if waiting else route.continue_())

    await person.page.route(of, handle)


async def fill_in(person: Person, sample: Sample, email: str) -> None:
    await person.open_expert(sample.expert.id)
    await person.begin_booking(sample.slots[0].id)
    await person.fill(email=email)


async def number_of(engine: Engine, email: str) -> int:
    return (await engine.bookings_of(email, None, 1, 20)).total


async def test_a_lost_answer_is_not_said_to_be_a_lost_slot_when_the_hold_ends(
    people: People, sample: Sample, engine: Engine
) -> None:
    """The feed shows the slot as booked, by oneself: the app said that nothing was booked, and people booked again."""
    ann = await people()
    await fate(ann, lose)
    await fill_in(ann, sample, "lost@example.com")
    await ann.submit()
    await expect(ann.text(NOT_TWICE)).to_be_visible()
    await asyncio.sleep(9)
    await expect(ann.text(NOT_TWICE)).to_be_visible()
    await expect(ann.visible("lost")).to_have_count(0)
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()
    assert await number_of(engine, "lost@example.com") == 1


async def test_a_late_answer_after_the_hold_has_ended_is_waited_for(people: People, sample: Sample) -> None:
    """The feed is faster than the answer: "Somebody was faster" flashed up before each confirmation."""
    ann = await people()
    await fate(ann, answer_late)
    await fill_in(ann, sample, "late@example.com")
    await expect(ann.visible("hold-ended")).to_be_visible()
    await asyncio.sleep(3)
    await ann.page.evaluate(NOTE_LOST_PANEL)
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()
    assert await ann.page.evaluate("window.lostSeen") == 0


async def test_sent_in_the_moment_the_hold_ends_it_books(people: People, sample: Sample) -> None:
    """By the server's clock it may still stand: without its token one was kept out by one's own hold."""
    ann = await people()
    sent: list[dict[str, str]] = []
    ann.page.on(
        "request", lambda made: sent.append(made.post_data_json) if made.url.endswith("/api/bookings") else None
    )
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[0].id)
    await ann.page.evaluate(SEND_AS_THE_HOLD_ENDS)
    await ann.fill(email="moment@example.com")
    await expect(ann.visible("booked")).to_be_visible()
    assert [bool(order["holdToken"]) for order in sent] == [True]


async def test_who_leaves_after_a_lost_answer_finds_the_booking_on_coming_back(
    people: People, sample: Sample, engine: Engine
) -> None:
    ann = await people()
    await fate(ann, lose)
    await fill_in(ann, sample, "left@example.com")
    await ann.submit()
    await expect(ann.text(NOT_TWICE)).to_be_visible()
    await ann.page.go_back()
    await ann.sees_slot(sample.slots[0].id, "booked")
    await ann.to_bookings()
    await expect(ann.text(re.compile("It may be booked"))).to_be_visible()
    await ann.button("Look at it").click()
    await expect(ann.text(NOT_TWICE)).to_be_visible()
    await expect(ann.text(re.compile("No answer has come to what you sent from here"))).to_be_visible()
    await expect(ann.visible("email")).to_have_value("left@example.com")
    await expect(ann.visible("lost")).to_have_count(0)
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()
    assert await number_of(engine, "left@example.com") == 1
    await ann.to_bookings()
    await expect(ann.booking_cards()).to_have_count(1)
    await expect(ann.text(re.compile("It may be booked"))).to_have_count(0)


async def test_a_form_that_was_changed_after_a_gateway_gave_up_shows_the_booking_there_is(
    people: People, sample: Sample, engine: Engine
) -> None:
    """It said "Nothing was changed", and then that the key was used for another request, for ever."""
    ann = await people()
    await fate(ann, give_up_on, lose)
    await fill_in(ann, sample, "gateway@example.com")
    await ann.submit()
    await expect(ann.text(NOT_TWICE)).to_be_visible()
    await expect(ann.text(re.compile("Nothing was"))).to_have_count(0)
    for notes in ("Second", "Third"):
        await ann.visible("notes").fill(notes)
        await ann.submit()
        await asyncio.sleep(1)
    await expect(ann.visible("booked")).to_be_visible()
    assert await number_of(engine, "gateway@example.com") == 1


@pytest.mark.parametrize("tries_again", [True, False])
async def test_a_hold_whose_answer_was_lost_does_not_keep_one_out(
    people: People, sample: Sample, tries_again: bool
) -> None:
    """The slot was said to be on hold for somebody else, until one's own hold was over."""
    ann = await people()
    await fate(ann, lose, of="**/api/holds")
    await ann.open_expert(sample.expert.id)
    await ann.slot(sample.slots[0].id).click()
    await expect(ann.button("Try to hold it")).to_be_visible()
    await ann.fill(email="held@example.com")
    if tries_again:
        await ann.button("Try to hold it").click()
        await expect(ann.visible("hold-left")).to_be_visible()
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()


async def test_a_hold_that_could_not_be_given_back_does_not_keep_one_out(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[0].id)
    await ann.page.route("**/api/holds/*", lambda route: route.abort())
    await ann.page.go_back()
    await ann.sees_slot(sample.slots[0].id, "held")
    await ann.page.unroute("**/api/holds/*")
    await ann.page.go_forward()
    await expect(ann.visible("hold-left")).to_be_visible()
    await expect(ann.visible("lost")).to_have_count(0)
