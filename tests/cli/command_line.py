"""How the tests call ``slotline``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engine.settings import Settings

SECRET = "s3cr3t"
CLOSED = "127.0.0.1:1"
"""Nobody listens there."""
ROOT = Path(__file__).parents[2]
Slotline = Callable[..., subprocess.CompletedProcess[str]]


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """The environment of a newcomer who sets only ``changes``; data in ``folder/data``."""
    names = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in names}
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**inherited, "PYTHONPATH": python_path, "DATA_DIR": str(folder / "data"), "PORT": "0"} | changes


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "engine.cli", *words]
