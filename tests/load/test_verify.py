"""The verdict of a load test is worth something only if it can be a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.engine import Engine
from engine.settings import Settings
from loadtests.ledger import noted
from loadtests.verify import Broken, verify
from tests.samples import Sample


async def test_kept_promises_are_counted(engine: Engine, settings: Settings, sample: Sample, tmp_path: Path) -> None:
    booked = await engine.book(sample.request())
    (tmp_path / "1.ids").write_text(f"{booked.booking.id}\n")
    verdict = await verify(settings, tmp_path)
    assert (verdict.bookings, verdict.promised) == (1, 1)


async def test_a_booking_that_was_promised_and_is_not_there_is_a_broken_promise(
    engine: Engine, settings: Settings, sample: Sample, tmp_path: Path
) -> None:
    booked = await engine.book(sample.request())
    (tmp_path / "1.ids").write_text(f"{booked.booking.id}\n{sample.expert.id}-{'0' * 32}\n")
    with pytest.raises(Broken, match="1 lost"):
        await verify(settings, tmp_path)


async def test_a_seat_without_its_booking_is_a_broken_promise(
    engine: Engine, settings: Settings, sample: Sample
) -> None:
    booked = await engine.book(sample.request())
    await engine.store.bookings._bookings.delete_one({"_id": booked.booking.id})
    with pytest.raises(Broken, match="faults"):
        await verify(settings)


async def test_one_booking_promised_to_two_customers_is_a_broken_promise(
    engine: Engine, settings: Settings, sample: Sample, tmp_path: Path
) -> None:
    booked = await engine.book(sample.request())
    for process in ("1", "2"):
        (tmp_path / f"{process}.ids").write_text(f"{booked.booking.id}\n")
    assert len(noted(tmp_path)) == 2
    with pytest.raises(Broken, match="two customers"):
        await verify(settings, tmp_path)
