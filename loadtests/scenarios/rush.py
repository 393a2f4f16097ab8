"""`rush`: everybody waits for the same slots to go on sale, and wants one: 2,000 users, 50 seats.

All look at one expert (``--expert``) whose slots are closed. When they open (``loadtests.run`` does it), each takes
the first that looks free, and the next when that is gone, until it has one or none is left. Then it looks on.
"""

from __future__ import annotations

import random
import uuid

from locust import between, task

from loadtests.ledger import note
from loadtests.scenarios import options as options
from loadtests.shapes import Curve
from loadtests.visitors import Json, Visitor, expect, open_slots


class Fan(Visitor):
    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        super().on_start()
        self.expert: str = self.environment.parsed_options.expert
        self.booked: Json | None = None

    @task
    def wait_for_it(self) -> None:
        slots = self.look()
        while slots and self.booked is None:
            self.grab(slots[0] if random.random() < 0.5 else random.choice(slots))
            slots = self.look()

    def look(self) -> list[Json]:
        with self.ask("GET", f"/api/experts/{self.expert}", "/api/experts/{id}", 200) as answer:
            calendar = answer.json()
            slots = open_slots(calendar)
            expect(all(slot["free"] for slot in slots), "open without a free seat")
            return slots
        return []

    def grab(self, slot: Json) -> None:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        body = self.order(slot)
        with self.ask("POST", "/api/bookings", "/api/bookings", 201, 409, json=body, headers=key) as answer:
            said = answer.json()
            if answer.status == 409:
                expect(said["code"] in ("slot-taken", "slot-closed"), f"409 {said['code']}")
                answer.response.request_meta["name"] = f"/api/bookings (409 {said['code']})"
                return
            expect(said["booking"]["slot"]["id"] == slot["id"], "another slot")
            self.booked = said["booking"]
            note(said["booking"]["id"])


class Doors(Curve):
    """Everybody is there before the doors open."""

    curve = ((0.35, 1.0), (1.0, 1.0))
    ramp = 0.3
