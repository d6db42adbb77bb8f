"""`{% load ticket %}`: what a ticket's page looks up by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def of(known: Mapping[Any, Any], key: Any) -> Any:
    """What a table says of this key, or nothing."""
    return known.get(key)
