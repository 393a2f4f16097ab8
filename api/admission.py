"""Who may open a live socket: pages of our own origin and of CORS_ORIGINS, and not too many from one address."""

from __future__ import annotations

import asyncio
from collections import Counter
from urllib.parse import urlsplit

from sanic import Request

from api.address import address_of
from api.live.hub import Hub
from api.live.socket import Socket
from engine.errors import Forbidden, RateLimited
from engine.settings import Settings

COME_BACK = 30
"""Seconds."""


class Door:
    """Counts the sockets of this worker by address."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.inside: Counter[str] = Counter()

    def admit(self, request: Request, hub: Hub) -> Socket:
        """A socket that counts while it is open. Raises Forbidden, RateLimited."""
        if not self._ours(request):
            raise Forbidden("pages of this origin may not connect")
        address = address_of(request)
        if self._settings.rate_limits and self.inside[address] >= self._settings.sockets_per_address:
            raise RateLimited("there are as many live sockets as we keep for one address", retry_after=COME_BACK)
        return Guest(hub, self, address)

    def left(self, address: str) -> None:
        self.inside[address] -= 1
        if self.inside[address] <= 0:
            del self.inside[address]

    def _ours(self, request: Request) -> bool:
        """A browser says which page asks; who does not say, like an app, is no browser that somebody else's page could
        make act in its user's name."""
        origin = request.headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return True
        public = urlsplit(self._settings.public_url)
        try:
            asks = urlsplit(origin).netloc
        except ValueError:
            return False
        return asks in (request.headers.get("host"), public.netloc or None)


class Guest(Socket):
    __slots__ = ("_address", "_door")

    def __init__(self, hub: Hub, door: Door, address: str) -> None:
        super().__init__(hub)
        self._door = door
        self._address = address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._door.inside[self._address] += 1
        super().connection_made(transport)

    def on_lost(self) -> None:
        self._door.left(self._address)
        super().on_lost()
