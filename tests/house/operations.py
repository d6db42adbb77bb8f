"""The API's operations as its own schema lists them, and what their JSON must look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    said: str  # the component its body must be, or ""
    answers: tuple[str, ...]


@cache
def document() -> Schema:
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def operations() -> dict[str, Operation]:
    found = [_read(path, method, told) for path, item in document()["paths"].items() for method, told in item.items()]
    return {operation.name: operation for operation in found}


def _read(path: str, method: str, told: Schema) -> Operation:
    queries = tuple(one["name"] for one in told.get("parameters", []) if one["in"] == "query")
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(told["operationId"], method, path, queries, body.get("$ref", "").rpartition("/")[2], tuple(told["responses"]))


def named(path: str, thing: str) -> str:
    """The path with its parameters filled in, in order; the last word of `thing` fills all that are left."""
    words = thing.split()
    for place, parameter in enumerate(re.findall(r"\{\w+\}", path)):
        path = path.replace(parameter, words[min(place, len(words) - 1)] if words else "", 1)
    return path


def fields(component: str) -> Schema:
    """The properties of a body, by name."""
    return dict(document()["components"]["schemas"][component].get("properties", {})) if component else {}


def answer_schema(operation: Operation, status: int) -> Schema:
    """What the answer with this status promises, as JSON Schema."""
    told = document()["paths"][operation.path][operation.method]["responses"][str(status)]
    (content,) = told["content"].values()
    schema: Schema = _plain(content["schema"])
    return schema


def _plain(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: references followed, "nullable" as a type, nothing beyond what is named."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    made = {name: _plain(value) for name, value in schema.items() if name != "nullable"}
    if isinstance(made.get("properties"), dict) and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made
