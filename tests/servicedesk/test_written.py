"""Days and moments as the reader's language writes them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import translation

AT = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("UTC"))


@pytest.mark.parametrize(("code", "said"), [("en", "Mon 23 Nov, 09:00"), ("de", "Mo 23. Nov, 09:00"), ("fr", "lun 23 nov, 09:00")])
def test_a_moment_in_a_page_has_the_readers_order_and_dots(code: str, said: str) -> None:
    page = Template('{% load desk %}{{ at|written:"D j M, H:i" }}')
    with translation.override(code):
        assert page.render(Context({"at": AT})).replace(".,", ",") == said


def test_no_moment_is_no_word() -> None:
    assert Template('{% load desk %}{{ at|written:"j M" }}').render(Context({"at": None})) == ""
