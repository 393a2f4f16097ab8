"""What most tests start from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.claim import Request
from engine.engine import Engine
from engine.model import Expert, Slot, new_expert_id, new_slot

ZOE = Expert(
    id="",
    name="Zoë Nguyễn",
    category="Law",
    headline="Tenancy law",
    bio="Zoë has practised since 2010.",
    languages=("English", "Vietnamese"),
    time_zone="Europe/Berlin",
    experience=15,
    rating=4.8,
    review_count=120,
    email="zoe@example.com",
    phone="+49301234567",
)


@dataclass(frozen=True, slots=True)
class Sample:
    expert: Expert
    slots: list[Slot]
    """Eight of one seat, then one of seven."""

    @property
    def group(self) -> Slot:
        return self.slots[-1]

    def request(
        self, slot: Slot | int = 0, *, key: str | None = None, name: str = "Ann Onymous", notes: str = ""
    ) -> Request:
        chosen = self.slots[slot] if isinstance(slot, int) else slot
        return Request(self.expert.id, chosen.id, name, "ann@example.com", "+49 30 1234567", notes, key)


async def make_sample(engine: Engine, *, start: int, **profile: object) -> Sample:
    """``start`` in epoch seconds, a whole minute; slots are half an hour each."""
    expert = replace(ZOE, id=new_expert_id(), **profile)  # type: ignore[arg-type]
    slots = [new_slot(expert.id, start + 1800 * n, start + 1800 * (n + 1)) for n in range(8)]
    slots.append(new_slot(expert.id, start + 1800 * 8, start + 1800 * 9, seats=7))
    await engine.add_experts([expert])
    await engine.add_slots(slots)
    return Sample(expert, slots)
