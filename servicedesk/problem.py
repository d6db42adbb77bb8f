"""Errors for machines: application/problem+json (RFC 9457), one shape everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse


def answer(status: int, detail: str, errors: Iterable[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None) -> JsonResponse:
    """A problem document; `errors` are {"field", "code", "message"}."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase.capitalize(), "status": status, "detail": detail}
    if listed := list(errors):
        body["errors"] = listed
    return JsonResponse(body, status=status, headers=dict(headers or {}), content_type="application/problem+json")
