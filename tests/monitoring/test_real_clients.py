"""The real programs on loopback, as an owner sets them up: change the address, keep the sender. Skipped where one is absent."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from monitoring.models import Alert, Check, CheckState, RawBody
from tests.actors import signed_in
from tests.monitoring.doors import sender
from tests.monitoring.programs import program, running, soon
from tests.servicedesk.test_up import free_port

pytestmark = pytest.mark.django_db(transaction=True)

RULES = "groups: [{name: g, interval: 1s, rules: [{alert: DiskFull, expr: 'vector(1) > 0', labels: {severity: critical}}]}]"
PROMETHEUS = """
global: {{evaluation_interval: 1s, scrape_interval: 1s}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{authorization: {{credentials: "{token}"}}, static_configs: [{{targets: ["{host}"]}}]}}]}}
"""
ALERTMANAGER = """
route: {{receiver: desk, group_wait: 0s, group_interval: 1s, group_by: [alertname]}}
receivers:
- name: desk
  webhook_configs: [{{url: "{url}/in/alertmanager/", http_config: {{authorization: {{credentials: "{token}"}}}}}}]
"""
MONIT = """
set daemon 1
set pidfile {folder}/pid
set idfile {folder}/id
set statefile {folder}/state
set mmonit http://any:{token}@{host}/in/monit/
set httpd port {port} and use address 127.0.0.1 allow any:any
check host closed with address 127.0.0.1
  if failed port {closed} then alert
