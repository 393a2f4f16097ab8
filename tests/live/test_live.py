from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import time

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect

from engine.availability import Availability, Hours
from engine.engine import Engine
from engine.live import live_url
from engine.model import new_slot
from tests.api.serving import Server, eventually, order
from tests.live.watching import IN_TIME, Watch, Watcher, book, cancel, detail, flat
from tests.live.workers import worker
from tests.samples import Sample, make_sample


async def one_watcher_a_worker(server: Server, watch: Watch) -> list[Watcher]:
    found: dict[int, Watcher] = {}
    async with asyncio.timeout(20):
        while len(found) < server.settings.workers:
            for watcher in await asyncio.gather(*(watch() for _ in range(6))):
                found.setdefault(server.worker_of(watcher.port), watcher)
    return list(found.values())


# Snapshot and changes ------------------------------------------------------------------------------------------------


async def test_the_snapshot_is_what_the_api_shows(client: httpx.AsyncClient, watcher: Watcher, sample: Sample) -> None:
    await book(client, sample, 2)
    snapshot = await watcher.subscribe(sample.expert.id)
    shown = await detail(client, sample)
    assert snapshot == {
        "type": "snapshot",
        "expertId": sample.expert.id,
        "epoch": shown["epoch"],
        "version": shown["version"],
        "slots": flat(shown),
    }
    assert [slot["state"] for slot in snapshot["slots"]] == ["open", "open", "booked", *["open"] * 6]


async def test_every_change_arrives_in_time_from_any_worker_with_the_whole_slot(
    each_worker: list[httpx.AsyncClient], engine: Engine, watcher: Watcher, sample: Sample
) -> None:
    snapshot = await watcher.subscribe(sample.expert.id)
    epoch, version = snapshot["epoch"], snapshot["version"]

    async def arrives(number: int, state: str, free: int) -> None:
        nonlocal version
        frame = await watcher.hear(IN_TIME)
        version += 1
        slot = flat(await detail(each_worker[0], sample))[number]
        assert (slot["state"], slot["free"]) == (state, free)
        assert frame == {
            "type": "slot", "expertId": sample.expert.id, "epoch": epoch, "version": version, "slot": slot,
        }  # fmt: skip

    for each in each_worker:
        booking_id = await book(each, sample, 3)
        await arrives(3, "booked", 0)
        await cancel(each, booking_id)
        await arrives(3, "open", 1)
    await book(each_worker[1], sample, 8)
    await arrives(8, "open", 6)
    await engine.desk.close(sample.slots[5].id)
    await arrives(5, "closed", 1)
    await engine.desk.open(sample.slots[5].id)
    await arrives(5, "open", 1)
    await watcher.assert_silent()


async def test_what_changes_no_slot_sends_nothing(client: httpx.AsyncClient, watcher: Watcher, sample: Sample) -> None:
    booking_id = await book(client, sample)
    await watcher.subscribe(sample.expert.id)
    assert (await client.post("/api/bookings", json=order(sample))).status_code == 409
    confirmed = await client.patch(f"/api/bookings/{booking_id}/status", json={"status": "confirmed"})
    assert confirmed.status_code == 200
    await watcher.assert_silent()


async def test_watchers_on_every_worker_get_the_same(
    server: Server, watch: Watch, client: httpx.AsyncClient, sample: Sample
) -> None:
    watchers = await one_watcher_a_worker(server, watch)
    assert len(watchers) == 2
    first = [await watcher.subscribe(sample.expert.id) for watcher in watchers]
    assert first[0] == first[1]
    for number in range(8):
        await book(client, sample, number)
        frames = [await watcher.hear(IN_TIME) for watcher in watchers]
        assert frames[0] == frames[1]
        assert frames[0]["version"] == first[0]["version"] + number + 1


async def test_two_watchers_of_one_worker_get_the_same(watch: Watch, client: httpx.AsyncClient, sample: Sample) -> None:
    watchers = [await watch() for _ in range(8)]
    await asyncio.gather(*(watcher.subscribe(sample.expert.id) for watcher in watchers))
    await book(client, sample)
    frames = [await watcher.hear(IN_TIME) for watcher in watchers]
    assert all(frame == frames[0] for frame in frames)
    for watcher in watchers:
        await watcher.assert_silent(0)


async def test_changes_under_way_while_one_subscribes_are_neither_lost_nor_doubled(
    watch: Watch, client: httpx.AsyncClient, sample: Sample
) -> None:
    """Whatever the snapshot has, and the frames after it: applied in order they are what the API shows at the end."""
    changes = asyncio.gather(*(book(client, sample, number) for number in range(8)))
    watchers = [await watch() for _ in range(4)]
    pictures = []
    for watcher in watchers:
        snapshot = await watcher.subscribe(sample.expert.id)
        assert snapshot["type"] == "snapshot"
        pictures.append((snapshot["version"], {slot["id"]: slot for slot in snapshot["slots"]}))
    await changes
    shown = await detail(client, sample)
    for watcher, (version, slots) in zip(watchers, pictures, strict=True):
        while version < shown["version"]:
            frame = await watcher.hear(IN_TIME)
            assert (frame["type"], frame["version"]) == ("slot", version + 1)
            version, slots[frame["slot"]["id"]] = frame["version"], frame["slot"]
        assert list(slots.values()) == flat(shown)
        await watcher.assert_silent(0.1)


