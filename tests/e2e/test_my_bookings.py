"""My bookings: the code that proves an email, moving, and what changes elsewhere."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
from playwright.async_api import Locator, Route, expect

from engine.engine import Engine
from engine.model import Status
from engine.stack import MongoServer, RedisServer
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.e2e.site import Site, site
from tests.samples import Sample


async def find(person: Person, email: str) -> None:
    await person.open("/bookings")
    await person.visible("find-email").fill(email)
    await person.button("Show my bookings").click()


async def test_the_code_opens_all_bookings_of_the_email(people: People, served: Site, sample: Sample) -> None:
    email = "code@example.com"
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id, email=email)

    elsewhere = await people()
    printed = len(served.console)
    await find(elsewhere, email)
    await expect(elsewhere.visible("code")).to_be_visible()
    await expect(elsewhere.booking_cards()).to_have_count(0)
    code = served.code_for(email, printed)
    await elsewhere.visible("code").fill("000000" if code != "000000" else "000001")
    await expect(elsewhere.visible("error-code")).to_contain_text("wrong or over")
    await elsewhere.visible("code").fill(code)
    await expect(elsewhere.booking_cards()).to_have_count(1)
    assert "code" not in elsewhere.page.url

    await elsewhere.page.reload()
    await expect(elsewhere.booking_cards()).to_have_count(1)
    await elsewhere.button("Use another email").click()
    await expect(elsewhere.booking_cards()).to_have_count(0)
    stored = await elsewhere.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert email not in stored


async def test_a_booking_moves_to_another_slot_on_every_page(people: People, sample: Sample) -> None:
    ann, ben = await people(), await people()
    old, new = sample.slots[0].id, sample.slots[5].id
    await ben.open_expert(sample.expert.id)
    await ann.book(sample.expert.id, old)
    await ben.sees_slot(old, "booked")
    await ann.to_bookings()
    before = await ann.booking_cards().inner_text()
    await ann.button(re.compile("^Move the session")).click()
    await ann.page.get_by_role("dialog").get_by_test_id(f"slot-{new}").click()
    await ann.visible("move").click()
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    await expect(ann.booking_cards()).not_to_have_text(before)
    await ben.sees_slot(old, "open")
    await ben.sees_slot(new, "booked")


async def test_the_slot_that_a_booking_was_moved_to_is_ones_own(people: People, sample: Sample) -> None:
    """It was Taken, and its page said that somebody was faster; the one that was left went on as one's own."""
    ann, ben = await people(), await people()
    old, new = sample.slots[0].id, sample.slots[5].id
    await ben.open_expert(sample.expert.id)
    await ann.book(sample.expert.id, old)
    await ann.button(f"Back to {sample.expert.name}").first.click()
    await expect(ann.slot(old)).to_contain_text("Yours")
    await ann.to_bookings()
    await ann.button(re.compile("^Move the session")).click()
    await ann.page.get_by_role("dialog").get_by_test_id(f"slot-{new}").click()
    await ann.visible("move").click()
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    await ann.page.get_by_role("link", name="Experts").filter(visible=True).click()
    await expect(ann.slot(new)).to_contain_text("Yours")
    await expect(ann.slot(old)).to_contain_text("Open")
    await expect(ben.slot(new)).to_contain_text("Taken")
    await ann.slot(new).click()
    await expect(ann.visible("booked")).to_contain_text("It’s yours")
    await ann.open(f"/experts/{sample.expert.id}/book/{old}")
    await expect(ann.visible("hold-left")).to_be_visible()


async def test_a_move_to_a_slot_that_somebody_takes_meanwhile_leaves_the_booking(
    people: People, sample: Sample, engine: Engine
) -> None:
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id)
    await ann.to_bookings()
    await ann.button(re.compile("^Move the session")).click()
    dialog = ann.page.get_by_role("dialog")
    await dialog.get_by_test_id(f"slot-{sample.slots[5].id}").click()
    await engine.book(sample.request(5), "customer")
    await expect(dialog).to_contain_text("Somebody has just taken the slot you chose")
    await expect(ann.visible("move")).to_be_disabled()
    await ann.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(ann.booking_cards()).to_contain_text("Pending")


async def test_what_is_said_of_a_session_is_true_of_it(
    people: People, served: Site, sample: Sample, engine: Engine
) -> None:
    """The expert was said to expect somebody whom they had not confirmed; a day was Tomorrow within a sentence."""
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id, email="true@example.com")
    await expect(ann.visible("booked")).to_contain_text("Nobody else can take it now")
    await expect(ann.visible("booked")).not_to_contain_text("expects you")
    (booking,) = (await engine.bookings_of("true@example.com", None, 1, 20)).items
    await engine.change(booking.id, Status.CONFIRMED, "admin")
    await ann.page.reload()
    await expect(ann.visible("booked")).to_contain_text(f"{sample.expert.name} expects you")
    await ann.to_bookings()
    await ann.button(re.compile("^Move the session")).click()
    await ann.page.get_by_role("dialog").get_by_test_id(f"slot-{sample.slots[5].id}").click()
    await expect(ann.visible("move")).to_have_text(re.compile(r"^Move to to(day|morrow), \d\d:\d\d$"))


async def test_bookings_that_change_elsewhere_change_here(
    people: People, served: Site, sample: Sample, engine: Engine
) -> None:
    email = "elsewhere@example.com"
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id, email=email)
    await ann.to_bookings()
    await expect(ann.booking_cards()).to_contain_text("Pending")
    (booking,) = (await engine.bookings_of(email, None, 1, 20)).items
    admin = served.settings.admin_token
    assert admin is not None
    headers = {"Authorization": f"Bearer {admin.get_secret_value()}"}
    async with httpx.AsyncClient(base_url=served.base, headers=headers) as office:
        for status, shown in (("confirmed", "Confirmed"), ("cancelled", "Cancelled")):
            answer = await office.patch(f"/api/bookings/{booking.id}/status", json={"status": status})
            assert answer.status_code == 200
            await expect(ann.booking_cards()).to_contain_text(shown, timeout=30_000)


