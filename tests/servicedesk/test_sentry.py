"""What is told to Sentry: types and places, never words."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from servicedesk import sentry
from servicedesk.env import Misconfigured

SECRETS = ("ella@acme.example", "+33600000001", "msd_e2e", "My printer smokes", "/a/7Kq2mX9dR4")
EVENT: dict[str, Any] = {
    "event_id": "1",
    "level": "error",
    "release": "1.0",
    "message": SECRETS[3],
    "user": {"email": SECRETS[0]},
    "request": {"url": SECRETS[4], "headers": {"Authorization": SECRETS[2]}},
    "breadcrumbs": {"values": [{"message": SECRETS[1]}]},
    "extra": {"body": SECRETS[3]},
    "tags": {"to": SECRETS[1]},
    "exception": {
        "values": [
            {
                "type": "ValueError",
                "module": "builtins",
                "value": f"no such address: {SECRETS[0]}",
                "mechanism": {"type": "logging", "handled": True, "data": {"to": SECRETS[1]}},
                "stacktrace": {"frames": [{"filename": "mail.py", "function": "send", "lineno": 7, "vars": {"to": SECRETS[0]}}]},
            }
        ]
    },
}


class BadDsn(ValueError):
    pass


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the SDK is started with."""
    found: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        if "@" not in options["dsn"]:
            raise BadDsn("Missing public key")
        found.append(options)

    sdk = SimpleNamespace(init=init, utils=SimpleNamespace(BadDsn=BadDsn))
    monkeypatch.setitem(sys.modules, "sentry_sdk", sdk)  # type: ignore[arg-type]
    return found


def test_a_fault_is_told_by_type_and_place_and_without_a_word_of_anybody() -> None:
    said = sentry.gist(EVENT, {})
    assert said is not None
    assert not [secret for secret in SECRETS if secret in json.dumps(said)]
    (fault,) = said["exception"]["values"]
    assert (fault["type"], fault["stacktrace"]["frames"]) == ("ValueError", [{"filename": "mail.py", "function": "send", "lineno": 7}])


def test_a_line_of_the_log_alone_is_not_told() -> None:
    assert sentry.gist({"message": SECRETS[3], "logentry": {"message": SECRETS[0]}}, {}) is None


def test_without_a_dsn_nothing_is_started(told: list[dict[str, Any]]) -> None:
    sentry.configure("")
    assert told == []


def test_the_sdk_is_started_with_everything_shut(told: list[dict[str, Any]]) -> None:
    sentry.configure("https://key@sentry.example.org/1")
    (options,) = told
    assert options["before_send"] is sentry.gist
    assert options["before_send_transaction"]({}, {}) is None
    assert (options["send_default_pii"], options["include_local_variables"], options["max_breadcrumbs"]) == (False, False, 0)


def test_a_dsn_that_is_none_stops_the_start(told: list[dict[str, Any]]) -> None:
    with pytest.raises(Misconfigured, match="SENTRY_DSN: is no DSN of Sentry: Missing public key"):
        sentry.configure("https://sentry.example.org")


def test_without_the_package_a_sentence_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)  # type: ignore[arg-type]
    with pytest.raises(Misconfigured, match="SENTRY_DSN: needs the package sentry-sdk: install it beside the desk"):
        sentry.configure("https://key@sentry.example.org/1")