async def test_new_slots_come_as_a_snapshot(
    client: httpx.AsyncClient, engine: Engine, watcher: Watcher, sample: Sample
) -> None:
    first = await watcher.subscribe(sample.expert.id)
    end = sample.slots[-1].end
    await engine.add_slots([new_slot(sample.expert.id, end, end + 1800)])
    frame = await watcher.hear(IN_TIME)
    assert frame["type"] == "snapshot"
    assert frame["version"] > first["version"]
    assert frame["slots"] == flat(await detail(client, sample))
    assert len(frame["slots"]) == 10


async def test_weekly_hours_come_as_snapshots_and_what_they_close_slot_by_slot(
    client: httpx.AsyncClient, engine: Engine, watcher: Watcher, sample: Sample
) -> None:
    always = tuple(Hours(weekday, time(), time()) for weekday in range(7))
    rule = Availability("UTC", always, 240, window_days=3)
    first = await watcher.subscribe(sample.expert.id)
    await engine.set_availability(sample.expert.id, rule)
    frame = await watcher.hear(IN_TIME)
    assert (frame["type"], frame["version"]) == ("snapshot", first["version"] + 1)
    assert frame["slots"] == flat(await detail(client, sample))
    assert len(frame["slots"]) > 9
    closed = (await engine.set_availability(sample.expert.id, replace(rule, window_days=1))).closed
    frames = [await watcher.hear(IN_TIME) for _ in range(closed)]
    assert closed >= 10
    assert {(frame["type"], frame["slot"]["state"]) for frame in frames} == {("slot", "closed")}
    await watcher.assert_silent(0.1)


async def test_unsubscribing_ends_the_frames(client: httpx.AsyncClient, watcher: Watcher, sample: Sample) -> None:
    await watcher.subscribe(sample.expert.id)
    await watcher.say(type="unsubscribe", expertId=sample.expert.id)
    await watcher.assert_silent(0)  # so it has been heard
    await book(client, sample)
    await watcher.assert_silent()
    again = await watcher.subscribe(sample.expert.id)
    assert (again["type"], again["slots"][0]["state"]) == ("snapshot", "booked")
    await book(client, sample, 1)
    assert (await watcher.hear(IN_TIME))["slot"]["state"] == "booked"


async def test_unsubscribing_what_one_does_not_watch_is_no_fault(watcher: Watcher, sample: Sample) -> None:
    await watcher.say(type="unsubscribe", expertId=sample.expert.id)
    await watcher.say(type="unsubscribe", expertId="nobody")
    await watcher.assert_silent(0)


async def test_one_who_leaves_takes_nothing_from_the_others(
    watch: Watch, client: httpx.AsyncClient, sample: Sample
) -> None:
    watchers = [await watch() for _ in range(6)]
    for watcher in watchers:
        await watcher.subscribe(sample.expert.id)
    for watcher in watchers[:4]:
        await watcher.socket.close()
    await watchers[4].say(type="unsubscribe", expertId=sample.expert.id)
    await watchers[4].assert_silent(0)
    await book(client, sample)
    assert (await watchers[5].hear(IN_TIME))["type"] == "slot"
    await watchers[4].assert_silent(0)


async def test_subscribing_twice_does_not_double_the_frames(
    client: httpx.AsyncClient, watcher: Watcher, sample: Sample
) -> None:
    assert (await watcher.subscribe(sample.expert.id))["type"] == "snapshot"
    assert (await watcher.subscribe(sample.expert.id))["type"] == "snapshot"
    await book(client, sample)
    assert (await watcher.hear(IN_TIME))["type"] == "slot"
    await watcher.assert_silent()


async def test_a_socket_watches_several_experts_and_each_has_its_versions(
    client: httpx.AsyncClient, engine: Engine, watcher: Watcher, sample: Sample
) -> None:
    other = await make_sample(engine, start=sample.slots[0].start)
    first = await watcher.subscribe(sample.expert.id)
    second = await watcher.subscribe(other.expert.id)
    await book(client, other)
    await book(client, sample)
    await book(client, other, 1)
    frames = [await watcher.hear(IN_TIME) for _ in range(3)]
    assert [frame["expertId"] for frame in frames] == [other.expert.id, sample.expert.id, other.expert.id]
    rises = [frames[0]["version"] - second["version"], frames[1]["version"] - first["version"]]
    assert [*rises, frames[2]["version"] - second["version"]] == [1, 1, 2]


# Resuming ------------------------------------------------------------------------------------------------------------


