"""More senders, each in its own words: what opens, what closes, what is only kept."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from monitoring import intake
from monitoring.models import Check, RawBody, Result
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.monitoring.doors import sender

MONIT = """<?xml version="1.0" encoding="ISO-8859-1"?><monit id="f2dc61e6c627" version="5.33.0"><server><localhostname>web-1</localhostname>
</server><services><service name="nginx"><status>32</status></service></services><event><collected_sec>{at}</collected_sec>
<collected_usec>5</collected_usec><service>nginx</service><type>3</type><id>32</id><state>{state}</state><action>1</action>
<message><![CDATA[caf\xe9 refused]]></message></event></monit>"""
METRICS = 'queue_length{queue="mail"} 7\nqueue_length{queue="sms"} NaN\nrss_bytes +Inf\nlat_bucket{le="1"} 3\n'


def test_netdata_warns_and_clears_and_a_removed_alarm_is_no_recovery(acme: Company) -> None:
    netdata = sender("netdata")
    said = '{{"alert": "disk", "alarm_id": 7, "host": "db-1", "date": "1764000{n}", "info": "full", "severity": {word}, "value": null}}'
    netdata.post(said.format(n="100", word="CRITICAL"))
    assert netdata.open() == {"db-1 alarm 7": "critical"}
    netdata.post(said.format(n="200", word='"REMOVED"'))
    assert netdata.open() == {"db-1 alarm 7": "critical"}
    netdata.post(said.format(n="300", word="CLEAR"))
    assert netdata.open() == {}


def test_wazuh_is_quiet_for_an_hour_and_over(acme: Company) -> None:
    wazuh = sender("wazuh")
    alert = {
        "rule": {"id": "5712", "level": 10, "description": "sshd: brute force"},
        "agent": {"name": "web-1"},
        "data": {"srcip": "1.2.3.4"},
    }
    wazuh.post("\n".join(json.dumps({**alert, "id": n}) for n in range(3)))
    assert wazuh.open() == {"rule 5712 web-1 1.2.3.4": "critical"}
    Check.objects.update(created_at=NINE)
    intake.close_due(now=Result.objects.latest("pk").received_at + timedelta(hours=2))
    assert wazuh.open() == {}


def test_falcos_own_trouble_is_one_whatever_its_numbers(acme: Company) -> None:
    falco = sender("falco")
    for drops in (5, 9):
        falco.post(
            {"rule": "Falco internal: syscall event drop", "priority": "Debug", "hostname": "h", "output_fields": {"n_drops": drops}}
        )
    falco.post(
        {"rule": "Write below /bin", "priority": "Error", "hostname": "h", "output_fields": {"proc.name": "touch", "user.name": "root"}}
    )
    assert falco.open() == {"Falco internal: syscall event drop h": "warning", "Write below /bin h touch root": "critical"}


def test_monit_opens_and_closes_by_service_and_event(acme: Company) -> None:
    monit = sender("monit")
    for state, at, expected in ((1, 1763884000, {"web-1 f2dc61e6 nginx connection": "critical"}), (0, 1763884060, {})):
        body = gzip.compress(MONIT.format(state=state, at=at).encode("latin-1"))
        monit.post(body, form="text/xml", **{"Content-Encoding": "gzip"})
        assert monit.open() == expected
    assert "café refused" in Result.objects.earliest("pk").summary


@pytest.mark.parametrize("evil", ['<!DOCTYPE m [<!ENTITY a "aa">]>', '<!ENTITY % x SYSTEM "file:///etc/passwd">'])
def test_xml_with_a_document_type_is_refused_and_kept(acme: Company, evil: str) -> None:
    monit = sender("monit")
    body = MONIT.format(state=1, at=1).replace("<monit", evil + "<monit", 1).encode("latin-1")
    assert monit.post(body, form="text/xml").status_code == 400
    assert "document type" in RawBody.objects.get().problem
    assert monit.post("<monit/>".encode("utf-16"), form="text/xml").status_code == 400


@pytest.mark.parametrize("body", [{"group": "core", "endpoint": "web"}, {"text": "{}: core - web - it is down"}])
def test_gatus_by_its_own_body_or_by_one_text(acme: Company, body: dict[str, str]) -> None:
    gatus = sender("gatus")
    for state, expected in (("TRIGGERED", {"core_web": "critical"}), ("RESOLVED", {})):
        gatus.post({name: said.format(state) for name, said in body.items()} | ({} if "text" in body else {"state": state}))
        assert gatus.open() == expected


def test_librenms_alerts_acknowledges_and_recovers(acme: Company) -> None:
    libre = sender("librenms")
    alert = {"hostname": "sw-1", "rule_id": "13", "name": "Port down", "title": "Port down", "severity": "critical", "id": "3"}
    for state, expected in (("1", {"sw-1 rule 13": "critical"}), ("2", {"sw-1 rule 13": "critical"}), ("0", {})):
        libre.post({**alert, "state": state, "timestamp": f"2026-11-23 09:0{state}:00"})
        assert libre.open() == expected


def test_splunk_and_graylog_find_and_are_over_in_a_day(acme: Company) -> None:
    splunk, graylog = sender("splunk"), sender("graylog")
    splunk.post({"search_name": "sudo", "sid": "x", "result": {"host": "web-1", "_raw": "root"}})
    graylog.post({"event_definition_id": "d1", "event_definition_title": "Errors", "event": {"priority": 3, "message": "many", "key": "k"}})
    assert (splunk.open(), graylog.open()) == ({"sudo web-1": "warning"}, {"event d1 k": "critical"})


def test_alertas_correlated_events_are_one_trouble(acme: Company) -> None:
    alerta = sender("alerta")
    alert = {"resource": "router55", "environment": "Production", "correlate": ["node_down", "node_up"], "timeout": 60}
    alerta.post({**alert, "event": "node_down", "severity": "major"}, path="/in/alerta/alert", Authorization=f"Key {alerta.token}")
    assert list(alerta.open().values()) == ["critical"]
    alerta.post({**alert, "event": "node_up", "severity": "normal"})
    assert alerta.open() == {}


@pytest.mark.parametrize("mode", ["structured", "binary", "batch"])
def test_cloudevents_in_each_mode_and_an_event_is_heard_once(acme: Company, mode: str) -> None:
    cloud = sender("cloudevents")
    event: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/disk", "type": "com.acme.disk.failed", "subject": "db-1"}
    for _twice in range(2):
        if mode == "binary":
            cloud.post({"summary": "Disk failed"}, **{f"ce-{name}": said for name, said in event.items()})
        else:
            cloud.post([event] if mode == "batch" else event, form=f"application/cloudevents{'-batch' if mode == 'batch' else ''}+json")
    assert (cloud.open(), Result.objects.count()) == ({"/disk db-1": "critical"}, 1)
    cloud.post({**event, "id": "2", "type": "com.acme.disk.recovered"})
    assert cloud.open() == {}


def test_an_event_that_says_nothing_of_a_state_is_only_kept(acme: Company) -> None:
    cloud = sender("cloudevents")
    answer = cloud.post({"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.acme.order.created"})
    assert (answer.json()["accepted"], RawBody.objects.count()) == (0, 1)


def test_pushed_series_are_judged_by_our_thresholds_and_what_is_no_number_is_left_out(acme: Company) -> None:
    prometheus = sender("prometheus")
    prometheus.post(METRICS, form="text/plain")
    check = Check.objects.get(source=prometheus.source)
    assert (check.slug, prometheus.open()) == ("queue_length{queue=mail}", {})
    check.thresholds.create(metric="queue_length", crit="5")
    prometheus.post(METRICS, form="text/plain")
    assert prometheus.open() == {"queue_length{queue=mail}": "critical"}


def test_a_page_of_thousands_of_series_is_refused_until_the_wanted_ones_are_named(acme: Company) -> None:
    bomb = "".join(f'requests{{id="{n}"}} 1\n' for n in range(3000)) + "up 1\n"
    prometheus = sender("prometheus")
    assert prometheus.post(bomb, form="text/plain").status_code == 413
    prometheus.source.mapping = {"series": ["up"]}
    prometheus.source.save(update_fields=["mapping"])
    assert prometheus.post(bomb, form="text/plain").json()["accepted"] == 1
    assert Check.objects.filter(source=prometheus.source).count() == 1


def test_otlp_numbers_are_series_and_errors_are_alerts(acme: Company) -> None:
    otlp = sender("otlp")
    about = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    points = [{"asInt": "5", "attributes": []}, {"asDouble": "NaN"}]
    otlp.post({"resourceMetrics": [{"resource": about, "scopeMetrics": [{"metrics": [{"name": "q", "gauge": {"dataPoints": points}}]}]}]})
    assert Check.objects.get(source=otlp.source).slug == "q{service.name=shop}"
    for number in (17, 42):
        record = {"severityNumber": 17, "body": {"stringValue": f"order {number} failed"}}
        otlp.post({"resourceLogs": [{"resource": about, "scopeLogs": [{"logRecords": [record]}]}]}, path="/in/otlp/v1/logs")
    assert list(otlp.open().values()) == ["warning"]


# The generic door

MAPPING = {
    "items": "alerts",
    "check": "meta.name",
    "status": "state",
    "severity": "prio",
    "summary": "text",
    "service": "/app",
    "value": "n.0",
}


def test_any_json_is_read_by_a_mapping(acme: Company) -> None:
    generic = sender("generic", mapping=MAPPING)
    alert = {"meta.name": "disk", "state": "FAILED", "prio": "minor", "text": "full", "n": [97.5]}
    generic.post({"app": "Email", "alerts": [alert, {"meta": {"name": "cpu"}, "state": "healthy"}]})
    assert generic.open() == {"disk": "warning"}
    result = Result.objects.get(status="warning")
    assert (result.summary, result.metrics, Check.objects.get(slug="disk").service.slug) == (
        "full",
        [{"name": "value", "value": 97.5}],
        "email",
    )
    generic.post({"alerts": [{**alert, "state": "resolved"}]})
    assert generic.open() == {}


def test_what_the_mapping_does_not_find_is_named_with_its_place(acme: Company) -> None:
    generic = sender("generic", mapping=MAPPING)
    answer = generic.post({"alerts": [{"meta": {"name": "x"}, "state": "ok"}, {"meta": {}, "state": 1}]})
    assert [error["field"] for error in answer.json()["errors"]] == ["alerts[1].meta.name"]
    assert Result.objects.count() == 0


def test_without_a_mapping_the_body_waits_for_one(acme: Company) -> None:
    answer = sender("generic").post({"a": 1})
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"mapping.check", "mapping.status"}
    assert RawBody.objects.count() == 1


# Pings by key and name


def test_a_heartbeat_is_pinged_by_its_sources_key_and_its_name(acme: Company) -> None:
    source = sender("healthchecks", ping_key="k" * 22).source
    check = Check.objects.create(source=source, slug="nightly-backup", kind="heartbeat", created_at=NINE)
    client = Client()
    assert client.get(f"/ping/{'k' * 22}/nightly-backup/start").content == b"OK"
    assert client.post(f"/ping/{'k' * 22}/nightly-backup/3", b"no space", content_type="text/plain").status_code == 200
    assert list(Result.objects.filter(check_id=check.pk).order_by("pk").values_list("summary", flat=True)) == ["start", "3"]
    for wrong in (f"{'k' * 22}/other", f"{'x' * 22}/nightly-backup", "/nightly-backup"):
        assert client.get(f"/ping/{wrong}").status_code == 404
