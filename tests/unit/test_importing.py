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


def test_good_lines_behind_a_line_that_is_no_json_are_read(tmp_path: Path) -> None:
    """Reading ended at the first such line: --skip-bad left out all experts behind it, and nothing said so."""
    lines = [json.dumps(expert(number)) for number in range(1, 8)]
    lines[1] = lines[1][:-1] + ",}"
    lines[3] = "{"
    lines[4] = '"Ann"'
    lines[6] = lines[6][:40]
    result = read(tmp_path, "x.jsonl", "\n".join(lines))
    assert [line for line, _ in result.good] == [1, 3, 6]
    assert sorted(bad(result)) == [2, 4, 5, 7]
    assert result.whole


@pytest.mark.parametrize("end", ["", ",", ",\n", ",]", "\n{}]", ",\n{", ",\noops]", "]\n[", "] more"])
def test_a_list_that_breaks_off_is_not_whole(tmp_path: Path, end: str) -> None:
    """What was left of a file that had been cut off behind a comma passed for all of it."""
    result = read(tmp_path, "x.json", "[" + ",\n".join(json.dumps(expert(number)) for number in (1, 2)) + end)
    assert not result.whole
    assert "is no JSON" in result.bad[-1].faults[0]
    for whole in ("]", "\n]\n"):
        assert read(tmp_path, "x.json", "[" + json.dumps(expert(1)) + whole).whole
    assert not read(tmp_path, "x.json", "[").whole


def test_a_quotation_mark_that_nothing_closes_leaves_the_table_not_whole(tmp_path: Path) -> None:
    text = as_csv(expert(1), expert(2), expert(3))
    cut = read(tmp_path, "x.csv", text[: text.rindex('"')])
    assert [line for line, _ in cut.good] == [2, 4]
    assert not cut.whole
    assert "none closes it" in bad(cut)[6]


@pytest.mark.parametrize("headline", ["One\u2028two", "One\u2029two", "One\x85two", "One\x0btwo", "One\x0ctwo"])
def test_a_row_of_a_table_ends_where_csv_says(tmp_path: Path, headline: str) -> None:
    """Python counts these among the ends of a line, and a row was split at one."""
    out = read(tmp_path, "x.csv", as_csv(expert(1, headline=headline, bio=""), expert(2, bio="")))
    assert [line for line, _ in out.good] == ([2, 3] if headline[3] in "\u2028\u2029" else [3])
    assert all("headline: must not contain control characters" in said for said in bad(out).values())


def test_a_row_of_a_table_that_cannot_be_read_does_not_hide_the_next(tmp_path: Path) -> None:
    """A cell of more than 131,072 characters, or a text behind a closing quotation mark, ended the reading."""
    rows = [expert(1, bio=""), expert(2, bio="x" * 200_000), expert(3, bio=""), expert(4, bio="")]
    lines = as_csv(*rows).splitlines()
    lines[3] = '"Ann" Lee' + lines[3].removeprefix(EXPERT["name"])
    result = read(tmp_path, "x.csv", "\n".join(lines))
    assert [line for line, _ in result.good] == [2, 5]
    assert bad(result)[3].startswith("bio: ")
    assert bad(result)[4].startswith("is no CSV: ")
    assert result.whole
