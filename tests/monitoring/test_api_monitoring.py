"""Services, checks, alerts and results by the API."""

from __future__ import annotations

import pytest

from incidents import automation, incidents
from monitoring.models import Check
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.watched import MINUTE, hear
from tests.speaking import Caller, person, program


@pytest.fixture
def job(acme: Company) -> Caller:
    return program("monitoring:read", "monitoring:write")


@pytest.fixture
def smtp(acme: Company) -> Check:
    return Check.objects.select_related("source", "service").get(slug="smtp-01")


def broken(smtp: Check) -> None:
    for minute in range(2):
        hear(smtp, "critical", NINE + minute * MINUTE, "connection refused")


def test_a_check_is_made_and_says_where_to_send(job: Caller) -> None:
    made = job.post("checks/", {"name": "nightly", "kind": "heartbeat", "period_s": 86_400, "service": "file-server"})
    said = made.json()
    assert (made.status_code, said["state"], said["service"], said["last_result_at"]) == (201, "unknown", "file-server", None)
    assert said["address"] == f"http://testserver/ping/{Check.objects.get(pk=said['id']).ping_id}"
    assert made["Location"].endswith(f"/api/v1/checks/{said['id']}/")


WRONG = [
    ({"kind": "heartbeat"}, "period_s"),
    ({"kind": "heartbeat", "cron": "every day"}, "cron"),
    ({"kind": "heartbeat", "cron": "0 2 * * *", "period_s": 60}, "cron"),
    ({"kind": "probe"}, "kind"),
    ({"kind": "push", "zone": "Mars/Base"}, "zone"),
    ({"kind": "push", "service": "no-such"}, "service"),
    ({"kind": "push", "name": "a/b"}, "name"),
    ({"kind": "push", "period_s": 0}, "period_s"),
    ({"kind": "push", "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_what_is_wrong_names_its_field_and_makes_nothing(change: dict[str, object], field: str, job: Caller) -> None:
    answer = job.post("checks/", {"name": "x", **change})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, [field])
    assert not Check.objects.filter(slug="x").exists()


def test_a_name_that_is_taken_is_said(job: Caller) -> None:
    job.post("checks/", {"name": "x", "kind": "push"})
    again = job.post("checks/", {"name": "x", "kind": "push"})
    assert again.json()["errors"][0] == {"field": "name", "code": "taken", "message": "There is a check of this name. Choose another one."}


def test_what_is_not_named_stays_as_it_is(job: Caller, smtp: Check) -> None:
    hear(smtp, "ok", NINE)
    changed = job.patch(f"checks/{smtp.pk}/", {"confirm": 5}).json()
    assert (changed["confirm"], changed["period_s"], changed["service"]) == (5, 60, "email")
    assert job.patch(f"checks/{smtp.pk}/", {"cron": "0 2 * * *"}).json()["period_s"] is None


def test_a_check_is_paused_until_a_time_to_come_and_resumed(job: Caller, smtp: Check) -> None:
    hear(smtp, "ok", NINE)
    assert job.post(f"checks/{smtp.pk}/pause/", {"until": "2020-01-01T00:00:00Z"}).status_code == 400
    until = (clock.now() + 60 * MINUTE).isoformat()
    assert job.post(f"checks/{smtp.pk}/pause/", {"until": until}).json()["state"] == "paused"
    assert [one["id"] for one in job.get("checks/?state=paused").json()["results"]] == [smtp.pk]
    assert job.post(f"checks/{smtp.pk}/resume/", {}).json()["state"] == "ok"


def test_if_match_keeps_a_change_from_overwriting_another(job: Caller, smtp: Check) -> None:
    hear(smtp, "ok", NINE)
    tag = job.get(f"checks/{smtp.pk}/")["ETag"]
    job.patch(f"checks/{smtp.pk}/", {"confirm": 3})
    assert job.patch(f"checks/{smtp.pk}/", {"confirm": 4}, if_match=tag).status_code == 412


def test_an_alert_says_what_came_of_it(job: Caller, smtp: Check) -> None:
    broken(smtp)
    (alert,) = job.get("alerts/?state=open&service=email").json()["results"]
    assert (alert["check"], alert["status"], alert["incident"], alert["why"]) == (
        "smtp-01", "critical", None, "No incident: no rule matched.",
    )  # fmt: skip
    automation.evaluate_due(now=NINE + 7 * MINUTE)
    assert job.get(f"alerts/{alert['id']}/").json()["incident"].startswith("INC-")
    assert job.get("alerts/?state=cleared").json()["results"] == []


def test_a_confidential_incident_is_not_named_by_its_alert(acme: Company, job: Caller, smtp: Check) -> None:
    grounds = incidents.Grounds(
        title="Secret", reason="", service=smtp.service, team=acme.teams["it-ops"], severity=3, since=NINE, is_confidential=True
    )
    number = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident.number
    broken(smtp)
    assert number not in job.get("alerts/").content.decode()


def test_results_are_those_of_one_check_newest_first(job: Caller, smtp: Check) -> None:
    broken(smtp)
    hear(smtp, "ok", NINE + 5 * MINUTE, "220 ready", name="rta", value=0.2, unit="s")
    rows = job.get(f"results/?check_id={smtp.pk}").json()["results"]
    assert [row["status"] for row in rows] == ["ok", "critical", "critical"]
    assert rows[0]["metrics"][0]["value"] == 0.2
    assert len(job.get(f"results/?check_id={smtp.pk}&since=2026-11-23T08:04:00Z").json()["results"]) == 1
    assert job.get("results/").json()["errors"][0]["field"] == "check_id"


def test_a_service_tells_how_it_is_and_what_it_stands_on(acme: Company, job: Caller, smtp: Check) -> None:
    acme.services["vpn"].depends_on.add(acme.services["email"])
    broken(smtp)
    assert job.get("services/email/").json()["state"] == "critical"
    assert job.get("services/vpn/").json()["depends_on"] == ["email"]
    assert job.get("services/no-such/").status_code == 404


def test_reading_is_not_writing_and_auditors_only_read(acme: Company, smtp: Check) -> None:
    assert program("monitoring:read", name="Reader").post("checks/", {"name": "x", "kind": "push"}).status_code == 403
    assert person(acme.people["vera"]).post("checks/", {"name": "x", "kind": "push"}).status_code == 403
    assert person(acme.people["ella"]).get("checks/").status_code == 403
