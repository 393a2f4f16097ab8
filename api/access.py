"""Who asks, and what they may see and change. docs/security.md says it in words.

Three things can be shown as ``Authorization: Bearer …``: the token that a one-time code was exchanged for, which proves
an email address; a booking's own token, which opens that booking alone; the admin token.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

import jwt
from sanic import Request

from api.address import address_of
from engine.engine import Engine
from engine.errors import BookingNotFound, Forbidden, Unauthenticated
from engine.model import Booking, Status
from engine.secrets import derived, digest
from engine.settings import Settings
from engine.text import email_key

ALGORITHM = "HS256"
AUDIENCE = "slotline"
LEEWAY = 10
"""Seconds by which the clocks of two servers may differ."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as it is known."""

    admin: bool = False
    email: str = ""
    """Proven, with case folded."""
    token: str = ""
    """What was shown, if it is neither of these: perhaps some booking's own token."""

    @property
    def by(self) -> str:
        """How the history of a booking calls them."""
        return "admin" if self.admin else "customer"


STRANGER = Caller()


def booking_token(key: bytes, booking_id: str) -> str:
    """A booking's own access token: the same whenever it is made, so that a replay gives the first answer again."""
    mac = _keyed(key).copy()
    mac.update(booking_id.encode())
    return urlsafe_b64encode(mac.digest()).decode()


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> hashlib.blake2b:
    """BLAKE2 has a keyed mode of its own (RFC 7693), at a tenth of the cost of OpenSSL's HMAC on the booking path."""
    return hashlib.blake2b(key=key[:64], digest_size=24, person=b"booking-token")


class Access:
    """The rules of ``ACCESS``."""

    def __init__(self, settings: Settings) -> None:
        self.open = settings.access == "open"
        self._secret = settings.key()
        self._key = derived(self._secret, "email-token")
        self._lasts = settings.token_seconds
        self._admin = settings.admin_token.get_secret_value().encode() if settings.admin_token else None

    def email_token(self, email: str) -> tuple[str, int]:
        """A signed token that proves an address, and when it ends (epoch ms)."""
        now = int(time.time())
        ends = now + self._lasts
        claims = {"sub": email_key(email), "aud": AUDIENCE, "iat": now, "exp": ends}
        return jwt.encode(claims, self._key, ALGORITHM), ends * 1000

    def caller(self, request: Request) -> Caller:
        """Raises Unauthenticated for a token that is forged or over, and for another scheme than Bearer.

        With ``ACCESS=open``, where nobody needs one, such a token is as good as none.
        """
        shown = request.headers.get("authorization")
        if shown is None:
            return STRANGER
        scheme, _, token = shown.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return self._refuse("the header Authorization must be: Bearer TOKEN")
        if self._admin and hmac.compare_digest(token.encode(errors="replace"), self._admin):
            return Caller(admin=True)
        if token.count(".") != 2 or not token.isascii():
            return Caller(token=token)
        try:
            claims = jwt.decode(
                token,
                self._key,
                [ALGORITHM],
                audience=AUDIENCE,
                leeway=LEEWAY,
                options={"require": ["sub", "exp", "iat"]},
            )
        except jwt.ExpiredSignatureError:
            return self._refuse("this token is over: prove your email again")
        except jwt.InvalidTokenError:
            return self._refuse("this token is not one of ours")
        return Caller(email=claims["sub"])

    def _refuse(self, why: str) -> Caller:
        if self.open:
            return STRANGER
        raise Unauthenticated(why)

    def booker(self, request: Request) -> Caller:
        """Who books. That needs no token: a wrong one is as good as none."""
        if "authorization" not in request.headers:
            return STRANGER
        try:
            return self.caller(request)
        except Unauthenticated:
            return STRANGER

    def customer(self, request: Request, caller: Caller, email: str) -> str:
        """What stands for who books: the email if it is proven, else the email at this address.

        So what is counted of an email tells nobody about it but its owner."""
        email = email_key(email)
        if caller.email == email:
            return digest(self._secret, "customer", email)
        return digest(self._secret, "customer", email, address_of(request))

    def client(self, request: Request) -> str:
        """What stands for an address in the tokens of its holds: 64 bits."""
        return digest(self._secret, "client", address_of(request))[:16]

    def require_admin(self, request: Request) -> None:
        """In either mode. Raises Unauthenticated without a token, Forbidden with one that is another's."""
        caller = self.caller(request)
        if caller.admin:
            return
        if caller.email:
            raise Forbidden("this is for the admin token")
        raise Unauthenticated("this is for the admin token")

    def require_email(self, request: Request, email: str) -> None:
        """Who may see what an address has. Raises Unauthenticated, Forbidden."""
        caller = self.caller(request)
        if self.open or caller.admin or caller.email == email_key(email):
            return
        if caller.email:
            raise Forbidden("your token proves another email")
        raise Unauthenticated("prove this email with a one-time code: POST /api/access/codes")

    async def enter(self, request: Request, booking_id: str) -> tuple[Caller, Booking | None]:
        """Who may see and change a booking; and the booking, if it had to be looked up.

        To somebody else's customer it is not there. Raises Unauthenticated, BookingNotFound, StoreUnavailable.
        """
        caller = self.caller(request)
        if self.open or caller.admin:
            return caller, None
        if caller.email:
            engine: Engine = request.app.ctx.engine
            booking = await engine.booking(booking_id)
            if email_key(booking.email) != caller.email:
                raise BookingNotFound()
            return caller, booking
        own = booking_token(self._secret, booking_id)
        if caller.token and hmac.compare_digest(caller.token.encode(errors="replace"), own.encode()):
            return caller, None
        raise Unauthenticated("show the booking's own token, or prove its email with a one-time code")

    def require_status(self, caller: Caller, status: Status) -> None:
        """Customers cancel; the rest is for the admin token. Raises Forbidden."""
        if status in (Status.CONFIRMED, Status.COMPLETED) and not (self.open or caller.admin):
            raise Forbidden("customers can cancel; confirming and completing are for the admin token")

    def until_start(self, caller: Caller) -> bool:
        """Whether a booking is theirs to cancel and move only as long as its session has not begun."""
        return not (self.open or caller.admin)


def access_of(request: Request) -> Access:
    access: Access = request.app.ctx.access
    return access
