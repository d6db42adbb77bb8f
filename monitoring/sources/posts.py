"""What came to a door, before anybody knows what it means: the body and its form. Pure."""

from __future__ import annotations

import email.parser
import email.policy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from monitoring.normal import Unreadable, Wrong
from monitoring.sources.results import MOST_ITEMS

MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Post:
    """`form`: the content type in lower case. `words`: the source's table of severities. `paths`: its field mapping."""

    body: bytes
    now: datetime
    form: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    paths: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(Wrong("", "not_utf8", "The body is not UTF-8.")) from error

    def json(self) -> Any:
        return read_json(self.text())

    def fields(self) -> dict[str, str]:
        """The fields of a form, sent either way."""
        if self.form == "multipart/form-data":
            return _parts(self.headers.get("Content-Type", ""), self.body)
        try:
            return dict(parse_qsl(self.text(), max_num_fields=MOST_FIELDS))
        except ValueError as error:
            raise Unreadable(Wrong("", "too_many", f"More than {MOST_FIELDS} fields.")) from error

    def items(self) -> list[Any]:
        """The items of a JSON list, of lines of JSON, or the one object there is."""
        words = self.text()
        lines = words.strip().split("\n")
        many = len(lines) > 1 and all(line.strip().startswith("{") and line.strip().endswith("}") for line in lines if line.strip())
        found = [read_json(line) for line in lines if line.strip()] if many else read_json(words)
        return bounded(found if isinstance(found, list) else [found])


def bounded(found: list[Any]) -> list[Any]:
    if len(found) > MOST_ITEMS:
        raise Unreadable(Wrong("", "too_many", f"{len(found)} items; send at most {MOST_ITEMS} at once."))
    return found


def read_json(words: str) -> Any:
    """Any JSON; NaN and Infinity, which no JSON has and some senders write, are read as nothing."""
    try:
        return json.loads(words, parse_constant=lambda _word: None)
    except json.JSONDecodeError as error:
        raise Unreadable(Wrong("", "not_json", f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")) from error
    except ValueError as error:  # a number of thousands of digits
        raise Unreadable(Wrong("", "not_json", "Not JSON that can be read: a number is too long.")) from error
    except RecursionError as error:
        raise Unreadable(Wrong("", "too_deep", "The JSON is nested too deeply.")) from error


def _parts(content_type: str, body: bytes) -> dict[str, str]:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace").replace(b"\n", b" ") + b"\n\n"
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(head + body)
    found = {}
    for part in list(message.iter_parts())[:MOST_FIELDS] if message.is_multipart() else []:
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            found[name] = value.decode("utf-8", "replace").rstrip("\r\n")
    return found
