"""Every knob of Slotline, read from the environment once. Nothing else reads the environment."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

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

    secret: SecretStr | None = Field(None, description="Signs access tokens; generated into DATA_DIR when empty.")
    access: Literal["open"] = Field("open", description="Who may do what. `open` is for loopback only.")

    commit_batch: int = Field(500, ge=1, le=10_000, description="Most bookings in one bulk write to MongoDB.")
    commit_timeout: float = Field(8.0, gt=0, description="Seconds a request waits for MongoDB before it answers 202.")
    adopt_after: float = Field(5.0, gt=0, description="Seconds after which an outbox entry has lost its worker.")
    backlog: int = Field(
        20_000, ge=1, description="Most outbox entries a partition may hold before it refuses bookings."
    )
    redis_timeout: float = Field(3.0, gt=0, description="Seconds to wait for an answer from Redis.")
    redis_failover: float = Field(
        5.0, gt=0, description="Seconds to wait for a new master of a Redis Cluster or of Sentinel."
    )
    keep_past: int = Field(86_400, ge=0, description="Seconds a past slot stays in Redis.")
    keep_bookings: int = Field(
        7 * 86_400, ge=0, description="Seconds a booking stays in Redis after its slot has ended."
    )
    log_entries: int = Field(256, ge=1, description="Changes an expert's change log keeps for resuming clients.")
    log_age: int = Field(600, ge=1, description="Seconds after its last change at which a change log is dropped.")
    hold_seconds: float = Field(120.0, gt=0, description="Seconds a hold lasts, and a renewal from then on.")
    hold_most: float = Field(600.0, gt=0, description="Most seconds a hold lasts with all its renewals.")
    sweep_every: float = Field(0.4, gt=0, description="Seconds between two looks for holds that have ended.")
    drain_timeout: float = Field(10.0, ge=0, description="Seconds a stopping worker gives to requests in flight.")
    body_limit: int = Field(65_536, ge=1024, description="Most bytes of a request body.")
    lane: Literal["on", "off"] = Field(
        "on",
        description="Whether plain bookings pass by the web server's request machinery: the same answers, sooner.",
    )
    public_url: str = Field("", description="Where clients find this server, if not where it listens (for links).")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("redis_url", "mongo_url", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _open_stays_at_home(self) -> Self:
        if self.access == "open" and not self.on_loopback:
            raise ValueError(
                f"ACCESS=open lets everybody do everything: it listens on loopback only, not on {self.host}"
            )
        return self

    def environment(self) -> dict[str, str]:
        """These settings as environment variables: how a parent hands them to its children."""
        values = self.model_dump(mode="json", exclude_none=True, exclude={"secret"})
        if self.secret:
            values["secret"] = self.secret.get_secret_value()
        return {name.upper(): str(value) for name, value in values.items()}

    def key(self) -> bytes:
        """The signing secret. Without SECRET it is kept in ``DATA_DIR/secret``, made on first use."""
        if self.secret:
            return self.secret.get_secret_value().encode()
        return _secret_in(self.data_dir)

    @property
    def on_loopback(self) -> bool:
        return self.host in LOOPBACK


@cache
def _secret_in(folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret"
    with suppress(FileExistsError):
        # Written aside and linked into place: another worker sees the whole secret or none.
        aside = folder / f"secret.{os.getpid()}"
        aside.write_text(secrets.token_urlsafe(32))
        aside.chmod(0o600)
        try:
            path.hardlink_to(aside)
        finally:
            aside.unlink()
    return path.read_bytes()
