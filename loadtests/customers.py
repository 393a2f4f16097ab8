"""Customers who browse, book, look again and sometimes cancel. Whatever they did not expect is a failure.

Losing a race for a slot (409 ``slot-taken``) is expected, and counted under a name of its own.
"""

from __future__ import annotations

import random
import uuid

from locust import task

from loadtests.ledger import note
from loadtests.visitors import Json, Visitor, expect, open_slots

SEARCHES = ("a", "an", "nguyen", "ó", "maria", "zzz")
SORTS = ("rating", "experience", "name")
POPULAR = 0.3
"""How often somebody wants the first expert of the list, and the first slot of a calendar: where races happen."""
RETRIES = 0.2
"""How often a booking is sent twice, as an app does whose connection broke."""


class Reader(Visitor):
    """Looks around."""

    abstract = True

    def on_start(self) -> None:
        super().on_start()
        self.experts: list[Json] = []
        self.slots: list[Json] = []
        """Open when last looked at."""
        self.browse()

    @task(6)
    def browse(self) -> None:
        page, limit = random.choice((1, 1, 1, 2)), 20
        path = f"/api/experts?page={page}&limit={limit}&sort={random.choice(SORTS)}"
        with self.ask("GET", path, "/api/experts", 200) as answer:
            found = answer.json()
            expect(found["page"] == page and found["limit"] == limit, "another page than asked for")
            left = max(0, min(limit, found["total"] - (page - 1) * limit))
            expect(len(found["experts"]) == left, f"{len(found['experts'])} experts on a page of {left}")
            self.experts = found["experts"] or self.experts

    @task(2)
    def search(self) -> None:
        with self.ask("GET", f"/api/experts?search={random.choice(SEARCHES)}", "/api/experts?search", 200) as answer:
            found = answer.json()
            expect(len(found["experts"]) == min(found["total"], 20), "total and experts do not fit")

    @task(1)
    def categories(self) -> None:
        category: Json = {}
        with self.ask("GET", "/api/categories", "/api/categories", 200) as answer:
            category = random.choice(answer.json()["categories"])
        if not category:
            return
        path = f"/api/experts?category={category['name'].replace('&', '%26').replace(' ', '%20')}"
        with self.ask("GET", path, "/api/experts?category", 200) as answer:
            found = answer.json()
            expect(found["total"] == category["experts"], f"{found['total']} experts of {category['experts']}")
            expect(all(e["category"] == category["name"] for e in found["experts"]), "another category")

    @task(6)
    def open_expert(self) -> None:
        if not self.experts:
            return
        expert_id = (self.experts[0] if random.random() < POPULAR else random.choice(self.experts))["id"]
        with self.ask("GET", f"/api/experts/{expert_id}", "/api/experts/{id}", 200) as answer:
            calendar = answer.json()
            expect(calendar["expert"]["id"] == expert_id, "another expert")
            slots = [slot for day in calendar["days"] for slot in day["slots"]]
            expect(all(0 <= slot["free"] <= slot["seats"] for slot in slots), "more seats free than there are")
            self.slots = open_slots(calendar)
            expect(all(slot["free"] for slot in self.slots), "open without a free seat")


class Customer(Reader):
    """Also books, and looks after what is booked."""

    abstract = True
    lost: tuple[str, ...] = ("slot-taken",)
    """Codes of a 409 that are no failure: somebody else was faster."""

    def on_start(self) -> None:
        self.bookings: dict[str, Json] = {}
        """By id, as last answered."""
        super().on_start()

    @task(4)
    def book(self) -> None:
        """One of the slots that were open when this customer last looked."""
        if not self.slots:
            return
        slot = self.slots[0] if random.random() < POPULAR else random.choice(self.slots)
        self.send(slot, self.order(slot))

    def send(self, slot: Json, body: Json) -> None:
        """Books; now and then once more with the same key."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        first: Json = {}
        with self.ask("POST", "/api/bookings", "/api/bookings", 201, 409, json=body, headers=key) as answer:
            said = answer.json()
            if answer.status == 409:
                expect(said["code"] in self.lost, f"409 {said['code']}")
                answer.response.request_meta["name"] = f"/api/bookings (409 {said['code']})"
                self.slots = []
                return
            booking = said["booking"]
            expect(booking["slot"]["id"] == slot["id"] and booking["status"] == "pending", "another booking")
            expect(booking["email"] == self.email and booking["name"] == body["name"], "another customer")
            expect(answer.headers.get("location") == f"/api/bookings/{booking['id']}", "no Location")
            self.bookings[booking["id"]] = booking
            note(booking["id"])
            first = said
        if first and random.random() < RETRIES:
            self.retry(body, key, first)

    def retry(self, body: Json, key: dict[str, str], first: Json) -> None:
        name = "/api/bookings (replay)"
        with self.ask("POST", "/api/bookings", name, 201, json=body, headers=key) as answer:
            expect(answer.json() == first, "another answer than the first")
            expect(answer.headers.get("idempotent-replayed") == "true", "not marked as replayed")

    @task(3)
    def read(self) -> None:
        if not self.bookings:
            return
        booking = random.choice(list(self.bookings.values()))
        with self.ask("GET", f"/api/bookings/{booking['id']}", "/api/bookings/{id}", 200) as answer:
            expect(answer.json()["booking"] == booking, "not as it was last answered")

    @task(2)
    def mine(self) -> None:
        path = f"/api/bookings?email={self.email}&limit=100"
        with self.ask("GET", path, "/api/bookings?email", 200) as answer:
            found = answer.json()
            expect(found["total"] == len(self.bookings), f"{found['total']} bookings of {len(self.bookings)}")
            wrong = [b["id"] for b in found["bookings"] if b != self.bookings.get(b["id"])]
            expect(not wrong, f"not as they were last answered: {wrong[:3]}")

    @task(1)
    def cancel(self) -> None:
        pending = [booking for booking in self.bookings.values() if booking["status"] == "pending"]
        if not pending:
            return
        booking_id = random.choice(pending)["id"]
        path = f"/api/bookings/{booking_id}/status"
        change = {"status": "cancelled", "reason": "a load test"}
        with self.ask("PATCH", path, "/api/bookings/{id}/status", 200, json=change) as answer:
            booking = answer.json()["booking"]
            expect(booking["id"] == booking_id and booking["status"] == "cancelled", "not cancelled")
            self.bookings[booking_id] = booking
