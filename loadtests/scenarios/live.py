"""`live`: people with a calendar on their screen. Some hold and release seats; all check that what they see is so.

*fan-out delay* is the time from when somebody of the same process asked for a hold until each screen of that process
showed it: the claim, the way through Redis, and the socket. A picture that is not what a fresh page says at the same
version is a failure, and so is one that does not reach a page's version within seconds.
"""

from __future__ import annotations

import random
import time
from typing import Any

import gevent
from locust import between, task

from engine.live import BlockingLiveClient, Refused
from loadtests.scenarios import options as options
from loadtests.shapes import Curve
from loadtests.visitors import Json, Visitor, expect, open_slots

HOLDERS = 0.1
"""How many of the watchers also change something."""

CATCH_UP = 5.0
"""Seconds within which a screen must show what a page already says."""

Change = tuple[str, str]
"""Slot and the moment until which it is held: together they name a hold, where a slot has one seat."""


class Delays:
    """Of one process: when each hold was asked for, and when it was seen. Either may be known first."""

    def __init__(self) -> None:
        self.asked: dict[Change, float] = {}
        self.seen: dict[Change, list[float]] = {}

    def granted(self, change: Change, began: float) -> list[float]:
        """Answers the delays (ms) of those who have seen it already."""
        self.asked[change] = began
        return [(seen - began) * 1000 for seen in self.seen.pop(change, ())]

    def shown(self, change: Change, now: float) -> list[float]:
        if (began := self.asked.get(change)) is not None:
            return [(now - began) * 1000]
        self.seen.setdefault(change, []).append(now)
        return []


delays = Delays()


class Watcher(Visitor):
    wait_time = between(1.0, 3.0)

    def on_start(self) -> None:
        super().on_start()
        self.expert: str = self.environment.parsed_options.expert
        self.acts = random.random() < HOLDERS
        self.live = BlockingLiveClient(self.host or "")
        self.live.session.on_frame = self.heard
        self.picture = self.live.watch(self.expert)
        self.screen = gevent.spawn(self.keep_up)

    def on_stop(self) -> None:
        self.screen.kill()
        self.live.close()

    def keep_up(self) -> None:
        try:
            while True:
                self.live.run(1.0)
        except Refused as refusal:
            self.tell("refused", 0.0, refusal)

    def heard(self, frame: Json) -> None:
        if frame["type"] == "slot" and frame["slot"]["heldUntil"]:
            change = (frame["slot"]["id"], frame["slot"]["heldUntil"])
            self.report(delays.shown(change, time.monotonic()))

    def report(self, milliseconds: list[float]) -> None:
        for delay in milliseconds:
            self.tell("fan-out delay", delay)

    def tell(self, name: str, milliseconds: float, error: Exception | None = None) -> None:
        request: Any = self.environment.events.request
        request.fire(
            request_type="LIVE", name=name, response_time=milliseconds, response_length=0, exception=error, context={},
            start_time=time.time(), url="/api/live", response=None,
        )  # fmt: skip

    @task(3)
    def act(self) -> None:
        """Holds a seat and lets it go again."""
        if not self.acts:
            return
        with self.ask("GET", f"/api/experts/{self.expert}", "/api/experts/{id}", 200) as answer:
            slots = open_slots(answer.json())
        if not slots:
            return
        slot = random.choice(slots)
        body = {"expertId": self.expert, "slotId": slot["id"]}
        token = ""
        began = time.monotonic()
        with self.ask("POST", "/api/holds", "/api/holds", 201, 409, json=body) as answer:
            if answer.status == 201:
                said = answer.json()
                token = said["holdToken"]
                self.report(delays.granted((slot["id"], said["expiresAt"]), began))
        if token:
            gevent.sleep(random.uniform(0.5, 1.5))
            with self.ask("DELETE", f"/api/holds/{token}", "/api/holds/{token}", 200, 204):
                pass

    @task(1)
    def compare(self) -> None:
        """The screen beside a fresh page, as soon as it is as new."""
        with self.ask("GET", f"/api/experts/{self.expert}", "(screen beside page)", 200) as answer:
            page = answer.json()
            end = time.monotonic() + CATCH_UP
            while not (self.picture.epoch == page["epoch"] and self.picture.version >= page["version"]):
                expect(time.monotonic() < end, f"version {self.picture.version}, the page has {page['version']}")
                gevent.sleep(0.02)
            if self.picture.version > page["version"]:
                return  # it has moved on: another time
            slots = {slot["id"]: slot for day in page["days"] for slot in day["slots"]}
            shown = {slot_id: slot for slot_id, slot in self.picture.slots.items() if slot_id in slots}
            wrong = [slot_id for slot_id, slot in slots.items() if seen(slot) != seen(shown.get(slot_id, {}))]
            expect(not wrong, f"the screen shows something else for {wrong[:3]}")


def seen(slot: Json) -> Json:
    """What nobody is told, that a slot has become past, is a matter of the clock."""
    return {name: slot.get(name) for name in ("start", "end", "seats", "free", "heldUntil")}


class Crowd(Curve):
    curve = ((0.3, 1.0), (1.0, 1.0))
    ramp = 0.3
