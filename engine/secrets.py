"""Secrets: made and kept for a development start, and refused if they could be guessed."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

SHORTEST = 32
"""Characters; of base64, 192 bits."""
LEAST_DIFFERENT = 12
PLACEHOLDERS = ("changeme", "change-me", "change_me", "example", "placeholder", "your-", "your_", "password")


def fault_of(secret: str) -> str | None:
    """Why a secret is none, or None. It is not said itself."""
    if len(secret) < SHORTEST:
        return f"has fewer than {SHORTEST} characters; make one with: openssl rand -base64 33"
    if len(set(secret)) < LEAST_DIFFERENT or any(word in secret.lower() for word in PLACEHOLDERS):
        return "can be guessed; make one with: openssl rand -base64 33"
    return None


def kept(path: Path) -> str:
    """The secret in a file, made on first use; only this user may read it. Raises OSError, ValueError if the file has
    none: it was emptied, or the disk was full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        # Written aside and linked into place: another process sees the whole secret or none.
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        aside.touch(0o600)
        aside.write_text(secrets.token_urlsafe(33))
        try:
            path.hardlink_to(aside)
        finally:
            aside.unlink()
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; remove it, and another one is made") from None
    if fault := fault_of(secret):
        raise ValueError(f"{path} {fault}; or remove it, and another one is made")
    return secret


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of 256 bits for one purpose alone: what is signed for one is worth nothing for another."""
    return hashlib.blake2b(purpose.encode(), key=_key(secret), digest_size=32).digest()


def digest(secret: bytes, purpose: str, *words: str) -> str:
    """128 bits in hex that stand for some words, which nobody without the secret can find out by trying."""
    text = "\0".join((purpose, *words)).encode(errors="surrogatepass")
    return hashlib.blake2b(text, key=_key(secret), digest_size=16).hexdigest()


@lru_cache(maxsize=8)
def _key(secret: bytes) -> bytes:
    """As long as BLAKE2 takes one."""
    return hashlib.sha512(secret).digest()
