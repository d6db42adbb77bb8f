"""`{% load ticket %}`: what a ticket's page looks up by number, and texts in which numbers lead where they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html, urlize
from django.utils.safestring import SafeString

register = template.Library()

TAGGED = re.compile(r"(<a .*?</a>)", re.DOTALL)
NUMBER = re.compile(r"(?<![\w/-])(T|INC)-([1-9]\d{0,8})(?![\w-])")
PAGES = {"T": "ticket", "INC": "incident"}


@register.filter
def of(known: Mapping[Any, Any], key: Any) -> Any:
    """What a table says of this key, or nothing."""
    return known.get(key)


@register.filter
def linked(text: str) -> SafeString:
    """Plain text as staff read it: addresses, and the numbers of tickets and incidents, are links; lines break where they did."""
    parts = TAGGED.split(urlize(text, nofollow=True, autoescape=True))
    parts[::2] = [NUMBER.sub(_numbered, part) for part in parts[::2]]  # between the links that are there already
    return linebreaksbr("".join(parts), autoescape=False)  # every part is escaped by urlize, or made here of digits


def _numbered(found: re.Match[str]) -> str:
    return format_html('<a href="{}">{}</a>', reverse(PAGES[found[1]], args=(int(found[2]),)), found[0])
