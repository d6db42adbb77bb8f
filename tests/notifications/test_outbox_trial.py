"""send_test_email, send_test_sms and send_test_page: what an admin runs to see whether a message gets through."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from notifications import gsm7
from notifications.models import Message
from tests.notifications.makers import SAM, SAM_MAIL, person, sam

pytestmark = pytest.mark.django_db


def test_a_test_letter_says_that_it_is_one(mailbox, capsys):
    call_command("send_test_email", "ella@acme.test")
    assert "Nothing is wrong" in mailbox.expect("TEST", to="ella@acme.test").text
    assert "took the letter" in capsys.readouterr().out


def test_a_test_message_fits_into_one_segment(phone, capsys):
    call_command("send_test_sms", SAM)
    assert gsm7.units(phone.expect("TEST", to=SAM).body) <= 160
    assert "took the message" in capsys.readouterr().out


def test_what_did_not_go_out_ends_with_the_reason(twilio):
    twilio.behave("fail:21211")
    with pytest.raises(CommandError, match="not a telephone number"):
        call_command("send_test_sms", SAM)


def test_without_a_provider_it_says_so(settings):
    settings.EMAIL_CONFIGURED = False
    with pytest.raises(CommandError, match="no provider"):
        call_command("send_test_email", "ella@acme.test")


def test_a_test_page_takes_the_methods_due_at_once_and_calls_nobody_later(phone, mailbox, capsys):
    sam((0, "email", SAM_MAIL), (0, "sms", SAM), (180, "voice", SAM))
    call_command("send_test_page", "sam")
    phone.expect("TEST", to=SAM)
    mailbox.expect("TEST", to=SAM_MAIL)
    assert list(Message.objects.order_by("rung").values_list("state", flat=True)) == ["sent", "sent", "cancelled"]
    assert "would follow after 180 s" in capsys.readouterr().out


def test_a_test_page_to_somebody_out_of_reach_says_why():
    person("ana")
    with pytest.raises(CommandError, match="No method is known"):
        call_command("send_test_page", "ana")


def test_a_test_page_to_nobody_is_refused():
    with pytest.raises(CommandError, match="Nobody is called eve"):
        call_command("send_test_page", "eve")
