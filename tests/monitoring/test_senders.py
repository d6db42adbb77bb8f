"""Every sender's own words at its own address: what opens, what closes, and the answer it expects."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client

from monitoring.models import Alert, Check, RawBody, Result
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.doors import sender

DISK = {"summary": "Disk at 99%", "source": "db-1", "severity": "critical"}


def test_zabbix_opens_and_closes_by_the_problems_id(acme: Company) -> None:
    zabbix = sender("zabbix")
    problem = {"event_id": "7", "host": "db-1", "event_name": "Disk full", "nseverity": "4", "event_value": "1"}
    zabbix.post(problem)
    assert zabbix.open() == {"db-1 problem 7": "critical"}
    zabbix.post({**problem, "event_value": "0"})
    zabbix.post(problem)  # told late
    assert zabbix.open() == {}


@pytest.mark.parametrize("form", ["json", "form"])
def test_uptime_kuma_down_and_up(acme: Company, form: str) -> None:
    kuma = sender("uptimekuma")
    for status, expected in ((0, {"monitor 3": "critical"}), (2, {"monitor 3": "critical"}), (1, {})):
        said = {"monitor": {"id": 3, "name": "Site", "basic_auth_pass": "s3cret"}, "heartbeat": {"status": status, "msg": "x"}}
        if form == "json":
            kuma.post(said)
        else:
            lines = ["--b", 'Content-Disposition: form-data; name="data"', "", json.dumps(said), "--b--", ""]
            kuma.post("\r\n".join(lines), form="multipart/form-data; boundary=b")
        assert kuma.open() == expected
    assert not RawBody.objects.filter(body__contains=b"s3cret").exists()


def test_uptime_kumas_test_says_nothing_of_a_check(acme: Company) -> None:
    kuma = sender("uptimekuma")
    assert kuma.post({"heartbeat": None, "monitor": None, "msg": "Testing"}).json()["accepted"] == 0
    assert Result.objects.count() == 0


def test_uptime_kuma_push_is_a_heartbeat(acme: Company) -> None:
    check = Check.objects.create(source=sender("uptimekuma").source, slug="backup", kind="heartbeat", created_at=NINE)
    assert Client().get(f"/api/push/{check.ping_id.hex}?status=down&msg=no+disk").json() == {"ok": True}
    assert Alert.objects.open().get().check_ref == check
    Client().get(f"/api/push/{check.ping_id}?status=up&msg=OK&ping=12")
    assert not Alert.objects.open().exists()
    assert Client().get("/api/push/unknown").json()["ok"] is False


def test_pagerduty_events_open_and_resolve(acme: Company) -> None:
    pager = sender("pagerduty")
    event: dict[str, Any] = {"routing_key": pager.token, "event_action": "trigger", "dedup_key": "srv/disk", "payload": DISK}
    answer = pager.post(event, path="/v2/enqueue", Authorization="")
    assert (answer.status_code, answer.json()["status"], answer.json()["dedup_key"]) == (202, "success", "srv/disk")
    pager.post({**event, "event_action": "acknowledge"}, path="/v2/enqueue")
    assert pager.open() == {"srv/disk": "critical"}
    pager.post({"routing_key": pager.token, "event_action": "resolve", "dedup_key": "srv/disk"}, path="/v2/enqueue")
    assert pager.open() == {}
    assert not RawBody.objects.filter(body__contains=pager.token.encode()).exists()


def test_a_key_pagerdutys_sender_did_not_give_is_made_and_returned(acme: Company) -> None:
    pager = sender("pagerduty")
    event = {"routing_key": pager.token, "event_action": "trigger", "payload": DISK}
    keys = {pager.post(event, path="/v2/enqueue").json()["dedup_key"] for _twice in range(2)}
    assert list(pager.open()) == list(keys)


def test_pagerduty_says_what_is_wrong_in_its_own_form(acme: Company) -> None:
    pager = sender("pagerduty")
    answer = pager.post({"routing_key": pager.token, "event_action": "trigger", "payload": {}}, path="/v2/enqueue")
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert "'payload.summary' is missing or blank" in answer.json()["errors"]
    assert "payload.summary" in RawBody.objects.get().problem
    assert pager.post({"routing_key": "x" * 32, "event_action": "trigger"}, path="/v2/enqueue").status_code == 401


def test_pagerdutys_first_api_and_its_changes(acme: Company) -> None:
    pager, path = sender("pagerduty"), "/generic/2010-04-15/create_event.json"
    event = {"service_key": pager.token, "event_type": "trigger", "incident_key": "srv/http", "description": "HTTP fails"}
    assert pager.post(event, path=path).json()["incident_key"] == "srv/http"
    assert pager.open() == {"srv/http": "critical"}
    pager.post({**event, "event_type": "resolve"}, path=path)
    change = {"routing_key": pager.token, "payload": {"summary": "Deployed 4.2"}}
    assert pager.post(change, path="/v2/change/enqueue").status_code == 202
    assert pager.open() == {}


def test_opsgenie_creates_and_closes_by_alias(acme: Company) -> None:
    genie = sender("opsgenie")
    key = {"Authorization": f"GenieKey {genie.token}"}
    answer = genie.post({"message": "Disk full", "alias": "db/1", "priority": "P1"}, path="/v2/alerts", **key)
    assert (answer.status_code, answer.json()["result"]) == (202, "Request will be processed")
    genie.post({"note": "seen"}, path="/v2/alerts/db%2F1/acknowledge?identifierType=alias", **key)
    assert genie.open() == {"db/1": "critical"}
    genie.post(b"", path="/v2/alerts/db%2F1/close?identifierType=alias", **key)
    assert genie.open() == {}
    assert genie.post({"alias": "x"}, path="/v2/alerts", **key).status_code == 400


def test_opsgenie_pings_a_heartbeat_by_name(acme: Company) -> None:
    genie = sender("opsgenie")
    check = Check.objects.create(source=genie.source, slug="backup", kind="heartbeat", created_at=NINE)
    assert genie.post(b"", path="/v2/heartbeats/backup/ping").json()["result"] == "PONG - Heartbeat received"
    assert Result.objects.get().check_id == check.pk
    assert genie.post(b"", path="/v2/heartbeats/other/ping").status_code == 404


def test_icinga_results_with_their_metrics(acme: Company) -> None:
    icinga = sender("icinga")
    basic = "Basic " + base64.b64encode(f"root:{icinga.token}".encode()).decode()
    body = {"type": "Service", "filter": 'host.name=="web-1" && service.name=="ping"', "exit_status": 2,
            "plugin_output": "PING CRITICAL | pl=100%;80;90;0", "performance_data": ["rta=5000.0ms;3000;5000;0", "x=U"]}  # fmt: skip
    answer = icinga.post(body, path="/v1/actions/process-check-result", Authorization=basic)
    assert answer.json()["results"][0]["code"] == 200
    assert icinga.open() == {"web-1!ping": "critical"}
    assert [metric["name"] for metric in Result.objects.get().metrics] == ["pl", "rta"]
    icinga.post({"exit_status": 0, "plugin_output": "ok"}, path="/v1/actions/process-check-result?service=web-1!ping")
    assert icinga.open() == {}
    assert icinga.post({"exit_status": 9, "plugin_output": "?", "host": "a"}, path="/v1/actions/process-check-result").status_code == 400


def test_nagios_notifications(acme: Company) -> None:
    nagios = sender("nagios")
    form = "application/x-www-form-urlencoded"
    nagios.post("hostname=db-1&servicedesc=load&servicestate=CRITICAL&notificationtype=PROBLEM&serviceoutput=load+is+9", form=form)
    nagios.post("hostname=db-1&servicedesc=load&servicestate=OK&notificationtype=DOWNTIMESTART", form=form)
    assert nagios.open() == {"db-1!load": "critical"}
    nagios.post("hostname=db-1&servicedesc=load&servicestate=OK&notificationtype=RECOVERY", form=form)
    nagios.post({"host": "db-1", "state": "DOWN"})
    assert nagios.open() == {"db-1": "critical"}


def test_nagios_tells_how_it_stands_when_a_downtime_ends(acme: Company) -> None:
    nagios, form = sender("nagios"), "application/x-www-form-urlencoded"
    told = "host=db-1&service=load&state={}&output=load&perfdata=load=9;8;10&notification_type={}"
    nagios.post(told.format("WARNING", "PROBLEM"), form=form)
    assert [one["name"] for one in Result.objects.get().metrics] == ["load"]
    nagios.post(told.format("OK", "FLAPPINGSTART"), form=form)
    assert nagios.open() == {"db-1!load": "warning"}
    nagios.post(told.format("OK", "DOWNTIMEEND"), form=form)
    assert nagios.open() == {}


def test_gatus_pushes_an_external_endpoint(acme: Company) -> None:
    gatus = sender("gatus")
    gatus.post(b"", path="/api/v1/endpoints/core_web/external?success=false&error=timeout")
    assert gatus.open() == {"core_web": "critical"}
    gatus.post(b"", path="/api/v1/endpoints/core_web/external?success=true")
    assert gatus.open() == {}
    assert gatus.post(b"", path="/api/v1/endpoints/core_web/external").status_code == 400


def test_grafanas_older_form_resolves_by_its_rule(acme: Company) -> None:
    grafana = sender("grafana")
    rule = {"ruleId": 7, "ruleName": "CPU", "state": "alerting", "message": "CPU is high", "evalMatches": [{"value": 99}]}
    grafana.post(rule)
    assert grafana.open() == {"rule 7": "critical"}
    grafana.post({**rule, "state": "ok", "evalMatches": []})
    assert grafana.open() == {}


def test_a_rule_grafana_cannot_evaluate_is_not_known(acme: Company) -> None:
    grafana = sender("grafana")
    grafana.post({"alerts": [{"status": "firing", "labels": {"alertname": "DatasourceError", "severity": "critical"}}]})
    assert list(grafana.open().values()) == ["unknown"]


def test_a_door_nobody_built_is_not_found(acme: Company) -> None:
    assert sender("telepathy").post({}).status_code == 404


@pytest.mark.parametrize("kind", ["alertmanager", "zabbix", "uptimekuma", "pagerduty", "opsgenie", "icinga", "grafana"])
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 60_000, b"[1]", b'{"alerts": 1}', b'{"a": ' + b"9" * 9000 + b"}"])
def test_what_nobody_can_read_is_kept_and_refused(acme: Company, kind: str, body: bytes) -> None:
    stranger = sender(kind)
    assert stranger.post(body).status_code == 400
    assert RawBody.objects.get().problem
    assert Result.objects.count() == 0
