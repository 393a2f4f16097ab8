"""What a client may say on the live socket."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from engine.fields import Id, Message


class Subscribe(Message):
    type: Literal["subscribe"]
    expert_id: Id
    epoch: Annotated[str, Field(max_length=64)] | None = None
    version: Annotated[int, Field(ge=0)] | None = None


class Unsubscribe(Message):
    type: Literal["unsubscribe"]
    expert_id: Id


class Ping(Message):
    type: Literal["ping"]


INCOMING: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(
    Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="type")]
)
