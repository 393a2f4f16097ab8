from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from engine.importing import Import, Unreadable, read_experts
from tests.api.admin import EXPERT


def expert(number: int, **changes: Any) -> dict[str, Any]:
    return {**EXPERT, "email": f"expert{number}@example.com", **changes}


def as_csv(*rows: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(EXPERT)
    for row in rows:
        writer.writerow([";".join(value) if isinstance(value, list) else value for value in row.values()])
    return out.getvalue()


def read(folder: Path, name: str, text: str | bytes, known: dict[str, str] | None = None) -> Import:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_experts(path, known or {})


def bad(result: Import) -> dict[int, str]:
    return {row.line: "; ".join(row.faults) for row in result.bad}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps([expert(1), expert(2)])),
        ("pretty.json", json.dumps([expert(1), expert(2)], indent=2, ensure_ascii=False)),
        ("lines.jsonl", f"{json.dumps(expert(1))}\n\n{json.dumps(expert(2))}\n"),
        ("table.csv", as_csv(expert(1), expert(2))),
        ("bom.csv", "\ufeff" + as_csv(expert(1), expert(2))),
        ("windows.csv", as_csv(expert(1), expert(2)).replace("\r\n", "\n").replace("\n", "\r\n")),
    ],
)
def test_the_same_experts_from_every_format(tmp_path: Path, name: str, text: str) -> None:
    result = read(tmp_path, name, text)
    assert bad(result) == {}
    assert [form.email for _, form in result.good] == ["expert1@example.com", "expert2@example.com"]
    form = result.good[0][1]
    assert (form.name, form.languages, form.experience, form.rating) == (EXPERT["name"], EXPERT["languages"], 15, 4.8)
    assert form.bio.split() == EXPERT["bio"].split()


def test_every_bad_row_is_told_by_its_line_with_all_that_is_wrong(tmp_path: Path) -> None:
    rows = [expert(1), expert(2, name="A", phone="call me"), expert(3, timeZone="Mars"), expert(4)]
    in_json = read(tmp_path, "x.json", "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]")
    assert [line for line, _ in in_json.good] == [2, 5]
    assert sorted(bad(in_json)) == [3, 4]
    assert "name: " in bad(in_json)[3]
    assert "phone: must be a phone number" in bad(in_json)[3]
    assert "timeZone: " in bad(in_json)[4]
    # The biography of each has two lines: a row begins on every second line.
    in_csv = read(tmp_path, "x.csv", as_csv(*rows))
    assert [line for line, _ in in_csv.good] == [2, 8]
    assert sorted(bad(in_csv)) == [4, 6]


def test_nobody_is_added_twice(tmp_path: Path) -> None:
    rows = [expert(1), expert(2), expert(3, email="Expert1@Example.com")]
    result = read(tmp_path, "x.jsonl", "\n".join(map(json.dumps, rows)), {"expert2@example.com": "abc"})
    assert bad(result) == {2: "email: the expert abc has it", 3: "email: line 1 has it, too"}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('[{"name": 1},\n oops]', 2, "is no JSON"),
        ('[\n"Ann"\n]', 2, "is no object"),
        ("[{}\n{}]", 2, "a comma or the end of the list is missing"),
        ("[{}]\nmore", 1, "something behind the list"),
        ('[{"rating": NaN}]', 1, "NaN is no number"),
        ("[" * 100_000, 1, "is no JSON"),
        ('[{"name": "\\ud800"}]', 1, "Invalid JSON"),
    ],
)
def test_json_that_breaks_off_says_where(tmp_path: Path, text: str, line: int, why: str) -> None:
    result = read(tmp_path, "x.json", text)
    assert why in bad(result)[line]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("name,email\nAnn\n", 2, "has 1 cells, not 2"),
        ('name,email\n"Ann\n', 2, "is no CSV"),
        ("name,experience\nAnn,many\n", 2, "experience"),
        ("name,experience\nAnn,1.5\n", 2, "experience"),
        ("name,languages\nAnn,;;\n", 2, "languages"),
    ],
)
def test_csv_that_is_wrong_says_where(tmp_path: Path, text: str, line: int, why: str) -> None:
    assert why in bad(read(tmp_path, "x.csv", text))[line]


@pytest.mark.parametrize("text", ["name,colour\n", "name,name\n", "", b"\xff\xfe"])
def test_a_file_that_makes_no_sense_as_a_whole(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path, "x.csv", text)


def test_a_file_without_experts_adds_none(tmp_path: Path) -> None:
    for name, text in (("x.json", "[]"), ("x.jsonl", "\n"), ("x.csv", "name\n")):
        result = read(tmp_path, name, text)
        assert (result.good, result.bad) == ([], [])
