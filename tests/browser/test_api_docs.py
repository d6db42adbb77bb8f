"""The page that shows the API, in a real browser under its own policy."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_operation_is_listed_and_nothing_is_refused_by_the_policy(live_server: LiveServer, open_page: Any) -> None:
    page = open_page(f"{live_server.url}/api/docs/")
    expect(page.get_by_text("/api/v1/tickets/{number}/entries/").first).to_be_visible()
    expect(page.get_by_text("/api/v1/incidents/{number}/acknowledge/").first).to_be_visible()
    assert page.evaluate("window.__csp") == []
