"""The hot link finds its way away from a server that takes connections and says nothing."""

from __future__ import annotations

import asyncio

from engine.link import Link
from engine.settings import Settings


class Led(Link):
    """Goes to one place after the other, as the sentinels say."""

    def __init__(self, *places: str) -> None:
        super().__init__("", timeout=0.3)
        self._places = list(places)

    async def _where(self) -> str:
        return self._places.pop(0) if len(self._places) > 1 else self._places[0]


async def test_whoever_answers_nothing_is_given_up(settings: Settings) -> None:
    """So does a stopped master that the sentinels still name, or a host that has left the network just after it was
    dialled. What follows the login was waited for without an end, when there was another master long since."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    assert settings.redis_url
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as mute:
        link = Led(f"redis://127.0.0.1:{mute.sockets[0].getsockname()[1]}", settings.redis_url)
        link.begin()
        try:
            assert await (await link.ready(3.0)).call("PING") == b"PONG"
        finally:
            await link.close()
