"""What the README shows must work as it stands there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.seeding import seed
from engine.stack import MongoServer, RedisServer
from tests.api.serving import eventually, serving

README = Path(__file__).parents[2] / "README.md"
CODE = re.compile(r"^Code for ann@example\.com: (\d{6})$", re.MULTILINE)


def tour() -> tuple[str, str]:
    """The commands before and after somebody has looked for the code."""
    section = re.search(r"## A tour with curl\n(.*?)\n## ", README.read_text(), re.DOTALL)
    assert section
    before, after, *_ = re.findall(r"```sh\n(.*?)```", section[1], re.DOTALL)
    return before, after


async def test_the_curl_tour_books_replays_is_refused_and_proves_an_email(
    mongo_server: MongoServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a database of its own: among other tests' experts, the first by name may have no slot of one seat."""
    before, after = tour()
    with (
        RedisServer(tmp_path / "redis", persist=False) as redis,
        serving(redis, mongo_server, "tour", tmp_path, workers=1, access="verified", rate_limits=True) as server,
        (tmp_path / "out").open("w+") as out,
    ):
        engine = await Engine.open(server.settings)
        await seed(engine)
        await engine.close()
        shell = await asyncio.create_subprocess_exec(
            "bash", "-es", stdin=asyncio.subprocess.PIPE, stdout=out, stderr=asyncio.subprocess.PIPE
        )
        assert shell.stdin
        shell.stdin.write(before.replace("http://127.0.0.1:8000", server.base).encode())
        printed = ""

        async def code() -> str:
            nonlocal printed
            printed += capfd.readouterr().out
            found = CODE.search(printed)
            return found[1] if found else ""

        assert "CODE=123456" in after
        _, err = await asyncio.wait_for(
            shell.communicate(after.replace("123456", await eventually(code, 60)).encode()), 60
        )
        said = (tmp_path / "out").read_text()
    assert shell.returncode == 0, err.decode()
    statuses = re.findall(r"^HTTP/1.1 (\d+)", said, re.MULTILINE)
    assert statuses == ["201", "201", "409", "200", "401", "202"]
    assert "idempotent-replayed: true" in said
    assert '"code":"slot-taken"' in said
    assert '"total":1' in said, "Ann finds what she has booked"
    assert '"to":"cancelled","by":"customer"' in said
