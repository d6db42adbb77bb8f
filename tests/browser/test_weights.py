"""What a page weighs when nothing of it is known yet: bytes on the wire, requests, elements. The limits are promises to slow lines."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.visiting import Scales, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser

KB = 1000
LIMITS = {  # who, kB in all, requests, elements
    "/status/": ("ella", 40, 3, 900),
    "/login/": ("nobody", 60, 6, 500),
    "/": ("ella", 60, 6, 500),
    "/new/": ("ella", 60, 6, 500),
    "/t/1021/": ("ella", 70, 6, 900),
    "/queue/": ("ana", 85, 6, 2500),
    "/tickets/1001/": ("ana", 100, 8, 2500),  # two of them fragments of their own, after the page stands
    "/incidents/213/": ("ana", 100, 7, 2500),
    "/services/": ("ana", 150, 6, 6000),
    "/checks/1/": ("ana", 110, 8, 2000),
    "/morning/": ("ana", 60, 6, 500),
    "/search/?q=printer": ("ana", 85, 6, 2500),
}


def asks(page: Page) -> None:
    page.get_by_label("What happened?").fill("My second screen flickers.")
    page.get_by_label("Only me").check()
    page.get_by_label("I can work around it").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/t/1021/**")


@pytest.fixture(scope="module")
def doors(acceptance: Desk, chromium: Browser) -> dict[str, Any]:
    acceptance.reset()
    kept: dict[str, Any] = {"nobody": None}
    for who in ("ella", "ana"):
        with closing(chromium.new_context()) as context:
            page = context.new_page()
            sign_in(page, acceptance, who, then="/new/" if who == "ella" else "/")
            kept[who] = context.storage_state()
            if who == "ella":
                asks(page)
    return kept


@pytest.mark.parametrize("path", LIMITS)
def test_a_page_keeps_to_its_weight(path: str, acceptance: Desk, chromium: Browser, doors: dict[str, Any]) -> None:
    who, most_kb, requests, elements = LIMITS[path]
    with closing(chromium.new_context(storage_state=doors[who])) as context:
        scales, page = Scales().of(context), context.new_page()
        page.goto(acceptance.url + path, wait_until="networkidle")
        found = (scales.size / KB, scales.requests, page.evaluate("document.querySelectorAll('*').length"))
    asked = [f"{answer.request.method} {answer.url}" for answer in scales.answers]
    assert [one for one, most in zip(found, (most_kb, requests, elements), strict=True) if one > most] == [], asked
