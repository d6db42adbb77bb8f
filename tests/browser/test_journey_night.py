"""J7: at 03:12 Sam acknowledges from a telephone, without a login and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from notifications import gsm7
from tests.browser.conftest import sideways
from tests.browser.visiting import OFF, PHONE, Scales, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser

SAM, DANA, KIM = "+33600000001", "+33600000002", "+33600000003"
TAKE_IT = "I have it: acknowledge"
AGENTS = ("Mozilla/5.0 (compatible; SafeLinks/2.0)", "Slackbot-LinkExpanding 1.0", "WhatsApp/2.24")


@pytest.fixture
def page_by_sms(desk: Desk) -> dict[str, Any]:
    """Mail has failed for six minutes; the text message on Sam's telephone."""
    desk.set_clock("2026-11-24T03:12:00+01:00")
    desk.check("smtp-01", "down")
    desk.forward("6m")
    (message,) = desk.outbox(SAM, channel="sms")
    return message


@pytest.fixture
def link(page_by_sms: dict[str, Any]) -> str:
    (link,) = page_by_sms["links"]
    return str(link)


def on_the_phone(open_page: Any, link: str) -> Page:
    page: Page = open_page(link, **PHONE, **OFF)
    return page


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state()


def test_the_text_says_what_since_when_and_why_sam_in_one_segment(page_by_sms: dict[str, Any]) -> None:
    text = page_by_sms["text"]
    for word in ("SEV1", "INC-214", "Email", "03:12", "primary", "/a/", "reply A214"):
        assert word in text
    assert gsm7.units(text) <= 160
    assert page_by_sms["thread"] == "INC-214"


def test_scanners_change_nothing(desk: Desk, link: str, open_page: Any) -> None:
    path = link.removeprefix(desk.url)
    for agent in AGENTS:
        for method in ("GET", "HEAD", "GET"):
            assert desk.ask(path, method=method, headers={"User-Agent": agent})[0] == 200
    open_page(link, user_agent=AGENTS[0])  # this one runs scripts
    expect(on_the_phone(open_page, link).get_by_role("button", name=TAKE_IT)).to_be_visible()
    assert not [row for row in desk.outbox("sam") if row["seen_at"] or row["acted_at"]]


def test_the_page_shows_what_since_and_why_and_is_light(chromium: Any, desk: Desk, link: str) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, **OFF)
    scales = Scales().of(context)
    page = context.new_page()
    page.goto(link)
    for words in ("Email is down", "since", "smtp-01 is failing", "primary for IT Ops", "Dana Ruiz is next at 03:27"):
        expect(page.get_by_text(re.compile(words, re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_role("button", name="I have it")).to_have_count(1)
    assert scales.requests <= 2
    assert scales.size <= 15_000
    context.close()


def test_a_tap_is_enough_and_nobody_else_is_called(desk: Desk, link: str, open_page: Any) -> None:
    page = on_the_phone(open_page, link)
    assert sideways(page) == 0
    tap(page, TAKE_IT)
    expect(page.get_by_text(re.compile(r"You have it since 03:1\d\. Nobody else will be called"))).to_be_visible()
    (call,) = desk.outbox(SAM, channel="voice")
    assert call["state"] == "cancelled"
    desk.forward("30m")
    assert desk.outbox(DANA) == desk.outbox(KIM) == []
    assert desk.outbox("dana") == desk.outbox("kim") == []


def test_the_incident_says_who_has_it_and_how(desk: Desk, link: str, open_page: Any) -> None:
    tap(on_the_phone(open_page, link), TAKE_IT)
    page = open_page(f"{desk.url}/login/")
    sign_in(page, desk, "dana", then="/incidents/214/")
    expect(page.get_by_text("Acknowledged by Sam Lee via link")).to_be_visible()


def test_a_second_tap_changes_nothing(desk: Desk, link: str, open_page: Any) -> None:
    one, two = on_the_phone(open_page, link), on_the_phone(open_page, link)
    tap(one, TAKE_IT)
    desk.forward("2m")
    tap(two, TAKE_IT)
    expect(two.get_by_text("You have it since 03:18")).to_be_visible()


def test_who_comes_second_reads_who_has_it(desk: Desk, link: str, open_page: Any) -> None:
    desk.forward("10m")
    (theirs,) = desk.outbox(DANA, channel="sms")[0]["links"]
    late = on_the_phone(open_page, theirs)
    tap(on_the_phone(open_page, link), TAKE_IT)
    tap(late, TAKE_IT)
    expect(late.get_by_text("Sam Lee has it since 03:28")).to_be_visible()


def test_undo_within_a_minute_goes_on_paging(desk: Desk, link: str, open_page: Any) -> None:
    page = on_the_phone(open_page, link)
    tap(page, TAKE_IT)
    tap(page, "Undo")
    expect(page.get_by_role("button", name=TAKE_IT)).to_be_visible()
    desk.forward("11m")
    assert desk.outbox(DANA, channel="sms")


def test_a_reply_by_text_does_the_same(desk: Desk, link: str, open_page: Any) -> None:
    assert "Nobody else will be called" in (desk.reply(SAM, "A214") or "")
    desk.forward("30m")
    assert desk.outbox("dana") == desk.outbox("kim") == []
    expect(on_the_phone(open_page, link).get_by_text(re.compile(r"You have it since 03:1\d"))).to_be_visible()


def test_a_day_after_the_end_the_link_says_it_is_over(desk: Desk, link: str, open_page: Any) -> None:
    desk.check("smtp-01", "up")
    page = open_page(f"{desk.url}/login/")
    sign_in(page, desk, "sam", then="/incidents/214/")
    page.get_by_label("What ended it").fill("The disk is replaced.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Resolved by Sam Lee").first).to_be_visible()
    desk.forward("24h1m")
    assert desk.ask(link.removeprefix(desk.url))[0] == 410
    expect(open_page(link, quiet=False, **OFF).get_by_text("This is over")).to_be_visible()