"""


def host(live_server: Any) -> str:
    return str(live_server.url).removeprefix("http://")


def test_prometheus_pointed_at_us_as_its_alertmanager(live_server: Any, tmp_path: Path) -> None:
    path, desk = program("prometheus"), sender("alertmanager")
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "p.yml").write_text(PROMETHEUS.format(token=desk.token, host=host(live_server)))
    listen = f"--web.listen-address=127.0.0.1:{free_port()}"
    again = "--rules.alert.resend-delay=1s"  # the first alert may come before it has found us
    with running(path, f"--config.file={tmp_path}/p.yml", f"--storage.tsdb.path={tmp_path}/data", listen, again, folder=tmp_path):
        soon(desk.open, tmp_path)
    (name,) = desk.open()
    assert name.startswith("DiskFull ")
    assert Alert.objects.open().get().status == "critical"


def test_alertmanager_by_its_webhook_fires_and_resolves(live_server: Any, tmp_path: Path) -> None:
    path, desk, port = program("prometheus-alertmanager"), sender("alertmanager"), free_port()
    (tmp_path / "a.yml").write_text(ALERTMANAGER.format(url=live_server.url, token=desk.token))
    where = [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", f"--storage.path={tmp_path}/data"]
    alerts, labels = f"http://127.0.0.1:{port}/api/v2/alerts", {"alertname": "Slow", "severity": "warning"}
    with running(path, f"--config.file={tmp_path}/a.yml", *where, folder=tmp_path):
        soon(lambda: _posted(alerts, {"labels": labels}), tmp_path)
        soon(lambda: list(desk.open().values()) == ["warning"], tmp_path)
        _posted(alerts, {"labels": labels, "endsAt": "2020-01-01T00:00:00Z"})
        soon(lambda: not desk.open(), tmp_path)
    assert RawBody.objects.filter(problem="").count() >= 2


def _posted(url: str, alert: dict[str, Any]) -> bool:
    try:
        return requests.post(url, json=[alert], timeout=5).ok
    except requests.ConnectionError:
        return False


def test_monit_as_to_its_mmonit(live_server: Any, tmp_path: Path) -> None:
    path, desk = program("monit"), sender("monit")
    given = {"folder": tmp_path, "token": desk.token, "host": host(live_server), "port": free_port(), "closed": free_port()}
    (tmp_path / "monitrc").write_text(MONIT.format(**given))
    (tmp_path / "monitrc").chmod(0o600)
    with running(path, "-I", "-c", str(tmp_path / "monitrc"), folder=tmp_path):
        soon(desk.open, tmp_path)
    (name,) = desk.open()
    assert name.endswith("closed connection")


FAIL2BAN = {
    "fail2ban.conf": "[Definition]\nloglevel = INFO\nlogtarget = {folder}/f2b.log\ndbfile = None\nallowipv6 = auto\n",
    "jail.conf": "[desk]\nenabled = true\nfilter = desk\nlogpath = {folder}/auth.log\nbackend = polling\nmaxretry = 3\naction = desk\n",
    "filter.d/desk.conf": "[Definition]\nfailregex = ^ host sshd: Failed password for \\S+ from <HOST>$\n",
    "action.d/desk.conf": "[Definition]\nactionban = {curl} warning\nactionunban = {curl} ok\n",
}
BAN = r"""
#!/bin/sh
curl -fsS -m 10 -H "Authorization: Bearer {token}" -H "Content-Type: application/json" {url}/in/results/ -d @- <<BODY
[{{"check": "fail2ban $1 $2", "status": "$3", "summary": "banned", "labels": {{"suspect": "$2"}}}}]
BODY
"""


def test_fail2ban_tells_whom_it_bans_and_lets_go(live_server: Any, tmp_path: Path) -> None:
    path, desk = program("fail2ban-server"), sender("results")
    client = program("fail2ban-client")
    tell = tmp_path / "tell"
    tell.write_text(BAN.format(token=desk.token, url=live_server.url).lstrip())
    tell.chmod(0o700)
    for name, words in FAIL2BAN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(words.format(folder=tmp_path, curl=f"{tell} <name> <ip>"))
    (tmp_path / "auth.log").write_text("")
    where = ["-c", str(tmp_path), "-s", f"{tmp_path}/sock", "-p", f"{tmp_path}/pid"]
    with running(path, "-f", *where, "start", folder=tmp_path):
        soon(lambda: subprocess.run([client, *where, "status", "desk"], check=False, capture_output=True).returncode == 0, tmp_path)
        with (tmp_path / "auth.log").open("a") as log:
            log.writelines(f"{time.strftime('%b %d %H:%M:%S')} host sshd: Failed password for root from 203.0.113.9\n" for _ in range(4))
        soon(lambda: desk.open() == {"fail2ban desk 203.0.113.9": "warning"}, tmp_path)
        subprocess.run([client, *where, "set", "desk", "unbanip", "203.0.113.9"], check=True, capture_output=True)
        soon(lambda: not desk.open(), tmp_path)
    assert Check.objects.get(slug="fail2ban desk 203.0.113.9").is_passing


def test_pagerdutys_own_client_triggers_and_resolves(live_server: Any) -> None:
    pagerduty = pytest.importorskip("pagerduty")
    desk = sender("pagerduty")
    client = pagerduty.EventsApiV2Client(desk.token)
    client._url = live_server.url  # it takes https alone, which a desk in the world has
    with client:
        key = client.trigger("Disk is full", "fs-02", severity="critical")
        assert list(desk.open().values()) == ["critical"]
        client.resolve(key)
        assert desk.open() == {}


def test_opsgenies_own_client_creates_and_closes(live_server: Any) -> None:
    opsgenie = pytest.importorskip("opsgenie_sdk")
    desk = sender("opsgenie")
    settings = opsgenie.configuration.Configuration()
    settings.host, settings.api_key["Authorization"], settings.api_key_prefix["Authorization"] = live_server.url, desk.token, "GenieKey"
    alerts = opsgenie.AlertApi(opsgenie.api_client.ApiClient(configuration=settings))
    alerts.create_alert(opsgenie.CreateAlertPayload(message="Disk is full", alias="fs-02 disk", priority="P1"))
    assert list(desk.open().values()) == ["critical"]
    alerts.close_alert("fs-02 disk", identifier_type="alias", close_alert_payload=opsgenie.CloseAlertPayload())
    assert desk.open() == {}
    alerts.api_client.rest_client.pool_manager.clear()


def test_healthchecks_own_client_pings_a_heartbeat(live_server: Any) -> None:
    healthchecks = pytest.importorskip("healthchecks_io")
    desk = sender("healthchecks", ping_key="key-1")
    check = Check.objects.create(source=desk.source, slug="nightly", kind="heartbeat", period_s=86_400, created_at="2026-11-23T08:00:00Z")
    with healthchecks.Client(ping_key="key-1", ping_url=f"{live_server.url}/ping/") as client:
        assert client.success_ping(uuid=str(check.ping_id))[0]
        assert CheckState.objects.get(check_ref=check).status == "ok"
        client.fail_ping(slug="nightly")
        assert CheckState.objects.get(check_ref=check).status == "critical"


def test_what_a_real_program_sent_stands_in_the_inbox(live_server: Any, tmp_path: Path, django_user_model: Any) -> None:
    test_alertmanager_by_its_webhook_fires_and_resolves(live_server, tmp_path)
    reader = django_user_model.objects.create(username="ana", name="Ana", email="ana@acme.example", created_at="2026-11-23T08:00:00Z")
    reader.grants.create(role="agent")
    page = signed_in(reader).get("/inbox/?show=alertmanager").content.decode()
    assert "Slow" in page
    assert "1 signal" in page
