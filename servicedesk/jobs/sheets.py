"""Lines of a CSV file that a spreadsheet opens without doing anything: no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # wide ones count too
BOM = "\ufeff"  # so that Excel reads UTF-8


def cell(value: object) -> str:
    """The value as text; what would be a formula begins with an apostrophe. Numbers stay numbers."""
    text = "" if value is None else str(value)
    is_formula = not isinstance(value, int | float) and text.lstrip(" ").startswith(BEGINS_A_FORMULA)
    return f"'{text}" if is_formula or text.startswith(BEGINS_A_FORMULA[4:7]) else text


def lines(rows: Iterable[Iterable[object]]) -> str:
    """RFC 4180, CRLF at each end."""
    page = io.StringIO()
    csv.writer(page).writerows([cell(value) for value in row] for row in rows)
    return page.getvalue()
