"""The same report without scripts on a phone of 320 pixels, with mistakes and a picture."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sideways
from tests.browser.visiting import sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 1_048_576
MISTAKES = {"Tell us what happened": "id_what", "Choose who is impacted": "id_impacted", "Choose how it affects you": "id_effect"}


@pytest.fixture
def ella(desk: Desk, open_page: Any) -> Page:
    """On the phone, without scripts, at the report."""
    page: Page = open_page(f"{desk.url}/login/", width=320, height=568, quiet=False, java_script_enabled=False)
    sign_in(page, desk, "ella", then="/new/")
    return page


def test_mistakes_are_listed_and_each_leads_to_its_question(ella: Page) -> None:
    ella.get_by_role("button", name="Send").click()
    assert ella.title().startswith("Error:")
    summary = ella.get_by_role("alert").filter(has_text="There is a problem")
    for said, place in MISTAKES.items():
        expect(summary.get_by_role("link", name=said)).to_have_attribute("href", f"#{place}")
        expect(ella.locator(f"#{place}")).to_have_count(1)
        expect(ella.get_by_text(said)).to_have_count(2)
    assert ella.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_report_with_a_picture_arrives(ella: Page, desk: Desk, open_page: Any) -> None:
    ella.get_by_role("button", name="Send").click()
    ella.get_by_label("What happened?").fill("The ledger does not open")
    ella.get_by_label("A whole department or site").check()
    ella.get_by_label("Which one?").select_option("Finance")
    ella.get_by_label("Part of my work is blocked").check()
    ella.get_by_label("Files").set_input_files({"name": "ledger.png", "mimeType": "image/png", "buffer": PICTURE})
    ella.get_by_role("button", name="Send").click()
    expect(ella.get_by_role("link", name="ledger.png")).to_be_visible()
    assert sideways(ella) == 0
    number = ella.url.rstrip("/").split("/t/")[1].split("/")[0]
    staff = open_page(f"{desk.url}/login/")
    sign_in(staff, desk, "ana", then=f"/tickets/{number}/")
    expect(staff.get_by_text("SEV2").first).to_be_visible()
    expect(staff.get_by_role("link", name="ledger.png")).to_be_visible()


def test_a_refused_report_brings_its_picture_back(ella: Page) -> None:
    ella.get_by_label("Files").set_input_files({"name": "ledger.png", "mimeType": "image/png", "buffer": PICTURE})
    ella.get_by_role("button", name="Send").click()
    expect(ella.get_by_label("ledger.png")).to_be_checked()
    ella.get_by_label("What happened?").fill("The ledger does not open")
    ella.get_by_label("Only me").check()
    ella.get_by_label("I can work around it").check()
    ella.get_by_role("button", name="Send").click()
    expect(ella.get_by_role("link", name="ledger.png")).to_be_visible()


def test_with_scripts_a_picture_can_be_pasted_and_dropped(desk: Desk, open_page: Any) -> None:
    page = open_page(f"{desk.url}/login/")
    sign_in(page, desk, "ella", then="/new/")
    give = """([kind, name]) => { const data = new DataTransfer();
      data.items.add(new File(["\\x89PNG"], name, {type: "image/png"}));
      const event = kind === "paste" ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
                                     : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
      document.querySelector("#id_what").dispatchEvent(event); }"""
    page.evaluate(give, ["paste", "pasted.png"])
    page.evaluate(give, ["drop", "dropped.png"])
    names = page.evaluate("[...document.querySelector('#id_files').files].map(file => file.name)")
    assert names == ["pasted.png", "dropped.png"]
    expect(page.get_by_role("status").filter(has_text="dropped.png")).to_be_visible()
