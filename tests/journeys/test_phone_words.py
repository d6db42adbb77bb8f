"""Conversations by text message: which words count, from whom, for how long, and what is said back. After GoAlert's smoke tests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.models import Incident
from incidents.states import IncidentState
from notifications import gsm7
from notifications.models import ContactMethod, Errand, Message
from servicedesk import clock as desk_clock
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_records import Text
from tests.journeys.conftest import Clock, Office
from tests.journeys.test_nobody import vpn_down

SAM, DANA, KIM, STRANGER = "+33600000001", "+33600000002", "+33600000003", "+33699999999"


ODD = ["😀 mail 🔥 is <b>down</b>", "البريد معطل", "x" * 5000, "</Say><Dial>+33699999999</Dial>", "{{ 7*7 }} %(name)s"]


@pytest.fixture
def page(night: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> Text:
    """Sam is paged at 03:17 by text message and letter."""
    clock.forward("6m")
    mailbox.expect("You are primary", to="sam@acme.example")
    return phone.expect("You are primary", to=SAM)


def no(office: Office) -> int:
    return office.incident.pk


def taken(office: Office) -> bool:
    return office.incident.state == IncidentState.ACKNOWLEDGED


def dana_is_paged(phone: Phone, mailbox: Mailbox) -> Text:
    mailbox.expect("Email is down", to="dana@acme.example")
    return phone.expect("Email is down", to=DANA)


def of_both(mailbox: Mailbox, phone: Phone) -> None:
    mailbox.expect("tunnel", to="sam@acme.example")
    phone.expect("tunnel", to=SAM)


@pytest.mark.parametrize("words", ["A{n}", "a{n}", "A {n}", " A{n}  ", "A{n}.", "A-{n}", "A INC-{n}", "4", "4 \n"])
def test_the_code_counts_however_a_thumb_writes_it(night: Office, page: Text, clock: Clock, words: str) -> None:
    assert "Nobody else will be called." in (page.reply(words.format(n=no(night))) or "")
    assert taken(night)
    clock.forward("50m")


@pytest.mark.parametrize("words", ["ok", "yes I have it", "A", "A1", "44", "ack", "👍", "٤", "A214214", "' OR 1=1"])
def test_what_is_not_understood_says_which_words_are(night: Office, page: Text, words: str) -> None:
    said = page.reply(words) or ""
    assert gsm7.units(said) <= 160
    assert not taken(night)


def test_five_passes_on_and_dana_is_called_now(night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    assert "is passed on: Dana Ruiz is called now." in (page.reply("5") or "")
    clock.forward("1s")
    dana_is_paged(phone, mailbox)


def test_six_says_the_facts_again_and_changes_nothing(night: Office, page: Text) -> None:
    assert "Email" in (page.reply("6") or "")
    assert not taken(night)


def test_more_time_never_stops_the_policy_and_says_who_is_called_when(
    night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock
) -> None:
    said = page.reply(f"M{no(night)}") or ""
    assert "we ask you again at 03:28" in said
    assert "Dana Ruiz" in said
    clock.forward("9m")
    dana_is_paged(phone, mailbox)
    phone.read += phone.waiting()  # Sam's own telephone, as promised
    mailbox.read += mailbox.waiting()


def test_nothing_is_resolved_by_text(night: Office, page: Text) -> None:
    said = page.reply(f"R{no(night)}") or ""
    assert f"Resolve INC-{no(night)} here: http" in said
    assert night.incident.resolved_at is None


def test_a_repeated_answer_says_the_same_and_changes_nothing(night: Office, page: Text) -> None:
    first = page.reply(f"A{no(night)}")
    at = night.incident.acknowledged_at
    assert page.reply(f"A{no(night)}") == first
    assert night.incident.acknowledged_at == at


def test_whoever_answers_second_reads_who_has_it(night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    clock.forward("10m")
    hers = dana_is_paged(phone, mailbox)
    phone.read += phone.waiting()  # the call to Sam
    page.reply(f"A{no(night)}")
    assert "Sam Lee has" in (hers.reply(f"A{no(night)}") or "")


def test_a_stranger_gets_no_answer_and_changes_nothing(night: Office, page: Text, phone: Phone) -> None:
    assert phone.text(f"A{no(night)}", sender=STRANGER) is None
    assert not taken(night)


def test_kim_who_was_not_paged_reads_so(night: Office, page: Text, phone: Phone) -> None:
    assert "You were not paged" in (phone.text(f"A{no(night)}", sender=KIM) or "")
    assert not taken(night)


def test_a_number_that_is_not_verified_any_more_counts_for_nothing(night: Office, page: Text) -> None:
    ContactMethod.objects.filter(address=SAM).update(verified_at=None)
    assert page.reply(f"A{no(night)}") is None
    assert not taken(night)


def test_after_a_day_the_code_is_too_old(night: Office, page: Text) -> None:
    old = desk_clock.now() - timedelta(hours=25)
    Errand.objects.update(created_at=old)
    night.incident.pages.update(at=old)
    page.reply(f"A{no(night)}")
    assert not taken(night)


def test_the_last_of_two_pages_is_not_guessed_by_a_bare_digit(
    night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock
) -> None:
    vpn_down(night, clock, "The tunnel is down")
    of_both(mailbox, phone)
    first, second = Incident.objects.order_by("pk").values_list("pk", flat=True)
    assert f"Which one? INC-{first}, INC-{second}." in (page.reply("4") or "")
    assert not Incident.objects.filter(state=IncidentState.ACKNOWLEDGED).exists()


def test_each_of_two_pages_has_its_own_code(night: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    vpn_down(night, clock, "The tunnel is down")
    of_both(mailbox, phone)
    first, second = Incident.objects.order_by("pk")
    assert f"You have {second.number}" in (page.reply(f"A{second.pk}") or "")
    first.refresh_from_db()
    assert first.state == IncidentState.TRIGGERED


def test_all_takes_the_ids_of_the_last_bundle_alone(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    for n in range(5):
        vpn_down(office, clock, f"tunnel {n}")
    clock.forward("61s")
    bundle = phone.expect("open pages for you", "AALL", to=SAM)
    phone.read += phone.waiting()
    mailbox.read += mailbox.waiting()
    assert (bundle.reply("AALL") or "").count("INC-") == 3
    assert Incident.objects.filter(state=IncidentState.ACKNOWLEDGED).count() == 3


def test_all_without_a_bundle_takes_nothing(night: Office, page: Text) -> None:
    page.reply("AALL")
    assert not taken(night)


def test_a_reply_read_twice_by_a_repeat_of_twilios_is_answered_once(night: Office, page: Text, twilio: FakeTwilio) -> None:
    page.reply(f"M{no(night)}")
    before = night.incident.timeline.count()
    sent = [fields for _url, fields, _status in twilio.callbacks if "Body" in fields]
    if sent:
        twilio._post(f"{twilio.desk}/hooks/twilio/sms/", sent[-1])
    assert night.incident.timeline.count() == before


def test_an_incident_that_is_over_says_so(night: Office, page: Text, clock: Clock) -> None:
    number = no(night)
    Incident.objects.update(state=IncidentState.RESOLVED, resolved_at=timezone.now())
    assert "is resolved" in (page.reply(f"A{number}") or "")


@pytest.mark.parametrize(
    "title", ["😀 mail 🔥 is <b>down</b>", "البريد معطل", "x" * 5000, "</Say><Dial>+33699999999</Dial>", "{{ 7*7 }} %(name)s"]
)
def test_whatever_a_title_holds_one_segment_goes_out_with_its_code(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, title: str
) -> None:
    vpn_down(office, clock, title[:200])
    text = phone.expect("SEV1", to=SAM)
    mailbox.expect("SEV1", to="sam@acme.example")
    assert gsm7.units(text.body) <= 160
    assert text.body.endswith(f"or reply A{no(office)}")
    clock.forward("3m")
    talk = phone.expect_call("Press 4", to=SAM)
    assert "Dial" not in talk.tongues
    assert "You have" in talk.press("4")


def test_an_answer_is_remembered_as_acted(night: Office, page: Text) -> None:
    page.reply(f"A{no(night)}")
    assert Message.objects.get(to=SAM, channel="sms").acted_at is not None
