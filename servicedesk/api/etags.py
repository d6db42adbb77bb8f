"""What a representation is called, so that nobody overwrites what they have not read and nobody reads twice what is the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from servicedesk.api.problems import Changed

PASSING = frozenset({"used_s"})  # grows by itself: no change that anybody made


def of(shown: Any) -> str:
    """The tag of this representation as its reader sees it, without what only passes."""
    text = json.dumps(_standing(shown), cls=JSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def is_asked(request: Request) -> bool:
    return "If-Match" in request.headers


def refuse_changed(request: Request, tag: str) -> None:
    """Raises Changed where If-Match names other tags than this."""
    named = _named(request, "If-Match", "*")
    if "*" not in named and tag not in named:
        raise Changed


def is_known(request: Request, tag: str) -> bool:
    """Whether the reader has this already: If-None-Match names it."""
    named = _named(request, "If-None-Match", "")
    return tag in named or "*" in named


def _named(request: Request, header: str, absent: str) -> list[str]:
    """Without the mark of a weak tag: it only says that the answer was packed on its way."""
    return [name.removeprefix("W/") for name in parse_etags(request.headers.get(header, absent))]


def _standing(shown: Any) -> Any:
    if isinstance(shown, dict):
        return {name: _standing(value) for name, value in shown.items() if name not in PASSING}
    return [_standing(value) for value in shown] if isinstance(shown, list) else shown
