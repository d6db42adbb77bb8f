"""What a report is made of. Pure: a table of cells, each with its words, its plain values, and the key of the rows it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.functional import Promise

from servicedesk.directory import moments

FEW = 5  # fewer than so many are listed: a median of three says nothing
Word = str | Promise


@dataclass(frozen=True, slots=True)
class Cell:
    """`values` go into CSV and API by name (durations in seconds, ending `_s`); `rows` opens the rows; `drawn` is its bar."""

    text: str
    values: Mapping[str, float | int | str | None] = field(default_factory=dict)
    rows: str = ""
    drawn: float = 0


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """`drawn`: the column that is drawn as bars, None for none. `heat`: cells are coloured by their share of the largest."""

    key: str
    title: Word
    first: Word
    columns: Sequence[Word]
    lines: Sequence[Line]
    drawn: int | None = None
    heat: bool = False
    note: str = ""


def count(n: int, rows: str = "", name: str = "n") -> Cell:
    return Cell(str(n), {name: n}, rows if n else "", n)


def share(part: int, whole: int, rows: str = "") -> Cell:
    """ "92 % (46 of 50)"; a dash where there is nothing to divide by."""
    if not whole:
        return Cell("-", {"part": part, "whole": whole})
    percent = round(100 * part / whole, 1)
    return Cell(f"{percent:g} % ({part} / {whole})", {"part": part, "whole": whole, "percent": percent}, rows, percent)


def spans(found: Iterable[timedelta], rows: str = "") -> Cell:
    """Median and 90th percentile (nearest rank) with n; fewer than five as a list."""
    each = sorted(found)
    n = len(each)
    if not n:
        return Cell("-", {"n": 0, "median_s": None, "p90_s": None})
    middle, high = (each[(n - 1) // 2] + each[n // 2]) / 2, each[-(-9 * n // 10) - 1]
    values = {"n": n, "median_s": int(middle.total_seconds()), "p90_s": int(high.total_seconds())}
    if n < FEW:
        said = ", ".join(moments.duration(one) for one in each)
        return Cell(
            f"{said} (n = {n})",
            {**values, "median_s": None, "p90_s": None, "each_s": " ".join(f"{one.total_seconds():.0f}" for one in each)},
            rows,
        )
    return Cell(f"{moments.duration(middle)} / {moments.duration(high)} (n = {n})", values, rows, middle.total_seconds() / 60)
