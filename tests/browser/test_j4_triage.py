"""J4: Ana triages twenty tickets with the keyboard; then the same deeds without scripts, and the queue's weight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults, sideways
from tests.browser.visiting import OFF, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
TRIAGE = "/queue/?view=triage"


@dataclass
class Keyboard:
    """Presses keys and counts them; after each deed the focus must be on a row."""

    page: Page
    pressed: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed.append(key)

    def on_a_row(self) -> str:
        """Which row has the focus, read by its name."""
        expect(self.page.locator("tr[data-row].is-current:focus")).to_have_count(1)
        found: str = self.page.evaluate("document.activeElement.innerText")
        return found


def timeless(row: str) -> str:
    """Its words without the minutes that pass while one looks."""
    return re.sub(r"\d+ (min|h|s)\b", "", row)


@pytest.fixture
def ana(desk: Desk, open_page: Any) -> Page:
    desk.reset()
    page: Page = open_page(f"{desk.url}/login/", height=1100)
    sign_in(page, desk, "ana")
    page.goto(desk.url + TRIAGE)
    return page


def told(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words).first).to_be_visible()


def triage(keys: Keyboard, at: int) -> None:
    """The odd ones: SEV3 and Ben's; the even ones: SEV4 and Ana's own."""
    page = keys.page
    number = page.locator("tr.is-current .c-no").inner_text()
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=number, exact=True))
    keys.press("p", "3" if at % 2 else "4")
    told(page, "SEV3" if at % 2 else "SEV4")
    expect(row).to_contain_text("SEV3" if at % 2 else "SEV4")
    assert number in keys.on_a_row()
    keys.press(*("a", "b", "e", "Enter") if at % 2 else ("i",))
    expect(row).to_contain_text("Ben" if at % 2 else "Ana")
    told(page, "assigned to Ben" if at % 2 else "assigned to Ana")
    assert number in keys.on_a_row()
    expect(row).to_have_class(re.compile("is-done"))


def test_twenty_tickets_by_keyboard_alone(ana: Page, desk: Desk) -> None:
    keys = Keyboard(ana)
    shown = ana.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.id)")
    for at in range(1, 21):
        keys.press("j")
        assert keys.on_a_row()
        triage(keys, at)
    assert len(keys.pressed) <= 140
    assert ana.locator("tr[data-row].is-done").evaluate_all("rows => rows.map(row => row.id)") == shown
    assert ana.evaluate("performance.getEntriesByType('navigation').length") == 1
    assert ana.evaluate("performance.getEntriesByType('navigation')[0].name").endswith(TRIAGE)
    ana.reload()
    expect(ana.get_by_text("Nothing to triage.")).to_be_visible()


def test_two_tickets_linked_and_unlinked_again(ana: Page, desk: Desk) -> None:
    keys = Keyboard(ana)
    keys.press("j", "x", "j", "x", "l", *"INC-213", "Enter")
    told(ana, "2 tickets linked")
    linked = ana.locator("tr[data-row]").filter(has=ana.get_by_role("link", name="INC-213"))
    expect(linked).to_have_count(2)
    keys.on_a_row()
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
    rows = ana.locator("tr[data-row]")
    before = [timeless(row) for row in rows.all_inner_texts()]
    ana.get_by_label("Find in this view").press_sequentially("jkxaispe")
    expect(ana.locator("tr.is-current")).to_have_count(0)
    ana.get_by_role("link", name="Keyboard keys").click()
    with ana.expect_response("**/me/keys/"):
        ana.get_by_label("Single keys work").select_option("off")
    ana.reload()
    for key in "jxaie":
        ana.keyboard.press(key)
    expect(ana.locator("tr.is-current")).to_have_count(0)
    assert before == [timeless(row) for row in rows.all_inner_texts()]


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


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")])
def test_the_queue_has_no_faults_while_tickets_are_selected(desk: Desk, open_page: Any, width: int, theme: str) -> None:
    page: Page = open_page(f"{desk.url}/login/", width=width, color_scheme=theme)
    sign_in(page, desk, "ana")
    page.goto(f"{desk.url}/queue/")
    assert sideways(page) == 0
    page.locator("[data-select]").first.check()
    page.locator(".bulk summary").first.click()
    assert sideways(page) == 0
    assert faults(page) == []
