"""A Redis that is sent back to an older state."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from engine.engine import Engine
from engine.errors import SlotlineError
from engine.settings import Settings
from engine.stack import RedisServer
from tests.samples import Sample

SOON = 12.0
"""Seconds within which a partition is right again."""


@dataclass
class Past:
    """A Redis server that can be sent back to the moment at which it was remembered."""

    server: RedisServer
    folder: Path

    async def remember(self) -> None:
        await asyncio.sleep(0.2)
        shutil.copytree(self.server.data, self.folder)

    async def return_to(self) -> None:
        self.server.kill()
        shutil.rmtree(self.server.data)
        shutil.copytree(self.folder, self.server.data)
        await asyncio.to_thread(self.server.restart)


def on_it(settings: Settings, past: Past) -> Settings:
    """On a Redis of its own, with few partitions, which are soon compared a second time."""
    return settings.model_copy(update={"redis_url": past.server.url, "partitions": 4, "adopt_after": 2.0})


async def until(condition: Callable[[], Awaitable[bool]]) -> float:
    """Waits; answers how many seconds."""
    began = time.monotonic()
    while True:
        try:
            if await condition():
                return time.monotonic() - began
        except SlotlineError:
            pass
        assert time.monotonic() - began < SOON, "it was not put right in time"
        await asyncio.sleep(0.05)


async def seatmaps(engine: Engine, sample: Sample) -> str:
    return " ".join(slot.seatmap for slot in (await engine.calendar(sample.expert.id)).slots[:6])
