"""`day`: a realistic mix. Browsing, holds, forms that are filled in or abandoned, bookings, retries with the same key,
look-ups, cancellations and moves to another slot."""

from __future__ import annotations

import random

import gevent
from locust import between, task

from loadtests.customers import Customer
from loadtests.scenarios import options as options
from loadtests.shapes import Curve
from loadtests.visitors import Json, expect, open_slots

ABANDONED = 0.4
"""How often a form is never sent; half of those people say so, the others just leave."""

FORM = (0.3, 2.0)
"""Seconds to fill it in."""


class Person(Customer):
    wait_time = between(0.2, 2.0)
    lost = ("slot-taken", "slot-held")

    @task(4)
    def fill_in_a_form(self) -> None:
        """Holds a seat for as long as it takes."""
        if not self.slots:
            return
        slot = random.choice(self.slots)
        token = ""
        body = {"expertId": slot["expertId"], "slotId": slot["id"]}
        with self.ask("POST", "/api/holds", "/api/holds", 201, 409, json=body) as answer:
            said = answer.json()
            if answer.status == 409:
                expect(said["code"] in self.lost, f"409 {said['code']}")
                answer.response.request_meta["name"] = f"/api/holds (409 {said['code']})"
                self.slots = []
                return
            token = said["holdToken"]
        if not token:
            return
        gevent.sleep(random.uniform(*FORM))
        if random.random() >= ABANDONED:
            self.send(slot, self.order(slot, holdToken=token))
        elif random.random() < 0.5:
            with self.ask("DELETE", f"/api/holds/{token}", "/api/holds/{token}", 204, 200):
                pass

    @task(2)
    def reschedule(self) -> None:
        pending = [booking for booking in self.bookings.values() if booking["status"] == "pending"]
        if not pending:
            return
        booking = random.choice(pending)
        slots = self.other_slots(booking)
        if not slots:
            return
        slot = random.choice(slots)
        path = f"/api/bookings/{booking['id']}/reschedule"
        name = "/api/bookings/{id}/reschedule"
        with self.ask("POST", path, name, 200, 409, json={"slotId": slot["id"]}) as answer:
            said = answer.json()
            if answer.status == 409:
                expect(said["code"] in self.lost, f"409 {said['code']}")
                answer.response.request_meta["name"] = f"{name} (409 {said['code']})"
                return
            moved = said["booking"]
            expect(moved["id"] == booking["id"] and moved["slot"]["id"] == slot["id"], "not moved")
            self.bookings[moved["id"]] = moved

    def other_slots(self, booking: Json) -> list[Json]:
        expert = booking["expert"]["id"]
        with self.ask("GET", f"/api/experts/{expert}", "/api/experts/{id}", 200) as answer:
            return [slot for slot in open_slots(answer.json()) if slot["id"] != booking["slot"]["id"]]
        return []


class WholeDay(Curve):
    """A quiet morning, a peak at noon, a higher one in the evening, and night."""

    curve = ((0.15, 0.3), (0.4, 0.7), (0.5, 0.5), (0.75, 1.0), (0.9, 1.0), (1.0, 0.2))
    ramp = 0.15
