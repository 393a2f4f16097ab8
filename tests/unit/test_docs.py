"""What the documents name is there: files, tests, commands with their options, settings, metrics."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from engine.cli import app
from engine.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / folder / "README.md" for folder in ("loadtests", "lua", "mobile")),
    *sorted((ROOT / "docs").glob("*.md")),
]
"""Not the decisions and the changelog, which tell of their day."""

BLOCK = re.compile(r"^```\w*\n([\s\S]*?)^```|^    (\S.*\n)", re.MULTILINE)
REDIS = {"CLIENT", "EXEC", "MGET", "MIGRATE", "MULTI", "TRYAGAIN"}
"""Words of Redis, which look like a setting."""

SLOTLINE: Any = typer.main.get_command(app)

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def spans(document: Path) -> list[str]:
    """What a text has in backticks, each on one line."""
    found = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL))
    return [" ".join(span.replace("\\|", "|").split()) for span in found]


def code(document: Path) -> list[str]:
    """The same, and the lines of its blocks without their comments, if a comment has no command of its own."""
    blocks = "".join("".join(block) for block in BLOCK.findall(document.read_text())).splitlines()
    return [*spans(document), *(re.sub(r" #(?! or: ).*", "", line) for line in blocks)]


@cache
def tree() -> list[str]:
    """Paths of all that is here, folders with a slash at the end, each with one before it."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name[0] != "." and name not in ("node_modules", "dist")]
        found += [f"/{Path(folder, name).relative_to(ROOT)}" for name in files]
        found += [f"/{Path(folder, name).relative_to(ROOT)}/" for name in folders]
    return found


@cache
def source(*folders: str) -> str:
    """All the code in these folders."""
    below = tuple(f"/{folder}/" for folder in folders)
    paths = [path for path in tree() if path.startswith(below) and path.endswith((".py", ".js", ".ts", ".tsx"))]
    return "\n".join((ROOT / path[1:]).read_text() for path in paths)


@every_document
def test_the_files_are_there(document: Path) -> None:
    there = tree()
    words = [word for span in spans(document) for word in span.split()]
    named = [word for word in words if re.fullmatch(r"\w[\w./-]*(\.(py|lua|md|tsx?|mjs|toml)|/)", word)]
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []
    links = re.findall(r"\]\((?!\w+:)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_tests_that_show_a_guarantee_are_there() -> None:
    text = (ROOT / "docs" / "guarantees.md").read_text()
    quoted = re.findall(r'`[\w/]*?(test_\w+\.py)`((?:,\s+"[^"]+")+)', text)
    assert len(quoted) >= 5
    for name, parts in quoted:
        tests = "".join(path.read_text() for path in (ROOT / "tests").rglob(name))
        for part in re.findall(r'"([^"]+)"', parts):
            assert "_".join(part.lower().split()) in tests, (name, part)


UNDERSTAND = """
import argparse, importlib, json, sys
parse = argparse.ArgumentParser.parse_args
def stop(parser, *_):
    parser.allow_abbrev = False
    parse(parser)
    raise EOFError
argparse.ArgumentParser.parse_args = stop
for module, *sys.argv[1:] in json.loads(sys.argv[1]):
    sys.argv[0] = module
    package = hasattr(importlib.import_module(module), "__path__")
    program = importlib.import_module(module + ".__main__" if package else module)
    if sys.argv[1:]:
        assert program.argparse, module
        try:
            program.main()
        except EOFError:
            continue
        sys.exit(module + " reads no command line")
"""
"""Imports programs and has them parse their command lines, if they have words, but do nothing. In a process of its own:
what draws the plots puts itself among Python's importers."""


@every_document
def test_make_and_python_understand_the_commands(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = []
    for line in code(document):
        for target, words in re.findall(r"\bmake ([a-z][a-z-]*)(?: ARGS='([^']*)')?", line):
            recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)*)", makefile, re.MULTILINE)
            assert recipe, line
            commands += [
                [module, *shlex.split(words)] for module in re.findall(r"-m ((?:load)?tests[.\w]*)", recipe[1])
            ]
        for module, words in re.findall(r"\bpython -m ((?:load)?tests[.\w]*)([^#]*)", line):
            commands.append([module, *shlex.split(words)])
    if commands:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        told = [sys.executable, "-c", UNDERSTAND, json.dumps(commands)]
        ended = subprocess.run(told, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr


def follow(words: list[str]) -> tuple[list[str], set[str]]:
    """The commands of ``slotline`` that the words name, as ``add|edit`` does two, and the options of the last one."""
    command = SLOTLINE
    names = [""]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        alternatives = words.pop(0).split("|")
        names = [f"{names[0]} {name}".strip() for name in alternatives]
        assert set(alternatives) <= set(command.commands), names
        command = command.commands[alternatives[-1]]
    options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    options |= {"--help"}
    assert {word.strip("[]") for word in words if re.match(r"\[?--", word)} <= options, names
    return names, options


def leaves(command: Any, name: str = "") -> list[str]:
    """The names of all commands of ``slotline``."""
    if not hasattr(command, "commands"):
        return [name]
    return [leaf for each, below in command.commands.items() for leaf in leaves(below, f"{name} {each}".strip())]


@every_document
def test_slotline_understands_the_commands(document: Path) -> None:
    for line in code(document):
        for words in re.findall(r"^(?:\.venv/bin/)?slotline (.+)", line):
            follow(words.split())


def test_every_command_of_slotline_is_in_the_operations() -> None:
    groups = r"(?:slotline )?((?:expert|slots|bookings) \S+)|slotline (\w+)"
    named = [match[1] or match[2] for span in spans(ROOT / "docs/operations.md") if (match := re.match(groups, span))]
    told = {name for words in named for name in follow(words.split())[0]}
    assert told >= set(leaves(SLOTLINE))


@every_document
def test_an_option_that_stands_alone_is_one(document: Path) -> None:
    options = {option for name in leaves(SLOTLINE) for option in follow(name.split())[1]}
    options |= set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', source("loadtests", "tests/faults")))
    named = {match[0] for span in spans(document) if (match := re.match(r"--[a-z][\w-]*", span))}
    assert named - options == set()


@every_document
def test_the_settings_and_metrics_are_there(document: Path) -> None:
    text = "\n".join(code(document))
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)) | set(re.findall(r"^([A-Z]{4,})$", text, re.MULTILINE))
    for span in spans(document):
        named |= set(re.findall(r"(?:^| )([A-Z]+)=", span))
    known = {name.upper() for name in Settings.model_fields} | {"ARGS"} | REDIS
    known |= set(re.findall(r"process\.env\.(\w+)", source("loadtests", "mobile")))
    assert named - known == set()
    metrics = {name.removesuffix("_total") for name in re.findall(r"\bslotline_[a-z_]+", text)}
    assert metrics - set(re.findall(r'"(slotline_\w+)"', source("api"))) == set()
