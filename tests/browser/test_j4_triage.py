"""Parts of J4: Ana works the queue with the keyboard; the same deeds without scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visiting import OFF, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
TRIAGE = "/queue/?view=triage"


@dataclass
class Keyboard:
    """Presses keys and counts them."""

    page: Page
    pressed: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed.append(key)


@pytest.fixture
def ana(desk: Desk, open_page: Any) -> Page:
    desk.reset()
    page: Page = open_page(f"{desk.url}/login/", height=1100)
    sign_in(page, desk, "ana")
    page.goto(desk.url + TRIAGE)
    return page


def told(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words).first).to_be_visible()


def test_two_tickets_linked_and_unlinked_again(ana: Page, desk: Desk) -> None:
    keys = Keyboard(ana)
    keys.press("j", "x", "j", "x", "l", *"INC-213", "Enter")
    told(ana, "2 tickets linked")
    linked = ana.locator("tr[data-row]").filter(has=ana.get_by_role("link", name="INC-213"))
    expect(linked).to_have_count(2)
    keys.press("z")
    told(ana, "Undone on 2 tickets")
    expect(linked).to_have_count(0)


def test_a_filtered_address_shows_a_colleague_the_same(ana: Page, desk: Desk, open_page: Any) -> None:
    ana.keyboard.press("f")
    ana.get_by_label("Severity").select_option("SEV4")
    ana.get_by_role("button", name="Show").click()
    shown = ana.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)")
    assert shown
    expect(ana.get_by_role("link", name="Severity SEV4 Remove the filter")).to_be_visible()
    ben: Page = open_page(f"{desk.url}/login/")
    sign_in(ben, desk, "ben")
    ben.goto(ana.url)
    assert ben.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)") == shown


def test_news_change_cells_in_place_and_say_what_is_new(ana: Page, desk: Desk, open_page: Any) -> None:
    before = ana.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)")
    ben: Page = open_page(f"{desk.url}/login/")
    sign_in(ben, desk, "ben")
    ben.goto(f"{desk.url}/tickets/1003/")
    ben.get_by_role("button", name="Assign to me").click()
    ana.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(ana.locator("#ticket-1003")).to_contain_text("Ben")
    assert ana.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)") == before


def test_keys_do_nothing_while_typing_or_when_switched_off(ana: Page, desk: Desk) -> None:
    before = ana.locator("main").inner_text()
    ana.get_by_label("Find in this view").press_sequentially("jkxaispe")
    expect(ana.locator("tr.is-current")).to_have_count(0)
    ana.evaluate("localStorage.setItem('single-keys', 'off')")
    ana.reload()
    for key in "jxaie":
        ana.keyboard.press(key)
    expect(ana.locator("tr.is-current")).to_have_count(0)
    assert before == ana.locator("main").inner_text()


def test_without_scripts_ticked_boxes_and_a_button_do_the_same(desk: Desk, open_page: Any) -> None:
    desk.reset()
    page: Page = open_page(f"{desk.url}/login/", **OFF)
    sign_in(page, desk, "ana")
    page.goto(desk.url + TRIAGE)
    for number in (1001, 1002):
        page.get_by_label(f"Select T-{number}").check()
    page.locator("summary[aria-keyshortcuts=t]").click()
    page.get_by_label("Tag", exact=True).fill("vip")
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(desk.url + TRIAGE)
    expect(page.get_by_text("2 tickets tagged “vip”")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone on 2 tickets")).to_be_visible()
