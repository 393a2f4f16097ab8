"""Loads ``lua/``, resolves its includes, checks arity and names each script by its hash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files

INCLUDE = re.compile(r'^--- @include "([a-z_]+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    source: str
    """The script with its includes, as Redis gets it."""
    sha: bytes
    """SHA-1 of the source in hex: Redis's own name for it."""


@cache
def script(name: str) -> Script:
    """The script of a verb, e.g. ``book``. Raises FileNotFoundError if there is none."""
    included: list[str] = []

    def include(match: re.Match[str]) -> str:
        piece = match.group(1)
        if piece in included:
            return ""
        included.append(piece)
        return (files("lua") / "includes" / f"{piece}.lua").read_text()

    source = INCLUDE.sub(include, (files("lua") / f"{name}.lua").read_text())
    return Script(name, source, sha1(source.encode(), usedforsecurity=False).hexdigest().encode())


@cache
def all_scripts() -> tuple[Script, ...]:
    """Every verb in ``lua/``, by name."""
    names = sorted(entry.name[:-4] for entry in files("lua").iterdir() if entry.name.endswith(".lua"))
    return tuple(script(name) for name in names)
