"""Numbers as people write them: /t/T-1042/ leads to /t/1042/."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe


def whole(words: str) -> int | None:
    """The number of a URL's parameter; None for anything else, however long or odd."""
    return int(words) if words.isascii() and words.isdigit() and len(words) < 19 else None


def day(words: str) -> date | None:
    """The day of a date field; None for anything else."""
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


@require_safe
def bare(request: HttpRequest, section: str, number: str) -> HttpResponse:
    return redirect(f"/{section}/{int(number.partition('-')[2])}/", permanent=True)
