"""What is being written is kept: on leaving, beside another window, past a session's end; and what was sent does not come back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visiting import enter, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
WORDS = "The ledger shows last week"


@pytest.fixture
def ella(desk: Desk, open_page: Any) -> Page:
    desk.reset()
    page: Page = open_page(f"{desk.url}/login/", quiet=False)  # Chromium itself writes down a refused draft
    sign_in(page, desk, "ella", then="/new/")
    return page


def what(page: Page) -> Locator:
    return page.get_by_label("What happened?")


def types(page: Page, words: str = WORDS) -> None:
    """Typed, and kept by the server as two seconds without a key have it."""
    with page.expect_response(lambda answer: "/drafts/" in answer.url and answer.ok):
        what(page).press_sequentially(words)


def send(page: Page) -> None:
    page.get_by_label("Only me").check()
    page.get_by_label("I can work around it").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/t/1021/**")


def test_words_are_there_again_and_gone_when_sent(ella: Page, desk: Desk) -> None:
    types(ella)
    ella.goto(f"{desk.url}/t/")
    ella.goto(f"{desk.url}/new/")
    expect(what(ella)).to_have_value(WORDS)
    send(ella)
    ella.goto(f"{desk.url}/new/")
    expect(what(ella)).to_have_value("")


def test_words_typed_a_moment_before_one_leaves_are_there_too(ella: Page, desk: Desk) -> None:
    what(ella).press_sequentially(WORDS)
    ella.get_by_role("link", name="My tickets").first.click()
    ella.wait_for_url(f"{desk.url}/t/")
    ella.goto(f"{desk.url}/new/")
    expect(what(ella)).to_have_value(WORDS)


def test_an_answer_is_kept_with_its_ticket_and_gone_when_sent(ella: Page, desk: Desk) -> None:
    types(ella)
    send(ella)
    box = ella.get_by_label("Your answer")
    with ella.expect_response(lambda answer: "/drafts/answer/1021/" in answer.url and answer.ok):
        box.press_sequentially("Since Monday")
    ella.goto(f"{desk.url}/")
    ella.goto(f"{desk.url}/t/1021/")
    expect(box).to_have_value("Since Monday")
    ella.get_by_role("button", name="Send answer").click()
    expect(ella.locator("#talk").get_by_text("Since Monday")).to_be_visible()
    expect(box).to_have_value("")


def test_words_survive_the_end_of_a_session(ella: Page, desk: Desk) -> None:
    ella.context.clear_cookies()
    what(ella).press_sequentially(WORDS)
    with ella.expect_response(lambda answer: "/drafts/" in answer.url):
        what(ella).blur()
    ella.evaluate("new Promise(done => setTimeout(done, 200))")  # refused: now it is kept by the browser
    ella.goto(f"{desk.url}/new/")
    enter(ella, "ella")
    ella.wait_for_url(f"{desk.url}/new/")
    expect(what(ella)).to_have_value(WORDS)


def test_another_window_shows_what_was_written_in_the_first(ella: Page, desk: Desk) -> None:
    types(ella)
    other = ella.context.new_page()
    other.goto(f"{desk.url}/new/")
    expect(what(other)).to_have_value(WORDS)
    types(other, "!")
    ella.reload()
    assert "!" in what(ella).input_value()
    send(other)
    ella.goto(f"{desk.url}/new/")
    expect(what(ella)).to_have_value("")
