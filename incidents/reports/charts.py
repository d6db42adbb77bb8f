"""Bars as numbers an SVG is written from. Pure: user units, y down, nothing but rectangles and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.reports.shapes import Table

WIDTH, LABEL, BAR, GAP, MOST = 900, 240, 18, 8, 40
FIGURE = 150
LONGEST = 38


@dataclass(frozen=True, slots=True)
class Bar:
    """`y` is the middle of its line; `width` of the drawn share of the largest."""

    label: str
    text: str
    y: int
    top: int
    width: float
    end: float


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    left: int
    bar: int
    bars: Sequence[Bar]
    words: str


def chart(table: Table) -> Chart | None:
    """Horizontal bars of the table's drawn column; None where nothing is drawn."""
    if table.drawn is None or not table.lines:
        return None
    values = [(line.label, line.cells[table.drawn]) for line in table.lines[:MOST]]
    most = max((cell.drawn for _label, cell in values), default=0)
    if not most:
        return None
    room = WIDTH - LABEL - FIGURE
    bars = [_bar(n, label, cell.text, cell.drawn / most * room) for n, (label, cell) in enumerate(values)]
    longest = max(values, key=lambda one: one[1].drawn)
    return Chart(WIDTH, len(bars) * (BAR + GAP) + GAP, LABEL, BAR, bars, f"{table.columns[table.drawn]}: {longest[0]}, {longest[1].text}")


def _bar(n: int, label: str, text: str, width: float) -> Bar:
    top = GAP + n * (BAR + GAP)
    short = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
    return Bar(short, text, top + BAR - 4, top, round(width, 1), round(LABEL + width + 6, 1))
