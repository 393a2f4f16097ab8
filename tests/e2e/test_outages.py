"""Servers die and networks go: what was seen stays readable, says that it is old, and rights itself."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.async_api import expect

from engine.engine import Engine
from engine.errors import StoreUnavailable
from tests.api.serving import eventually
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.e2e.site import Site
from tests.samples import Sample


async def mark(person: Person) -> None:
    """A reload would take this away."""
    await person.page.evaluate("window.samePage = true")


async def is_the_same_page(person: Person) -> bool:
    return bool(await person.page.evaluate("window.samePage === true"))


async def test_a_server_that_is_killed_and_comes_back_needs_no_reload(
    people: People, served: Site, sample: Sample, engine: Engine
) -> None:
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await mark(ann)
    await ann.sees_slot(sample.slots[0].id, "open")
    served.kill()
    await expect(ann.visible("live-chip").last).to_have_text(re.compile("Reconnecting|Offline"))
    await ann.sees_status("Offline", timeout=40_000)
    await ann.sees_slot(sample.slots[0].id, "open")
    await engine.book(sample.request(0), "customer")
    served.start()
    await ann.sees_status("Live", timeout=40_000)
    await ann.sees_slot(sample.slots[0].id, "booked")
    assert await is_the_same_page(ann)


async def test_a_redis_that_lost_its_memory_comes_back_under_another_epoch(
    people: People, served: Site, sample: Sample, engine: Engine
) -> None:
    import redis as client

    ann = await people()
    await ann.open_expert(sample.expert.id)
    with client.Redis.from_url(str(served.settings.redis_url)) as wiping:
        wiping.flushall()

    async def books() -> bool:
        """Refused until the partition is rebuilt."""
        with suppress(StoreUnavailable):
            await engine.book(sample.request(1), "customer")
            return True
        return False

    await eventually(books, 60)
    await ann.sees_slot(sample.slots[1].id, "booked", timeout=60_000)
    await ann.sees_status("Live", timeout=60_000)


async def test_offline_and_back(people: People, sample: Sample, engine: Engine) -> None:
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await mark(ann)
    await ann.context.set_offline(True)
    await ann.sees_status("Offline")
    await expect(ann.text(re.compile("These slots are as they were"))).to_be_visible()
    await ann.sees_slot(sample.slots[0].id, "open")
    await engine.book(sample.request(0), "customer")
    await ann.context.set_offline(False)
    await ann.sees_status("Live")
    await ann.sees_slot(sample.slots[0].id, "booked")
    assert await is_the_same_page(ann)


async def test_a_list_that_cannot_be_loaded_offers_another_try(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.page.route("**/api/experts?*", lambda route: route.abort())
    await ann.open()
    # It may be the server that is away: nobody is told that they are.
    await expect(ann.text("Slotline cannot be reached")).to_be_visible()
    await ann.page.unroute("**/api/experts?*")
    await ann.button("Try again").click()
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()


async def test_what_was_seen_stays_readable_when_the_page_is_loaded_without_the_api(
    people: People, sample: Sample
) -> None:
    ann = await people()
    await ann.open()
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()
    kept = "(localStorage.getItem('slotline.seen.1') ?? '').includes('experts')"
    await eventually(lambda: ann.page.evaluate(kept), 20)
    await ann.page.route("**/api/**", lambda route: route.abort())
    await ann.page.reload()
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()
    await expect(ann.text(re.compile("This list is from"))).to_be_visible(timeout=30_000)


async def test_nobody_found_has_a_way_out(people: People, sample: Sample) -> None:
    ann = await people()
    await ann.open()
    await ann.page.get_by_role("searchbox").fill("qqqq")
    await expect(ann.text("Nobody by that name")).to_be_visible()
    await ann.button("Show all experts").click()
    await expect(ann.visible(f"expert-{sample.expert.id}")).to_be_visible()


async def test_what_was_live_until_now_is_not_called_old(people: People, sample: Sample) -> None:
    """Its age was that of the first answer, and not of what the feed had brought since."""
    ann = await people()
    await ann.page.clock.install()
    await ann.open_expert(sample.expert.id)
    await ann.page.clock.fast_forward("20:00")
    await ann.sees_status("Live")
    await ann.context.set_offline(True)
    await ann.page.clock.run_for(2_000)
    await expect(ann.text(re.compile("These slots are as they were just now"))).to_be_visible()
