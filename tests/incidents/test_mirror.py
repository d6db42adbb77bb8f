"""Mirror mode: the old pager pages, we page nobody, and the page says whom we would have."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import mirror, mornings
from incidents.models import Incident, MirroredPage, Run
from monitoring.models import Check, RawBody, Source
from monitoring.sources import oldpagers
from monitoring.sources.posts import Post
from notifications.models import Errand, Message
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens import minting
from tests.actors import NINE, at, signed_in

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "payloads"
KINDS = (Incident, Run, Errand, Message, Check)


def pagerduty(
    event: str = "incident.triggered", *, to: str = "Sam Lee", service: str = "Email", number: str = "Q1", **more: Any
) -> dict[str, Any]:
    said = {"id": number, "title": "Mail is down", "urgency": "high", "service": {"summary": service}, **more}
    return {
        "event": {
            "id": f"{number}-{event}", "event_type": event, "occurred_at": "2026-11-23T08:00:00.000Z",
            "agent": {"type": "user_reference", "summary": "Dana Ruiz"},
            "data": {**said, "assignees": [{"type": "user_reference", "summary": to}] if to else []},
        }
    }  # fmt: skip


@pytest.fixture
def token(acme: Company) -> str:
    made = minting.mint()
    Source.objects.create(slug="old", name="Old pager", kind="mirror", token_prefix=made.prefix, token_hash=made.digest)
    return made.token


def send(token: str, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(f"/in/mirror/{token}/", raw, content_type="application/json")


def verdicts() -> list[str]:
    return [row.verdict for row in mirror.between(NINE - timedelta(days=1), NINE + timedelta(days=1))]


def test_what_the_old_pager_pages_is_laid_beside_ours_and_nobody_is_paged(acme: Company, token: str) -> None:
    before = [kind.objects.count() for kind in KINDS]
    assert send(token, pagerduty()).status_code == 200
    page = MirroredPage.objects.get()
    assert ([one["person"] for one in page.people], page.service, page.severity) == (["sam"], acme.services["email"], 2)
    assert [one["person"] for one in page.ours] == ["sam", "dana", "kim"]
    assert verdicts() == ["same"]
    assert [kind.objects.count() for kind in KINDS] == before


def test_who_else_is_paged_who_answers_and_the_end_are_noted_once(acme: Company, token: str) -> None:
    for _time in range(2):
        for event, to in (
            ("incident.triggered", "Sam Lee"),
            ("incident.escalated", "Dana Ruiz"),
            ("incident.acknowledged", ""),
            ("incident.resolved", ""),
        ):
            send(token, pagerduty(event, to=to))
    page = MirroredPage.objects.get()
    assert [one["person"] for one in page.people] == ["sam", "dana"]
    assert (page.acknowledged_by, page.ended_at) == ("Dana Ruiz", NINE)


@pytest.mark.parametrize(
    ("to", "said"), [("Sam Lee", "same"), ("Sam  Lee\u200b", "same"), ("Ben", "other"), ("Zoe Unknown", "unknown"), ("", "unknown")]
)
def test_it_is_judged_by_who_is_woken_first(acme: Company, token: str, to: str, said: str) -> None:
    send(token, pagerduty(to=to))
    assert verdicts() == [said]


def test_a_page_that_would_reach_nobody_here_is_told(acme: Company, token: str) -> None:
    MirroredPage.objects.create(pager="pagerduty", reference="x", at=NINE, severity=1, people=[{"name": "Ben", "person": "ben", "at": "x"}])
    assert verdicts() == ["nobody"]


def test_an_end_of_what_began_before_we_listened_begins_nothing(acme: Company, token: str) -> None:
    assert send(token, pagerduty("incident.resolved")).json()["accepted"] == 1
    assert not MirroredPage.objects.exists()


def test_what_no_pager_says_is_refused_and_kept(acme: Company, token: str) -> None:
    assert send(token, b'{"hello": 1}').status_code == 400
    assert "no webhook of PagerDuty" in RawBody.objects.get().problem
    assert send("msd_nobodyxx_" + "a" * 43, pagerduty()).status_code == 401


def read(folder: str, name: str) -> list[oldpagers.Told]:
    path = SAMPLES / folder / f"{name}.json"
    if not path.exists():
        pytest.skip("the samples are not here")
    return oldpagers.read(Post(path.read_bytes(), NINE))


@pytest.mark.parametrize(
    ("folder", "name", "deed", "people"),
    [
        ("pagerduty", "zulip_trigger_v2", "paged", ("Laura Haley",)),
        ("pagerduty", "zulip_assign_v2", "paged", ("Wiley Jacobson",)),
        ("pagerduty", "zulip_acknowledge_v2", "acknowledged", ("Laura Haley",)),
        ("pagerduty", "zulip_acknowledge", "acknowledged", ("armooo@zulip.com",)),
        ("pagerduty", "zulip_resolve_v2", "ended", ()),
        ("opsgenie_outgoing", "zulip_create", "paged", ()),
        ("opsgenie_outgoing", "zulip_escalate", "paged", ("test@ifountain.com",)),
        ("opsgenie_outgoing", "zulip_assignownership", "paged", ("user2@ifountain.com",)),
        ("opsgenie_outgoing", "zulip_acknowledge", "acknowledged", ("fili@ifountain.com",)),
        ("opsgenie_outgoing", "zulip_close", "ended", ()),
    ],
)
def test_webhooks_as_they_are_really_sent(folder: str, name: str, deed: str, people: tuple[str, ...]) -> None:
    told = read(folder, name)[-1]
    assert (told.deed, told.people) == (deed, people)
    assert told.reference


def test_every_sample_is_read_without_an_error() -> None:
    files = [path for folder in ("pagerduty", "opsgenie_outgoing") for path in (SAMPLES / folder).glob("zulip_*.json")]
    if not files:
        pytest.skip("the samples are not here")
    for path in files:
        oldpagers.read(Post(path.read_bytes(), NINE))


def test_grafana_oncall_says_whom_it_notified() -> None:
    body = {
        "event": {"type": "escalation", "time": "2026-11-23T08:00:00Z"}, "integration": {"name": "Email"},
        "alert_group": {"id": "I1", "title": "Mail", "labels": {"severity": "critical"}},
        "notified_users": [{"username": "sam", "email": "sam@acme.example"}],
    }  # fmt: skip
    (told,) = oldpagers.read(Post(json.dumps(body).encode(), NINE))
    assert (told.pager, told.deed, told.people, told.severity, told.at) == ("oncall", "paged", ("sam@acme.example",), 1, NINE)


def test_the_page_shows_each_day_to_those_who_arrange_it(acme: Company, token: str, settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(at(18))
    send(token, pagerduty())
    send(token, pagerduty(number="Q2", to="Ben", title="Something else"))
    page = signed_in(acme.people["dana"]).get("/oncall/mirror/").content.decode()
    assert "1 of 2 the same" in page
    assert "would have gone to somebody else" in page
    assert signed_in(acme.people["ana"]).get("/oncall/mirror/").status_code == 403


def test_they_are_forgotten_after_a_while(acme: Company, token: str) -> None:
    send(token, pagerduty())
    assert mirror.forget(NINE) == 0
    assert mirror.forget(NINE + timedelta(seconds=1)) == 1


def test_the_morning_tells_how_often_it_paged_as_ours_would(acme: Company, token: str) -> None:
    send(token, pagerduty())
    send(token, pagerduty(number="Q2", to="Ben"))
    MirroredPage.objects.update(at=at(2))
    said = [line.text for line in mornings.overnight(acme.people["dana"], now=at(7, 30))]
    assert said[-1] == "The old pager paged 2 times; 1 as ours would."


def test_the_morning_leads_nobody_to_a_page_that_refuses_them(acme: Company, token: str) -> None:
    send(token, pagerduty())
    told = {name: {line.path for line in mornings.overnight(acme.people[name], now=at(10))} for name in ("ben", "dana", "vera")}
    assert [name for name, paths in told.items() if "/oncall/mirror/" in paths] == ["dana", "vera"]
    assert signed_in(acme.people["ben"]).get("/oncall/mirror/").status_code == 403


def test_a_time_to_come_is_not_when_somebody_was_paged(acme: Company, token: str) -> None:
    said = pagerduty()
    said["event"]["occurred_at"] = "2031-11-23T08:00:00Z"
    send(token, said)
    assert MirroredPage.objects.get().at <= clock.now()


def test_who_was_paged_first_is_first_whatever_is_heard_first(acme: Company, token: str) -> None:
    later, sooner = pagerduty("incident.escalated", to="Dana Ruiz"), pagerduty()
    later["event"]["occurred_at"] = "2026-11-23T08:10:00.000Z"
    for said in (later, sooner, later):
        send(token, said)
    page = MirroredPage.objects.get()
    assert ([one["person"] for one in page.people], page.at) == (["sam", "dana"], NINE)


def test_a_page_beside_ours_is_walked_once(acme: Company, token: str) -> None:
    with CaptureQueriesContext(connection) as seen:
        send(token, pagerduty())
    assert sum('INSERT INTO "incidents_run"' in query["sql"] for query in seen) == 1
