"""All checks of schemathesis against the server's own OpenAPI document, in both modes. A longer run: ``make fuzz``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest

from engine.engine import Engine
from tests.api.serving import Server
from tests.samples import make_sample

ROOT = Path(__file__).parents[3]
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "3")
"""Random requests a route and phase; what its schema says, limits and beyond, is always tried."""
PATIENCE = float(os.environ.get("FUZZ_SECONDS", "240"))


async def ids(engine: Engine) -> str:
    """Things that are there, and that nobody else's tests need."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200)
    bookings = [(await engine.book(sample.request(-1))).booking.id for _ in range(4)]
    return json.dumps(
        {
            "expert_id": [sample.expert.id],
            "slot_id": [slot.id for slot in sample.slots],
            "booking_id": bookings,
            "token": [(await engine.holds.hold(slot.id)).token for slot in sample.slots[:3]],
        }
    )


@pytest.mark.timeout(PATIENCE + 30)
@pytest.mark.parametrize("mode", ["open", "verified"])
async def test_the_server_does_what_its_document_says(
    mode: str, server: Server, verified: Server, engine: Engine, admin_headers: dict[str, str], tmp_path: Path
) -> None:
    base = (server if mode == "open" else verified).base
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json", "--workers", "1", "--no-color",
        "--max-examples", EXAMPLES, "--continue-on-failure", "--phases", "examples,coverage,fuzzing,stateful",
        "--suppress-health-check", "all", "--request-timeout", "30",
        "-H", f"Authorization: {admin_headers['authorization']}",
    ]  # fmt: skip
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "tests.api.fuzz.hooks", "FUZZ_IDS": await ids(engine),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, said.decode()[-12_000:]
