"""What a hostile or broken sender may post at any door: a clear answer, nothing lost, never a 500."""

from __future__ import annotations

import gzip
import json

import pytest

from monitoring.models import Check, RawBody, Result
from monitoring.normal import STATUSES, Unreadable
from monitoring.sources.posts import Post
from monitoring.sources.speakers import SPEAKERS
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.doors import sender

DEEP = b"[" * 100_000
DEEP_OBJECT = b'{"a":' * 100_000
HOSTILE = [b"", b"\xff\xfe\x00", DEEP, DEEP_OBJECT, b"null", b"[null]", b'"x"', b'{"a": 1e999}', b'{"value": NaN}', b"<a/>", b"{} {}"]


@pytest.mark.parametrize("kind", sorted(SPEAKERS))
@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:12]))
def test_each_parser_reads_or_refuses_anything(kind: str, body: bytes) -> None:
    for form in ("application/json", "application/x-www-form-urlencoded", "text/xml"):
        try:
            signals = SPEAKERS[kind](Post(body, NINE, form=form))
        except Unreadable:
            continue
        assert all(signal.status in STATUSES for signal in signals)


@pytest.mark.parametrize("kind", ["alertmanager", "generic", "monit", "cloudevents"])
def test_a_gzip_bomb_is_too_large_and_costs_no_more_than_the_limit(acme: Company, kind: str) -> None:
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert sender(kind).post(bomb, **{"Content-Encoding": "gzip"}).status_code == 413


def test_a_cardinality_bomb_stops_at_a_thousand_new_checks_a_day(acme: Company) -> None:
    stranger = sender("alertmanager")
    alerts = [{"status": "firing", "labels": {"alertname": "x", "id": str(n)}} for n in range(1001)]
    answer = stranger.post({"alerts": alerts})
    assert (answer.status_code, Check.objects.filter(source=stranger.source).count()) == (429, 0)
    assert "1000" in RawBody.objects.get().problem
    assert stranger.post({"alerts": alerts[:2]}).status_code == 200


@pytest.mark.parametrize("year", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-11-23T08:00:00", "soon"])
def test_times_that_mean_none_or_have_no_zone_order_nothing(acme: Company, year: str) -> None:
    stranger = sender("alertmanager")
    member = {"labels": {"alertname": "Disk"}, "fingerprint": "f1", "startsAt": year, "endsAt": year}
    stranger.post({"alerts": [{**member, "status": "firing"}]})
    assert len(stranger.open()) == 1
    stranger.post({"alerts": [{**member, "status": "resolved"}]})
    assert stranger.open() == {}
    assert Result.objects.count() == 2


@pytest.mark.parametrize("host", ["sns.eu-west-1.amazonaws.com.evil.example", "169.254.169.254", "sns.eu-west-1.amazonaws.com"])
def test_no_subscription_is_confirmed_for_a_stranger(acme: Company, host: str) -> None:
    body = {"Type": "SubscriptionConfirmation", "SubscribeURL": f"https://{host}/?Action=ConfirmSubscription", "TopicArn": "arn:aws:sns:x"}
    answer = sender("cloudwatch").post(json.dumps(body), form="text/plain")
    assert (answer.status_code, RawBody.objects.count(), Result.objects.count()) == (400, 1, 0)