async def test_one_who_has_missed_nothing_resumes(
    watch: Watch, client: httpx.AsyncClient, watcher: Watcher, sample: Sample
) -> None:
    known = await watcher.subscribe(sample.expert.id)
    await watcher.socket.close()
    back = await watch()
    epoch, version = known["epoch"], known["version"]
    answer = await back.subscribe(sample.expert.id, epoch=epoch, version=version)
    assert answer == {"type": "resumed", "expertId": sample.expert.id, "epoch": epoch, "version": version}
    await back.assert_silent()
    await book(client, sample)
    assert (await back.hear(IN_TIME))["version"] == version + 1


@pytest.mark.parametrize("others_watch", [False, True])
async def test_one_who_has_missed_something_gets_exactly_that(
    watch: Watch, client: httpx.AsyncClient, watcher: Watcher, sample: Sample, others_watch: bool
) -> None:
    known = await watcher.subscribe(sample.expert.id)
    epoch, version = known["epoch"], known["version"]
    if not others_watch:
        await watcher.socket.close()
    booking_id = await book(client, sample, 4)
    await book(client, sample, 8)
    await cancel(client, booking_id)
    back = await watch()
    for seen in (0, 1, 2):
        await back.say(type="subscribe", expertId=sample.expert.id, epoch=epoch, version=version + seen)
        frames = [await back.hear() for _ in range(4 - seen)]
        assert frames[0] == {
            "type": "resumed", "expertId": sample.expert.id, "epoch": epoch, "version": version + seen,
        }  # fmt: skip
        assert all((frame["type"], frame["epoch"]) == ("slot", epoch) for frame in frames[1:])
        told = [(each["version"] - version, each["slot"]["id"], each["slot"]["free"]) for each in frames[1:]]
        wanted = [(1, sample.slots[4].id, 0), (2, sample.slots[8].id, 6), (3, sample.slots[4].id, 1)]
        assert told == wanted[seen:]
        await back.assert_silent(0.1)
    await book(client, sample)
    assert (await back.hear(IN_TIME))["version"] == version + 4


@pytest.mark.parametrize("wrong", ["another epoch", "older than the log", "from the future", "no version", "no epoch"])
async def test_one_who_cannot_resume_gets_a_snapshot(
    client: httpx.AsyncClient, watcher: Watcher, sample: Sample, wrong: str
) -> None:
    await book(client, sample)
    now = await detail(client, sample)
    epoch, version = now["epoch"], now["version"]
    known = {
        "another epoch": {"epoch": "0" * 12, "version": version},
        "older than the log": {"epoch": epoch, "version": 0},
        "from the future": {"epoch": epoch, "version": version + 1},
        "no version": {"epoch": epoch},
        "no epoch": {"version": version},
    }
    snapshot = await watcher.subscribe(sample.expert.id, **known[wrong])
    assert (snapshot["type"], snapshot["epoch"], snapshot["version"]) == ("snapshot", epoch, version)
    assert snapshot["slots"] == flat(now)
    await watcher.assert_silent(0.1)


# Who is told what -----------------------------------------------------------------------------------------------------


async def test_frames_hold_no_personal_data(client: httpx.AsyncClient, watcher: Watcher, sample: Sample) -> None:
    secret = secrets.token_hex(8)
    frames = [await watcher.subscribe(sample.expert.id)]
    booking_id = await book(client, sample, name=f"Ann {secret}", email=f"{secret}@example.com", notes=secret)
    frames.append(await watcher.hear())
    await cancel(client, booking_id)
    frames.append(await watcher.hear())
    frames.append(await watcher.subscribe(sample.expert.id))
    text = orjson.dumps(frames).decode()
    for private in (secret, booking_id, "1234567", sample.expert.email):
        assert private not in text
    assert set(frames[1]["slot"]) == {"id", "start", "end", "state", "seats", "free", "heldUntil"}


async def test_a_socket_that_goes_is_no_longer_counted(watch: Watch, client: httpx.AsyncClient) -> None:
    async def open_sockets() -> float:
        text = (await client.get("/metrics")).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("slotline_live_sockets "))

    async def none() -> bool:
        return await open_sockets() == 0

    await eventually(none)
    watchers = [await watch() for _ in range(3)]

    async def three() -> bool:
        return await open_sockets() == 3

    await eventually(three)
    for watcher in watchers:
        watcher.socket.transport.abort()
    await eventually(none)


# The heartbeat -------------------------------------------------------------------------------------------------------


async def test_a_heartbeat_tells_the_version_of_each_expert(
    server: Server, client: httpx.AsyncClient, sample: Sample
) -> None:
    async with (
        worker(server, heartbeat=0.5) as base,
        connect(live_url(base), open_timeout=30) as opened,
    ):
        watcher = Watcher(opened)
        assert (await watcher.hear(beats=True))["versions"] == {}
        await watcher.say(type="subscribe", expertId=sample.expert.id)
        while (frame := await watcher.hear(beats=True))["type"] != "snapshot":
            pass
        version = frame["version"]
        await book(client, sample)
        versions = []
        while version + 1 not in versions:
            frame = await watcher.hear(beats=True)
            if frame["type"] == "heartbeat":
                assert set(frame) == {"type", "time", "versions"}
                assert frame["time"].endswith("Z")
                versions.append(frame["versions"][sample.expert.id])
        assert set(versions) <= {version, version + 1}
