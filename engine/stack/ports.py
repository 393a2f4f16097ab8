from __future__ import annotations

import random
import socket
from pathlib import Path

LOWEST = 15_000
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free just now. Somebody may still be faster: be ready to ask again.

    It lies below the range from which the kernel takes the ports of outgoing connections. Inside that range a
    client that keeps reconnecting to a stopped server can be given that server's port, connect to itself, and
    keep it.
    """
    for _ in range(50):
        port = random.randrange(LOWEST, _lowest_ephemeral())
        if _bind(port):
            return port
    return _bind(0)


def _lowest_ephemeral() -> int:
    try:
        lowest = int(EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError):
        lowest = 32_768
    return max(lowest, LOWEST + 1000)


def _bind(port: int) -> int:
    """The port the kernel gave, 0 if it gave none."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        bound: int = probe.getsockname()[1]
        return bound
