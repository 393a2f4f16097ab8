"""Codes on their way, to a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import Message
from pathlib import Path

import httpx
import pytest
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import SMTP

from engine.stack import MongoServer
from tests.api.serving import Server, eventually, serving


class Letterbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)


@pytest.fixture(scope="module")
def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture(scope="module")
async def mailing(
    server: Server, mongo_server: MongoServer, letterbox: Letterbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """A server that can send mail."""
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(letterbox, hostname="letterbox", loop=loop), "127.0.0.1", 0)
    port = smtp.sockets[0].getsockname()[1]
    with serving(
        server.redis, mongo_server, "api", tmp_path_factory.mktemp("mail"), workers=1, access="verified",
        smtp_url=f"smtp://127.0.0.1:{port}", mail_from="Slotline <bookings@slots.example>",
    ) as served:  # fmt: skip
        yield served
    smtp.close()


@pytest.fixture
async def client(mailing: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mailing.base, timeout=30) as opened:
        yield opened


async def test_a_code_comes_by_mail_and_is_exchanged(client: httpx.AsyncClient, letterbox: Letterbox) -> None:
    asked = await client.post("/api/access/codes", json={"email": "ann+mail@example.com"})
    assert (asked.status_code, asked.content) == (202, b"")

    async def arrived() -> Message | None:
        return letterbox.messages[-1] if letterbox.messages else None

    message = await eventually(arrived)
    assert message["to"] == "ann+mail@example.com"
    assert message["from"] == "Slotline <bookings@slots.example>"
    assert message["auto-submitted"] == "auto-generated"
    text = message.get_payload(decode=True).decode()
    code = re.search(r"\b(\d{6})\b", text)
    assert code
    assert "10 minutes" in text
    given = await client.post("/api/access/tokens", json={"email": "Ann+Mail@example.com", "code": code[1]})
    assert given.status_code == 200
    assert set(given.json()) == {"token", "expiresAt"}
    mine = await client.get(
        "/api/bookings",
        params={"email": "ann+mail@example.com"},
        headers={"authorization": f"Bearer {given.json()['token']}"},
    )
    assert (mine.status_code, mine.json()["total"]) == (200, 0)


async def test_a_code_goes_to_the_very_address_that_it_proves(client: httpx.AsyncClient, letterbox: Letterbox) -> None:
    """Encoded words stand for other ones in a header: what was asked for another address each time, and so not
    counted, came to this one, or to two."""
    letterbox.messages.clear()
    spelt = ("=?utf-8?b?YW5u?=", "=?utf-8?q?=61nn?=", "=?utf-8?q?ann=40example.org=2c_bob?=", "=?utf-8?q?a=0d=0ab?=")
    for local in (*spelt, "ann"):
        asked = await client.post("/api/access/codes", json={"email": f"{local}@example.com"})
        assert asked.status_code == 202

    async def arrived() -> bool:
        return any(message["to"] == "ann@example.com" for message in letterbox.messages)

    await eventually(arrived)
    await asyncio.sleep(0.3)
    assert [message["x-rcptto"] for message in letterbox.messages] == ["ann@example.com"]


async def test_nobody_waits_for_a_mail_server_that_is_away(
    server: Server, mongo_server: MongoServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The answer is the same and as fast; the log says it, without the address."""
    with serving(
        server.redis, mongo_server, "api", tmp_path, workers=1, access="verified", smtp_url="smtp://127.0.0.1:1"
    ) as served:
        async with httpx.AsyncClient(base_url=served.base, timeout=30) as client:
            asked = await client.post("/api/access/codes", json={"email": "somebody.odd@example.com"})
            assert asked.status_code == 202
        logged = ""

        async def said() -> bool:
            nonlocal logged
            out, err = capfd.readouterr()
            logged += out + err
            return "a code was not sent" in logged

        await eventually(said)
    assert "somebody.odd" not in logged
    assert not re.search(r"\b\d{6}\b", re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+", "", logged))


async def test_a_mail_server_that_says_nothing_keeps_nobody_waiting(
    server: Server, mongo_server: MongoServer, tmp_path: Path
) -> None:
    over = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.transport.abort()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    with serving(
        server.redis, mongo_server, "api", tmp_path, workers=1, access="verified", drain_timeout=0,
        smtp_url=f"smtp://127.0.0.1:{port}",
    ) as served:  # fmt: skip
        async with httpx.AsyncClient(base_url=served.base, timeout=10) as client:
            for number in range(20):
                asked = await client.post("/api/access/codes", json={"email": f"ann{number}@example.com"})
                assert asked.status_code == 202
            assert (await client.get("/healthz")).status_code == 200
    listener.close()
    over.set()
    await asyncio.sleep(0.1)  # they are closed before the loop goes on to other tests
