"""The product's worker, but that what it does by itself and for no request is put off: so that it is not counted."""

from __future__ import annotations

from api import worker
from engine import reconcile

NEVER = 3600.0
"""Seconds."""


def put_off() -> None:
    """What no setting puts off: asking Redis every second whether it is still the same server."""
    reconcile.EVERY = NEVER


if __name__ == "__main__":
    put_off()
    worker.main()
