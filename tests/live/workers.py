"""Workers of a test's own, with some knobs turned that are no settings."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.stack import Child
from tests.api.serving import Server


@asynccontextmanager
async def worker(server: Server, *knobs: str, heartbeat: float = 20.0) -> AsyncIterator[str]:
    """One worker on the stores of ``server``; ``knobs`` are statements such as ``api.live.pulse.STALLED = 0.5``.

    Its address; it has ended well when the block has.
    """
    program = "; ".join(("import api.live.pulse, api.worker", *knobs, "api.worker.main()"))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        command = [sys.executable, "-c", program, "--fd", str(listener.fileno())]
        environment = {**os.environ, **server.settings.environment(), "HEARTBEAT": str(heartbeat)}
        child = Child(command, env=environment, pass_fds=[listener.fileno()])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            assert await asyncio.to_thread(child.stop) == 0
