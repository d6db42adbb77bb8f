"""Lists in pages by key: any depth costs the same, and rows that come in between shift nothing. No totals."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

USUAL, MOST = 50, 200
AFTER, BEFORE = "after", "before"
CURSOR = re.compile(r"^(after|before):([0-9]{1,18})$", re.ASCII)
PARAMETERS = ("limit", "cursor")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The rows after, or before, the one with this key, in the order of the list."""

    way: str
    key: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.way}:{self.key}".encode()).decode().rstrip("=")


class Keyset(BasePagination):
    """?limit=1…200 and the cursor of `next` or `previous`; the order is the view's (`newest_first`)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        limit, self.cursor = limit_of(request), cursor_of(request)
        self.is_forward = self.cursor is None or self.cursor.way == AFTER
        falls = view.newest_first == self.is_forward
        if self.cursor is not None:
            queryset = queryset.filter(**{"pk__lt" if falls else "pk__gt": self.cursor.key})
        found = list(queryset.order_by("-pk" if falls else "pk")[: limit + 1])
        self.goes_on = len(found) > limit
        self.page: list[Model] = found[:limit] if self.is_forward else found[:limit][::-1]
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        has_next = self.goes_on if self.is_forward else True
        has_previous = self.cursor is not None if self.is_forward else self.goes_on
        links = {"next": self._link(AFTER, has_next, -1), "previous": self._link(BEFORE, has_previous, 0)}
        return Response({**links, "results": data})

    def _link(self, way: str, is_there: bool, index: int) -> str | None:
        if not is_there or not self.page:
            return None
        here = remove_query_param(self.request.build_absolute_uri(), "cursor")
        return str(replace_query_param(here, "cursor", str(Cursor(way, self.page[index].pk))))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
        described = (("limit", limit, "How many rows."), ("cursor", {"type": "string"}, "As found in `next` or `previous`."))
        return [{"name": name, "in": "query", "required": False, "schema": form, "description": text} for name, form, text in described]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


def limit_of(request: Request) -> int:
    asked = request.query_params.get("limit") or str(USUAL)
    if not re.fullmatch(r"[0-9]{1,4}", asked, re.ASCII) or not 1 <= int(asked) <= MOST:
        raise ValidationError({"limit": [_("Use 1 to %(most)d.") % {"most": MOST}]}, code="out_of_range")
    return int(asked)


def cursor_of(request: Request) -> Cursor | None:
    asked = request.query_params.get("cursor") or ""
    if not asked:
        return None
    try:
        text = base64.b64decode(asked + "=" * (-len(asked) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    match = CURSOR.match(text)
    if match is None:
        raise ValidationError({"cursor": [_("Use the cursor of a list's next or previous.")]}, code="unknown_value")
    return Cursor(match[1], int(match[2]))
