"""What the README shows must work as it stands there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from engine.engine import Engine
from engine.seeding import seed
from engine.stack import MongoServer, RedisServer
from tests.api.serving import serving

README = Path(__file__).parents[2] / "README.md"


def tour() -> str:
    match = re.search(r"## A tour with curl\n+```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert match
    return match.group(1)


async def test_the_curl_tour_books_replays_and_is_refused(mongo_server: MongoServer, tmp_path: Path) -> None:
    """On a database of its own: among other tests' experts, the first by name may have no slot of one seat."""
    with (
        RedisServer(tmp_path / "redis", persist=False) as redis,
        serving(redis, mongo_server, "tour", tmp_path, workers=1) as server,
    ):
        engine = await Engine.open(server.settings)
        await seed(engine)
        await engine.close()
        script = tour().replace("http://127.0.0.1:8000", server.base)
        process = await asyncio.create_subprocess_exec(
            "bash", "-ec", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    said = out.decode()
    assert re.findall(r"^HTTP/1.1 (\d+)", said, re.MULTILINE) == ["201", "201", "409"]
    assert "idempotent-replayed: true" in said
    assert '"code":"slot-taken"' in said
