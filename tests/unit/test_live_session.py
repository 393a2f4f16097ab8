"""The client rule, against a server that is a list of versions and a wire that does what it likes."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.live import Backoff, Refused, Session, Silent, live_url

EXPERT = "zoe"
SLOTS = 4
LOG = 6
"""Changes that the server can replay."""

STEPS = st.lists(
    st.sampled_from(
        ("change", "change", "change", "deliver", "deliver", "drop", "double", "swap", "beat", "cut", "epoch", "push")
    ),
    max_size=60,
)


class World:
    """A server, a client, and what is on its way between them."""

    def __init__(self) -> None:
        self.epoch, self.version = 1, 0
        self.slots = {f"s{n}": 0 for n in range(SLOTS)}
        self.log: list[dict[str, Any]] = []
        self.now = 0.0
        self.wire: list[dict[str, Any]] = []
        self.session = Session(Backoff(rng=random.Random(1)))
        self.picture, _ = self.session.watch(EXPERT)
        self.tampered = 0
        """Slot frames that the wire has lost or put in another order since the last resubscription."""
        self.hear(self.session.opened(self.now))

    # The server ------------------------------------------------------------------------------------------------------

    def head(self, kind: str) -> dict[str, Any]:
        return {"type": kind, "expertId": EXPERT, "epoch": str(self.epoch), "version": self.version}

    def snapshot(self) -> dict[str, Any]:
        slots = [{"id": name, "start": name, "value": value} for name, value in self.slots.items()]
        return {**self.head("snapshot"), "slots": slots}

    def change(self, name: str) -> None:
        self.version += 1
        self.slots[name] = self.version
        frame = {**self.head("slot"), "slot": {"id": name, "start": name, "value": self.version}}
        self.log = [*self.log, frame][-LOG:]
        self.wire.append(frame)

    def hear(self, messages: list[str]) -> None:
        for text in messages:
            message = orjson.loads(text)
            if message["type"] != "subscribe":
                continue
            since = message.get("version", -1)
            missed = [frame for frame in self.log if frame["version"] > since]
            if message.get("epoch") == str(self.epoch) and since + len(missed) == self.version:
                self.wire += [{**self.head("resumed"), "version": since}, *missed]
            else:
                self.wire.append(self.snapshot())

    # The wire --------------------------------------------------------------------------------------------------------

    def deliver(self) -> None:
        if self.wire:
            self.hear(self.session.heard(orjson.dumps(self.wire.pop(0)), self.now))

    def do(self, step: str, number: int) -> None:
        self.now += 0.1
        if step == "change":
            self.change(f"s{number % SLOTS}")
        elif step == "deliver":
            self.deliver()
        elif step == "beat":
            beat = {"type": "heartbeat", "time": "", "versions": {EXPERT: self.version}}
            self.wire.append(beat)
        elif step == "push":
            self.wire.append(self.snapshot())
        elif step == "cut":
            self.wire.clear()
            self.session.closed(1006, "")
            self.hear(self.session.opened(self.now))
        elif step == "epoch":
            self.epoch += 1
            self.version, self.log = 0, []
        else:
            self.tamper(step, number)

    def tamper(self, step: str, number: int) -> None:
        """Only with slot frames: what answers a question comes, or the connection ends."""
        places = [place for place, frame in enumerate(self.wire) if frame["type"] == "slot"]
        if not places:
            return
        place = places[number % len(places)]
        if step == "drop":
            del self.wire[place]
        elif step == "double":
            self.wire.insert(place, self.wire[place])
        elif place + 1 in places:
            self.wire[place], self.wire[place + 1] = self.wire[place + 1], self.wire[place]

    def quiet(self) -> None:
        """Nothing happens any more but heartbeats."""
        for _ in range(3):
            self.do("change", 0)  # of another epoch, perhaps
            while self.wire:
                self.deliver()
            self.do("beat", 0)
            while self.wire:
                self.deliver()


@given(steps=STEPS, numbers=st.randoms(use_true_random=False))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_after_quiet_the_picture_is_the_servers_whatever_the_wire_did(steps: list[str], numbers: random.Random) -> None:
    world = World()
    for step in steps:
        world.do(step, numbers.randrange(1000))
    world.quiet()
    picture = world.picture
    assert picture.live
    assert (picture.epoch, picture.version) == (str(world.epoch), world.version)
    assert {name: slot["value"] for name, slot in picture.slots.items()} == world.slots


@given(steps=STEPS, numbers=st.randoms(use_true_random=False))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_live_picture_is_the_state_at_its_version(steps: list[str], numbers: random.Random) -> None:
    """It may be late, but it never mixes states: what it shows is what the server had at exactly that version."""
    world = World()
    states: dict[tuple[str, int], dict[str, int]] = {}
    for step in steps:
        states[str(world.epoch), world.version] = dict(world.slots)
        world.do(step, numbers.randrange(1000))
        states[str(world.epoch), world.version] = dict(world.slots)
        picture = world.picture
        if picture.version >= 0:
            shown = {name: slot["value"] for name, slot in picture.slots.items()}
            assert shown == states[picture.epoch, picture.version]


def test_one_that_missed_something_knows_it_and_asks() -> None:
    world = World()
    world.deliver()
    assert world.picture.live
    world.change("s1")
    world.change("s2")
    del world.wire[0]
    messages = world.session.heard(orjson.dumps(world.wire.pop(0)), world.now)
    assert not world.picture.live
    assert world.picture.losses == 1
    assert [orjson.loads(text) for text in messages] == [
        {"type": "subscribe", "expertId": EXPERT, "epoch": "1", "version": 0}
    ]


def test_a_loss_that_no_later_frame_shows_is_told_by_the_heartbeat() -> None:
    world = World()
    world.deliver()
    world.change("s1")
    world.wire.clear()
    world.do("beat", 0)
    world.deliver()
    assert (world.picture.live, world.picture.losses) == (False, 1)
    world.deliver()
    world.deliver()
    assert (world.picture.live, world.picture.version) == (True, 1)


def test_an_error_belongs_to_the_oldest_question() -> None:
    session = Session(Backoff(first=1.0, rng=random.Random(1)))
    first, _ = session.watch("a")
    second, _ = session.watch("b")
    third, _ = session.watch("c")
    session.opened(0.0)
    session.heard(b'{"type":"snapshot","expertId":"a","epoch":"e","version":1,"slots":[]}', 0.0)
    session.heard(b'{"type":"error","code":"expert-not-found","detail":"?"}', 0.0)
    session.heard(b'{"type":"error","code":"store-unavailable","detail":"?"}', 0.0)
    assert first.live
    assert second.fault == ("expert-not-found", "?")
    assert third.fault == ("store-unavailable", "?")
    asked = [orjson.loads(text)["expertId"] for text in session.tick(2.0)]
    assert asked == ["c"], "only what may succeed is asked again"


def test_a_server_that_says_no_for_good_is_left_alone() -> None:
    for code in (4400, 4499, 403, 404):
        with pytest.raises(Refused):
            Session().closed(code, "no")
    for code in (1006, 1012, 4000, 4008, 4099, 429, 503, 500):
        assert Session().closed(code, "") >= 0


def test_pauses_grow_and_are_spread() -> None:
    pauses: list[list[float]] = []
    for seed in range(200):
        session = Session(Backoff(first=1.0, most=8.0, rng=random.Random(seed)))
        pauses.append([session.closed(1006, "") for _ in range(6)])
    firsts = [each[0] for each in pauses]
    assert min(firsts) < 0.1 < 0.9 < max(firsts) <= 1.0
    assert all(4.0 <= each[5] <= 8.0 for each in pauses)
    assert all(0.5 <= each[1] / 2 <= 1.0 for each in pauses)


def test_the_servers_wish_is_followed() -> None:
    session = Session(Backoff(rng=random.Random(3)))
    assert 7.5 <= session.closed(4000, "the server restarts; retry-after=7.5") <= 8.5


def test_a_silent_server_is_pinged_and_then_given_up() -> None:
    session = Session(beat=20.0)
    session.opened(0.0)
    assert session.tick(20.0) == []
    assert session.tick(26.0) == ['{"type":"ping"}']
    assert session.tick(27.0) == [], "one ping at a time"
    with pytest.raises(Silent):
        session.tick(51.0)


def test_the_address_of_the_feed() -> None:
    for url in ("http://h:1", "http://h:1/", "ws://h:1", "h:1", "ws://h:1/api/live", "ws://h:1/api/live/"):
        assert live_url(url) == "ws://h:1/api/live"
    assert live_url("https://h") == "wss://h/api/live"
