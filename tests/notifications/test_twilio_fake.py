from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifications import channels
from notifications.channels import DeliveryFailed, signature
from notifications.channels.twilio_line import Line
from servicedesk.deadline import Deadline
from tests.fakes import twilio_records, twilio_spec
from tests.fakes.phone import Phone
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_records import Receipts, said
from tests.notifications.parcels import SAM, sms

TWIML = "<?xml version='1.0'?><Response><Message>INC-214 is yours.</Message></Response>"


@dataclass
class Desk:
    """What the receiver of callbacks saw: every form, and whether our own validator believed it."""

    url: str
    posts: list[tuple[str, dict[str, str], bool]] = field(default_factory=list)

    def states(self) -> list[str]:
        return [fields.get("MessageStatus", "") for _, fields, _ in self.posts]

    def saw(self, count: int) -> list[str]:
        ends = time.monotonic() + 3
        while len(self.posts) < count and time.monotonic() < ends:
            time.sleep(0.01)
        return self.states()


@contextmanager
def listening() -> Iterator[Desk]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            given, kind = self.headers.get("X-Twilio-Signature", ""), self.headers.get("Content-Type", "")
            believed = signature.genuine(path=self.path, content_type=kind, body=body, given=given, needs={"MessageSid"})
            desk.posts.append((self.path, dict(parse_qsl(body.decode())), believed))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(TWIML.encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        desk = Desk(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield desk
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(settings):
    with listening() as found:
        settings.SITE_URL = found.url
        yield found


@pytest.fixture
def live(settings, desk):
    """A Twilio that posts its receipts by HTTP as they fall due."""
    with FakeTwilio(account=settings.TWILIO_ACCOUNT_SID, token=settings.TWILIO_AUTH_TOKEN, desk=desk.url) as fake:
        settings.TWILIO_API_BASE = fake.url
        yield fake


@pytest.fixture
def sdk(twilio):
    with Deadline(5) as deadline:
        yield Client(twilio.account, twilio.token, http_client=Line(deadline))


def test_receipts_come_in_order_to_the_address_of_the_attempt_and_our_validator_believes_them(live, desk):
    channels.send(sms())
    assert desk.saw(2) == ["sent", "delivered"]
    assert {(path, believed) for path, _, believed in desk.posts} == {("/hooks/twilio/status/tok-1/", True)}


def test_receipts_may_come_backwards_twice_late_or_not_at_all(live, desk):
    live.receipts = Receipts(states=("queued", "sent", "delivered"), backwards=True, times=2, lost=frozenset({"sent"}), delay_s=0.01)
    channels.send(sms())
    assert desk.saw(4) == ["delivered", "delivered", "queued", "queued"]


def test_a_message_the_network_loses_is_reported_undelivered_with_its_code(live, desk):
    live.behave("fail:30003")
    channels.send(sms())
    assert desk.saw(2) == ["sent", "undelivered"]
    assert desk.posts[-1][1]["ErrorCode"] == "30003"


def test_a_silent_network_reports_nothing(live, desk):
    live.behave("silent", to=SAM)
    channels.send(sms())
    channels.send(sms(to="+33600000002"))
    assert desk.saw(2) == ["sent", "delivered"]
    assert {fields["To"] for _, fields, _ in desk.posts} == {"+33600000002"}
    assert live.texts[0].status == "queued"


def test_a_reply_is_signed_and_brings_the_answer_of_the_desk(live, desk):
    live.behave("silent")
    channels.send(sms())
    assert Phone(live).expect("INC-214").reply("A214") == "INC-214 is yours."
    path, fields, believed = desk.posts[-1]
    assert (path, fields["From"], fields["Body"], believed) == ("/hooks/twilio/sms/", SAM, "A214", True)


def test_signatures_are_those_the_sdk_computes():
    url, fields = "https://desk.test/hooks/twilio/sms/", {"Body": "A214 café", "From": SAM, "AccountSid": "AC1", "Empty": ""}
    expected = RequestValidator("secret").compute_signature(url, fields)
    assert twilio_records.signature(url, fields, "secret") == signature.sign(url, fields, "secret") == expected


def test_after_stop_a_number_takes_nothing_until_start(live, desk):
    live.receive(SAM, "stop")
    with pytest.raises(DeliveryFailed, match="STOP"):
        channels.send(sms())
    live.receive(SAM, "START")
    assert channels.send(sms())
    assert [fields.get("OptOutType") for _, fields, _ in desk.posts[:2]] == ["STOP", "START"]


def test_held_receipts_come_when_they_are_settled_and_from_the_callers_thread(twilio):
    posted = []
    twilio.post = lambda url, fields, _signed: posted.append((threading.current_thread().name, fields["MessageStatus"])) or (200, "")
    channels.send(sms())
    assert posted == []
    twilio.settle()
    assert posted == [("MainThread", "sent"), ("MainThread", "delivered")]


def test_each_message_has_its_own_sid_and_is_fetched_by_it(sdk, twilio):
    sids = {channels.send(sms(text=f"A214 {number}")) for number in range(20)}
    assert len(sids) == 20
    sid = min(sids)
    assert sdk.messages(sid).fetch().sid == sid
    with pytest.raises(TwilioRestException, match="not found"):
        sdk.messages("SM" + "f" * 32).fetch()


def test_a_list_is_newest_first_in_pages_and_filtered_by_number_and_date(sdk, twilio):
    for number in range(5):
        channels.send(sms(text=f"A{number} x", to=f"+3360000000{number % 2}"))
    assert [text.body for text in sdk.messages.list(to="+33600000000", page_size=2)] == ["A4 x", "A2 x", "A0 x"]
    assert sdk.messages.list(from_="+15005550001") == []
    assert sdk.messages.list(date_sent_after="2020-01-01") == []  # all still wait in the queue
    twilio.texts[3].sent_at = twilio.texts[3].created_at
    assert [text.body for text in sdk.messages.list(date_sent_after="2020-01-01")] == ["A3 x"]


def test_a_call_is_kept_and_fetched_and_a_phone_expects_it(sdk, phone, settings):
    call = sdk.calls.create(to=SAM, from_=settings.TWILIO_FROM, twiml="<Response><Say language='en-GB'>Email is down.</Say></Response>")
    assert sdk.calls(call.sid).fetch().status == "queued"
    assert phone.expect_call("Email is down", to=SAM).is_over
    assert sdk.calls(call.sid).fetch().status == "completed"


@pytest.mark.skipif(twilio_spec.spec() is None, reason="Twilio's description of its API is not here")
@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"To": SAM, "Colour": "red"}, "Colour is not a field of this request"),
        ({"Body": "x"}, "To is required"),
        ({"To": SAM, "ValidityPeriod": "soon"}, "ValidityPeriod='soon' is not allowed"),
        ({"To": SAM, "MessagingServiceSid": "MGx"}, "MessagingServiceSid='MGx' is not allowed"),
        ({"To": SAM, "StatusCallback": "desk/hooks"}, "StatusCallback='desk/hooks' is not allowed"),
        ({"To": SAM, "ContentRetention": "for ever"}, "ContentRetention='for ever' is not allowed"),
    ],
)
def test_a_request_twilio_would_not_know_is_a_fault(fields, fault):
    assert twilio_spec.faults("POST", "/Messages.json", {name: [value] for name, value in fields.items()}) == [fault]


