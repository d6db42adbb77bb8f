"""Ella files a ticket in half a minute: suggestions while she types, a time promised before she sends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicedesk.operations.worlds.company import PASSWORD
from tests.browser.conftest import faults, sideways
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
WORDS = "outlook cannot connect"
PROMISE = "We normally answer within 30 min"


@pytest.fixture
def ella(desk: Desk, open_page: Any) -> Any:
    """ella(path, …) -> Page on which Ella has signed in."""

    def opened(path: str = "/", **context: Any) -> Page:
        page: Page = open_page(f"{desk.url}/login/", **context)
        page.get_by_label("User name or e-mail").fill("ella")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{desk.url}{path}")
        return page

    return opened


def choose(page: Page) -> None:
    page.get_by_label("Only me").check()
    page.get_by_label("I cannot work at all").check()


def test_from_a_few_words_to_a_ticket(ella: Any, desk: Desk) -> None:
    page = ella(height=800)
    page.get_by_role("searchbox", name="How can we help?").press_sequentially(WORDS, delay=20)
    results = page.get_by_role("region", name="Results")
    expect(results.get_by_role("link", name=re.compile("Outlook cannot connect: Check"))).to_be_visible(timeout=1000)
    results.get_by_role("link", name="None of these. Report a problem").click()
    expect(page).to_have_url(f"{desk.url}/new/?about=outlook+cannot+connect")
    expect(page.get_by_label("What happened?")).to_have_value(WORDS)
    choose(page)
    expect(page.get_by_text(PROMISE)).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile(r"Next: a person answers by 09:30"))).not_to_have_count(0)
    expect(page.get_by_text("Received").first).to_be_visible()
    number = "T-" + re.findall(r"/t/(\d+)/", page.url)[0]
    assert number in page.locator("main").inner_text()
    assert "SEV" not in page.content()
    assert [mail for mail in desk.outbox(channel="email") if "ella" in mail["to"] and number in str(mail)]


def test_back_and_send_again_is_the_same_ticket(ella: Any, desk: Desk) -> None:
    page = ella(f"/new/?about={WORDS}")
    choose(page)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/t/**")
    first = page.url
    page.go_back()
    choose(page)
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(first)


def test_without_scripts_the_search_answers_and_no_time_is_promised(ella: Any, desk: Desk) -> None:
    page = ella(java_script_enabled=False, width=320)
    page.get_by_role("searchbox").fill(WORDS)
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="None of these. Report a problem").click()
    expect(page.get_by_label("What happened?")).to_have_value(WORDS)
    choose(page)
    assert page.get_by_text(PROMISE).count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", [f"/?q={WORDS}", "/help/", "/help/outlook-cannot-connect/", "/new/"])
def test_the_pages_have_no_faults_and_nothing_stands_out_sideways(ella: Any, path: str, width: int, theme: str) -> None:
    page = ella(path, width=width, color_scheme=theme)
    if path == "/new/":
        choose(page)
        expect(page.get_by_text(PROMISE)).to_be_visible()
    assert sideways(page) == 0
    assert faults(page) == []
