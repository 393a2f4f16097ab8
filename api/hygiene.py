"""What browsers are told: which origins may call, what a page may load, and nothing about the server itself."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from sanic import Request

from engine.settings import Settings


class Fixed:
    """Headers that are the same in many answers: name and value of each as they go onto the wire, and all lines."""

    __slots__ = ("lines", "pairs")

    def __init__(self, headers: dict[str, str]) -> None:
        self.pairs = tuple((name.encode(), value.encode()) for name, value in headers.items())
        self.lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())


NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""For answers that are no page: should one be opened as such, it can do nothing."""

PAGE = (
    "default-src 'self'; script-src 'self'; style-src 'self'{styles}; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""For every page: /docs, and the app."""

_styles: list[str] = []

METHODS = "GET, POST, PATCH, PUT, DELETE"
ASKED = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"
TOLD = "Date, Location, Retry-After, Idempotent-Replayed, RateLimit, RateLimit-Policy, X-Request-Id"

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def allow_style(text: str) -> None:
    """Lets pages have this very ``<style>`` in them; any other is refused, and scripts are files."""
    _styles.append(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'")


class Hygiene:
    def __init__(self, settings: Settings) -> None:
        self.origins = settings.origins
        always = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
        if settings.public_url.startswith("https://"):
            always["strict-transport-security"] = "max-age=31536000"
        if self.origins:
            always["vary"] = "Origin"
        self._always = always
        self._answers: dict[tuple[str, bool], Fixed] = {}
        self._page = {**always, "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin"}

    def fixed(self, request: Request, content_type: str, stored: bool) -> Fixed:
        """The headers of every answer with that type of content, if any. ``stored``: for how long, it says itself."""
        if (known := self._answers.get((content_type, stored))) is not None:
            return known
        headers = {} if stored else {"cache-control": "no-store"}
        if content_type:
            headers["content-type"] = content_type
        if content_type.startswith("text/html"):
            return Fixed({**headers, **self._page, "content-security-policy": page_policy(request)})
        answer = Fixed({**headers, **self._always, "content-security-policy": NOTHING})
        self._answers[content_type, stored] = answer
        return answer

    def cors(self, request: Request) -> dict[str, str]:
        """What lets a page elsewhere read the answer; nothing, unless its origin is one of CORS_ORIGINS."""
        origin = request.headers.get("origin")
        if origin is None or origin not in self.origins:
            return {}
        return {"access-control-allow-origin": origin, "access-control-expose-headers": TOLD}

    def preflight(self, request: Request) -> dict[str, str] | None:
        """The answer to a browser that asks first; None for anybody else."""
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return None
        allowed = self.cors(request)
        if not allowed:
            return None
        return {
            **allowed,
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": ASKED,
            "access-control-max-age": "600",
        }


def page_policy(request: Request) -> str:
    """Not every browser takes 'self' for WebSockets, too: they are named."""
    host = request.headers.get("host", "")
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return PAGE.format(styles="".join(f" {style}" for style in _styles), sockets=sockets)
