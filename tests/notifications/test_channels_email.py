from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest

from notifications import channels
from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown, mail_ids
from servicedesk import clock
from tests.fakes.mail_service import DRIP, SILENCE, answering
from tests.fakes.proxy import Fault, FaultyWire
from tests.fakes.smtp import FakeSmtp
from tests.notifications.parcels import DANA, PAGE, mail
from tests.patience import soon

FLAGS = ("permanent", "flags_method", "setup_fault", "provider_down")


@pytest.fixture
def quick(settings):
    settings.CHANNEL_CONNECT_S, settings.CHANNEL_READ_S, settings.CHANNEL_TOTAL_S = 0.4, 0.5, 0.8


def refused() -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(mail())
    return caught.value


def flags(error: DeliveryFailed) -> set[str]:
    return {name for name in FLAGS if getattr(error, name)}


def test_a_letter_has_its_text_first_then_html_and_goes_to_one_person(mailbox, settings):
    settings.DEFAULT_FROM_EMAIL = "Acme desk <desk@acme.test>"
    number = channels.send(mail())
    letter = mailbox.expect("INC-214", to=DANA)
    assert letter.sender == "desk@acme.test"
    assert (letter.subject, letter.text.strip(), letter.html.strip()) == (mail().subject, PAGE, "<p>Email is down</p>")
    assert [part.get_content_type() for part in letter.message.iter_parts()] == ["text/plain", "text/html"]
    assert letter.message["To"] == DANA
    assert letter.message["Message-ID"] == number == mail_ids.of_message(1042)


def test_every_attempt_at_a_message_bears_the_same_message_id(mailbox):
    assert channels.send(mail()) == channels.send(mail(token="tok-2"))
    assert mailbox.expect("INC-214").message["Message-ID"] == mailbox.expect("INC-214").message["Message-ID"]


def test_a_letter_says_it_is_automatic_and_belongs_to_its_thread(mailbox):
    channels.send(mail(headers={"References": "<first@acme.test> <second@acme.test>", "Reply-To": "desk+t1042@acme.test"}))
    message = mailbox.expect("INC-214").message
    root = mail_ids.of_thread("INC-214")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["References"].split() == [root, "<first@acme.test>", "<second@acme.test>"]
    assert message["In-Reply-To"] == "<second@acme.test>"
    assert (message["X-Desk-Item"], message["Reply-To"]) == ("INC-214", "desk+t1042@acme.test")


def test_an_answer_a_person_wrote_is_not_called_automatic_and_nobody_sets_our_message_id(mailbox):
    channels.send(mail(headers={"Auto-Submitted": "no", "Message-ID": "<mine@evil.test>"}))
    message = mailbox.expect("INC-214").message
    assert message["Auto-Submitted"] == "no"
    assert message["Message-ID"] == mail_ids.of_message(1042)


def test_a_line_break_in_a_subject_or_header_makes_no_header_of_its_own(mailbox):
    channels.send(mail(subject="INC-214\r\nBcc: eve@evil.test", headers={"X-Note": "a\nBcc: eve@evil.test"}, thread="INC\n-214"))
    letter = mailbox.expect("INC-214 Bcc: eve@evil.test")
    assert letter.message["Bcc"] is None
    assert letter.message["X-Note"] == "a Bcc: eve@evil.test"


@pytest.mark.parametrize("to", ["", "dana", "dana@acme.test, eve@evil.test", "dana@acme.test\nBcc: eve@evil.test", "Dana <dana@acme.test>"])
def test_what_is_not_one_address_is_never_sent(smtp, to):
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(mail(to=to))
    assert flags(caught.value) == {"permanent", "flags_method"}
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("verb", "code", "expected"),
    [
        ("550 5.1.1 User unknown", "5.1.1", {"permanent", "flags_method"}),
        ("550 no such user", "550", {"permanent", "flags_method"}),
        ("550 5.7.1 Relaying denied", "5.7.1", {"permanent"}),
        ("552 5.2.2 Mailbox full", "5.2.2", {"permanent"}),
        ("451 4.7.1 Greylisted, try again", "4.7.1", set()),
        ("421 closing", "421", set()),
        ("data:554 5.7.1 Looks like spam", "5.7.1", {"permanent"}),
        ("data:550 not this", "550", {"permanent"}),
        ("data:452 4.3.1 Out of storage", "4.3.1", set()),
    ],
)
def test_a_refusal_is_told_by_its_code(smtp, verb, code, expected):
    smtp.behave(verb, to=DANA)
    error = refused()
    assert (error.code, flags(error)) == (code, expected)
    assert verb.rpartition(" ")[2] in error.reason
    assert smtp.mails == []


def test_a_sender_the_server_does_not_let_through_is_a_fault_of_setup(settings, smtp):
    settings.DEFAULT_FROM_EMAIL = "desk@acme.test"
    smtp.behave("from:550 5.7.1 Not your address", to="desk@acme.test")
    error = refused()
    assert (error.code, flags(error)) == ("5.7.1", {"permanent", "setup_fault"})


def test_a_server_that_turns_us_away_at_the_door_is_tried_again(settings, smtp):
    with FakeSmtp(greeting="421 4.3.2 Too busy") as busy:
        settings.EMAIL_PORT = busy.port
        error = refused()
    assert (error.code, flags(error)) == ("4.3.2", set())


