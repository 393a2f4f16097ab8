"""Plots as SVG beside the page, and the section of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pygal

from loadtests.growth.ground import CONNECTIONS, FEW, Point
from loadtests.growth.sizes import Sizes
from loadtests.plots import STYLE

TITLES = {
    "slots": "slots on sale",
    "experts": "experts",
    "bookings": "bookings in MongoDB",
    "sockets": "live sockets of a worker",
    "workers": "API workers",
    "partitions": "partitions",
}


def plot(dimension: str, points: Sequence[Point], file: Path) -> None:
    """Throughput and p99 over the sizes, side by side."""
    sizes = sorted({point.size for point in points})
    chart = pygal.Line(
        title=f"{TITLES[dimension]}: requests a second (left), p99 in ms (right, dashed)", js=(), height=380, width=900,
        x_title=TITLES[dimension], style=STYLE, truncate_legend=-1, value_formatter=lambda value: f"{value:,.0f}",
        range=(0, max(point.rate for point in points) * 1.1),
        secondary_range=(0, max(point.p99 for point in points) * 1.1),
    )  # fmt: skip
    chart.x_labels = [f"{size:,}" for size in sizes]
    for what in dict.fromkeys(point.what for point in points):
        by_size = {point.size: point for point in points if point.what == what}
        chart.add(what, [by_size[size].rate if size in by_size else None for size in sizes])
        p99 = [by_size[size].p99 if size in by_size else None for size in sizes]
        chart.add(f"{what}, p99", p99, secondary=True, stroke_style={"dasharray": "6, 4"})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(chart.render(is_unicode=True, disable_xml_declaration=True), encoding="utf-8")


def markdown(
    found: dict[str, list[Point]], sizes: Sequence[Sizes], plots: Path, facts: dict[str, str], command: str
) -> str:
    lines = [
        "## The cost of growth", "",
        "What becomes slower when there is more of something, each by itself. Made by:", "", f"    {command}", "",
    ]  # fmt: skip
    for dimension, points in found.items():
        lines += [
            f"### {TITLES[dimension][0].upper() + TITLES[dimension][1:]}",
            "",
            f"![{TITLES[dimension]}]({plots.name}/{dimension}.svg)",
            "",
        ]
        lines += [f"| {TITLES[dimension]} | request | requests/s | p99 ms |", "| ---: | --- | ---: | ---: |"]
        lines += [f"| {point.size:,} | {point.what} | {point.rate:,.0f} | {point.p99:.1f} |" for point in points]
        lines.append("")
    if sizes:
        lines += [
            "### Memory and rebuild", "",
            "Bytes of Redis' memory (`used_memory`), and the time in which a worker that finds Redis empty makes it",
            "again. A slot has one seat; a booking has name, email, phone and a short note, and stays until a week",
            "after its slot.",
            "",
            "| slots | bookings | bytes a slot | bytes a booking | bytes an Idempotency-Key | rebuild s |",
            "| ---: | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {each.slots:,} | {each.bookings:,} | {each.slot:.0f} | {each.booking:.0f} | {each.key:.0f} | "
                f"{each.rebuild:.1f} |"
                for each in sizes
            ),
            "",
        ]  # fmt: skip
    lines += [
        "`claim` is a booking that is answered when Redis has decided, so that the store is not what one measures;",
        f"`durable booking` is as shipped, on the embedded MongoDB. wrk has {CONNECTIONS} connections ({FEW} for",
        "searches and customers' lists, which MongoDB answers each time), and a core that it shares with the stores.",
        "What a request costs in things that can be counted is told by `python -m loadtests.cost`, what a change of a",
        "slot costs that sockets watch by `make bench-live`.",
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
    ]  # fmt: skip
    return "\n".join(lines)
