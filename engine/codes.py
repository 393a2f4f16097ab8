"""One-time codes: who reads what is sent to an email address has proven to be there.

Redis keeps a keyed digest of the code under a keyed digest of the address: whoever reads Redis learns neither.
"""

from __future__ import annotations

import secrets

from engine.calls import Calls
from engine.errors import WrongCode
from engine.keys import code_key
from engine.secrets import digest
from engine.settings import Settings
from engine.text import email_key

DIGITS = 6
MOST_TRIES = 5


class Codes:
    def __init__(self, calls: Calls, settings: Settings) -> None:
        self._calls = calls
        self._settings = settings

    async def issue(self, email: str) -> str:
        """A new code for the address, which replaces the one before. Raises StoreUnavailable."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        stored = f"{self._digest(email, code)} 0"
        await self._calls.command("SET", self._key(email), stored, "PX", self._settings.code_seconds * 1000)
        return code

    async def redeem(self, email: str, code: str) -> None:
        """Uses the code up. Raises WrongCode, which also costs one of five tries, or StoreUnavailable."""
        if len(code) != DIGITS:
            raise WrongCode()
        arguments = (self._digest(email, code), secrets.token_hex(8), MOST_TRIES)
        await self._calls.run("try_code", (self._key(email),), arguments)

    def _key(self, email: str) -> str:
        return code_key(digest(self._settings.key(), "address", email_key(email)))

    def _digest(self, email: str, code: str) -> str:
        return digest(self._settings.key(), "code", email_key(email), code)
