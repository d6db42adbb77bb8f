"""Words from a phone: whose they are, what they mean, and for which incident."""

from __future__ import annotations

import pytest

from notifications import delivery, inbound, outbox
from notifications.inbound import Reply
from notifications.models import ContactMethod, Errand, ProviderCallback
from servicedesk.audit.models import AuditEntry
from tests.notifications.makers import NOW, SAM, SAM_MAIL, after, method, page, person, rungs, sam

pytestmark = pytest.mark.django_db


def text(body: str, *, sender: str = SAM, sid: str = "", now: object = None, **more: str) -> Reply | None:
    sid = sid or f"SM{ProviderCallback.objects.count()}"
    return inbound.read_sms(sender, body, provider_id=sid, now=now or after(60), **more)


def meant(reply: Reply | None) -> tuple[str, int | None] | None:
    return (reply.word, reply.incident) if reply else None


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("A214", "have"),
        ("E214", "pass"),
        ("M214", "more"),
        ("I214", "facts"),
        ("R214", "resolve"),
        ("a214", "have"),
        ("a 214", "have"),
        (" A214. ", "have"),
        ("A-214!", "have"),
        ("A INC-214", "have"),
        ("A0214", "have"),
        ("4", "have"),
        (" 5 ", "pass"),
        ("6.", "facts"),
    ],
)
def test_the_words_of_whoever_was_paged(body, word):
    user = sam()
    page(user)
    reply = text(body)
    assert (reply.person, reply.number, reply.method.address) == (user, SAM, SAM)
    assert meant(reply) == (word, 214)


@pytest.mark.parametrize("body", ["", "hello", "214", "A", "B214", "A214 E214", "A214 thanks", "44", "A1234567890", "Ä214", "7"])
def test_other_words_are_not_guessed_at(body):
    page(sam())
    assert meant(text(body)) == ("unknown", None)


def test_all_is_said_as_such():
    page(sam())
    assert meant(text("aall")) == ("all", None)


def test_a_digit_counts_only_with_exactly_one_open_page():
    user = sam()
    assert meant(text("4")) == ("unknown", None)
    page(user)
    assert meant(text("4")) == ("have", 214)
    page(user, thread="INC-215")
    assert meant(text("4")) == ("unknown", None)
    outbox.cancel("INC-214", now=after(60), reason="Dana has it.")
    assert meant(text("4")) == ("have", 215)


def test_two_pages_of_one_incident_are_one_open_page():
    user = sam()
    page(user, key="run-1")
    page(user, key="run-2")
    assert meant(text("4")) == ("have", 214)


def test_only_who_was_paged_for_that_incident_within_a_day_counts():
    user = sam()
    page(user)
    assert meant(text("A215")) == ("unknown", 215)
    assert meant(text("A214", now=after(24 * 3600 - 1))) == ("have", 214)
    assert meant(text("A214", now=after(24 * 3600))) == ("unknown", 214)


def test_who_was_only_told_was_not_paged():
    page(sam(), kind="notice", key="told")
    assert meant(text("A214")) == ("unknown", 214)


def test_an_unknown_number_gets_no_answer():
    page(sam())
    assert text("A214", sender="+33699999999") is None


def test_a_number_that_is_not_verified_gets_no_answer():
    user = person("ana")
    method(user, "sms", SAM, verified=False)
    Errand.objects.create(person=user, thread="INC-214", key="k", kind="page", urgency="urgent", created_at=NOW)
    assert text("A214") is None


def test_somebody_who_left_gets_no_answer():
    user = sam()
    page(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert text("A214") is None


def test_a_shared_telephone_speaks_for_whoever_of_them_was_paged():
    ana, ben = person("ana"), person("ben")
    method(ana, "sms", SAM)
    method(ben, "sms", SAM)
    page(ben)
    assert text("A214").person == ben
    assert text("4").person == ben


def test_a_message_is_read_once():
    page(sam())
    assert meant(text("A214", sid="SM1")) == ("have", 214)
    assert text("A214", sid="SM1") is None


# Opting out


@pytest.mark.parametrize("word", ["STOP", "stop", "Stopall", "UNSUBSCRIBE", "END", "quit", "CANCEL", "Revoke", "OPTOUT", "ARRET", "Stop."])
def test_an_opt_out_switches_the_number_off_and_is_not_answered(word):
    user = sam()
    assert text(word) is None
    number = ContactMethod.objects.get(address=SAM)
    assert (number.disabled_at, number.disabled_code) == (after(60), "opted_out")
    assert AuditEntry.objects.get(noun="notifications.contactmethod").actor == user


def test_the_providers_own_word_for_an_opt_out_counts():
    sam()
    assert text("arrête", opt_out_type="STOP") is None
    assert ContactMethod.objects.get(address=SAM).disabled_code == "opted_out"


def test_who_opts_out_while_paged_is_reached_another_way_at_once(mailbox):
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    text("STOP")
    sms, mail = rungs(errand)
    assert (mail.state, mail.due_at) == ("queued", after(60))
    delivery.deliver(sms.pk, after(60))
    assert rungs(errand)[0].state == "failed"
    told = Errand.objects.get(kind="notice").messages.get()
    delivery.deliver(told.pk, after(60))
    assert "START" in mailbox.expect("switched off", to=SAM_MAIL).text


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
@pytest.mark.parametrize("code", ["opted_out", "21610"])
def test_an_opt_in_switches_the_number_on_again(word, code):
    sam()
    ContactMethod.objects.update(disabled_at=NOW, disabled_code=code, disabled_reason="The person replied STOP.")
    assert text(word) is None
    number = ContactMethod.objects.get(address=SAM)
    assert (number.disabled_at, number.disabled_code, number.disabled_reason) == (None, "", "")


def test_an_opt_in_does_not_mend_a_number_that_is_wrong():
    sam()
    ContactMethod.objects.update(disabled_at=NOW, disabled_code="30005")
    assert meant(text("START")) == ("unknown", None)
    assert ContactMethod.objects.get(address=SAM).disabled_at == NOW


def test_an_opt_out_of_a_stranger_changes_nothing():
    sam()
    assert text("STOP", sender="+33699999999") is None
    assert ContactMethod.objects.get(address=SAM).disabled_at is None


def test_who_opted_out_may_still_answer():
    page(sam())
    text("STOP")
    assert meant(text("A214")) == ("have", 214)
