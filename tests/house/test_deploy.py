"""What is shipped to run the desk agrees with the desk: names of settings and commands, and nothing weaker than it was."""

from __future__ import annotations

import configparser
import contextlib
import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from servicedesk import env
from tests.e2e.client import free_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "User": "servicedesk",
    "UMask": "0077",
}
THEIRS = {"database", "broker", "proxy"}
OURS_IN_ENTRYPOINT = {"web", "worker-page", "worker-bulk", "mail", "alive"}


def unit(path: Path) -> dict[str, str]:
    """The [Service] section; of a directive given twice the last."""
    read = configparser.RawConfigParser(strict=False, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(path.read_text())
    return dict(read["Service"])


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())  # type: ignore[no-any-return]


def commands(text: str) -> Iterator[str]:
    yield from re.findall(r"manage\.py ([a-z_]+)", text)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_hardened_and_starts_what_there_is(path: Path) -> None:
    said = unit(path)
    assert {name: said.get(name) for name in HARDENED} == HARDENED
    assert set(commands(said["ExecStart"])) <= set(get_commands())
    names = re.findall(r"([A-Z_]+)=", said.get("Environment", ""))
    assert all(env.known(name) for name in names), names


def test_the_target_wants_units_that_are_shipped() -> None:
    [wanted] = re.findall(r"^Wants=(.*)$", (DEPLOY / "systemd/servicedesk.target").read_text(), re.MULTILINE)
    shipped = {path.name for path in UNITS}
    assert {re.sub(r"@[a-z]+\.", "@.", name) for name in wanted.split()} <= shipped


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_itself_finds_little_exposure(path: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_every_container_of_ours_is_shut_in(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        if name not in THEIRS:
            assert (service["read_only"], service["user"]) == (True, "10001:10001"), name
    reached = {name for name, service in compose["services"].items() if service.get("ports")}
    assert reached == {"proxy"}
    assert compose["networks"]["inside"]["internal"] is True


def test_compose_sets_what_the_desk_knows_and_keeps_secrets_in_files(compose: dict[str, Any]) -> None:
    ours = [service for name, service in compose["services"].items() if name not in THEIRS]
    for service in ours:
        assert all(env.known(name) for name in service["environment"])
        assert not {"SECRET_KEY", "FIELD_KEYS", "DATABASE_URL"} & set(service["environment"])
        assert service["command"][0] in {*OURS_IN_ENTRYPOINT, *get_commands()}
    named = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    assert named == set(compose["secrets"])


def test_the_databases_release_is_one_the_images_pg_dump_reads(compose: dict[str, Any]) -> None:
    [base] = set(re.findall(r"^FROM python:3\.11-slim-(\w+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    shipped = {"bookworm": 15, "trixie": 17}[base]
    assert int(re.findall(r"postgres:(\d+)", compose["services"]["database"]["image"])[0]) <= shipped


def test_the_broker_never_throws_a_bell_away(compose: dict[str, Any]) -> None:
    command = compose["services"]["broker"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_a_proxys_word_is_believed_only_from_its_own_network(compose: dict[str, Any]) -> None:
    [front] = compose["networks"]["front"]["ipam"]["config"]
    assert compose["services"]["web"]["environment"]["TRUSTED_PROXIES"] == front["subnet"]


def test_the_image_runs_as_nobody_and_pins_what_it_installs() -> None:
    words = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)$", words, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in words
    assert all(":" in image for image in re.findall(r"^FROM (\S+)", words, re.MULTILINE))
    assert not re.search(r"^ADD |:latest|--privileged|sudo", words, re.MULTILINE)
    assert set(re.findall(r"^    ?([A-Z_]+)=", words, re.MULTILINE)) <= env.KNOWN | {"PATH", "PIP_NO_CACHE_DIR"}


def test_the_entrypoint_is_a_sound_script() -> None:
    path = DEPLOY / "entrypoint.sh"
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    for name in OURS_IN_ENTRYPOINT:
        assert re.search(rf"^{name}\)", path.read_text(), re.MULTILINE), name


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Host"])
def test_nginx_replaces_what_a_client_could_forge(header: str) -> None:
    said = re.findall(rf"proxy_set_header {header} (.*);", (DEPLOY / "nginx.conf").read_text())
    assert len(said) == 1
    assert "$http_" not in said[0]
    assert "proxy_add_x_forwarded_for" not in said[0]


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_a_proxys_log_has_no_secret_of_a_path(name: str) -> None:
    words = (DEPLOY / name).read_text()
    [found] = set(re.findall(r"\^\(\??(?:\?<start>)?(/\(a\|[^\"]+?\)/)\)", words))
    for path in (
        "/a/7Kq2mX9dR4",
        "/in/grafana/msd_x/",
        "/ping/0-0",
        "/api/push/tok",
        "/hooks/twilio/voice/tok/",
        "/login/reset/1-x/",
        "/oncall/feed/s.ics",
    ):
        assert re.match(found, path), path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """What the engine writes each minute."""
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "index.html").write_text("the page")
    (tmp_path / "status" / "feed.atom").write_text("the feed")
    return tmp_path


def read(port: int, path: str) -> tuple[int, str]:
    for _try in range(100):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as line, contextlib.suppress(OSError):
            line.request("GET", path, headers={"Host": "desk.example.org"})
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        time.sleep(0.1)
    raise AssertionError("the proxy did not start")


def shows_what_was_kept(port: int) -> bool:
    found = [read(port, path) for path in ("/status/", "/status/incident/7/", "/status/feed.atom")]
    return found == [(200, "the page"), (200, "the page"), (200, "the feed")] and read(port, "/login/")[0] == 502


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")
def test_caddy_shows_the_status_page_of_a_stopped_desk(kept: Path) -> None:
    port = free_port()
    (kept / "Caddyfile").write_text((DEPLOY / "Caddyfile").read_text().replace("root * /status", f"root * {kept / 'status'}"))
    given = {**os.environ, "SITE_URL": f"http://127.0.0.1:{port}", "UPSTREAM": "127.0.0.1:1", "HOME": str(kept)}
    words = (kept / "Caddyfile").read_text().replace("{$SITE_URL} {", f"http://:{port} {{")
    (kept / "Caddyfile").write_text("{\n\tadmin off\n}\n" + words)
    with subprocess.Popen(["caddy", "run", "--config", kept / "Caddyfile", "--adapter", "caddyfile"], env=given) as caddy:
        try:
            assert shows_what_was_kept(port)
        finally:
            caddy.terminate()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
def test_nginx_shows_the_status_page_of_a_stopped_desk(kept: Path) -> None:
    port = free_port()
    words = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", "127.0.0.1:1").replace("/var/lib/servicedesk", str(kept))
    words = words.replace("/var/log/nginx/desk.log", str(kept / "desk.log"))
    before, _bar, desk = words.partition("# another name, or none")  # without its certificate, on a port of the test
    site = desk[desk.index("server {", desk.index("ssl_reject_handshake")) :]
    site = re.sub(r"\n +(listen|ssl_\w+)[^\n]*", "", site).replace("server {", f"server {{\n    listen 127.0.0.1:{port};", 1)
    head = before[: before.index("server {\n    listen 80")]
    frame = f"daemon off; user root; pid {kept}/pid; error_log {kept}/errors; events {{}}"
    (kept / "nginx.conf").write_text(f"{frame} http {{ proxy_temp_path {kept}/proxy; types {{ text/html html; }} {head} {site} }}")
    with subprocess.Popen(["nginx", "-c", kept / "nginx.conf"]) as nginx:
        try:
            assert shows_what_was_kept(port)
        finally:
            nginx.terminate()
