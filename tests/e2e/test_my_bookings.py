"""My bookings: the code that proves an email, moving, and what changes elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from playwright.async_api import expect

from engine.engine import Engine
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