@pytest.mark.skipif(twilio_spec.spec() is None, reason="Twilio's description of its API is not here")
def test_a_fault_is_refused_and_kept_for_the_end_of_the_test(sdk, twilio):
    resource = sdk.api.v2010.account.messages
    with pytest.raises(TwilioRestException, match="Colour"):
        resource._version.create("POST", resource._uri, data={"To": SAM, "Colour": "red"})
    assert twilio.faults == ["Colour is not a field of this request"]
    twilio.faults.clear()


def test_a_message_nobody_expected_fails_the_test(twilio):
    phone = Phone(twilio)
    phone.silent()
    channels.send(sms())
    with pytest.raises(AssertionError, match=r"nobody expected: .*INC-214"):
        phone.silent()
    phone.expect("SEV1", "INC-214", to=SAM)
    phone.silent()


def test_a_message_that_does_not_come_fails_the_test_and_shows_what_waits(twilio):
    channels.send(sms())
    with pytest.raises(AssertionError, match=r"no message with .*INC-999.*waiting: .*INC-214"):
        Phone(twilio).expect("INC-999", within=0.05)


def test_an_answer_without_a_message_says_nothing():
    assert said("") is said("<Response/>") is None


def test_alone_it_prints_each_message_and_a_typed_line_is_a_reply(settings, desk):
    environment = os.environ | {"TWILIO_ACCOUNT_SID": settings.TWILIO_ACCOUNT_SID, "TWILIO_AUTH_TOKEN": settings.TWILIO_AUTH_TOKEN}
    command = [sys.executable, "-m", "tests.fakes.twilio", "--port", "0", "--callback", desk.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as alone:
        assert alone.stdout is not None
        settings.TWILIO_API_BASE = alone.stdout.readline().split()[0].partition("=")[2]
        channels.send(sms())
        assert "INC-214 Email down" in alone.stdout.readline()
        print(SAM, "A214", file=alone.stdin, flush=True)
        assert [alone.stdout.readline().strip() for _ in range(2)] == [f"{SAM} > A214", "< INC-214 is yours."]
        alone.kill()


def test_another_process_reads_the_journal_and_sets_a_behaviour(twilio):
    with urllib.request.urlopen(f"{twilio.url}/_behave", data=b"verb=500", timeout=5) as answer:
        answer.read()
    with pytest.raises(DeliveryFailed):
        channels.send(sms())
    with urllib.request.urlopen(f"{twilio.url}/_journal", timeout=5) as answer:
        assert json.load(answer)["messages"] == []
