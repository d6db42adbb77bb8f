"""03:12: mail fails. One person is called, says "I have it" from the dark, and nobody else wakes up."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents.states import IncidentState
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.fakes.twilio_records import Text
from tests.journeys.conftest import Clock, Office, path_of

SAM, DANA, KIM = "+33600000001", "+33600000002", "+33600000003"
SCANNERS = ("Mozilla/5.0 (compatible; SafeLinks)", "GoogleImageProxy", "Twitterbot/1.0")
REASON = "smtp-01 critical for 5 min on a tier-1 service"


@pytest.fixture
def page(night: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> Text:
    """Sam's telephone rings at 03:17, and a letter says the same."""
    clock.forward("6m")
    mailbox.expect("[SEV1]", "Email is down", REASON, "You are primary for IT Ops", "Dana Ruiz is called at 03:27", to="sam@acme.example")
    return phone.expect("SEV1", "Email is down", "Since 03:12", REASON, "You are primary", to=SAM)


def test_a_failing_check_is_one_incident_and_reaches_sam_with_the_reason(night: Office, page: Text) -> None:
    assert page.body.endswith(f"or reply A{night.incident.pk}")
    assert len(page.body) <= 160
    assert night.incident.reason == f"{REASON} (rule R5, version 1)."


def test_scanners_that_follow_the_link_change_nothing(night: Office, page: Text) -> None:
    for agent in SCANNERS:
        for visit in (Client().get, Client().head):
            assert visit(path_of(page.links[0]), headers={"User-Agent": agent}).status_code == 200
    assert night.incident.state == IncidentState.TRIGGERED
    assert not night.incident.pages.filter(errand_key__contains="seen").exists()


def test_a_reply_takes_it_and_dana_and_kim_sleep(night: Office, page: Text, clock: Clock) -> None:
    said = page.reply(f"A{night.incident.pk}") or ""
    assert "Nobody else will be called." in said
    clock.forward("55m")  # whoever else is told fails this test
    assert night.incident.acknowledged_by == night.acme.people["sam"]


def test_after_an_hour_sam_alone_is_asked_whether_it_is_still_theirs(
    night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock
) -> None:
    page.reply(f"A{night.incident.pk}")
    clock.forward("61m")
    mailbox.expect("still yours?", to="sam@acme.example")
    phone.expect("Still yours?", to=SAM).reply(f"A{night.incident.pk}")
    clock.forward("55m")  # two hours, and Dana and Kim have heard nothing


def test_a_tap_takes_it_and_a_second_tap_changes_nothing(night: Office, page: Text, clock: Clock) -> None:
    (link,) = page.links
    assert "I have it: acknowledge" in night.open(link)
    assert "You have it since 03:18. Nobody else will be called." in night.tap(link, "acknowledge")
    at = night.incident.acknowledged_at
    clock.forward("2m")
    assert "You have it since 03:18." in night.tap(link, "acknowledge")
    assert night.incident.acknowledged_at == at
    clock.forward("30m")


def test_undo_within_a_minute_goes_on_paging(night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    (link,) = page.links
    night.tap(link, "acknowledge")
    clock.forward("30s")
    assert "I have it: acknowledge" in night.tap(link, "undo")
    phone.expect("You are primary", to=SAM)
    mailbox.expect("You are primary for IT Ops", to="sam@acme.example")
    clock.forward("11m")
    phone.expect_call(to=SAM).silence()
    phone.expect("Sam Lee did not ack", to=DANA)
    mailbox.expect("You are secondary for IT Ops", to="dana@acme.example")


def test_pass_on_calls_dana_now_and_her_page_says_so(night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    assert "Dana Ruiz is called now" in (page.reply(f"E{night.incident.pk}") or "")
    clock.forward("1s")
    theirs = phone.expect("Email is down", to=DANA)
    mailbox.expect("You are secondary for IT Ops", to="dana@acme.example")
    assert "You have it since 03:18" in night.tap(theirs.links[0], "acknowledge")
    phone.expect("acked by Dana Ruiz 03:18", "You need do nothing", to=SAM)


def test_whoever_comes_second_reads_who_has_it(night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    clock.forward("10m")
    phone.expect_call(to=SAM).silence()
    theirs = phone.expect("Sam Lee did not ack", to=DANA)
    mailbox.expect("You are secondary for IT Ops", to="dana@acme.example")
    page.reply(f"A{night.incident.pk}")
    clock.forward("1s")
    phone.expect("Sam Lee", "You need do nothing", to=DANA)
    assert "Sam Lee has it since 03:28. You need do nothing." in night.open(theirs.links[0])
