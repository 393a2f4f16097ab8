"""The hot link, with servers that do not do all that it asks for."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.link import Link, LinkDown
from engine.settings import Settings


class Led(Link):
    """Goes to one place after the other, as the sentinels say."""

    def __init__(self, *places: str) -> None:
        super().__init__("", timeout=0.3)
        self._places = list(places)

    async def _where(self) -> str:
        return self._places.pop(0) if len(self._places) > 1 else self._places[0]


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_whoever_answers_nothing_is_given_up(settings: Settings) -> None:
    """So does a stopped master that the sentinels still name, or a host that has left the network just after it was
    dialled. What follows the login was waited for without an end, when there was another master long since."""
    assert settings.redis_url
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as mute:
        link = Led(f"redis://127.0.0.1:{mute.sockets[0].getsockname()[1]}", settings.redis_url)
        link.begin()
        try:
            assert await (await link.ready(3.0)).call("PING") == b"PONG"
        finally:
            await link.close()


async def test_it_is_said_what_came_instead_of_an_answer() -> None:
    """A time-out has no words of its own, and none were said."""
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as mute:
        with pytest.raises(LinkDown, match="TimeoutError"):
            await Link(f"redis://127.0.0.1:{mute.sockets[0].getsockname()[1]}", 0.1).open()


async def test_a_user_who_may_not_speak_of_clients_is_connected_all_the_same(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The last connection cannot be ended then, which is said, and was meant to be all."""
    assert settings.redis_url
    async with Redis.from_url(settings.redis_url) as admin:
        await admin.execute_command("ACL", "SETUSER", "modest", "on", ">secret", "~*", "&*", "+@all", "-client")
        link = Link(settings.redis_url.replace("://", "://modest:secret@"), timeout=3.0)
        try:
            await link.open()
            assert await link.call("PING") == b"PONG"
            assert "cannot be ended" in caplog.text
        finally:
            await link.close()
            await admin.execute_command("ACL", "DELUSER", "modest")


async def test_a_user_who_may_not_publish_does_not_get_to_write_either(settings: Settings) -> None:
    """From Redis 7 on that is any user whom nobody has given channels. A script stopped where it tells of its change,
    after it had made it: the first booking of a seat was answered "taken", and the seat was nobody's."""
    assert settings.redis_url
    async with Redis.from_url(settings.redis_url) as admin:
        await admin.execute_command("ACL", "SETUSER", "silent", "on", ">secret", "~*", "resetchannels", "+@all")
        url = settings.redis_url.replace("://", "://silent:secret@")
        try:
            with pytest.raises(StoreUnavailable, match="publish"):
                await Engine.open(settings.model_copy(update={"redis_url": url}))
        finally:
            await admin.execute_command("ACL", "DELUSER", "silent")