def test_a_refused_connection_was_surely_not_sent(settings, smtp):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.EMAIL_PORT = taken.getsockname()[1]
    error = refused()
    assert (error.code, flags(error)) == ("unreachable", set())


def test_a_server_that_hides_behind_no_tls_was_surely_not_sent(settings, smtp, quick):
    settings.EMAIL_USE_SSL = True
    assert (refused().code, smtp.mails) == ("unreachable", [])


def test_a_server_without_the_starttls_we_ask_for_is_a_fault_of_setup(settings, smtp):
    settings.EMAIL_USE_TLS = True
    assert flags(refused()) == {"permanent", "setup_fault", "provider_down"}
    assert smtp.mails == []


def test_signing_in_works_and_a_wrong_password_takes_the_provider_down(settings, smtp):
    with FakeSmtp(users={"desk": "secret"}) as guarded:
        settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = guarded.port, "desk", "secret"
        channels.send(mail())
        assert len(guarded.mails) == 1
        settings.EMAIL_HOST_PASSWORD = "wrong"
        assert flags(refused()) == {"permanent", "setup_fault", "provider_down"}


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "NTLM"])
def test_a_server_that_signs_in_only_in_ways_we_lack_is_a_fault_of_setup(settings, smtp, mechanism):
    with FakeSmtp(mechanism=mechanism) as modern:
        settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = modern.port, "desk", "secret"
        assert flags(refused()) == {"permanent", "setup_fault", "provider_down"}


@pytest.mark.parametrize(("verb", "kept"), [("hang", 0), ("swallow", 1), ("vanish", 0), ("drop", 1)])
def test_a_letter_without_an_answer_leaves_the_outcome_unknown(smtp, quick, verb, kept):
    smtp.behave(verb)
    with pytest.raises(OutcomeUnknown):
        channels.send(mail())
    assert len(smtp.mails) == kept


def test_a_mail_server_cannot_be_asked_afterwards(smtp):
    with pytest.raises(OutcomeUnknown):
        channels.find(mail(), since=clock.wall())


@pytest.mark.parametrize("fault", [Fault(black_hole=True), Fault(reset=True), Fault(cut_after=10), Fault(bytes_per_s=20)])
def test_a_wire_that_breaks_before_the_letter_was_surely_not_sent_and_ends_in_time(settings, smtp, quick, fault):
    with FaultyWire((smtp.host, smtp.port)) as wire:
        wire.fault, settings.EMAIL_PORT = fault, wire.port
        with soon():
            assert refused().code == "unreachable"
    assert smtp.mails == []


def test_a_letter_that_was_accepted_is_sent_even_if_the_goodbye_is_lost(mailbox, smtp):
    smtp.behave("rude")
    assert channels.send(mail()) == mailbox.expect("INC-214").message["Message-ID"]


def test_without_a_mail_server_nothing_is_tried(settings):
    settings.EMAIL_CONFIGURED = False
    with pytest.raises(NoProvider):
        channels.send(mail())


TAKEN = (200, b'{"ErrorCode": 0, "Message": "OK", "MessageID": "pm-7", "To": "dana@acme.test"}')


@contextmanager
def service(settings, status: int, body: bytes, name: str = "postmark"):
    with answering(status, body) as url:
        keys = {"POSTMARK_SERVER_TOKEN": "t", "MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s"}
        settings.ANYMAIL = keys | {f"{name.upper()}_API_URL": url, "REQUESTS_TIMEOUT": 0.5}
        settings.EMAIL_BACKEND, settings.EMAIL_CONFIGURED = f"anymail.backends.{name}.EmailBackend", True
        yield


def test_an_email_service_gives_its_own_id(settings):
    with service(settings, *TAKEN):
        assert channels.send(mail()) == "pm-7"


BOUNCED = b"Found inactive addresses: dana@acme.test. Inactive recipients are ones that have generated a hard bounce."


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, b'{"ErrorCode": 10, "Message": "Bad token"}', {"permanent", "setup_fault", "provider_down"}),
        (422, b'{"ErrorCode": 406, "Message": "%s"}' % BOUNCED, {"permanent", "flags_method"}),
        (422, b'{"ErrorCode": 402, "Message": "Invalid JSON"}', {"permanent"}),
        (429, b"{}", set()),
        (503, b"down", set()),
    ],
)
def test_a_refusal_of_an_email_service_is_told_by_its_status(settings, status, body, expected):
    with service(settings, status, body):
        assert flags(refused()) == expected


def test_an_email_service_that_answers_200_and_failed_is_tried_again(settings):
    with service(settings, 200, b'{"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0001"}]}]}', "mailjet"):
        error = refused()
    assert (error.code, flags(error)) == ("failed", set())


def test_an_email_service_that_names_no_recipient_leaves_the_outcome_unknown(settings):
    with service(settings, 422, b'{"ErrorCode": 406, "Message": "in other words"}'), pytest.raises(OutcomeUnknown):
        channels.send(mail())


@pytest.mark.parametrize("answer", [(200, b"<html>"), SILENCE, DRIP])
def test_an_email_service_that_does_not_answer_leaves_the_outcome_unknown(settings, quick, answer):
    with service(settings, *answer), soon(), pytest.raises(OutcomeUnknown):
        channels.send(mail())


def test_an_email_service_that_refuses_the_connection_was_surely_not_asked(settings):
    with service(settings, *TAKEN):
        pass
    assert refused().code == "unreachable"
