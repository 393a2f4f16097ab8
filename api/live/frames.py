"""The messages of the server, each as the whole WebSocket frame that every client gets: unmasked, uncompressed."""

from __future__ import annotations

import time
from typing import Any

import orjson

from api import views
from api.live.websocket import TEXT, frame
from engine.feed import Event
from engine.model import Slot


def encode(message: dict[str, Any]) -> bytes:
    return frame(TEXT, orjson.dumps(message))


def slot_frame(expert_id: str, event: Event) -> bytes:
    assert event.slot is not None
    return encode(
        {
            "type": "slot",
            "expertId": expert_id,
            "epoch": event.epoch,
            "version": event.version,
            "slot": views.slot(event.slot, now_ms()),
        }
    )


def snapshot_frame(expert_id: str, epoch: str, version: int, slots: list[Slot], now: int) -> bytes:
    return encode(
        {
            "type": "snapshot",
            "expertId": expert_id,
            "epoch": epoch,
            "version": version,
            "slots": [views.slot(slot, now) for slot in slots],
        }
    )


def resumed_frame(expert_id: str, epoch: str, version: int) -> bytes:
    return encode({"type": "resumed", "expertId": expert_id, "epoch": epoch, "version": version})


def heartbeat_frame(now: int, versions: dict[str, int]) -> bytes:
    return encode({"type": "heartbeat", "time": views.moment(now), "versions": versions})


def error_frame(code: str, detail: str) -> bytes:
    return encode({"type": "error", "code": code, "detail": detail})


PONG = encode({"type": "pong"})


def now_ms() -> int:
    return int(time.time() * 1000)
