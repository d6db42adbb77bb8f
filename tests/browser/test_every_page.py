"""Every page, as the people who use it see it: nothing in the console, nothing against the policy, nothing sideways, nothing for axe.

Pages without a number in their address are found by themselves; a new one is looked at from its first day.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, ConsoleMessage, Page

from incidents import reports
from tests.browser.conftest import WATCH, faults, sideways
from tests.browser.visiting import sign_in
from tests.e2e.client import Desk

pytestmark = pytest.mark.browser

Theme = Literal["light", "dark"]

LOOKS: tuple[tuple[int, Theme], ...] = ((1280, "light"), (1280, "dark"), (768, "light"), (768, "dark"), (320, "light"), (320, "dark"))
SAM, DANA = "+33600000001", "+33600000002"
NUMBERED = {
    "ella": ["/t/1021/", "/t/1021/worse/", "/t/1021/?print=1", "/help/outlook-cannot-connect/", "/ask/access/"],
    "ana": [
        *(f"/tickets/1001/{asked}" for asked in ("?tab=work", "?tab=timeline", "?tab=files", "?write=note", "?write=call", "?edit=title")),
        *(f"/tickets/1001/{part}" for part in ("clocks/", "similar/", "together/", "?print=1")),
        *("{split}", "{problem}", "{mail}", "/mail/held/"),
        "/queue/?edit=filters",
        "/help/outlook-cannot-connect/versions/",
        "/tickets/1001/",
        "/tickets/1019/",
        "/tickets/500/",
        "/incidents/213/",
        "/incidents/212/",
        "/incidents/214/",
        "/checks/1/",
        "/services/email/",
    ],
    "vera": ["/reviews/2026-q4/"],
    "dana": ["{approve}"] + [f"/reports/{name}/?period=90d&compare=1" for name in reports.NAMES] + ["/reports/clocks/rows/?rows=sev.3.all"],
    "kim": ["/reviews/2026-q4/", "/reviews/2026-q4/?show=action", "/reviews/2026-q3/"],
    "nobody": ["/login/", "/no-such-page/", "/a/unknown000", "{link}", "{link_taken}"],
}
NOT_PAGES = (
    "/logout/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/admin/",
    "/api/",
    "/-/ready",
    "/.well-known/",
    "/reviews/",  # leads into the admin
    "/v1/",
    "/v2/",
    "/generic/",
    "/me/notifications/desk.vcf",
    "/new/promise/",
    "/status/feed.atom",
    "/hooks/",
    "/in/",
    "/setup/",
    "/commands/",  # rows for the list of the page that asks
    "/login/",
    "/styleguide/",
)


def addresses(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """What stands in the tables of URLs and takes no argument."""
    for one in patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, path)
        elif isinstance(one, URLPattern) and not set("<^(") & set(path) and not path.startswith(NOT_PAGES):
            yield path


PLAIN = sorted(addresses(get_resolver().url_patterns))
WHO = {
    "nobody": [],
    "ella": PLAIN,
    "dana": PLAIN,
    "ana": [],
    "adam": ["/oncall/", "/outbox/"],
    "kim": [],
    "vera": ["/queue/", "/incidents/213/"],
}
VISITS = [(who, path) for who, plain in WHO.items() for path in [*plain, *NUMBERED.get(who, [])]]


@pytest.fixture(scope="module")
def lived_in(acceptance: Desk, chromium: Browser) -> dict[str, str]:
    """A world in which something happened: Ella has a ticket, and an incident is taken; signed links of who has it and who need not."""
    acceptance.reset()
    page = chromium.new_context().new_page()
    sign_in(page, acceptance, "ella", then="/new/")
    page.get_by_label("What happened?").fill("My second screen flickers.")
    page.get_by_label("Only me").check()
    page.get_by_label("I can work around it").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/t/1021/**")
    page.get_by_label("Your answer").fill("And the printer hums.")
    page.get_by_role("button", name="Send answer").click()
    page.wait_for_load_state()
    page.context.close()
    made = at_the_desk(acceptance, chromium.new_context().new_page())
    acceptance.check("smtp-01", "down")
    acceptance.forward("16m")  # Sam was paged, and Dana after him
    links = [acceptance.outbox(number, channel="sms")[0]["links"][0].removeprefix(acceptance.url) for number in (SAM, DANA)]
    acceptance.reply(SAM, "A214")
    return {"link": links[1], "link_taken": links[0], **made}


def at_the_desk(acceptance: Desk, page: Page) -> dict[str, str]:
    """What Ana began: words that could be a ticket of their own, an approval Dana is asked for, a problem; and a stranger's mail."""
    said = {"FromFull": {"Email": "lena@elsewhere.example", "Name": "Lena"}, "OriginalRecipient": "help@acme.example", "MessageID": "1"}
    letter = {**said, "ToFull": [], "Headers": [], "Subject": "An invoice", "TextBody": "Who pays it?", "HtmlBody": "<p>Who pays it?</p>"}
    key = {"Authorization": "Basic " + base64.b64encode(b"e2e:e2e").decode()}
    assert acceptance.ask("/anymail/postmark/inbound/", letter, headers=key)[0] == 200
    sign_in(page, acceptance, "ana")
    page.goto(f"{acceptance.url}/tickets/1021/")
    split = page.get_by_role("link", name="A ticket of its own").first.get_attribute("href") or ""
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)', page.content())
    assert token

    def post(path: str, **form: str) -> str:
        asked: dict[str, Any] = {"csrfmiddlewaretoken": token[1], **form}
        return page.request.post(acceptance.url + path, form=asked, headers={"Referer": acceptance.url}).url.removeprefix(acceptance.url)

    assert "/tickets/1021/" in post("/tickets/1021/approver/", person="dana")
    problem = post("/problems/new/", ticket="1002", title="Toner runs out")
    page.context.close()
    return {"split": split, "problem": problem, "approve": "/approve/1/", "mail": "/mail/1/"}


@pytest.fixture(scope="module")
def doors(acceptance: Desk, chromium: Browser, lived_in: dict[str, str]) -> dict[str, Any]:
    """Who is signed in, as cookies."""
    kept: dict[str, Any] = {"nobody": None}
    for who in WHO:
        if who != "nobody":
            context = chromium.new_context()
            sign_in(context.new_page(), acceptance, who)
            kept[who] = context.storage_state()
            context.close()
    return kept


@pytest.mark.parametrize(("who", "path"), VISITS)
def test_a_page_is_clean(who: str, path: str, acceptance: Desk, chromium: Browser, doors: dict[str, Any], lived_in: dict[str, str]) -> None:
    address = acceptance.url + path.format(**lived_in)
    with closing(chromium.new_context(storage_state=doors[who], viewport={"width": 1280, "height": 900})) as context:
        answer = context.request.get(address)
        assert answer.ok or "{" not in path, "what was made for it is not there"
        if answer.status == 405:
            pytest.skip("takes a form alone")
        if "javascript" in answer.headers.get("content-type", ""):
            pytest.skip("is a script")
        page, complaints = context.new_page(), []
        page.add_init_script(WATCH)
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message, address) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        complaints += page.evaluate("window.__csp")
        assert complaints == []
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme=theme)
            page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")  # colours may change by and by
            assert sideways(page) == 0, width
            assert faults(page) == [], (width, theme)


def is_complaint(message: ConsoleMessage, address: str) -> bool:
    """Chromium itself writes down that a page is an error page; that is no fault of the page."""
    return message.type == "error" and message.location["url"] != address
