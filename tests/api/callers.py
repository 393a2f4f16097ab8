"""Everybody who may stand at the door."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt

from engine.engine import Engine
from engine.secrets import derived
from tests.api.serving import Server, order
from tests.samples import Sample, make_sample

CALLERS = ("anonymous", "nonsense", "forged", "expired", "owner", "other", "holder", "other holder", "admin")


@dataclass
class Scene:
    """A booking, and the tokens of all who might come for it."""

    server: Server
    sample: Sample
    email: str
    booking: dict[str, Any]
    hold: str
    tokens: dict[str, str | None] = field(default_factory=dict)

    def headers(self, caller: str) -> dict[str, str]:
        token = self.tokens[caller]
        return {} if token is None else {"authorization": f"Bearer {token}"}


async def token_of(client: httpx.AsyncClient, engine: Engine, email: str) -> str:
    """The token that an address is proven with. The engine shares the server's secret: it knows the code."""
    code = await engine.codes.issue(email)
    answer = await client.post("/api/access/tokens", json={"email": email, "code": code})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def signed(key: bytes, email: str, ends: float) -> str:
    claims = {"sub": email.casefold(), "aud": "slotline", "iat": int(min(ends, time.time())) - 60, "exp": int(ends)}
    return jwt.encode(claims, key, "HS256")


async def scene(client: httpx.AsyncClient, engine: Engine, server: Server) -> Scene:
    """A new one, with an expert of its own."""
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
    email = f"Ann.{secrets.token_hex(6)}@Example.com"
    made = [await client.post("/api/bookings", json=order(sample, n, email=email)) for n in (0, 1)]
    assert [answer.status_code for answer in made] == [201, 201]
    wish = {"expertId": sample.expert.id, "slotId": sample.slots[2].id}
    held = await client.post("/api/holds", json=wish)
    key = derived(server.settings.key(), "email-token")
    assert server.settings.admin_token is not None
    return Scene(
        server,
        sample,
        email,
        made[0].json()["booking"],
        held.json()["holdToken"],
        {
            "anonymous": None,
            "nonsense": "nonsense",
            "forged": signed(secrets.token_bytes(32), email, time.time() + 600),
            "expired": signed(key, email, time.time() - 60),
            "owner": signed(key, email, time.time() + 600),
            "other": signed(key, "bob@example.com", time.time() + 600),
            "holder": made[0].json()["accessToken"],
            "other holder": made[1].json()["accessToken"],
            "admin": server.settings.admin_token.get_secret_value(),
        },
    )
