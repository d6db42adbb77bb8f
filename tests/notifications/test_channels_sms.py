from __future__ import annotations

import socket
import subprocess
import time
from datetime import timedelta

import pytest

from notifications import channels
from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown, twilio_codes, twilio_line
from servicedesk import clock
from tests.fakes.proxy import Fault, FaultyWire
from tests.fakes.twilio import FakeTwilio
from tests.notifications.parcels import PAGE, SAM, sms
from tests.patience import soon

PERMANENT = {"permanent": True}
BAD_NUMBER = PERMANENT | {"flags_method": True}
SETUP = PERMANENT | {"setup_fault": True}
ACCOUNT = SETUP | {"provider_down": True}
PASSING: dict[str, bool] = {}
MEANINGS = [
    (21211, BAD_NUMBER),
    (21217, BAD_NUMBER),
    (21614, BAD_NUMBER),
    (21610, BAD_NUMBER),
    (21408, BAD_NUMBER | SETUP),
    (21606, SETUP),
    (21212, SETUP),
    (21611, PASSING),
    (20429, PASSING),
    (20003, ACCOUNT),
    (30003, PASSING),
    (30004, BAD_NUMBER),
    (30005, BAD_NUMBER),
    (30006, BAD_NUMBER),
    (30007, BAD_NUMBER),
    (30008, PASSING),
]
FLAGS = ("permanent", "flags_method", "setup_fault", "provider_down")


@pytest.fixture
def quick(settings):
    """The deadlines of a test: the same three, twenty times shorter."""
    settings.CHANNEL_CONNECT_S, settings.CHANNEL_READ_S, settings.CHANNEL_TOTAL_S = 0.4, 0.5, 0.8


def flags(error: DeliveryFailed) -> dict[str, bool]:
    return {name: True for name in FLAGS if getattr(error, name)}


def since():
    return clock.wall() - timedelta(seconds=5)


def test_a_message_is_accepted_with_its_receipt_address_and_a_short_life(phone, twilio, settings):
    sid = channels.send(sms())
    text = phone.expect("INC-214", to=SAM)
    assert (text.sid, text.body) == (sid, PAGE)
    assert text.fields["From"] == settings.TWILIO_FROM
    assert text.fields["StatusCallback"] == f"{settings.SITE_URL}/hooks/twilio/status/tok-1/"
    assert text.fields["ValidityPeriod"] == "300"


def test_a_messaging_service_may_be_the_sender(phone, twilio, settings):
    settings.TWILIO_FROM = "MG" + "1" * 32
    channels.send(sms())
    fields = phone.expect("INC-214").fields
    assert fields["MessagingServiceSid"] == settings.TWILIO_FROM
    assert "From" not in fields


def test_the_text_is_folded_so_that_one_segment_stays_one(phone):
    channels.send(sms(text="Émail — “down” 🚨 https://desk.test/a/x_y~z A214"))
    assert phone.expect("A214").body == 'Émail - "down" https://desk.test/a/x_y~z A214'


def test_without_an_account_nothing_is_tried(settings):
    settings.TWILIO_CONFIGURED = False
    with pytest.raises(NoProvider):
        channels.send(sms())


def test_a_channel_nobody_set_up_has_no_provider():
    with pytest.raises(NoProvider):
        channels.send(sms(channel="carrier-pigeon"))


@pytest.mark.parametrize(("code", "expected"), MEANINGS)
def test_a_code_means_the_same_in_a_receipt(code, expected):
    error = twilio_codes.failure(code)
    assert (flags(error), error.code) == (expected, str(code))
    assert error.reason


@pytest.mark.parametrize(("code", "expected"), [meaning for meaning in MEANINGS if meaning[0] < 30000])
def test_a_refused_creation_is_told_by_its_code(twilio, code, expected):
    twilio.behave(f"fail:{code}", to=SAM)
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert (flags(caught.value), caught.value.code) == (expected, str(code))
    assert not twilio.texts


@pytest.mark.parametrize(
    ("number", "code"),
    [("+15005550001", "21211"), ("+15005550002", "21612"), ("+15005550003", "21408"), ("+15005550004", "21610"), ("+15005550009", "21614")],
)
def test_the_test_numbers_of_twilio_are_refused_as_documented(twilio, number, code):
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms(to=number))
    assert caught.value.code == code
    assert caught.value.permanent


def test_an_unknown_refusal_is_final_and_an_unknown_receipt_is_not(twilio):
    twilio.behave("fail:29999")
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert flags(caught.value) == PERMANENT
    assert flags(twilio_codes.failure(39999)) == PASSING


def test_a_server_fault_passes(twilio):
    twilio.behave("500")
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert (flags(caught.value), caught.value.code) == (PASSING, "20500")


def test_too_many_requests_name_the_pause(twilio):
    twilio.behave("429:7")
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert (flags(caught.value), caught.value.retry_after_s) == (PASSING, 7)


def test_a_wrong_token_takes_the_whole_provider_down(twilio, settings):
    settings.TWILIO_AUTH_TOKEN = "changed"
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert flags(caught.value) == ACCOUNT
    assert twilio.journal[-1].status == 401


def test_a_refused_connection_was_surely_not_sent(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert (flags(caught.value), caught.value.code) == (PASSING, "unreachable")


def test_a_name_without_an_address_was_surely_not_sent(settings, quick):
    settings.TWILIO_API_BASE = "http://nobody.invalid"
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert flags(caught.value) == PASSING


def test_a_failed_handshake_was_surely_not_sent(twilio, settings):
    settings.TWILIO_API_BASE = twilio.url.replace("http:", "https:")
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms())
    assert (flags(caught.value), caught.value.code) == (PASSING, "unreachable")
    assert not twilio.texts


