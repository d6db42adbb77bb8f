"""J1 and J2: Ella files a ticket in half a minute; and again on a small phone without JavaScript, with mistakes.

The suggestions while typing are in test_j1; the attached picture is not in these yet.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sideways
from tests.browser.visiting import OFF, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 568}
MISTAKES = ("Tell us what happened", "Choose who is impacted", "Choose how it affects you")
TICKET = re.compile(r"/t/1021/")


@pytest.fixture
def home(desk: Desk, open_page: Any) -> Page:
    page: Page = open_page(f"{desk.url}/login/", width=1280, height=800)
    sign_in(page, desk, "ella")
    return page


@pytest.fixture
def form(desk: Desk, open_page: Any) -> Page:
    """The form on a small phone, no JavaScript, nothing filled in."""
    page: Page = open_page(f"{desk.url}/login/", quiet=False, **SMALL, **OFF)  # Chromium itself writes down a 422
    sign_in(page, desk, "ella", then="/new/")
    return page


def report(page: Page) -> None:
    """Four clicks from home, and one line of typing."""
    page.get_by_role("link", name="Report a problem").click()
    page.get_by_label("What happened?").fill("outlook cannot connect")
    page.get_by_label("Only me").check()
    page.get_by_label("I cannot work at all").check()
    expect(page.get_by_text("We normally answer within 30 min")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(TICKET)


def test_home_says_how_the_services_are(home: Page) -> None:
    expect(home.get_by_text("All services are working.")).to_be_visible()


def test_four_clicks_file_a_ticket_that_says_what_happens_next(desk: Desk, home: Page) -> None:
    report(home)
    expect(home.get_by_text("T-1021").first).to_be_visible()
    expect(home.get_by_text("Received").first).to_be_visible()
    expect(home.get_by_text(re.compile(r"by (today |Mon 23 Nov,? )?09:30")).first).to_be_visible()
    assert "SEV" not in home.inner_text("body")
    (receipt,) = desk.outbox("ella", channel="email")
    assert "T-1021" in receipt["subject"]


def test_back_and_send_again_is_the_same_ticket(desk: Desk, home: Page) -> None:
    report(home)
    home.go_back()
    expect(home.get_by_label("What happened?")).to_have_value("outlook cannot connect")
    home.wait_for_load_state("networkidle")
    home.get_by_role("button", name="Send").click()
    home.wait_for_url(TICKET)
    assert len(desk.outbox("ella")) == 1
    home.goto(f"{desk.url}/t/")
    expect(home.get_by_role("link", name="Outlook cannot connect", exact=False)).to_have_count(1)


def test_an_empty_form_names_three_mistakes_and_leads_to_each(form: Page) -> None:
    form.get_by_role("button", name="Send").click()
    expect(form).to_have_title(re.compile("^Error:"))
    problem = form.get_by_role("alert").or_(form.get_by_role("region", name="There is a problem")).first
    expect(problem).to_be_visible()
    for words in MISTAKES:
        link = problem.get_by_role("link", name=words)
        expect(link).to_have_count(1)
        expect(form.get_by_text(words)).to_have_count(2)  # above, and at its field
        link.click()
        target = form.locator(f"[id='{form.url.partition('#')[2]}']")
        expect(target).to_be_in_viewport()
    assert sideways(form) == 0


def test_what_was_typed_is_kept_and_the_corrected_form_is_sent(desk: Desk, form: Page, open_page: Any) -> None:
    form.get_by_label("What happened?").fill("The folder Budget opens read-only for all of us.")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_label("What happened?")).to_have_value("The folder Budget opens read-only for all of us.")
    form.get_by_label("A whole department or site").check()
    form.get_by_label("Which one?").select_option("Finance")
    form.get_by_label("Part of my work is blocked").check()
    form.get_by_role("button", name="Send").click()
    form.wait_for_url(TICKET)
    assert sideways(form) == 0
    ana = open_page(f"{desk.url}/login/")
    sign_in(ana, desk, "ana", then="/tickets/1021/")
    expect(ana.get_by_text("SEV2").first).to_be_visible()
