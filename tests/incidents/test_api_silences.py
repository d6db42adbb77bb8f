"""Silences by the API: made, read and ended as on their page, by people and by programs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents import silences
from incidents.models import Silence
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at
from tests.speaking import Caller, person, program

KEYS = [
    "id", "state", "service", "check_slug", "reason", "starts_at", "ends_at", "weekdays", "opens", "closes", "zone", "audience",
    "public_text", "announce_at", "announced_at", "covers_until", "covers_from", "made_by", "created_at", "ended_by",
]  # fmt: skip
NOON = "2026-11-23T11:00:00Z"
VPN = {"service": "vpn", "reason": "The tunnel is renewed", "ends_at": NOON}


@pytest.fixture(autouse=True)
def at_nine(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)


@pytest.fixture
def script(acme: Company) -> Caller:
    return program("monitoring:read", "monitoring:write")


def made(acme: Company, **more: Any) -> Silence:
    columns = {"service": acme.services["vpn"], "reason": "x", "starts_at": NINE, "ends_at": NINE + timedelta(hours=1), **more}
    return silences.make(actor=acme.people["ana"], now=NINE, **columns)


def wrong(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def test_a_program_keeps_a_service_quiet_while_it_works_on_it(acme: Company, script: Caller) -> None:
    answer = script.post("silences/", VPN)
    shown = answer.json()
    assert (answer.status_code, list(shown)) == (201, KEYS)
    told = (shown["state"], shown["service"], shown["starts_at"][:18], shown["covers_until"])
    assert told == ("standing", "vpn", "2026-11-23T08:00:0", NOON)
    assert answer.headers["Location"].endswith(f"/api/v1/silences/{shown['id']}/")
    assert script.get(answer.headers["Location"]).json() == shown
    maker = AuditEntry.objects.get(noun="incidents.silence", verb="silence").actor
    assert maker is not None
    assert maker.username == shown["made_by"]


def test_ended_once_it_is_over_and_a_repeat_changes_nothing(acme: Company, script: Caller) -> None:
    number = script.post("silences/", VPN).json()["id"]
    ended = script.post(f"silences/{number}/end/").json()
    assert (ended["state"], ended["ends_at"][:18], ended["covers_until"]) == ("past", "2026-11-23T08:00:0", None)
    assert script.post(f"silences/{number}/end/").json() == ended
    assert AuditEntry.objects.filter(noun="incidents.silence", verb="end").count() == 1


def test_the_same_key_makes_one(acme: Company, script: Caller) -> None:
    answers = [script.post("silences/", VPN, idempotency_key="night") for _press in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Silence.objects.count() == 1


def test_whoever_read_another_state_is_told(acme: Company, script: Caller) -> None:
    silence = made(acme)
    tag = script.get(f"silences/{silence.pk}/").headers["ETag"]
    silences.end(silence, actor=acme.people["ben"], now=NINE)
    assert script.post(f"silences/{silence.pk}/end/", if_match=tag).status_code == 412


def test_a_list_is_narrowed_by_state_service_and_check(acme: Company, script: Caller) -> None:
    standing, later = made(acme), made(acme, starts_at=at(12), ends_at=at(14))
    check, past = made(acme, service=None, check_slug="smtp-01"), silences.end(made(acme), actor=acme.people["ana"], now=NINE)
    found = {
        asked: [row["id"] for row in script.get(f"silences/?{asked}").json()["results"]]
        for asked in ("state=standing", "state=coming", "state=past", "service=vpn", "check_slug=smtp-01")
    }
    assert found["state=standing"] == [check.pk, standing.pk]
    assert (found["state=coming"], found["state=past"], found["check_slug=smtp-01"]) == ([later.pk], [past.pk], [check.pk])
    assert found["service=vpn"] == [past.pk, later.pk, standing.pk]


def test_a_window_on_weekdays_says_when_it_covers_next(acme: Company, script: Caller) -> None:
    nights = {"weekdays": [1, 0, 1], "opens": "22:00", "closes": "23:00", "zone": "Europe/Paris", "ends_at": "2026-12-23T08:00:00Z"}
    shown = script.post("silences/", {**VPN, **nights}).json()
    assert (shown["weekdays"], shown["state"], shown["covers_until"]) == ([0, 1], "standing", None)
    assert shown["covers_from"] == "2026-11-23T21:00:00Z"


REFUSED = [
    ({"service": None}, {"": "Name a service or a check."}),
    ({"ends_at": "2026-11-23T07:00:00Z"}, {"": "It would be over before it begins. Choose a later end."}),
    ({"ends_at": "2027-01-23T08:00:00Z"}, {"": "That is longer than 30 days. Choose an earlier end."}),
    ({"starts_at": "2028-11-23T08:00:00Z", "ends_at": "2028-11-24T08:00:00Z"},
     {"": "It begins more than a year from now. Choose an earlier beginning."}),
    ({"starts_at": "9999-12-31T08:00:00Z", "ends_at": "9999-12-31T23:00:00Z"},
     {"": "It begins more than a year from now. Choose an earlier beginning."}),
    ({"weekdays": [0]}, {"": "A window on weekdays needs the times at which it opens and closes."}),
    ({"zone": "Mars/Base"}, {"zone": "Use the name of a time zone, such as Europe/Paris."}),
    ({"reason": "\u200b"}, {"reason": "This field may not be blank."}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "words"), REFUSED)
def test_what_cannot_stand_is_said_and_made_by_nobody(said: Any, words: dict[str, str], acme: Company, script: Caller) -> None:
    assert wrong(script.post("silences/", {**VPN, **said})) == words
    assert not Silence.objects.exists()


def test_who_only_looks_neither_makes_nor_ends_one(acme: Company) -> None:
    silence, vera = made(acme), person(acme.people["vera"])
    assert vera.get(f"silences/{silence.pk}/").status_code == 200
    assert (vera.post("silences/", VPN).status_code, vera.post(f"silences/{silence.pk}/end/").status_code) == (403, 403)


def test_its_queries_do_not_grow_with_the_silences(
    acme: Company, script: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _one in range(9):
        made(acme)
    with django_assert_max_num_queries(6):
        assert len(script.get("silences/").json()["results"]) == 9
