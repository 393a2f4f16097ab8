"""What is booked stays so on screen: after a reload, after back and forward, and after a look at something else."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Route, expect

from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.samples import Sample


async def sees_it_is_theirs(person: Person) -> None:
    await expect(person.visible("booked")).to_contain_text("It’s yours")
    await expect(person.visible("lost")).to_have_count(0)


async def test_a_reload_of_the_confirmation_shows_it_again(people: People, sample: Sample) -> None:
    """It used to say that somebody was faster, and that nothing was booked."""
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id)
    await ann.page.reload()
    await sees_it_is_theirs(ann)
    await expect(ann.visible("booked")).to_contain_text("The expert still has to confirm.")


async def test_while_it_is_asked_whether_the_slot_is_theirs_nothing_is_said_of_it(
    people: People, sample: Sample
) -> None:
    """Until the booking was there, it said that the slot is not on offer."""
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id)
    answer = asyncio.Event()

    async def wait(route: Route) -> None:
        await answer.wait()
        await route.continue_()

    await ann.page.route("**/api/bookings/**", wait)
    await ann.page.reload()
    await expect(ann.button(f"Back to {sample.expert.name}")).to_be_visible()
    await asyncio.sleep(1)
    await expect(ann.text("This slot is not on offer")).to_have_count(0)
    await expect(ann.page.get_by_role("status", name="Loading the slot")).to_be_visible()
    answer.set()
    await sees_it_is_theirs(ann)


async def test_back_and_forward_lead_to_the_confirmation_again(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id)
    await ann.page.go_back()
    await ann.sees_slot(sample.slots[0].id, "booked")
    await ann.page.go_forward()
    await sees_it_is_theirs(ann)


async def test_coming_back_to_the_confirmation_takes_no_second_seat(people: People, sample: Sample) -> None:
    ann, ben = await people(), await people()
    held: list[str] = []
    await ben.open_expert(sample.expert.id)
    await ann.book(sample.expert.id, sample.group.id)
    ann.page.on("request", lambda made: held.append(made.url) if made.url.endswith("/api/holds") else None)
    await expect(ben.slot(sample.group.id)).to_contain_text("6 left")
    await ann.to_bookings()
    await ann.page.get_by_role("link", name="Experts").filter(visible=True).click()
    await sees_it_is_theirs(ann)
    await ann.page.reload()
    await sees_it_is_theirs(ann)
    await asyncio.sleep(1)
    assert held == []
    await expect(ben.slot(sample.group.id)).to_contain_text("6 left")
    await ann.button("Book another seat").click()
    await expect(ann.visible("hold-left")).to_be_visible()
    await expect(ben.slot(sample.group.id)).to_contain_text("5 left")


async def test_a_booking_that_was_cancelled_leaves_its_slot_as_any_other(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id)
    address = ann.page.url
    await ann.to_bookings()
    await ann.button(re.compile("Cancel the session with")).click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Cancel the session").click()
    await expect(ann.booking_cards()).to_contain_text("Cancelled")
    await ann.page.get_by_role("link", name="Experts").filter(visible=True).click()
    await expect(ann.visible("booked")).to_contain_text("This booking was cancelled")
    await ann.page.goto(address)
    await expect(ann.visible("hold-left")).to_be_visible()


async def test_the_way_back_from_a_link_to_a_form_leads_to_the_expert(people: People, sample: Sample) -> None:
    """Its name says so; it led to the list."""
    ann = await people()
    await ann.open(f"/experts/{sample.expert.id}/book/{sample.slots[0].id}")
    await expect(ann.visible("hold-left")).to_be_visible()
    await ann.button(f"Back to {sample.expert.name}").click()
    await ann.sees_slot(sample.slots[0].id, "open")
    assert ann.page.url.endswith(f"/experts/{sample.expert.id}")


async def test_a_link_to_a_form_of_an_expert_who_is_not_there_says_so(people: People) -> None:
    """It said that something did not work, and to try again."""
    ann = await people()
    await ann.open("/experts/nosuchone/book/nosuchone-x")
    await expect(ann.text("This expert is not here")).to_be_visible()
    await ann.button("See all experts").click()
    await expect(ann.page.get_by_role("searchbox")).to_be_visible()
