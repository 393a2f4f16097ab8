from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audit import audit
from engine.engine import Engine
from engine.model import Expert, Status, new_expert_id
from engine.settings import Settings
from engine.stack import RedisServer
from tests.engine.past import Past
from tests.samples import ZOE, Sample


@pytest.fixture
async def other(settings: Settings, engine: Engine) -> AsyncIterator[Engine]:
    """Another worker."""
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[Past]:
    with RedisServer(tmp_path / "redis") as server:
        yield Past(server, tmp_path / "past")


@pytest.fixture
async def booked(engine: Engine, sample: Sample) -> Sample:
    """Slot 0 is confirmed, slot 1 cancelled, two seats of the group are booked and one is held."""
    first = await engine.book(sample.request(key="first"))
    await engine.change(first.booking.id, Status.CONFIRMED, "admin")
    second = await engine.book(sample.request(1))
    await engine.change(second.booking.id, Status.CANCELLED, "customer")
    await engine.book(sample.request(sample.group))
    await engine.book(sample.request(sample.group))
    await engine.holds.hold(sample.group.id)
    return sample


@pytest.fixture
async def zoe(engine: Engine) -> Expert:
    """An expert without slots."""
    expert = replace(ZOE, id=new_expert_id(), time_zone="UTC")
    await engine.add_experts([expert])
    return expert


@pytest.fixture
async def agreement(engine: Engine) -> AsyncIterator[None]:
    """Whatever a test did, the stores agree in the end."""
    yield
    assert (await audit(engine)).findings == []
