"""Experts from a file: JSON (a list, or an object a line) or CSV; each row with its line and all that is wrong."""

from __future__ import annotations

import csv
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


class Unreadable(Exception):
    """The file as a whole is not what it should be."""


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    faults: tuple[str, ...]


@dataclass(slots=True)
class Import:
    good: list[tuple[int, ExpertForm]] = field(default_factory=list)
    """Line and expert."""
    bad: list[BadRow] = field(default_factory=list)


def read_experts(path: Path, known: Mapping[str, str]) -> Import:
    """Every row of a file, good or bad. ``known``: email, with case folded, → id of the experts that are there: nobody
    is added twice. Raises Unreadable, OSError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{path.name} is not UTF-8 text") from None
    result = Import()
    seen: dict[str, int] = {}
    for line, row in csv_rows(text) if path.suffix.lower() == ".csv" else json_rows(text):
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
    return result


def csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line and row, or line and what is wrong with it. The first line names the fields as the API spells them; an empty
    cell is a field that is not there. Raises Unreadable."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    line = 1
    try:
        heads = [head.strip() for head in next(reader, [])]
        known = {info.alias or name for name, info in ExpertForm.model_fields.items()}
        if unknown := [head for head in heads if head not in known]:
            raise Unreadable(f"the first line names fields that an expert has not: {', '.join(map(repr, unknown))}")
        if len(set(heads)) < len(heads) or not heads:
            raise Unreadable("the first line must name each field once")
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) == len(heads):
                    yield line, _typed(dict(zip(heads, cells, strict=True)))
                else:
                    yield line, f"has {len(cells)} cells, not {len(heads)}"
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, f"is no CSV: {error}"


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


def json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line and row, of a list of objects or of one object a line. Raises Unreadable."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    at = _skip(text, 0)
    in_list = text[at : at + 1] == "["
    if in_list:
        at = _skip(text, at + 1)
    while at < len(text) and text[at] != "]":
        line = text.count("\n", 0, at) + 1
        try:
            row, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield line, f"is no JSON: {str(error).partition(': line')[0]}"
            return  # nobody knows where the next one begins
        yield line, row if isinstance(row, dict) else "is no object"
        at = _skip(text, at)
        if in_list and text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif in_list and text[at : at + 1] != "]":
            yield text.count("\n", 0, at) + 1, "is no JSON: a comma or the end of the list is missing"
            return
    if _skip(text, at + in_list) < len(text):
        yield text.count("\n", 0, at) + 1, "is no JSON: there is something behind the list"


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
