"""Two who answer at once: the second is stopped, loses nothing, and sends it anyway, once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults
from tests.browser.test_ticket_keys import TICKET, TWICE, box, sent, visitor
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
FILE = {"name": "cable.txt", "mimeType": "text/plain", "buffer": b"It is the blue one"}


@pytest.fixture
def ben(desk: Desk, open_page: Any) -> Page:
    """Has written and chosen a file, while Ana answered; his page does not know of it."""
    desk.reset()
    page = visitor(open_page, desk, "ben", TICKET, quiet=False)  # Chromium itself writes down that an answer was refused
    box(page).fill("Swap the cable")
    page.locator("#write input[type=file]").set_input_files([FILE])  # type: ignore[list-item]
    ana = visitor(open_page, desk, "ana", TICKET)
    box(ana).fill("Look at the lamp")
    ana.keyboard.press("Control+Enter")
    expect(ana.locator("#talk").get_by_text("Look at the lamp")).to_be_visible()
    return page


def test_the_second_answer_is_stopped_with_its_words_and_files_and_goes_anyway_once(ben: Page, desk: Desk) -> None:
    posted = sent(ben)
    box(ben).focus()
    ben.evaluate(TWICE)
    told = ben.locator("#write").get_by_role("alert")
    expect(told).to_contain_text("Ana answered while you were writing")
    expect(told).to_contain_text("Look at the lamp")
    expect(box(ben)).to_have_value("Swap the cable")
    expect(ben.get_by_label("cable.txt")).to_be_checked()
    assert faults(ben) == []
    ben.get_by_role("button", name="Send anyway").click()
    answer = ben.locator("#talk article", has_text="Swap the cable")
    expect(answer).to_have_count(1)
    expect(answer.get_by_role("link", name="cable.txt")).to_be_visible()
    assert posted == [f"{desk.url}{TICKET}reply/"] * 2
