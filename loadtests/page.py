"""A run as one HTML page: what locust has written down every second, as plots, and the verdict."""

from __future__ import annotations

import csv
import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pygal

from loadtests.plots import STYLE

ALL = "Aggregated"
LIVE = "LIVE"
MOST = 12
"""Lines in a plot: the most frequent requests."""


@dataclass(slots=True)
class Series:
    """One kind of request over time."""

    kind: str
    name: str
    seconds: list[int] = field(default_factory=list)
    users: list[int] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)
    p50: list[float | None] = field(default_factory=list)
    p99: list[float | None] = field(default_factory=list)
    count: int = 0


def read_history(path: Path) -> list[Series]:
    """Of locust's ``--csv-full-history``; the percentiles are those of the last ten seconds. The sum of all is last."""
    found: dict[tuple[str, str], Series] = {}
    began = 0
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            began = began or int(row["Timestamp"])
            series = found.setdefault((row["Type"], row["Name"]), Series(row["Type"], row["Name"]))
            series.seconds.append(int(row["Timestamp"]) - began)
            series.users.append(int(row["User Count"]))
            series.rate.append(float(row["Requests/s"]))
            series.failures.append(float(row["Failures/s"]))
            series.p50.append(number(row["50%"]))
            series.p99.append(number(row["99%"]))
            series.count = int(row["Total Request Count"])
    return sorted(found.values(), key=lambda series: (series.name == ALL, -series.count))


def number(text: str) -> float | None:
    return None if text in ("", "N/A") else float(text)


def write_page(page: Path, title: str, history: Path, verdict: str, facts: Iterable[str]) -> None:
    series = read_history(history)
    http = [each for each in series if each.name != ALL and each.kind != LIVE][:MOST]
    live = [each for each in series if each.kind == LIVE]
    total = [each for each in series if each.name == ALL]
    plots = [
        plot("requests and failures a second, users", total, ("rate", "failures", "users")),
        plot("requests a second, by kind", http, ("rate",)),
        plot("half of the answers within … ms", http, ("p50",)),
        plot("99 % of the answers within … ms", http, ("p99",)),
    ]
    if live:
        plots.append(
            plot("from asking for a hold to everybody's screen: half, and 99 %, within … ms", live, ("p50", "p99"))
        )
    body = "\n".join(f"<figure>{each}</figure>" for each in plots)
    listed = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
    page.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        "<style>body{font:16px/1.5 system-ui;max-width:70rem;margin:2rem auto;padding:0 1rem}figure{margin:2rem 0}"
        "td,th{padding:.1rem .8rem;text-align:right}td:first-child,th:first-child{text-align:left}</style>"
        f"<h1>{html.escape(title)}</h1><p><strong>{html.escape(verdict)}</strong></p><ul>{listed}</ul>"
        f"{table(series)}{body}</html>",
        encoding="utf-8",
    )


def table(series: list[Series]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(f'{each.kind} {each.name}'.strip())}<td>{each.count:,}<td>{mean(each.rate):,.1f}"
        f"<td>{mean(each.p50):,.0f}<td>{mean(each.p99):,.0f}"
        for each in series
    )
    return f"<table><tr><th>request<th>times<th>a second<th>p50 ms<th>p99 ms{rows}</table>"


def mean(values: Iterable[float | None]) -> float:
    """Over the seconds in which there was something."""
    known = [value for value in values if value]
    return sum(known) / len(known) if known else 0.0


def plot(title: str, series: list[Series], columns: tuple[str, ...]) -> str:
    """An SVG drawing."""
    chart = pygal.XY(
        title=title, x_title="seconds", show_dots=False, js=(), height=420, width=1100,
         truncate_legend=-1, style=STYLE, include_x_axis=True,
    )  # fmt: skip
    for each in series:
        for column in columns:
            points = [
                (second, value)
                for second, value in zip(each.seconds, getattr(each, column), strict=True)
                if value is not None
            ]
            if points:
                name = "" if each.name == ALL else f"{each.kind} {each.name}"
                chart.add(f"{name} {column if len(columns) > 1 else ''}".strip(), points)
    drawing: str = chart.render(is_unicode=True, disable_xml_declaration=True)
    return drawing
