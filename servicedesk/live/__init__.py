"""Pages that follow by themselves: each asks for news with the cursor it has, and hears what changed, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def news(request: HttpRequest, page: str, context: Mapping[str, Any], *, cursor: str, now: datetime) -> HttpResponse:
    """The fragment where `cursor` is not the one of `?pulse=`, else 204; with the cursor of now, and the desk's time."""
    answer = HttpResponse(status=204) if request.GET["pulse"] == cursor else render(request, page, dict(context))
    answer["Desk-Cursor"], answer["Desk-Now"] = cursor, now.isoformat()
    return answer
