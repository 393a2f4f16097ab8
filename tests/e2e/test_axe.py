"""Every screen, looked at by axe-core: names, roles, contrast, headings, landmarks."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from playwright.async_api import expect

from engine.engine import Engine
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.needs import packages
from tests.samples import Sample

LOOK = """() => axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    rules: {'label-content-name-mismatch': {enabled: true}},
}).then(({violations, passes}) => ({
    looked: passes.length,
    faults: violations.flatMap(({id, nodes}) => nodes.map(({html, any, all, none}) =>
        [id, html.slice(0, 200), ...[...any, ...all, ...none].map(({message}) => message)].join(': '))),
}))"""


@cache
def axe() -> str:
    return (packages() / "node_modules" / "axe-core" / "axe.min.js").read_text()


async def look(person: Person, screen: str, faults: list[str]) -> None:
    """What has just appeared fades in; what is half seen has half its contrast."""
    await person.page.wait_for_timeout(700)
    await person.page.evaluate(axe())
    found: dict[str, Any] = await person.page.evaluate(LOOK)
    assert found["looked"] > 5
    faults.extend(f"{screen}: {fault}" for fault in found["faults"])


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(390, 844, "light"), (1280, 800, "dark")],
    ids=["phone-light", "desk-dark"],
)
async def test_axe_finds_nothing_on_any_screen(
    people: People, sample: Sample, engine: Engine, width: int, height: int, scheme: str
) -> None:
    """What experts' cards, slots and the zones are called did not have in it what they show."""
    # In Tokyo, so that the choice of the zone is there.
    ann = await people(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
    )
    faults: list[str] = []
    await ann.open()
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()
    await look(ann, "experts", faults)
    await ann.page.get_by_role("searchbox").fill("nobody is called this")
    await expect(ann.text("Nobody by that name")).to_be_visible()
    await look(ann, "nobody found", faults)

    await engine.book(sample.request(1), "customer")
    await engine.holds.hold(sample.slots[2].id)
    await ann.open_expert(sample.expert.id)
    # The feed may be live before the profile is there, and what appears while axe measures is measured wrongly.
    await expect(ann.page.get_by_role("heading", name=sample.expert.name, level=1)).to_be_visible()
    await look(ann, "expert", faults)
    await ann.begin_booking(sample.slots[0].id)
    await look(ann, "form", faults)
    await ann.submit()
    await expect(ann.visible("error-name")).to_be_visible()
    await look(ann, "form with faults", faults)
    await ann.fill(email=f"axe-{scheme}@example.com")
    await ann.submit()
    await expect(ann.visible("booked")).to_be_visible()
    await look(ann, "booked", faults)
    await ann.open_expert(sample.expert.id)
    await expect(ann.slot(sample.slots[0].id)).to_contain_text("Yours")
    await look(ann, "expert, with one's own", faults)
    await ann.open(f"/experts/{sample.expert.id}/book/{sample.slots[2].id}")
    await expect(ann.visible("lost")).to_be_visible()
    await look(ann, "lost", faults)

    await ann.open("/bookings")
    await expect(ann.booking_cards()).to_have_count(1)
    await look(ann, "bookings", faults)
    await ann.button(re.compile("^Move the session")).click()
    await expect(ann.page.get_by_role("dialog").get_by_role("radio").first).to_be_visible()
    await look(ann, "move", faults)
    await ann.page.keyboard.press("Escape")
    await ann.button(re.compile("^Cancel the session with")).click()
    await look(ann, "cancel", faults)
    await ann.page.get_by_role("dialog").get_by_role("button", name="Cancel the session").click()
    await expect(ann.booking_cards()).to_contain_text("Cancelled")
    await look(ann, "cancelled", faults)
    await ann.button("Send me a code").click()
    await expect(ann.visible("code")).to_be_visible()
    await look(ann, "code", faults)
    await ann.button("Use another email").click()
    await look(ann, "another email", faults)
    await ann.button("Forget it").click()
    await expect(ann.visible("find-email")).to_be_visible()
    await look(ann, "whose bookings", faults)

    for path, said in (("/experts/nobody", "This expert is not here"), ("/no/such/page", "There is no such page")):
        await ann.open(path)
        await expect(ann.text(said)).to_be_visible()
        await look(ann, path, faults)
    assert not faults, "\n".join(faults)
