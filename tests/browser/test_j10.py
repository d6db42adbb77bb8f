"""Adam sets up next week's on-call: a preview before he saves, a change for one day, and who it would page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults, sideways
from tests.browser.visiting import OFF, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
FROM_MONDAY = "From Mon 30 Nov 09:00 (Europe/Paris) Ben is paged for Network"
ASKED = "/policies/network/?severity=1&at=2026-12-05T03:00"


@pytest.fixture
def adam(desk: Desk, open_page: Any) -> Any:
    """adam(path, …) -> Page on which Adam has signed in."""

    def opened(path: str, **context: Any) -> Page:
        page: Page = open_page(f"{desk.url}/login/", **context)
        sign_in(page, desk, "adam")
        page.goto(f"{desk.url}{path}")
        return page

    return opened


def add(page: Page, name: str) -> None:
    page.get_by_label("Add a person").select_option(label=name)
    page.get_by_role("button", name="Add", exact=True).click()


def set_up(page: Page) -> None:
    page.get_by_role("link", name="Set up Network").click()
    add(page, "Ben")
    add(page, "Ana")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile("/oncall/network/$"))


def put_ana_on_call(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}/oncall/network/change/")
    page.get_by_label("Person", exact=True).select_option(label="Ana")
    page.get_by_label("From").fill("2026-12-05T00:00")
    page.get_by_label("Until").fill("2026-12-06T00:00")
    save(page)


def test_six_steps_from_nobody_to_two_people_in_turn(adam: Any) -> None:
    page = adam("/oncall/")
    expect(page.get_by_text("Nobody is on call. If something breaks now, Kim is called.")).to_be_visible()
    set_up(page)
    expect(page.get_by_text(FROM_MONDAY)).to_be_visible()
    expect(page.get_by_text("Ana has no verified phone").first).to_be_visible()
    save(page)
    expect(page.get_by_text(FROM_MONDAY)).to_be_visible()


def test_the_preview_follows_what_is_chosen(adam: Any) -> None:
    page = adam("/oncall/network/edit/")
    page.get_by_label("Add a person").select_option(label="Ben")
    expect(page.get_by_text(FROM_MONDAY)).to_be_visible()
    page.get_by_label("Hand-off time").fill("10:30")
    page.get_by_label("Hand-off time").press("Tab")
    expect(page.get_by_text("From Mon 30 Nov 10:30 (Europe/Paris) Ben is paged for Network")).to_be_visible()


def test_a_change_for_a_day_is_in_the_calendar_and_in_who_would_be_paged(adam: Any, desk: Desk) -> None:
    page = adam("/oncall/")
    set_up(page)
    save(page)
    put_ana_on_call(page, desk)
    expect(page.get_by_role("cell").filter(has_text=re.compile("Ana.*override")).first).to_be_visible()
    page.goto(f"{desk.url}{ASKED}")
    row = page.get_by_role("row").filter(has_text="Ana").first
    expect(row).to_contain_text("+0")
    expect(row).to_contain_text("override")
    expect(page.get_by_text("Ana has no verified phone").first).to_be_visible()


def test_whoever_is_removed_leaves_a_gap_that_is_told_before_it_is_saved(adam: Any) -> None:
    page = adam("/oncall/", **OFF)
    set_up(page)
    page.get_by_role("button", name="Remove Ben").click()
    page.get_by_role("button", name="Remove Ana").click()
    expect(page.get_by_text("Nobody is on call").first).to_be_visible()
    expect(page.get_by_text(re.compile("nobody is paged for Network"))).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_have_no_faults_and_nothing_stands_out_sideways(adam: Any, desk: Desk, theme: str) -> None:
    page = adam("/oncall/", color_scheme=theme)
    paths = ("/oncall/", "/oncall/it-ops/edit/", "/oncall/it-ops/change/", "/policies/", ASKED, "/readiness/")
    for path in paths:
        page.goto(f"{desk.url}{path}")
        assert (path, sideways(page), faults(page)) == (path, 0, [])
