"""What every server of the benchmark sends: a slot frame as the feed's."""

from __future__ import annotations

import json

MARK = b'"type":"slot"'
"""In every message once; the client counts it."""


def message(version: int) -> str:
    return json.dumps(
        {
            "type": "slot",
            "expertId": "k3v9q0x2ab",
            "epoch": "9f1c2d3e4b5a",
            "version": version,
            "slot": {
                "id": "k3v9q0x2ab-hqx5o",
                "start": "2026-12-01T09:00:00Z",
                "end": "2026-12-01T09:30:00Z",
                "state": "held" if version % 2 else "open",
                "seats": 1,
                "free": 1 - version % 2,
                "heldUntil": "2026-12-01T08:12:34.567Z" if version % 2 else None,
            },
        },
        separators=(",", ":"),
    )
