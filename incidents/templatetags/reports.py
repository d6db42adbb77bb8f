"""`{% load reports %}`: looking things up in what a report gives its page; how late the plan's review is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django import template

from incidents.reviews import due

register = template.Library()


@register.filter
def of(found: Mapping[str, Sequence[str]], key: str) -> Sequence[str]:
    """What stands under that key; nothing where it does not."""
    return found.get(key, ())


@register.filter
def at_place(found: Sequence[str], place: int) -> str:
    return found[place] if place < len(found) else ""


@register.simple_tag
def review_overdue(now: datetime) -> int:
    """Days, once it is more than a month late; else 0."""
    return due.overdue_days(now)
