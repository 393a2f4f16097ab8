from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report. ``ok`` is None for what is neither right nor wrong."""

    ok: bool | None
    text: str
    hint: str = ""


def good(text: str) -> Finding:
    return Finding(True, text)


def bad(text: str, hint: str = "") -> Finding:
    return Finding(False, text, hint)


def note(text: str, hint: str = "") -> Finding:
    return Finding(None, text, hint)
