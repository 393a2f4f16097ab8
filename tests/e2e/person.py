"""Somebody in front of the app: what they do, and what they see."""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 20_000
"""Milliseconds; the machine may be busy."""
expect.set_options(timeout=PATIENCE)

EXPECTED = re.compile(r"Failed to load resource|WebSocket connection to .* failed|net::ERR_")
"""What Chromium itself says of an answer that is a refusal, or of a server that is away."""


class Person:
    def __init__(self, context: BrowserContext, page: Page, base: str) -> None:
        self.context = context
        self.page = page
        self.base = base
        self.faults: list[str] = []
        """Errors of the page, broken content policies, and requests to anywhere else."""
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._on_console)
        context.on("request", self._on_request)

    @classmethod
    async def arrive(cls, browser: Browser, base: str, **options: Any) -> Self:
        settings = {"viewport": {"width": 390, "height": 844}, "timezone_id": "Europe/Berlin", "locale": "en-GB"}
        context = await browser.new_context(**{**settings, **options})
        context.set_default_timeout(PATIENCE)
        return cls(context, await context.new_page(), base)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.faults.append(f"{message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("blob", "data") and f"http://{where.netloc}" != self.base:
            self.faults.append(f"a request to {request.url}")

    async def leave(self) -> None:
        await self.context.close()

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.base + path)

    async def open_expert(self, expert_id: str) -> None:
        await self.open(f"/experts/{expert_id}")
        await self.sees_status("Live")

    async def sees_status(self, word: str, timeout: float = PATIENCE) -> None:
        await expect(self.visible("live-chip").last).to_have_text(word, timeout=timeout)

    def visible(self, test_id: str) -> Locator:
        """Screens below the one on top stay in the page, hidden."""
        return self.page.get_by_test_id(test_id).filter(visible=True)

    def slot(self, slot_id: str) -> Locator:
        return self.visible(f"slot-{slot_id}")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name).filter(visible=True)

    def text(self, text: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_text(text).filter(visible=True)

    async def sees_slot(self, slot_id: str, state: str, timeout: float = PATIENCE) -> None:
        await expect(self.slot(slot_id)).to_have_attribute("data-state", state, timeout=timeout)

    async def begin_booking(self, slot_id: str) -> None:
        """From the expert's screen to the form, with the slot held."""
        await self.slot(slot_id).click()
        await expect(self.visible("hold-left")).to_be_visible()

    async def fill(
        self, name: str = "Ann Onymous", email: str = "ann@example.com", phone: str = "+49 30 1234567", notes: str = ""
    ) -> None:
        for field, value in (("name", name), ("email", email), ("phone", phone), ("notes", notes)):
            await self.visible(field).fill(value)

    async def submit(self) -> None:
        await self.visible("submit").click()

    async def book(self, expert_id: str, slot_id: str, **details: str) -> None:
        """All of it, from the expert's address to the confirmation."""
        await self.open_expert(expert_id)
        await self.begin_booking(slot_id)
        await self.fill(**details)
        await self.submit()
        await expect(self.visible("booked")).to_be_visible()

    async def to_bookings(self) -> None:
        await self.page.get_by_role("link", name="My bookings").filter(visible=True).click()
        await expect(self.page.get_by_role("heading", name="My bookings", level=1)).to_be_visible()

    def booking_cards(self) -> Locator:
        return self.page.get_by_role("article").filter(visible=True)
