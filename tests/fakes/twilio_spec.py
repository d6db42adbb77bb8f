"""Twilio's own description of its API as a judge: a field it does not name, or a value it does not allow, is a fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "twilio_api_v2010.json"
MODULE = "/2010-04-01/Accounts/{AccountSid}"


@cache
def spec() -> dict[str, Any] | None:
    return json.loads(SPEC.read_text()) if SPEC.is_file() else None


def faults(method: str, resource: str, fields: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with a request to `resource` ("/Messages.json", "/Calls/{Sid}.json"); nothing where the spec is absent."""
    known = _fields(method, resource)
    if known is None:
        return []
    return [
        *_missing(known, fields),
        *(fault for name, values in fields.items() for value in values for fault in _wrong(known, name, value)),
    ]


def _fields(method: str, resource: str) -> dict[str, Any] | None:
    described = spec()
    if described is None:
        return None
    operation = described["paths"][MODULE + resource][method.lower()]
    if method == "GET":
        return {field["name"]: field["schema"] for field in operation["parameters"] if field["in"] == "query"}
    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    required = form.get("required", [])
    return {name: {**schema, "needed": name in required} for name, schema in form["properties"].items()}


def _missing(known: dict[str, Any], fields: Mapping[str, Sequence[str]]) -> Iterator[str]:
    return (f"{name} is required" for name, schema in known.items() if schema.get("needed") and name not in fields)


def _wrong(known: dict[str, Any], name: str, value: str) -> Iterator[str]:
    if name not in known:
        yield f"{name} is not a field of this request"
        return
    schema = known[name]
    if "$ref" in schema:
        schema = spec()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if not all(_passes(schema, rule, value) for rule in schema):
        yield f"{name}={value!r} is not allowed"


def _passes(schema: dict[str, Any], rule: str, value: str) -> bool:
    limit = schema[rule]
    match rule:
        case "pattern":
            return re.search(limit, value) is not None
        case "minLength":
            return len(value) >= limit
        case "maxLength":
            return len(value) <= limit
        case "enum":
            return value in limit
        case "type":
            return _is(limit, value)
        case "format":
            return limit != "uri" or re.match(r"https?://[^\s/_]+", value) is not None
    return True


def _is(kind: str, value: str) -> bool:
    return {"integer": value.isdecimal(), "boolean": value.lower() in {"true", "false"}}.get(kind, True)
