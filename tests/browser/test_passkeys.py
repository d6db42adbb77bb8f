"""Passkeys in a real browser, with a device that Chromium pretends to have: made, used at the door, and in place of a password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicedesk.operations.worlds.company import PASSWORD
from tests.browser.conftest import faults, sideways
from tests.browser.test_every_page import LOOKS
from tests.browser.visiting import OFF, enter, sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def local(desk: Desk) -> Desk:
    """The same world, reached by a name."""
    return Desk(desk.url.replace("127.0.0.1", "localhost"))


class Device:
    """What the browser asks for a finger; `shown` off: it is not the owner's."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]

    def shown(self, is_owner: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": is_owner})


def clean(page: Page) -> None:
    assert page.evaluate("window.__csp") == []
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=theme)
        page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
        assert (sideways(page), faults(page)) == (0, []), (width, theme)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def add_one(page: Page, desk: Desk, name: str) -> None:
    page.goto(f"{desk.url}/me/security/passkeys/new/")
    if "again" in page.url:
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the passkey").fill(name)
    page.get_by_role("button", name="Add this device or key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def sign_out(page: Page, desk: Desk) -> None:
    page.context.clear_cookies()
    page.goto(f"{desk.url}/login/")


@pytest.fixture
def owner(open_page: Any, local: Desk) -> tuple[Page, Device]:
    """Dana at a laptop with a passkey, signed out."""
    page: Page = open_page(f"{local.url}/login/")
    device = Device(page)
    sign_in(page, local, "dana")
    add_one(page, local, "Laptop")
    sign_out(page, local)
    return page, device


def test_one_is_made_and_opens_the_desk(owner: tuple[Page, Device], local: Desk) -> None:
    page, _device = owner
    page.goto(f"{local.url}/login/?next=/queue/")
    clean(page)
    first = page.locator("main button").first
    expect(first).to_have_text(re.compile("Sign in with a passkey"))
    first.click()
    page.wait_for_url(f"{local.url}/queue/")
    page.goto(f"{local.url}/me/security/")
    expect(page.get_by_role("region", name="Passkeys").get_by_role("row", name=re.compile("Laptop"))).to_be_visible()
    clean(page)


def test_it_answers_after_the_password_and_before_what_cannot_be_taken_back(owner: tuple[Page, Device], local: Desk) -> None:
    page, _device = owner
    enter(page, "dana")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    clean(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{local.url}/")
    page.goto(f"{local.url}/me/security/app/")
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    clean(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()
    page.goto(f"{local.url}/me/security/passkeys/new/")
    clean(page)
    page.get_by_label("Name of the passkey").fill("Laptop again")
    page.get_by_role("button", name="Add this device or key").click()
    expect(page.get_by_role("alert").filter(has_text="already has a passkey")).to_be_visible()


def test_a_strangers_finger_leaves_everything_as_it_was(owner: tuple[Page, Device], local: Desk) -> None:
    page, device = owner
    device.shown(is_owner=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="The passkey was not used")).to_be_visible()
    clean(page)
    device.shown(is_owner=True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{local.url}/")


def test_paging_settings_take_it_in_place_of_the_password(owner: tuple[Page, Device], local: Desk) -> None:
    page, _device = owner
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{local.url}/")
    page.goto(f"{local.url}/me/notifications/")
    form = page.get_by_role("region", name="Add a way")
    form.get_by_label("Number or address").fill("+33600000777")
    form.get_by_role("button", name="Use a passkey instead").click()
    expect(form.get_by_text("was accepted in place of the password")).to_be_focused()
    expect(form.get_by_label("Your password")).to_be_hidden()
    clean(page)
    page.get_by_role("button", name="Add and send a test").click()
    expect(page.get_by_text("Added. A test with a code")).to_be_visible()


def test_a_review_is_signed_by_it(open_page: Any, local: Desk) -> None:
    page: Page = open_page(f"{local.url}/login/")
    Device(page)
    sign_in(page, local, "dana")
    add_one(page, local, "Laptop")
    page.goto(f"{local.url}/reviews/2026-q4/")
    for group in page.get_by_role("group").filter(has=page.get_by_role("radio")).all():
        group.get_by_role("radio", name="OK").check()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_text("was accepted in place of the password")).to_be_focused()
    page.get_by_role("button", name="Hand over for signing").click()
    expect(page.get_by_text("You prepared this review")).to_be_visible()


def test_one_passkey_is_enough_for_who_must_have_two_factors(open_page: Any, local: Desk) -> None:
    page: Page = open_page(f"{local.url}/login/")
    Device(page)
    page.goto(f"{local.url}/login/")
    enter(page, "adam")
    page.goto(f"{local.url}/me/security/passkeys/new/")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the passkey").fill("Blue key")
    page.get_by_role("button", name="Add this device or key").click()
    page.wait_for_url(re.compile(r"/me/security/(recovery/)?$"))
    sign_out(page, local)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{local.url}/")
    page.goto(f"{local.url}/admin/")
    expect(page.get_by_role("link", name="Plan reviews").first).to_be_visible()


def test_without_scripts_and_at_an_address_of_digits_the_password_stays(open_page: Any, desk: Desk, local: Desk) -> None:
    page: Page = open_page(f"{local.url}/login/", **OFF)
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    enter(page, "adam")
    page.goto(f"{local.url}/me/security/passkeys/new/")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("A passkey needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Add this device or key")).to_be_hidden()
    other: Page = open_page(f"{desk.url}/login/")
    expect(other.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    sign_in(other, desk, "dana", then="/me/security/")
    expect(other.get_by_text("Passkeys work only where")).to_be_visible()
    clean(other)
