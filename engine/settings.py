"""Every knob of Slotline, read from the environment once. Nothing else reads the environment."""

from __future__ import annotations

import os
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.secrets import fault_of, kept

LONGEST = 10 * 365 * 86_400
"""Seconds, for who means for ever: far beyond, times are no dates any more, and no numbers that the scripts take."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8-sig", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="API worker processes; one a core.",
    )
    data_dir: Path = Field(Path(".data"), description="Where the embedded servers and generated files live.")

    redis_url: str | None = Field(
        None,
        description="redis://, rediss:// or unix:// URL, redis+cluster://HOST:PORT,… or redis+sentinel://HOST:PORT,…/NAME;"
        " empty starts the embedded one.",
    )
    mongo_url: str | None = Field(None, description="mongodb:// URL; empty starts the embedded one.")
    mongo_database: str = Field("slotline", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="Name of the database.")
    partitions: int = Field(16, ge=1, le=4096, description="Redis partitions; fixed for the life of the data.")

    access: Literal["verified", "open"] = Field(
        "verified", description="Who may do what: docs/security.md. `open` is for loopback only."
    )
    secret: SecretStr | None = Field(
        None, description="Signs access tokens; `slotline up` makes one and keeps it in DATA_DIR."
    )
    admin_token: SecretStr | None = Field(
        None, description="What an administrator shows; `slotline up` makes one. Without it there is no admin by HTTP."
    )
    token_seconds: int = Field(7 * 86_400, ge=60, le=LONGEST, description="Seconds a proven email stays proven.")
    code_seconds: int = Field(600, ge=1, le=86_400, description="Seconds a one-time code is good.")
    smtp_url: SecretStr | None = Field(
        None, description="Sends one-time codes: smtp://USER:PASSWORD@HOST:587, or smtps:// for TLS from the start."
    )
    mail_from: str = Field("Slotline <slotline@localhost>", description="Sender of these messages.")
    print_codes: bool = Field(
        False, description="Print codes on the console when there is no SMTP_URL; `slotline up` does. Loopback only."
    )
    rate_limits: bool = Field(True, description="Off is for load tests, on loopback only.")
    rate_scale: float = Field(1.0, gt=0, description="Multiplies every rate limit.")
    bookings_per_email: int = Field(
        5, ge=0, description="Bookings to come that an email may have with one expert; 0: any number."
    )
    holds_per_client: int = Field(5, ge=1, description="Seats that one address may hold at a time.")
    sockets_per_address: int = Field(100, ge=1, description="Live sockets that one address may have at each worker.")
    trusted_proxies: str = Field(
        "", description="Addresses or networks, with commas, whose X-Forwarded-For is believed."
    )
    cors_origins: str = Field("", description="Origins of web pages elsewhere that may call this API, with commas.")

    commit_batch: int = Field(500, ge=1, le=10_000, description="Most bookings in one bulk write to MongoDB.")
    commit_groups: int = Field(2, ge=1, le=16, description="Bulk writes to MongoDB that a worker has under way.")
    commit_timeout: float = Field(8.0, gt=0, description="Seconds a request waits for MongoDB before it answers 202.")
    adopt_after: float = Field(5.0, gt=0, description="Seconds after which an outbox entry has lost its worker.")
    backlog: int = Field(
        20_000, ge=1, description="Most outbox entries a partition may hold before it refuses bookings."
    )
    redis_timeout: float = Field(3.0, gt=0, description="Seconds to wait for an answer from Redis.")
    redis_failover: float = Field(
        5.0, gt=0, description="Seconds to wait for a new master of a Redis Cluster or of Sentinel."
    )
    keep_past: int = Field(
        86_400, ge=0, le=LONGEST, description="Seconds a past slot stays in Redis; at most KEEP_BOOKINGS."
    )
    keep_bookings: int = Field(
        7 * 86_400, ge=0, le=LONGEST, description="Seconds a booking stays in Redis after its slot has ended."
    )
    log_entries: int = Field(256, ge=1, description="Changes an expert's change log keeps for resuming clients.")
    log_age: int = Field(
        600,
        ge=1,
        le=LONGEST,
        description="Seconds after its last change that a change log stays, or up to a quarter longer.",
    )
    heartbeat: float = Field(
        20.0, gt=0, le=60, description="Seconds between two heartbeats of a live socket; clients expect 20."
    )
    hold_seconds: float = Field(
        120.0, gt=0, le=LONGEST, description="Seconds a hold lasts, and a renewal from then on."
    )
    hold_most: float = Field(600.0, gt=0, le=LONGEST, description="Most seconds a hold lasts with all its renewals.")
    sweep_every: float = Field(0.4, gt=0, description="Seconds between two looks for holds that have ended.")
    drain_timeout: float = Field(10.0, ge=0, description="Seconds a stopping worker gives to requests in flight.")
    request_timeout: float = Field(10.0, gt=0, description="Seconds in which a request must have arrived as a whole.")
    body_limit: int = Field(65_536, ge=1024, description="Most bytes of a request body.")
    lane: Literal["on", "off"] = Field(
        "on",
        description="Whether plain bookings pass by the web server's request machinery: the same answers, sooner.",
    )
    public_url: str = Field("", description="Where clients find this server, if not where it listens (for links).")
    web_dir: Path | None = Field(
        None, description="Folder of the app's web build, served at / ; empty: mobile/dist beside this code."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("redis_url", "mongo_url", "secret", "admin_token", "smtp_url", "web_dir", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return value or None

    @field_validator("data_dir", mode="before")
    @classmethod
    def _empty_is_the_default(cls, value: object) -> object:
        """An empty path is the current folder, which nobody means."""
        return cls.model_fields["data_dir"].default if value == "" else value

    @field_validator("secret", "admin_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value and (fault := fault_of(value.get_secret_value())):
            raise ValueError(fault)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
                raise ValueError("is not a smtp://USER:PASSWORD@HOST:PORT or smtps:// URL")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for name in _words(value):
            try:
                ip_network(name)
            except ValueError:
                raise ValueError(f"{name} is neither an address nor a network such as 10.0.0.0/8") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for name in _words(value):
            parts = urlsplit(name)
            if parts.scheme not in ("http", "https") or name != f"{parts.scheme}://{parts.netloc}" or "@" in name:
                raise ValueError(f"{name} is not an origin such as https://book.example.com")
        return value

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> Self:
        if self.on_loopback:
            return self
        if self.access == "open":
            raise ValueError(
                f"ACCESS=open lets everybody do everything: it listens on loopback only, not on {self.host}"
            )
        if not self.rate_limits:
            raise ValueError(f"RATE_LIMITS=off is for load tests: it listens on loopback only, not on {self.host}")
        if self.print_codes:
            raise ValueError(f"PRINT_CODES is for development: it listens on loopback only, not on {self.host}")
        return self

    @model_validator(mode="after")
    def _slots_before_their_bookings(self) -> Self:
        """Else an Idempotency-Key and its booking would be forgotten while the slot still has the seat booked."""
        if self.keep_past > self.keep_bookings:
            raise ValueError(
                f"KEEP_PAST={self.keep_past} keeps slots for longer than their bookings: "
                f"KEEP_BOOKINGS is {self.keep_bookings}, and may not be less"
            )
        return self

    def environment(self) -> dict[str, str]:
        """These settings as environment variables: how a parent hands them to its children."""
        values = self.model_dump(mode="json", exclude_none=True, exclude=set(HIDDEN))
        values |= {name: secret.get_secret_value() for name in HIDDEN if (secret := getattr(self, name))}
        return {name.upper(): str(value) for name, value in values.items()}

    def for_development(self) -> Self:
        """The same with what a development start makes for itself and keeps in ``DATA_DIR``: SECRET, ADMIN_TOKEN. Codes
        are printed if there is no other way to send them. Raises OSError if the folder cannot be written, ValueError if
        what is kept there is no secret."""
        return self.model_copy(
            update={
                "secret": self.secret or SecretStr(kept(self.data_dir / "secret")),
                "admin_token": self.admin_token or SecretStr(kept(self.data_dir / "admin-token")),
                "print_codes": self.print_codes or (self.on_loopback and not self.smtp_url),
            }
        )

    @property
    def missing(self) -> str | None:
        """Why a server would not start with these settings, or None."""
        if self.secret is None:
            return "SECRET is not set: it signs access tokens; make one with: openssl rand -base64 33"
        if self.access == "verified" and not self.smtp_url and not self.print_codes:
            return "SMTP_URL is not set: customers could not get their codes; on loopback, PRINT_CODES=on prints them"
        return None

    def key(self) -> bytes:
        """The signing secret. Raises ValueError if there is none."""
        if self.secret is None:
            raise ValueError("SECRET is not set")
        return self.secret.get_secret_value().encode()

    @property
    def on_loopback(self) -> bool:
        return self.host in LOOPBACK

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        return tuple(ip_network(name) for name in _words(self.trusted_proxies))

    @cached_property
    def origins(self) -> frozenset[str]:
        """Other origins whose pages may call this API."""
        return frozenset(_words(self.cors_origins))


HIDDEN = ("secret", "admin_token", "smtp_url")


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]
