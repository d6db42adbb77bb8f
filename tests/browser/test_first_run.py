"""From an empty database to a test page that was acknowledged: by a browser, a real mail server and the fake Twilio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults, sideways
from tests.browser.visiting import OFF
from tests.fakes.phone import Phone
from tests.fakes.smtp import FakeSmtp, Mailbox
from tests.fakes.twilio import FakeTwilio
from tests.servicedesk.test_up import Stack, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ACCOUNT, TOKEN, NUMBER = "AC" + "1" * 32, "fake-token", "+33600000042"
PASSWORD = "correct horse 9"
STEPS = ["organisation", "account", "mail", "phone", "services", "on-call", "test"]
CODE = re.compile(r"(\d{3} \d{3})")
SLOW_MS = 20_000


class Fresh(Stack):
    """An empty desk with a mail server and a Twilio of its own."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.smtp = FakeSmtp().__enter__()
        self.twilio = FakeTwilio(account=ACCOUNT, token=TOKEN, desk=f"http://127.0.0.1:{port}").__enter__()
        self.url, self.mailbox, self.phone = self.twilio.desk, Mailbox(self.smtp), Phone(self.twilio)
        super().__init__(folder, port)

    def environ(self, **more: str) -> dict[str, str]:
        lines = {"EMAIL_URL": f"smtp://{self.smtp.host}:{self.smtp.port}", "TWILIO_API_BASE": self.twilio.url}
        lines |= {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": "+15005550006"}
        return super().environ(**lines, **more)

    def leave(self) -> None:
        super().leave()
        self.twilio.__exit__()
        self.smtp.__exit__()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    desk = Fresh(tmp_path / "desk")
    try:
        desk.answers_whole()
        yield desk
    finally:
        desk.leave()


def found(page: Page) -> None:
    page.get_by_label("Name of the organisation").fill("Acme")
    page.get_by_label("Time zone").select_option("Europe/Paris")
    page.get_by_label("Your name").fill("Nora New")
    page.get_by_label("Your user name").fill("nora")
    page.get_by_label("Your e-mail").fill("nora@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Set up the desk").click()


def set_up_an_app(page: Page) -> None:
    secret = page.locator("p.mono").inner_text()
    counter = next(iter(yield_hotp_counters_from_time()))
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, counter)))
    page.get_by_role("button", name="Use this app").click()
    expect(page.get_by_role("link", name="Save the recovery codes")).to_be_visible()


def type_back(page: Page, words: str) -> None:
    match = CODE.search(words)
    assert match, words
    page.get_by_label(re.compile("Code from the test by")).fill(match[1])
    page.get_by_role("button", name="Confirm").click()


def try_mail(page: Page, desk: Fresh) -> None:
    page.get_by_role("button", name="Send me a test by").click()
    expect(page.get_by_label(re.compile("Code from the test"))).to_be_visible()
    type_back(page, desk.mailbox.expect("Your code is", to="nora@acme.example", within=20).words)
    expect(page.get_by_text("Confirmed: E-mail reaches you.")).to_be_visible()


def try_phone(page: Page, desk: Fresh) -> None:
    page.get_by_label("Your number").fill(NUMBER)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add and send a test").click()
    type_back(page, desk.phone.expect("Your code is", to=NUMBER, within=20).words)
    expect(page.get_by_text("Confirmed:")).to_be_visible()


def go_on(page: Page, desk: Fresh, to: str) -> None:
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(f"{desk.url}/setup/{to}/")


def prepare(page: Page, desk: Fresh) -> None:
    """Every step before the test."""
    found(page)
    page.wait_for_url(f"{desk.url}/setup/account/")
    set_up_an_app(page)
    go_on(page, desk, "mail")
    try_mail(page, desk)
    go_on(page, desk, "phone")
    try_phone(page, desk)
    go_on(page, desk, "services")
    page.get_by_label(re.compile("^Email")).check()
    page.get_by_label(re.compile("^VPN")).check()
    page.get_by_role("button", name="Make these services").click()
    page.wait_for_url(f"{desk.url}/setup/on-call/")
    page.get_by_role("button", name="I am on call this week").click()
    page.wait_for_url(f"{desk.url}/setup/test/")


def test_from_empty_to_an_acknowledged_page(fresh: Fresh, open_page: Any) -> None:
    page: Page = open_page(f"{fresh.url}/")
    prepare(page, fresh)
    page.get_by_role("button", name="Break something on purpose").click()
    expect(page.get_by_text("Waiting for an answer.")).to_be_visible()
    text = fresh.phone.expect("SEV2", "TEST", to=NUMBER, within=30)
    fresh.mailbox.expect("TEST", "SEV2", to="nora@acme.example", within=20)
    expect(page.get_by_role("row", name=re.compile("SMS.*(Sent|Delivered)")).first).to_be_visible(timeout=SLOW_MS)  # by the pulse
    match = re.search(r"reply (A\d+)", text.words)
    assert match, text.words
    text.reply(match[1])
    expect(page.get_by_text("Nora New has it.").first).to_be_visible(timeout=SLOW_MS)  # nobody loaded the page anew
    page.get_by_role("button", name="Finish: it was a test").click()
    page.wait_for_url(f"{fresh.url}/settings/")
    run = page.get_by_role("region", name="First run")
    expect(run.get_by_text("done")).to_have_count(len(STEPS))


def test_every_step_can_be_skipped_without_scripts_and_stays_on_the_list(fresh: Fresh, open_page: Any) -> None:
    page: Page = open_page(f"{fresh.url}/setup/", width=320, **OFF)
    found(page)
    for name in STEPS[1:]:
        page.wait_for_url(f"{fresh.url}/setup/{name}/")
        page.get_by_role("button", name="Skip for now").click()
    page.wait_for_url(f"{fresh.url}/settings/")
    run = page.get_by_role("region", name="First run")
    expect(run.get_by_text("skipped")).to_have_count(len(STEPS) - 1)
    run.get_by_role("link", name="Services").click()
    page.get_by_label(re.compile("^Email")).check()
    page.get_by_role("button", name="Make these services").click()
    page.goto(f"{fresh.url}/settings/")
    expect(run.get_by_text("skipped")).to_have_count(len(STEPS) - 2)


def test_strangers_are_led_to_the_door_and_the_pages_have_no_faults(fresh: Fresh, open_page: Any) -> None:
    page: Page = open_page(f"{fresh.url}/setup/")
    assert (faults(page), sideways(page)) == ([], 0)
    found(page)
    page.wait_for_url(f"{fresh.url}/setup/account/")
    state = page.context.storage_state()
    for theme, width in (("light", 1280), ("dark", 320)):
        for name in STEPS:
            shown = open_page(f"{fresh.url}/setup/{name}/", width=width, color_scheme=theme, storage_state=state)
            assert (name, theme, faults(shown), sideways(shown)) == (name, theme, [], 0)
    for path in ("", *(f"{name}/" for name in STEPS)):
        stranger = open_page(f"{fresh.url}/setup/{path}")
        assert "/login/" in stranger.url
