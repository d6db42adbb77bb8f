"""The rows of a file: CSV with any of the usual separators, JSON, or one JSON object a line. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

csv.field_size_limit(1_000_000)
MOST_ROWS = 200_000


class CannotRead(ValueError):
    """This is no file of rows; the words say why."""


def text_of(content: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else Latin-1."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def rows(content: bytes, path: str = "") -> list[Mapping[str, Any]]:
    """Every row, in order. `path`: where in a JSON document the rows stand. Raises CannotRead."""
    text = text_of(content).strip()
    found: list[Mapping[str, Any]] = list(_json(text, path) if text[:1] in ("[", "{") else _csv(text))
    if not found:
        raise CannotRead("There are no rows in it.")
    if len(found) > MOST_ROWS:
        raise CannotRead(f"There are more than {MOST_ROWS:,} rows in it. Cut it into several files.")
    return found


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    head = text.partition("\n")[0]
    separator = max(",;\t|", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text.replace("\x00", "")), delimiter=separator, strict=False)
        if not reader.fieldnames or (len(reader.fieldnames) < 2 and not head.strip()):
            raise CannotRead("The first line must name the columns.")
        for row in reader:
            yield {str(name).strip(): value for name, value in row.items() if name is not None}
    except csv.Error as error:
        raise CannotRead(f"It is no CSV: {error}.") from error


def _json(text: str, path: str) -> Iterator[Mapping[str, Any]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as whole:
        try:
            document = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError:
            raise CannotRead(f"It is no JSON: {whole.msg} in line {whole.lineno}.") from whole
    except RecursionError as error:
        raise CannotRead("It is no JSON of rows: it nests too deep.") from error
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = document.get(path) if path else lists[0] if len(lists) == 1 else [document]
    if not isinstance(document, list):
        raise CannotRead(f"There is no list of rows{f' under “{path}”' if path else ''}.")
    yield from (row for row in document if isinstance(row, dict))