@pytest.mark.parametrize("verb", ["hang", "swallow", "drip", "drop", "vanish", "reset", "garble", "babble"])
def test_an_answer_that_does_not_come_or_cannot_be_read_leaves_the_outcome_unknown(twilio, quick, verb):
    twilio.behave(verb)
    with soon(), pytest.raises(OutcomeUnknown):  # by what is set outside of tests it would take 13 s
        channels.send(sms())


def test_a_server_that_drips_is_cut_at_the_total_deadline(twilio, settings, quick):
    twilio.behave("drip")
    began = time.monotonic()
    with soon(), pytest.raises(OutcomeUnknown):  # each byte comes in time; all of them would take half a minute
        channels.send(sms())
    assert time.monotonic() - began >= settings.CHANNEL_TOTAL_S - 0.1


@pytest.mark.parametrize("fault", [Fault(black_hole=True), Fault(reset=True), Fault(cut_after=40), Fault(delay_s=5)])
def test_a_wire_that_breaks_under_the_request_leaves_the_outcome_unknown(twilio, settings, quick, fault):
    with FaultyWire(("127.0.0.1", int(twilio.url.rpartition(":")[2]))) as wire:
        wire.fault, settings.TWILIO_API_BASE = fault, wire.url
        with pytest.raises(OutcomeUnknown):
            channels.send(sms())


def test_a_slow_answer_within_the_deadline_is_an_answer(phone, twilio):
    twilio.behave("slow:0.2")
    assert channels.send(sms()) == phone.expect("INC-214").sid


def test_a_host_that_takes_no_connection_ends_with_the_connect_deadline(settings, quick):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{full.getsockname()[1]}"
        with soon(), pytest.raises((DeliveryFailed, OutcomeUnknown)):
            channels.send(sms())


def test_after_a_dropped_answer_the_message_is_found_and_its_sid_adopted(phone, twilio):
    twilio.behave("drop", times=1)
    with pytest.raises(OutcomeUnknown):
        channels.send(sms())
    assert channels.find(sms(), since=since()) == phone.expect("INC-214").sid
    assert len(twilio.texts) == 1


def test_a_message_that_left_the_queue_is_found_by_its_date(phone, twilio):
    sid = channels.send(sms())
    phone.expect("INC-214").sent_at = clock.wall()
    assert channels.find(sms(), since=since()) == sid
    asked = [request.fields for request in twilio.journal if request.method == "GET"]
    assert [sorted(fields) for fields in asked] == [["DateSent>", "From", "PageSize", "To"]]


def test_a_message_that_never_arrived_is_surely_not_there(twilio):
    twilio.behave("vanish")
    with pytest.raises(OutcomeUnknown):
        channels.send(sms())
    assert channels.find(sms(), since=since()) is None


@pytest.mark.parametrize(
    "changes",
    [{"reference": "A21"}, {"reference": "214"}, {"to": "+33600000002"}, {"reference": "", "text": "another text"}],
)
def test_a_message_with_another_reference_number_or_text_is_not_taken_for_ours(phone, twilio, changes):
    channels.send(sms())
    phone.expect("INC-214")
    assert channels.find(sms(**changes), since=since()) is None


def test_an_earlier_page_with_the_same_reference_is_not_adopted_twice(phone, twilio):
    first = channels.send(sms())
    phone.expect("INC-214")
    assert channels.find(sms(), since=since(), known={first}) is None
    assert channels.find(sms(), since=clock.wall() + timedelta(minutes=3)) is None


def test_of_two_with_the_same_reference_the_one_with_the_same_text_is_ours(phone, twilio):
    ours = channels.send(sms())
    channels.send(sms(text="Still open: INC-214. Reply A214"))
    assert channels.find(sms(), since=since()) == ours
    assert (phone.expect("SEV1").sid, phone.expect("Still open").body) == (ours, "Still open: INC-214. Reply A214")


def test_more_messages_than_one_list_shows_leave_the_outcome_unknown(twilio, monkeypatch):
    monkeypatch.setattr("notifications.channels.sms.LISTED", 3)
    for number in range(3):
        channels.send(sms(text=f"A{number}"))
    with pytest.raises(OutcomeUnknown, match="more messages"):
        channels.find(sms(), since=since())


@pytest.mark.parametrize("verb", ["hang", "500", "401", "drip"])
def test_a_provider_that_cannot_be_asked_leaves_the_outcome_unknown(phone, twilio, quick, verb):
    channels.send(sms())
    phone.expect("INC-214")
    twilio.behave(verb, to="list")
    with pytest.raises(OutcomeUnknown):
        channels.find(sms(), since=since())


def test_over_tls_the_certificate_is_checked(settings, tmp_path, monkeypatch):
    secure = tmp_path / "pem"
    ask = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*ask, "-keyout", secure, "-out", tmp_path / "cert", "-days", "2"], check=True, capture_output=True)
    secure.write_text(secure.read_text() + (tmp_path / "cert").read_text())
    with FakeTwilio(account=settings.TWILIO_ACCOUNT_SID, token=settings.TWILIO_AUTH_TOKEN, certificate=secure) as twilio:
        settings.TWILIO_API_BASE = f"https://localhost:{twilio.port}"
        with pytest.raises(DeliveryFailed, match="certificate"):
            channels.send(sms())
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
        twilio_line._tls.cache_clear()
        assert channels.send(sms()) == twilio.texts[0].sid
    twilio_line._tls.cache_clear()
