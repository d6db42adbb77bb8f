"""The employee's page follows what the desk does, and nobody who writes notices more than the news."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visiting import OFF, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
BEAT = "document.dispatchEvent(new Event('visibilitychange'))"
WORDS, SAID = "Since this morning, on both", "Look at the cable"


def visitor(open_page: Any, desk: Desk, who: str, there: str, **context: Any) -> Page:
    page: Page = open_page(f"{desk.url}/login/", **context)
    sign_in(page, desk, who)
    page.goto(desk.url + there)
    return page


def asks(page: Page) -> None:
    page.get_by_label("What happened?").fill("My second screen flickers.")
    page.get_by_label("Only me").check()
    page.get_by_label("I can work around it").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/t/1021/**")


def answers(desk: Desk, open_page: Any) -> None:
    ana = visitor(open_page, desk, "ana", "/tickets/1021/")
    ana.locator("#write textarea[name=text]").fill(SAID)
    ana.get_by_role("button", name="Send to Ella").click()
    expect(ana.locator("#talk").get_by_text(SAID)).to_be_visible()
    desk.forward("11s")


@pytest.fixture
def ella(desk: Desk, open_page: Any) -> Page:
    desk.reset()
    page = visitor(open_page, desk, "ella", "/new/", height=640)
    asks(page)
    return page


def test_an_answer_comes_while_one_writes_and_moves_nothing(ella: Page, desk: Desk, open_page: Any) -> None:
    box = ella.get_by_label("Your answer")
    box.press_sequentially(WORDS)
    ella.keyboard.press("ArrowLeft")
    before = box.bounding_box()
    answers(desk, open_page)
    ella.evaluate(BEAT)
    expect(ella.locator("#talk").get_by_text(SAID)).to_be_visible()
    expect(ella.locator("#status")).to_contain_text("New answer from Ana")
    expect(box).to_have_value(WORDS)
    expect(box).to_be_focused()
    assert box.evaluate("field => field.selectionStart") == len(WORDS) - 1
    assert before
    assert abs(box.bounding_box()["y"] - before["y"]) <= 1  # type: ignore[index]
    ella.get_by_role("link", name="New answer from Ana").click()
    expect(ella.locator("article:target")).to_contain_text(SAID)


def test_the_home_page_follows_and_keeps_what_is_searched(ella: Page, desk: Desk, open_page: Any) -> None:
    ella.goto(f"{desk.url}/")
    ella.get_by_role("searchbox").press_sequentially("scre")
    expect(ella.locator("#mine")).to_contain_text("Received")
    answers(desk, open_page)
    ella.evaluate(BEAT)
    expect(ella.locator("#mine")).to_contain_text("Being worked on")
    expect(ella.get_by_role("searchbox")).to_have_value("scre")
    expect(ella.get_by_role("searchbox")).to_be_focused()


def test_without_a_script_the_page_opened_again_shows_it(ella: Page, desk: Desk, open_page: Any) -> None:
    answers(desk, open_page)
    plain = visitor(open_page, desk, "ella", "/t/1021/", **OFF)
    expect(plain.get_by_text(SAID)).to_be_visible()