async def test_open_access_shows_bookings_without_a_code(
    people: People, redis: RedisServer, mongo_server: MongoServer, tmp_path: Path, served: Site, sample: Sample
) -> None:
    """The same data behind a server that asks for nothing."""
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id, email="open@example.com")
    with site(redis, mongo_server, served.settings.mongo_database, tmp_path, access="open") as open_to_all:
        ben = await people()
        ben.base = open_to_all.base
        await find(ben, "open@example.com")
        await expect(ben.booking_cards()).to_have_count(1)
        await expect(ben.text("Is it you?")).to_have_count(0)
        await ben.button(re.compile("Cancel the session with")).click()
        await ben.page.get_by_role("dialog").get_by_role("button", name="Cancel the session").click()
        await expect(ben.booking_cards()).to_contain_text("Cancelled")


SOMEBODY_ELSE = re.compile("Somebody has just taken|Somebody was faster")
NOTE_THAT_NOTICE = """() => {
    window.noticed = 0;
    const note = () => { if (document.body.innerText.includes('Somebody has just taken')) window.noticed += 1; };
    new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


async def begin_to_move(person: Person, sample: Sample) -> Locator:
    """From the booking of the first slot to the dialog, with the sixth chosen."""
    await person.book(sample.expert.id, sample.slots[0].id, email="move@example.com")
    await person.to_bookings()
    await person.button(re.compile("^Move the session")).click()
    dialog = person.page.get_by_role("dialog")
    await dialog.get_by_test_id(f"slot-{sample.slots[5].id}").click()
    return dialog


async def test_ones_own_move_is_not_taken_for_somebody_elses(people: People, sample: Sample) -> None:
    """The feed shows the new slot as taken before the answer is here."""
    ann = await people()

    async def answer_late(route: Route) -> None:
        answer = await route.fetch()
        await asyncio.sleep(1)
        await route.fulfill(response=answer)

    await ann.page.route("**/reschedule", answer_late)
    dialog = await begin_to_move(ann, sample)
    await ann.page.evaluate(NOTE_THAT_NOTICE)
    await ann.visible("move").click()
    await expect(dialog).to_have_count(0)
    assert await ann.page.evaluate("window.noticed") == 0


async def test_a_move_whose_answer_got_lost_ends_as_the_list_shows_it(people: People, sample: Sample) -> None:
    """The dialog said that somebody had taken the slot, and went on about the old one."""
    ann = await people()

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await ann.page.route("**/reschedule", lose)
    await begin_to_move(ann, sample)
    before = await ann.page.get_by_test_id(re.compile("^booking-")).inner_text()
    await ann.page.evaluate(NOTE_THAT_NOTICE)
    await ann.visible("move").click()
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    assert await ann.page.evaluate("window.noticed") == 0
    await expect(ann.booking_cards()).not_to_have_text(before)


async def test_a_booking_that_is_cancelled_elsewhere_cannot_be_moved_any_more(
    people: People, sample: Sample, engine: Engine
) -> None:
    ann = await people()
    dialog = await begin_to_move(ann, sample)
    (booking,) = [
        found
        for found in (await engine.bookings_of("move@example.com", None, 1, 20)).items
        if found.expert_id == sample.expert.id
    ]
    await engine.change(booking.id, Status.CANCELLED, "admin")
    await expect(dialog).to_contain_text("has come to an end elsewhere")
    await expect(ann.visible("move")).to_be_disabled()


async def test_another_email_may_leave_what_was_booked_here_and_takes_what_was_typed(
    people: People, sample: Sample
) -> None:
    """A mistyped email lost its bookings with it, and the next person found name and phone in the form."""
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id, email="ann@exmaple.com")
    await ann.open_expert(sample.expert.id)
    await ann.begin_booking(sample.slots[1].id)
    await ann.fill(email="ann@exmaple.com", notes="About a lease")
    await ann.to_bookings()
    await ann.button("Use another email").click()
    await ann.button("Keep it").click()
    await expect(ann.visible("find-email")).to_be_visible()
    await expect(ann.booking_cards()).to_have_count(1)
    await ann.page.get_by_role("link", name="Experts").filter(visible=True).click()
    for field in ("name", "email", "phone", "notes"):
        await expect(ann.visible(field)).to_have_value("")


async def test_a_booking_is_cancelled_with_the_proved_email_where_its_own_token_is_no_good(
    people: People, served: Site, sample: Sample
) -> None:
    """After SECRET was changed; a code was asked for again and again."""
    ann = await people()
    await ann.book(sample.expert.id, sample.slots[0].id, email="secret@example.com")
    await ann.page.evaluate(
        """() => {
            const kept = JSON.parse(sessionStorage['slotline.session']);
            for (const id in kept.bookings) kept.bookings[id] = 'A'.repeat(32);
            sessionStorage['slotline.session'] = JSON.stringify(kept);
        }"""
    )
    await ann.open("/bookings")
    printed = len(served.console)
    await ann.button("Send me a code").click()
    await ann.visible("code").fill(served.code_for("secret@example.com", printed))
    await ann.button(re.compile("Cancel the session with")).click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Cancel the session").click()
    await expect(ann.booking_cards()).to_contain_text("Cancelled")
