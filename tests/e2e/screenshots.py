"""`make screenshots`: every screen, on a phone and on a desk, light and dark, with the sample data."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from engine.claim import Request
from engine.cli.seed import fill
from engine.engine import Engine
from engine.model import Slot, Status
from engine.stack import MongoServer, RedisServer
from tests.e2e.person import FLAGS, Person
from tests.e2e.site import Site, site
from tests.needs import ROOT, chromium

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}
EMAIL = "robin@example.com"
FOLDER = ROOT / "docs" / "screenshots"


async def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slotline-shots-") as name:
        place = Path(name)
        with (
            RedisServer(place / "redis", persist=False) as redis,
            MongoServer(place / "mongo") as mongo,
            site(redis, mongo, "shots", place, access="open") as served,
        ):
            await fill(served.settings, 40, 3, 7, only_if_empty=True)
            expert_id, free = await prepare(served)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
                for size in SIZES:
                    for scheme in ("light", "dark"):
                        await shoot(browser, served.base, expert_id, free, size, scheme, folder)
                await browser.close()


async def prepare(served: Site) -> tuple[str, str]:
    """Bookings of others and of Robin; answers a busy expert of single sessions, and a slot that is open there."""
    engine = await Engine.open(served.settings)
    try:
        page, _ = await engine.find_experts("", None, "rating", 1, 40)
        calendars = [(expert, open_slots((await engine.calendar(expert.id)).slots)) for expert in page.items]
        single = [(expert, slots) for expert, slots in calendars if slots and slots[0].seats == 1]
        expert, slots = max(single[:12], key=lambda found: len(found[1]))
        for slot in (slots[1], slots[2], slots[6], slots[9]):
            await book(engine, expert.id, slot, "someone@example.com")
        await engine.holds.hold(slots[4].id)
        for (other, theirs), status in zip(single[12:15], (None, Status.CONFIRMED, Status.CANCELLED), strict=True):
            booking = await book(engine, other.id, theirs[5], EMAIL)
            if status:
                await engine.change(booking, status, "admin")
        return expert.id, slots[7].id
    finally:
        await engine.close()


def open_slots(slots: tuple[Slot, ...]) -> list[Slot]:
    tomorrow = time.time() + 12 * 3600
    return sorted((slot for slot in slots if slot.start > tomorrow), key=lambda slot: slot.start)


async def book(engine: Engine, expert_id: str, slot: Slot, email: str) -> str:
    wanted = Request(expert_id, slot.id, "Robin Sample", email, "+49 30 1234567", "", None)
    return (await engine.book(wanted, "customer")).booking.id


async def shoot(
    browser: Browser, base: str, expert_id: str, slot_id: str, size: str, scheme: str, folder: Path
) -> None:
    robin = await Person.arrive(browser, base, viewport=SIZES[size], color_scheme=scheme, device_scale_factor=2)

    async def take(screen: str) -> None:
        await robin.page.evaluate("document.fonts.ready.then(() => null)")
        await asyncio.sleep(0.8)
        path = folder / f"{screen}-{size}-{scheme}.png"
        await robin.page.screenshot(path=path)
        print(path)

    await robin.open()
    await expect(robin.visible(f"expert-{expert_id}")).to_have_count(1)
    await take("experts")
    await robin.open_expert(expert_id)
    if size == "phone":
        # Below the profile: the slots are what one comes for.
        await robin.page.get_by_role("heading", name="Open slots").evaluate("heading => heading.scrollIntoView()")
    await take("expert")
    await robin.begin_booking(slot_id)
    await robin.fill("Robin Sample", EMAIL, "+49 30 1234567")
    await take("book")
    await robin.open("/bookings")
    await robin.visible("find-email").fill(EMAIL)
    await robin.button("Show my bookings").click()
    await expect(robin.booking_cards()).to_have_count(3)
    await take("bookings")
    await robin.leave()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
