"""One table: Lua code ↔ exception ↔ problem ``code`` and HTTP status."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.limits import Allowance


class SlotlineError(Exception):
    """A refusal with a stable ``code``. ``status`` is the HTTP status that means the same."""

    code = "internal-error"
    status = 500
    title = "Something went wrong on our side"
    epoch: bytes | None = None
    """Of the state of Redis that speaks against it, where a script says it."""

    def __init__(self, detail: str | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.retry_after = retry_after


class ExpertNotFound(SlotlineError):
    code, status, title = "expert-not-found", 404, "There is no such expert"


class SlotNotFound(SlotlineError):
    code, status, title = "slot-not-found", 404, "There is no such slot"


class BookingNotFound(SlotlineError):
    code, status, title = "booking-not-found", 404, "There is no such booking"


class SlotTaken(SlotlineError):
    code, status, title = "slot-taken", 409, "Somebody else has just taken this slot"


class SlotHeld(SlotlineError):
    code, status, title = "slot-held", 409, "Somebody else is filling in the form for this slot"


class SlotPast(SlotlineError):
    code, status, title = "slot-past", 409, "This slot has already begun"


class SlotClosed(SlotlineError):
    code, status, title = "slot-closed", 409, "This slot is closed"


class HoldNotFound(SlotlineError):
    code, status, title = "hold-not-found", 404, "There is no such hold, or it is over"


class HoldExpired(SlotlineError):
    code, status, title = "hold-expired", 409, "Your hold has ended, and somebody else has the slot"


class InvalidTransition(SlotlineError):
    code, status, title = "invalid-transition", 409, "A booking cannot go from its status to that one"


class SlotHasBookings(SlotlineError):
    code, status, title = "slot-has-bookings", 409, "This slot has bookings: say whether to keep or to cancel them"


class ExpertHasBookings(SlotlineError):
    code, status, title = "expert-has-bookings", 409, "This expert has bookings: say whether to keep or to cancel them"


class SlotOverlaps(SlotlineError):
    code, status, title = "slot-overlaps", 409, "A slot would overlap with another one of the expert"


class IdempotencyKeyReused(SlotlineError):
    code, status, title = "idempotency-key-reused", 422, "This Idempotency-Key was used for another request"


class Unauthenticated(SlotlineError):
    code, status, title = "unauthenticated", 401, "Show who you are: a bearer token is missing, wrong or over"


class WrongCode(Unauthenticated):
    title = "This code is wrong, used, or over: ask for another one"


class Forbidden(SlotlineError):
    code, status, title = "forbidden", 403, "That is not for you to do"


class RateLimited(SlotlineError):
    """``allowance`` (an `engine.limits.Allowance`): which limit it was, if it is one of rate."""

    code, status, title = "rate-limited", 429, "Too much for now: wait a little"

    def __init__(self, detail: str | None = None, *, retry_after: int = 60, allowance: Allowance | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.allowance = allowance


class TooManyBookings(RateLimited):
    title = "There are as many bookings to come as we take from one customer with one expert"

    def __init__(self) -> None:
        super().__init__(retry_after=3600)


class TooManyMoves(RateLimited):
    title = "This booking has been moved as often as we take it; it can still be cancelled"

    def __init__(self) -> None:
        super().__init__(retry_after=3600)


class TooManyHolds(RateLimited):
    title = "There are as many seats held as we keep for one client"

    def __init__(self) -> None:
        super().__init__(retry_after=30)


class StoreUnavailable(SlotlineError):
    """Nothing happened, or a bound was reached: safe to try again after ``retry_after`` seconds."""

    code, status, title = "store-unavailable", 503, "The booking store cannot answer just now"

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, retry_after=retry_after)


class Backlogged(StoreUnavailable):
    title = "More bookings are waiting to be stored than we allow"


class LeaseLost(StoreUnavailable):
    title = "This took too long; it will be taken up again"


class WrongRedis(SlotlineError):
    """Not to be repaired by waiting, and no part of Redis is to be blamed."""

    code, status, title = StoreUnavailable.code, 503, "This Redis belongs to another Slotline"


class EpochMissing(StoreUnavailable):
    """The partition of Redis came up empty and is being rebuilt."""

    title = "The calendar is being rebuilt"


class BadCall(SlotlineError):
    """A script was called with the wrong number or type of arguments: a fault of ours."""

    code, title = "bad-call", "A script was called wrongly"


BY_LUA_CODE: dict[bytes, type[SlotlineError]] = {
    b"no-epoch": EpochMissing,
    b"late": LeaseLost,
    b"slot-not-found": SlotNotFound,
    b"slot-taken": SlotTaken,
    b"slot-held": SlotHeld,
    b"hold-not-found": HoldNotFound,
    b"hold-expired": HoldExpired,
    b"slot-past": SlotPast,
    b"slot-closed": SlotClosed,
    b"slot-overlaps": SlotOverlaps,
    b"booking-not-found": BookingNotFound,
    b"invalid-transition": InvalidTransition,
    b"key-reused": IdempotencyKeyReused,
    b"backlog": Backlogged,
    b"too-many-moves": TooManyMoves,
    b"code-wrong": WrongCode,
}
"""What a script may answer instead of an effect. ``ok``, ``same`` and ``replayed`` are answers, not errors."""
