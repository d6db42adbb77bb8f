"""J12: the quarterly review with its evidence, signed by two, all of it without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from servicedesk.operations.worlds.company import PASSWORD
from tests.browser.visiting import OFF, enter, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser

TWO_WAYS = "Can each on-call person be reached two ways?"


def as_(open_page: Any, desk: Desk, who: str, path: str = "/reviews/2026-q4/") -> Page:
    page: Page = open_page(f"{desk.url}/login/", quiet=False, **OFF)
    page.goto(f"{desk.url}/login/?next={path}")
    enter(page, who)
    page.wait_for_url(re.compile("/admin/"))
    return page


def question(page: Page, words: str) -> Locator:
    return page.get_by_role("group", name=words, exact=True)


def judge(page: Page) -> None:
    """Everything OK but two that stay open, and one that needs doing."""
    groups = page.get_by_role("group").filter(has=page.get_by_role("radio"))
    assert groups.count() == 26
    for group in groups.all()[:-2]:
        group.get_by_role("radio", name="OK").check()
    one = question(page, TWO_WAYS)
    one.get_by_role("radio", name="Action").check()
    one.get_by_label("Owner").select_option(label="Adam")
    one.get_by_label("Due").fill("2026-11-27")


def prove(page: Page) -> None:
    """Minutes of an exercise, of the day it was held."""
    one = question(page, "Was it exercised?")
    one.get_by_text("Note and files").click()
    one.get_by_label("Files").set_input_files({"name": "minutes.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    one.get_by_label("Evidence of").fill("2026-11-03")


def hand_over(page: Page) -> None:
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Hand over for signing").click()


def sign(page: Page) -> None:
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()


def test_dana_sees_what_changed_and_what_the_database_says(desk: Desk, open_page: Any) -> None:
    dana = as_(open_page, desk, "dana")
    changed = dana.get_by_role("region", name="Changed since last sign-off")
    expect(changed.get_by_role("row")).to_have_count(3)
    expect(changed).to_contain_text("agreed after INC-188")
    expect(changed).to_contain_text(re.compile("Adam.*Step IT Ops.*900.*600", re.DOTALL))
    expect(question(dana, TWO_WAYS)).to_contain_text("2 of 3 people, missing: Ana")


def test_two_open_questions_are_listed_and_have_the_focus(desk: Desk, open_page: Any) -> None:
    dana = as_(open_page, desk, "dana")
    judge(dana)
    prove(dana)
    hand_over(dana)
    refusal = dana.get_by_role("alert")
    expect(refusal).to_contain_text("2 questions are open")
    expect(refusal).to_be_focused()
    expect(refusal.get_by_role("link")).to_have_count(2)
    expect(question(dana, "Was it exercised?")).to_contain_text(re.compile(r"evidence of\s+3 Nov 2026, uploaded\s+23 Nov 2026"))


def test_dana_prepares_kim_signs_and_later_changes_show(desk: Desk, open_page: Any) -> None:
    dana = as_(open_page, desk, "dana")
    judge(dana)
    for group in dana.get_by_role("group").filter(has=dana.get_by_role("radio")).all()[-2:]:
        group.get_by_role("radio", name="OK").check()
    hand_over(dana)
    expect(dana.get_by_text("You prepared this review, so another person signs it.")).to_be_visible()
    kim = as_(open_page, desk, "kim")
    sign(kim)
    signature = kim.get_by_role("region", name="Sign-off", exact=True)
    expect(signature).to_contain_text(re.compile(r"Kim, IT manager, .*09:00"))
    expect(signature).to_contain_text(re.compile(r"[0-9a-f]{64}"))
    expect(kim.get_by_role("radio")).to_have_count(0)
    change_a_policy(open_page, desk)
    vera = as_(open_page, desk, "vera")
    expect(vera.get_by_text("Changed since sign-off: 1")).to_be_visible()
    expect(vera.get_by_role("button", name=re.compile("Save|Sign$|Hand"))).to_have_count(0)


def change_a_policy(open_page: Any, desk: Desk) -> None:
    desk.forward("1h")
    adam = as_(open_page, desk, "adam", "/admin/incidents/policy/")
    adam.get_by_role("link", name="IT Ops").click()
    adam.get_by_label("Repeat").fill("1")
    adam.get_by_role("button", name="Save", exact=True).first.click()


def test_the_paper_has_the_questions_the_changes_and_the_signatures_place(desk: Desk, open_page: Any) -> None:
    page: Page = open_page(f"{desk.url}/login/")
    sign_in(page, desk, "vera", then="/oncall/")
    page.goto(f"{desk.url}/reviews/2026-q4/")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_have_count(0)
    for words in ("Changed since last sign-off", TWO_WAYS, "2 of 3 people, missing: Ana", "Sign-off"):
        expect(page.get_by_text(words, exact=False).first).to_be_visible()
    assert len(page.pdf(format="A4")) > 20_000
