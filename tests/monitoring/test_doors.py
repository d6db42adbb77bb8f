"""The doors over HTTP: what is taken, what is refused, and that a repeat changes nothing.

Each test runs through the view alone, and with the short way before it: no sender can tell them apart.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from monitoring.models import Alert, Check, RawBody, Result, Source
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens import minting
from tests.monitoring.shortway import ShortWay

DOWN = {"check": "smtp-01", "status": "critical", "summary": "connection refused"}


@pytest.fixture
def token(acme: Company) -> str:
    minted = minting.mint()
    Source.objects.filter(slug="agents").update(token_prefix=minted.prefix, token_hash=minted.digest)
    return minted.token


@pytest.fixture(autouse=True, params=[Client, ShortWay], ids=["view", "short way"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "Client", request.param)


def post(token: str, body: Any, **headers: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    content_type = headers.pop("content_type", "application/json")
    return Client().post("/in/results/", raw, content_type=content_type, headers={"Authorization": f"Bearer {token}", **headers})


def test_results_are_stored_and_counted(token: str) -> None:
    answer = post(token, [DOWN, {"check": "disk-07", "status": "ok", "service": "file-server"}])
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 2, "duplicates": 0, "raw_id": str(RawBody.objects.get().pk)}
    assert Result.objects.count() == 2
    assert Check.objects.get(slug="disk-07").service == Service.objects.get(slug="file-server")


def test_the_same_event_twice_is_once(token: str) -> None:
    event = {**DOWN, "event_id": "e-17"}
    assert post(token, [event, event]).json()["duplicates"] == 1
    assert post(token, event).json() == {"accepted": 0, "duplicates": 1, "raw_id": str(RawBody.objects.latest("id").pk)}
    assert Result.objects.count() == 1


def test_two_bad_results_open_one_alert_and_make_the_service_red(token: str) -> None:
    post(token, DOWN)
    assert Alert.objects.count() == 0
    post(token, DOWN)
    post(token, DOWN)
    assert Alert.objects.get().cleared_at is None
    assert Service.objects.get(slug="email").state == "critical"


def test_good_again_clears_the_alert(token: str) -> None:
    for status in ("critical", "critical", "ok"):
        post(token, {**DOWN, "status": status})
    assert Alert.objects.get().cleared_at is not None
    assert Service.objects.get(slug="email").state == "ok"


def test_a_wrong_item_refuses_the_batch_and_the_body_stays_visible(token: str) -> None:
    answer = post(token, [DOWN, {"check": "x", "status": "bad"}])
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"field": "[1].status", "code": "unknown_value", "message": "Use ok, warning, critical or unknown."}]
    assert Result.objects.count() == 0
    assert "[1].status" in RawBody.objects.get().problem


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000])
def test_no_json_is_a_clear_answer(token: str, body: bytes) -> None:
    assert post(token, body).status_code == 400
    assert RawBody.objects.get().problem


def test_ten_megabytes_are_too_much(token: str) -> None:
    assert post(token, b"[" + b" " * 10_000_000 + b"]").status_code == 413
    assert post(token, gzip.compress(b" " * 10_000_000), **{"Content-Encoding": "gzip"}).status_code == 413


def test_gzip_and_lines_are_taken(token: str) -> None:
    lines = "\n".join(json.dumps({**DOWN, "check": f"c{n}"}) for n in range(3)).encode()
    answer = post(token, gzip.compress(lines), content_type="application/x-ndjson", **{"Content-Encoding": "gzip"})
    assert answer.json()["accepted"] == 3


def test_broken_gzip_is_a_clear_answer(token: str) -> None:
    assert post(token, b"not gzip", **{"Content-Encoding": "gzip"}).status_code == 400
    assert post(token, gzip.compress(b"[]")[:-4], **{"Content-Encoding": "gzip"}).status_code == 400


def test_strangers_are_refused(acme: Company, token: str) -> None:
    assert Client().post("/in/results/", b"[]", content_type="application/json").status_code == 401
    assert post(token[:-1] + "x", [DOWN]).status_code == 401
    assert post("msd_short", [DOWN]).status_code == 401
    Source.objects.filter(slug="agents").update(kind="alertmanager")
    assert post(token, [DOWN]).status_code == 403
    assert RawBody.objects.count() == 0


def test_the_token_may_stand_in_basic_or_in_the_path(token: str) -> None:
    as_path = Client().post(f"/in/results/{token}/", json.dumps([DOWN]), content_type="application/json")
    assert as_path.status_code == 200


def test_another_content_type_is_refused(token: str) -> None:
    assert post(token, b"<xml/>", content_type="text/xml").status_code == 415


def test_a_thousand_new_checks_a_day_are_enough(token: str) -> None:
    post(token, [{"check": f"c{n}", "status": "ok"} for n in range(990)])
    answer = post(token, [{"check": f"d{n}", "status": "ok"} for n in range(20)])
    assert answer.status_code == 429
    assert answer["Retry-After"] == "3600"
    assert not Check.objects.filter(slug="d0").exists()
