"""What people write, and how it must be: the fields of every message and form, once."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from engine.availability import zone

# Character ranges rather than \p{…} classes: the same patterns stand in the OpenAPI document, for every regex dialect.
TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control characters: a name is one line."""
LINES = r"^(?:[^\x00-\x1f\x7f-\x9f]|[\n\r\t])*$"
_LABEL = "[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\u00a1-\U0010ffff-]{0,61}[A-Za-z0-9\u00a1-\U0010ffff])?"
EMAIL = rf"^[^\s@\"(),:;<>\[\]\\\x00-\x20\x7f-\xa0]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}$"
"""A dot-atom and a domain of at least two labels, as the HTML standard's e-mail state has it, other scripts allowed."""
PHONE = "^\\+?(?:[ ().\\-\u2013/]{0,3}[0-9]){7,15}\\)?$"
"""7 to 15 digits (E.164's most), with the separators that people write, three in a row for a dash between blanks."""


class Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", populate_by_name=False, frozen=True)


def _zone(name: str) -> str:
    zone(name)
    return name


def _number(value: object) -> object:
    if isinstance(value, str | bool):
        raise ValueError("must be a number")
    return value


Number = BeforeValidator(_number)
"""Neither a text nor true, though these could be read as one."""


def _written(pattern: str) -> BeforeValidator:
    """Only a text of that form: a number is no date, though it could be read as one."""

    def check(value: object) -> object:
        if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII)):
            return value
        raise ValueError(f"must be in the form {'2027-03-01' if len(pattern) < 30 else '2027-03-01T09:00:00Z'}")

    return BeforeValidator(check)


Day = Annotated[date, _written(r"\d{4}-\d\d-\d\d")]
Moment = Annotated[datetime, _written(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?")]
Clock = Annotated[
    str, StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["09:30"], title="Time of day")
]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100, pattern=TEXT)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254, pattern=EMAIL)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=7, max_length=40, pattern=PHONE)]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=LINES)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=LINES)]
HoldToken = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9-]*$")]
Zone = Annotated[
    str, AfterValidator(_zone), Field(examples=["Europe/Berlin"], json_schema_extra={"format": "time-zone"})
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=160, pattern=TEXT)]
Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60, pattern=TEXT)]
Biography = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000, pattern=LINES)]
Language = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=40, pattern=TEXT)]
