"""What all simulated users share: requests of which only some answers are believed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from locust import FastHttpUser

Json = dict[str, Any]


class Unexpected(Exception):
    """Why an answer is a failure."""


def expect(condition: object, why: str) -> None:
    if not condition:
        raise Unexpected(why)


class Answer:
    """A response of which only those statuses are believed."""

    def __init__(self, response: Any, statuses: tuple[int, ...]) -> None:
        self.response = response
        self.headers: Mapping[str, str] = response.headers or {}
        self._statuses = statuses

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    def check(self) -> None:
        """Raises Unexpected."""
        if self.status not in self._statuses:
            raise Unexpected(f"status {self.status}: {(self.response.text or '')[:200]}")
        expect(self.headers.get("x-request-id"), "no X-Request-Id")

    def json(self) -> Json:
        """The body. Raises Unexpected for a wrong status, ValueError for what is no JSON."""
        self.check()
        body: Json = self.response.json()
        return body


class Visitor(FastHttpUser):
    abstract = True
    network_timeout = 15.0

    def on_start(self) -> None:
        self.email = f"load-{uuid.uuid4().hex}@example.com"

    @contextmanager
    def ask(self, method: str, path: str, name: str, *statuses: int, **options: Any) -> Iterator[Answer]:
        """One request. Another status, and whatever the block finds wrong, make it a failure; the block ends there."""
        with self.client.request(method, path, name=name, catch_response=True, **options) as response:
            answer = Answer(response, statuses)
            try:
                yield answer
                answer.check()
            except (Unexpected, LookupError, TypeError, ValueError) as error:
                response.failure(f"{type(error).__name__}: {error}")
            else:
                response.success()

    def order(self, slot: Json, **more: str) -> Json:
        """The body of a booking. ``slot``: as the API tells it, with its ``expertId``."""
        return {
            "expertId": slot["expertId"],
            "slotId": slot["id"],
            "name": "Ann Önymous",
            "email": self.email,
            "phone": "+49 30 1234567",
            "notes": "Second floor, left.",
            **more,
        }


def open_slots(calendar: Json) -> list[Json]:
    """Those that can be booked, each with its ``expertId``. ``calendar``: an expert's page."""
    expert_id = calendar["expert"]["id"]
    slots = [slot for day in calendar["days"] for slot in day["slots"]]
    return [{**slot, "expertId": expert_id} for slot in slots if slot["state"] == "open"]
