"""The HTTP probe at a real server."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.probes.catalogue import PROBES
from tests.monitoring.probes.looking import certificate, free_port, look, tcp_server, told, values, web_server
from tests.patience import soon

PAGE = b'{"state": "fine", "queue": {"waiting": [{"count": 7}]}}'


def page(_path: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, PAGE


def test_a_page_that_answers_is_well_and_every_phase_is_timed() -> None:
    with web_server(page) as url:
        result = told("http", url=url)
    assert result["status"] == "ok"
    assert {m["name"] for m in result["metrics"]} == {"dns_s", "connect_s", "first_byte_s", "total_s", "size"}
    assert all(m["value"] >= 0 for m in result["metrics"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"expect": "204"}, "answered 200, expected 204"),
        ({"contains": "broken"}, "does not contain"),
        ({"lacks": "fine"}, "contains “fine”"),
        ({"pattern": "^never"}, "does not match"),
        ({"json_path": "state", "json_value": "bad"}, "state is fine, expected bad"),
        ({"json_path": "nothing.here"}, "nothing at nothing.here"),
    ],
)
def test_what_is_asked_of_the_answer_is_looked_at(given: dict[str, Any], words: str) -> None:
    with web_server(page) as url:
        result = told("http", url=url, **given)
    assert result["status"] == "critical"
    assert words in result["summary"]


def test_a_number_in_the_json_is_a_figure_with_thresholds() -> None:
    with web_server(page) as url:
        result = told("http", url=url, json_path="queue.waiting[0].count", thresholds="json_value 5 50")
    assert result["status"] == "warning"
    assert "json_value 7, warning at 5" in result["summary"]


def test_a_closed_port_is_critical_and_says_so() -> None:
    result = told("http", url=f"http://127.0.0.1:{free_port()}/")
    assert (result["status"], result["metrics"]) == ("critical", [])
    assert "refused" in result["summary"].lower()


def test_a_self_signed_certificate_is_refused_and_when_taken_its_days_count(tmp_path: Path) -> None:
    tls = certificate(tmp_path, until=datetime.now(UTC) + timedelta(days=10, hours=1))
    with web_server(page, tls=tls) as url:
        refused = told("http", url=url)
        taken = told("http", url=url, verify=False, now=datetime.now(UTC))
    assert refused["status"] == "critical"
    assert "certificate" in refused["summary"].lower()
    assert taken["status"] == "warning"
    assert "certificate_days 10.04" in taken["summary"]


def test_a_server_that_drips_bytes_is_cut_at_the_total_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(line: Any) -> None:
        line.recv(1000)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            line.sendall(b"x")
            time.sleep(0.1)

    monkeypatch.setitem(PROBES, "http", replace(PROBES["http"], deadline_s=0.6))
    with tcp_server(drip) as port, soon(8):  # all of it would take ten
        found = look("http", url=f"http://127.0.0.1:{port}/")
    assert ("critical", "no answer within 0.6 s") in found.faults


def test_endless_redirects_end() -> None:
    with web_server(lambda path: (302, {"Location": path + "x"}, b"")) as url:
        assert look("http", url=url).faults == [("critical", "more than 5 redirects")]


def test_a_port_that_talks_is_heard_and_a_silent_one_is_not() -> None:
    with tcp_server(lambda line: line.sendall(b"220 mx.example ESMTP\r\n")) as port:
        good = look("tcp", host="127.0.0.1", port=port, expect="220 ")
        bad = look("tcp", host="127.0.0.1", port=port, expect="HTTP/")
    assert (good.faults, list(values(good))) == ([], ["connect_s"])
    assert "expected 'HTTP/'" in bad.faults[0][1]


@pytest.mark.parametrize(("days", "status"), [(30, "ok"), (10, "warning"), (3, "critical"), (-2, "critical")])
def test_a_certificates_days_are_counted(tmp_path: Path, days: int, status: str) -> None:
    tls = certificate(tmp_path, until=datetime.now(UTC) + timedelta(days=days))
    with web_server(page, tls=tls) as url:
        port = int(url.rpartition(":")[2])
        assert told("tls", host="127.0.0.1", port=port, verify=False, now=datetime.now(UTC))["status"] == status
        untrusted = told("tls", host="127.0.0.1", port=port, now=datetime.now(UTC))
    assert untrusted["status"] == "critical"
    assert [m["name"] for m in untrusted["metrics"]] == ["handshake_s", "certificate_days"]
