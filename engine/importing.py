"""Experts from a file: JSON (a list, or an object a line) or CSV; each row with its line and all that is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.forms import ExpertForm, faults_of

LISTS = ("languages",)
"""In CSV a text with semicolons."""
BLANK = " \t\r\n"
LARGEST_CELL = 2**31 - 1
"""Characters: the form says what is too long, and not the reader, who would have nothing to say of the rest."""

Rows = Iterator[tuple[int, dict[str, Any] | str]]
"""Line and row, or line and what is wrong with it."""


class Unreadable(Exception):
    """The file as a whole is not what it should be."""


class BreaksOff(Exception):
    """From that line on nobody knows where a row begins."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    faults: tuple[str, ...]


@dataclass(slots=True)
class Import:
    good: list[tuple[int, ExpertForm]] = field(default_factory=list)
    """Line and expert."""
    bad: list[BadRow] = field(default_factory=list)
    whole: bool = True
    """False: there may be rows behind the last bad one, and none of them could be read."""


def read_experts(path: Path, known: Mapping[str, str]) -> Import:
    """Every row of a file, good or bad. ``known``: email, with case folded, → id of the experts that are there: nobody
    is added twice. Raises Unreadable, OSError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{path.name} is not UTF-8 text") from None
    result = Import()
    seen: dict[str, int] = {}
    try:
        for line, row in csv_rows(text) if path.suffix.lower() == ".csv" else json_rows(text):
            _take(result, line, row, known, seen)
    except BreaksOff as end:
        result.bad.append(BadRow(end.line, (str(end),)))
        result.whole = False
    return result


def _take(result: Import, line: int, row: dict[str, Any] | str, known: Mapping[str, str], seen: dict[str, int]) -> None:
    faults = [row] if isinstance(row, str) else []
    if not isinstance(row, str):
        try:
            form = ExpertForm.model_validate_json(json.dumps(row))
        except ValidationError as error:
            faults = [f"{name}: {said}" if name else said for name, said in faults_of(error)]
        else:
            email = form.email.casefold()
            if email in known:
                faults = [f"email: the expert {known[email]} has it"]
            elif email in seen:
                faults = [f"email: line {seen[email]} has it, too"]
            else:
                seen[email] = line
                result.good.append((line, form))
    if faults:
        result.bad.append(BadRow(line, tuple(faults)))


def csv_rows(text: str) -> Rows:
    """The first line names the fields as the API spells them; an empty cell is a field that is not there. Raises
    Unreadable, BreaksOff."""
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(
        io.StringIO(text, newline=""), strict=True
    )  # a line ends where CSV says, not where Unicode does
    try:
        heads = [head.strip() for head in next(reader, [])]
    except csv.Error as error:
        raise Unreadable(f"the first line is no CSV: {error}") from None
    known = {info.alias or name for name, info in ExpertForm.model_fields.items()}
    if unknown := [head for head in heads if head not in known]:
        raise Unreadable(f"the first line names fields that an expert has not: {', '.join(map(repr, unknown))}")
    if len(set(heads)) < len(heads) or not heads:
        raise Unreadable("the first line must name each field once")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "end of data" in str(error):
                raise BreaksOff(line, "is no CSV: a quotation mark opens here, and none closes it") from None
            yield line, f"is no CSV: {error}"  # the reader goes on at the next line
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            if len(cells) == len(heads):
                yield line, _typed(dict(zip(heads, cells, strict=True)))
            else:
                yield line, f"has {len(cells)} cells, not {len(heads)}"


def _typed(cells: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        if not cell.strip():
            continue
        if name in LISTS:
            row[name] = [part.strip() for part in cell.split(";") if part.strip()]
        elif name in ("experience", "rating", "reviewCount"):
            row[name] = _number(cell.strip())
        else:
            row[name] = cell
    return row


def _number(text: str) -> Any:
    """The number, or the text that is none, for the form to refuse."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def json_rows(text: str) -> Rows:
    """Of a list of objects or of one object a line. Raises BreaksOff."""
    at = _skip(text, 0)
    return _listed(text, at + 1) if text[at : at + 1] == "[" else _a_line(text, at)


def _a_line(text: str, at: int) -> Rows:
    """Objects one after the other. Behind what is none, the next line is the next row."""
    lines = _Lines(text)
    while at < len(text):
        line = lines.of(at)
        row: Any = None
        try:
            row, at = DECODER.raw_decode(text, at)
            fault = "" if isinstance(row, dict) else "is no object"
        except (ValueError, RecursionError) as error:
            fault = _no_json(error)
        yield line, fault or row
        if fault:
            at = text.find("\n", at) + 1 or len(text)
        at = _skip(text, at)


def _listed(text: str, at: int) -> Rows:
    lines = _Lines(text)
    at = _skip(text, at)
    more = text[at : at + 1] != "]"
    while more:
        line = lines.of(at)
        try:
            row, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise BreaksOff(line, _no_json(error)) from None
        yield line, row if isinstance(row, dict) else "is no object"
        at = _skip(text, at)
        more = text[at : at + 1] == ","
        if more:
            at = _skip(text, at + 1)
    if text[at : at + 1] != "]":
        raise BreaksOff(lines.of(at), "is no JSON: a comma or the end of the list is missing")
    if _skip(text, at + 1) < len(text):
        raise BreaksOff(lines.of(at), "is no JSON: there is something behind the list")


class _Lines:
    """The line of a place; asked for places in their order, it counts each line once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line = 0, 1

    def of(self, at: int) -> int:
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return self._line


def _no_json(error: Exception) -> str:
    return f"is no JSON: {str(error).partition(': line')[0]}"


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


DECODER = json.JSONDecoder(parse_constant=_refuse)
