"""Group 11 of the promise: whatever happens on the way, after quiet every screen shows what is true, and one that
missed something knew it.

The order of events is Hypothesis's. Two workers and their supervisor, Redis, MongoDB and the sockets are real; what the
wire does to frames is done at the client's end of it (`chaos.Screen`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.cli import workers as supervisor
from engine.engine import Engine
from engine.stack import MongoServer, RedisServer
from tests.api.serving import Server, eventually, serving
from tests.live.chaos import Chaos, Screen, Truth, shown, state_of
from tests.samples import Sample, make_sample

EXAMPLES = 25
TAMPERED = (0.0, 0.0, 0.3, 0.6)
"""Of a screen each: which part of its slot frames the wire loses, doubles or delays."""

QUIET = ("book", "cancel", "hold", "release", "close", "burst", "told again", "a screen stalls", "a moment")
ROUGH = ("lost on the way to the workers", "subscriptions break", "a screen is cut off")
VIOLENT = ("a worker is killed", "Redis is emptied")
STEPS = st.lists(
    st.tuples(st.sampled_from(QUIET * 2 + ROUGH * 3 + VIOLENT), st.integers(0, 999)), min_size=10, max_size=30
)


@pytest.fixture(scope="module")
def stage(mongo_server: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, soon started again when they die, on a Redis that may be emptied."""
    folder = tmp_path_factory.mktemp("convergence")
    with pytest.MonkeyPatch.context() as patch, RedisServer(folder / "redis", persist=False) as redis:
        patch.setattr(supervisor, "DELAYS", (0.05, 0.2))
        with serving(redis, mongo_server, "convergence", folder, heartbeat=0.5, log_entries=5000) as served:
            yield served


@pytest.fixture
async def onlooker(stage: Server) -> AsyncIterator[Engine]:
    """One of our own beside the workers', which makes the changes."""
    opened = await Engine.open(stage.settings)
    yield opened
    await opened.close()


async def run(stage: Server, engine: Engine, steps: list[tuple[str, int]]) -> list[Screen]:
    """Does the steps and checks what every screen has shown, on the way and in the end."""
    sample: Sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200)
    expert_id = sample.expert.id
    truth = Truth(engine, expert_id)
    await truth.note()
    screens = [Screen(stage.base, number, share) for number, share in enumerate(TAMPERED)]
    tending = asyncio.create_task(tend(stage))
    try:
        for screen in screens:
            await screen.__aenter__()
            await screen.until(expert_id, lambda picture: picture.live, 20)
        chaos = Chaos(stage, engine, truth, sample.slots, screens)
        for step, number in steps:
            await chaos.do(step, number)
        for screen in screens:
            screen.share = 0.0

        async def all_true() -> bool:
            calendar = await engine.calendars.read(expert_id)
            pictures = [screen.session.pictures[expert_id] for screen in screens]
            return all(
                picture.live
                and (picture.epoch, picture.version) == (calendar.epoch, calendar.version)
                and state_of(list(picture.slots.values())) == shown(calendar)
                for picture in pictures
            )

        await eventually(all_true, 60)
        await truth.note()
    finally:
        tending.cancel()
        for screen in screens:
            await screen.__aexit__(None, None, None)
    for screen in screens:
        for version, state in screen.shown.items():
            if version in truth.states:
                assert state == truth.states[version], f"never true at {version}"
        assert not screen.unaware, "it missed something and did not know"
    return screens


async def tend(stage: Server) -> None:
    """Killed workers are started again."""
    while True:
        stage.workers.tend()
        await asyncio.sleep(0.05)


@given(steps=STEPS)
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
async def test_after_quiet_every_screen_shows_what_is_true(
    stage: Server, onlooker: Engine, steps: list[tuple[str, int]]
) -> None:
    await run(stage, onlooker, steps)


async def test_each_kind_of_trouble_by_itself(stage: Server, onlooker: Engine) -> None:
    """So that none depends on what Hypothesis draws; a change before and after each."""
    for trouble in (*ROUGH, *VIOLENT):
        await run(stage, onlooker, [("hold", 1), ("book", 2), (trouble, 3), ("hold", 4), (trouble, 6), ("burst", 5)])


async def test_the_wire_is_really_tampered_with(stage: Server, onlooker: Engine) -> None:
    """A check of the check: with this many changes, screens must have missed some, and noticed."""
    screens = await run(stage, onlooker, [("burst", 0), ("release", 1), ("release", 0)] * 8)
    assert [bool(screen.misses) for screen in screens] == [share > 0 for share in TAMPERED]
    assert all(screen.session.pictures.popitem()[1].losses for screen in screens if screen.share)
