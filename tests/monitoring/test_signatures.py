"""Senders that sign: what is not signed as the source asks is refused, and nobody but Amazon is ever asked about it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from monitoring.models import RawBody, Source
from monitoring.probes import guard, web
from monitoring.sources import sns
from servicedesk import clock, sealing
from tests.monitoring.doors import Sender, sender

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
AMAZON = "https://sns.eu-west-1.amazonaws.com"
ALARM = {
    "AlarmArn": "arn:x",
    "AlarmName": "CPU",
    "NewStateValue": "ALARM",
    "NewStateReason": "hot",
    "StateChangeTime": "2026-11-23T08:00:00Z",
}
KEY = rsa.generate_private_key(65537, 2048)
DAY = timedelta(days=1)


def certificate(valid_for: timedelta = DAY) -> bytes:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")]), clock.wall()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key()).serial_number(7)
    made = made.not_valid_before(now - 9 * DAY).not_valid_after(now + valid_for)
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def envelope(kind: str = "Notification", version: str = "2", **more: Any) -> dict[str, Any]:
    said = {
        "Type": kind, "MessageId": "m-1", "TopicArn": TOPIC, "Message": json.dumps(ALARM), "Timestamp": "2026-11-23T08:00:01.000Z",
        "SignatureVersion": version, "SigningCertURL": f"{AMAZON}/SimpleNotificationService-x.pem", "Token": "t",
        "SubscribeURL": f"{AMAZON}/?Action=ConfirmSubscription", **more,
    }  # fmt: skip
    how = hashes.SHA256() if version == "2" else hashes.SHA1()
    signed = KEY.sign(sns.signed_words(said), padding.PKCS1v15(), how)
    return {"Signature": base64.b64encode(signed).decode(), **said}


class Amazon:
    """What SNS's host gives out; whom we asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.pem = certificate()
        self.failure: Exception | None = None

    def ask(self, method: str, url: str, context: Any, **_more: Any) -> web.Answer:
        self.asked.append(url)
        if self.failure:
            raise self.failure
        return web.Answer(200, self.pem if url.endswith(".pem") else b"<ok/>", url, {})


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    stands_in = Amazon()
    monkeypatch.setattr(web, "ask", stands_in.ask)
    return stands_in


@pytest.fixture
def topic(db: None) -> Sender:
    return sender("cloudwatch", signing_secret=sealing.seal(TOPIC))


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_alarm_of_the_topic_is_heard(version: str, topic: Sender, amazon: Amazon) -> None:
    assert topic.post(envelope(version=version)).status_code == 200
    assert topic.open() == {"arn:x": "critical"}
    topic.post(envelope(version=version, Subject="ALARM", Message=json.dumps({**ALARM, "NewStateValue": "OK"})))
    assert topic.open() == {}
    assert len(amazon.asked) == 1  # the certificate is kept


FOREIGN = [
    "https://evil.example/x.pem",
    "http://sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
    "https://sns.us-east-1.amazonaws.com/x.pem",
    "https://s3.amazonaws.com/bucket/x.pem",
    "file:///etc/passwd",
    "https://[::1",
    None,
    7,
]


@pytest.mark.parametrize("address", FOREIGN)
def test_a_subscription_to_a_foreign_host_is_refused_and_nobody_is_asked(address: Any, topic: Sender, amazon: Amazon) -> None:
    for name in ("SigningCertURL", "SubscribeURL"):
        answer = topic.post(envelope("SubscriptionConfirmation", **{name: address}))
        assert (answer.status_code, "not an address of SNS" in answer.content.decode()) == (401, True), name
    assert [url for url in amazon.asked if url != f"{AMAZON}/SimpleNotificationService-x.pem"] == []
    assert not RawBody.objects.exists()


def test_a_subscription_of_the_topic_is_confirmed_and_kept(topic: Sender, amazon: Amazon) -> None:
    answer = topic.post(envelope("SubscriptionConfirmation"))
    assert (answer.status_code, answer.json()["accepted"]) == (200, 0)
    assert amazon.asked[-1] == f"{AMAZON}/?Action=ConfirmSubscription"
    assert RawBody.objects.filter(source=topic.source).count() == 1


CHANGED = [
    {"Message": "{}"}, {"TopicArn": TOPIC + "2"}, {"Signature": "AAAA"}, {"Signature": "%"}, {"SignatureVersion": "3"}, {"Type": "x"},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGED)
def test_what_was_changed_on_the_way_is_refused(change: dict[str, str], topic: Sender, amazon: Amazon) -> None:
    assert topic.post({**envelope(), **change}).status_code == 401
    assert topic.open() == {}


def test_a_certificate_that_ran_out_signs_nothing(topic: Sender, amazon: Amazon) -> None:
    amazon.pem = certificate(-DAY)
    assert topic.post(envelope()).status_code == 401


@pytest.mark.parametrize("failure", [TimeoutError("slow"), guard.Refused("private", ""), OSError("down")])
def test_where_amazon_does_not_answer_the_sender_is_asked_to_repeat(failure: Exception, topic: Sender, amazon: Amazon) -> None:
    amazon.failure = failure
    answer = topic.post(envelope())
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert topic.open() == {}


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{", json.dumps(ALARM).encode()])
def test_what_is_no_message_of_the_topic_is_refused(body: bytes, topic: Sender, amazon: Amazon) -> None:
    assert topic.post(body).status_code == 401
    assert amazon.asked == []


def test_without_a_topic_nobody_is_asked_and_a_subscription_waits_for_a_person(db: None, amazon: Amazon) -> None:
    desk = sender("cloudwatch")
    assert desk.post(envelope()).status_code == 200
    answer = desk.post(envelope("SubscriptionConfirmation"))
    assert (answer.status_code, "name its topic at the source" in answer.content.decode()) == (400, True)
    assert amazon.asked == []


ISSUE = {"action": "triggered", "data": {"event": {"issue_id": "4", "title": "KeyError", "level": "error"}}}


def test_sentry_is_heard_with_its_signature_alone(db: None) -> None:
    desk, raw = sender("sentry", signing_secret=sealing.seal("client secret")), json.dumps(ISSUE).encode()
    good = hmac.new(b"client secret", raw, hashlib.sha256).hexdigest()
    for wrong in ("", good[:-1] + ("0" if good[-1] != "0" else "1"), "\u00fc", good.upper()):
        assert desk.post(raw, **{"Sentry-Hook-Signature": wrong}).status_code == 401, wrong
    assert desk.post(raw + b" ", **{"Sentry-Hook-Signature": good}).status_code == 401
    assert desk.post(raw, **{"Sentry-Hook-Signature": good}).status_code == 200
    assert list(desk.open()) == ["issue 4"]


def test_the_secret_is_sealed_in_its_row(db: None) -> None:
    assert "client secret" not in sender("sentry", signing_secret=sealing.seal("client secret")).source.signing_secret
    assert Source._meta.get_field("signing_secret").max_length == 600
