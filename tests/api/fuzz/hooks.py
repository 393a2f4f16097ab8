"""For schemathesis: how to draw what a pattern describes too slowly, and things that are really there.

The document is the server's own. To draw a text from a pattern over all of Unicode takes minutes; an invented id none.
"""

from __future__ import annotations

import json
import os
import string
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies as st

from engine.fields import EMAIL

ASCII = string.ascii_letters + string.digits
LOCAL = st.text(st.sampled_from(ASCII + "!#$%&'*+/=?^_`{|}~.-é用"), min_size=1, max_size=64)
LABEL = st.text(st.sampled_from(ASCII + "ä例"), min_size=1, max_size=20)

THERE: dict[str, list[str]] = json.loads(os.environ.get("FUZZ_IDS", "{}"))
"""``expert_id``, ``slot_id``, ``booking_id``, ``token`` → ids that exist."""
FIELDS = {"expertId": "expert_id", "slotId": "slot_id"}
AT_LEAST_TWO = ("name", "category")
"""Fields of two characters or more, without the spaces around them: which a schema cannot say."""
_turns, _minutes = count(), count(60)


@st.composite
def emails(draw: st.DrawFn) -> str:
    domain = draw(st.lists(LABEL, min_size=2, max_size=4))
    return f"{draw(LOCAL)}@{'.'.join(domain)}"


schemathesis.openapi.format("slotline-email", emails())
schemathesis.openapi.format("time-zone", st.sampled_from(sorted(available_timezones() - {"localtime"})))


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    quicken(raw_schema)


def quicken(value: Any) -> None:
    if isinstance(value, dict):
        if value.get("pattern") == EMAIL:
            del value["pattern"]
            value["format"] = "slotline-email"
        for inner in value.values():
            quicken(inner)
    elif isinstance(value, list):
        for inner in value:
            quicken(inner)


def fill(body: dict[str, Any]) -> None:
    for field in AT_LEAST_TWO:
        if isinstance(text := body.get(field), str) and len(text.strip()) < 2:
            body[field] = "Ab"
    if isinstance(languages := body.get("languages"), list):
        body["languages"] = ["Ab" if isinstance(text, str) and len(text.strip()) < 2 else text for text in languages]


def keep_apart(body: dict[str, Any]) -> None:
    """Weekly hours that do not overlap, one exception a day, and no more slots than the embedded MongoDB likes."""
    week = {hours["weekday"]: {**hours, "opens": "09:00", "closes": "10:00"} for hours in body["weekly"]}
    body["weekly"] = list(week.values())
    days = {each["date"]: {**each, "hours": each["hours"][:1]} for each in body.get("exceptions", [])}
    for each in days.values():
        for hours in each["hours"]:
            hours |= {"opens": "09:00", "closes": "10:00"}
    if "exceptions" in body:
        body["exceptions"] = list(days.values())
    body["windowDays"], body["bufferMinutes"] = 8, 0


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Half of what should be accepted is about things that are there; and slots come one after the other."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    stateful = case.meta.phase.name.value == "stateful"  # there the ids are those of what was made before
    turn = next(_turns) * (2 if stateful else 1)
    if case.headers and "Idempotency-Key" in case.headers:  # else one that was drawn twice is another request's
        case.headers["Idempotency-Key"] = f"{os.getpid()}-{turn}"
    if turn % 2:
        for name in case.path_parameters or {}:
            if there := THERE.get(name):
                case.path_parameters[name] = there[turn // 2 % len(there)]
        if isinstance(case.body, dict):
            for field, name in FIELDS.items():
                if field in case.body and (there := THERE.get(name)):
                    case.body[field] = there[turn // 2 % len(there)]
    if isinstance(case.body, dict):
        fill(case.body)
    if isinstance(case.body, dict) and isinstance(case.body.get("weekly"), list):
        keep_apart(case.body)
    if isinstance(case.body, dict) and isinstance(case.body.get("slots"), list):
        del case.body["slots"][20:]  # the embedded MongoDB takes its time for a day of five hundred
        for slot in case.body["slots"]:
            if isinstance(slot, dict):
                start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(
                    days=30, minutes=next(_minutes) * 6
                )
                slot["start"], slot["end"] = start.isoformat(), (start + timedelta(minutes=5)).isoformat()
