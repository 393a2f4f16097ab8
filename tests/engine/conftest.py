from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.engine import Engine
from engine.model import Status
from engine.settings import Settings
from tests.samples import Sample


@pytest.fixture
async def other(settings: Settings, engine: Engine) -> AsyncIterator[Engine]:
    """Another worker."""
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


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
