"""Access logs, metrics pages, plugins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from monitoring.probes import tailing
from monitoring.probes.accesslog import percentile
from monitoring.probes.catalogue import PROBES
from tests.actors import NINE
from tests.monitoring.probes.looking import look, told, values, web_server
from tests.patience import soon

MINUTE = timedelta(minutes=1)


def line(status: int = 200, took: str = "0.100", address: str = "198.51.100.7") -> str:
    return f'{address} - - [23/Nov/2026:09:00:00 +0100] "GET / HTTP/1.1" {status} 500 "-" "curl/8" {took}\n'


def after_a_minute(log: Path, lines: str, **given: Any) -> Any:
    """The figures of lines written between two runs a minute apart."""
    log.touch()
    first = look("accesslog", file=str(log), **given)
    with log.open("a") as file:
        file.write(lines)
    return look("accesslog", file=str(log), memory=first.memory, now=NINE + MINUTE, **given)


def test_requests_times_and_errors_come_from_the_log(tmp_path: Path) -> None:
    lines = "".join(line(500 if n % 10 == 0 else 200, f"0.{n:03}") for n in range(600))
    found = values(after_a_minute(tmp_path / "access.log", lines))
    assert (found["requests_per_s"], found["server_errors_percent"]) == (10, 10)
    assert (found["p50_s"], found["p95_s"], found["p99_s"]) == (0.299, 0.569, 0.593)


def test_a_share_of_few_requests_alarms_nobody(tmp_path: Path) -> None:
    found = after_a_minute(tmp_path / "access.log", line(500) * 3)
    assert values(found)["server_errors_percent"] == 100
    assert next(one for one in found.readings if one.figure == "server_errors_percent").crit == ""


def test_microseconds_of_apache_are_seconds_too(tmp_path: Path) -> None:
    assert values(after_a_minute(tmp_path / "access.log", line(took="250000")))["p50_s"] == 0.25


def test_lines_without_a_time_say_what_to_log(tmp_path: Path) -> None:
    found = after_a_minute(tmp_path / "access.log", line(took=""))
    assert "Add $request_time" in found.missing[0].remedy


def test_hostile_lines_are_counted_and_harm_nothing(tmp_path: Path) -> None:
    evil = '1.1.1.1 - - [x] "GET /' + "A" * 100_000 + '" 200 1\n' + "\x00\xff garbage\n" + line() + 'x "\\" \\"" [[[\n'
    found = after_a_minute(tmp_path / "access.log", evil)
    assert values(found)["requests_per_s"] == pytest.approx(1 / 60)
    assert "of 4 lines were not understood" in found.notes[0]


def test_a_log_that_may_not_be_read_is_unknown_with_the_remedy(tmp_path: Path) -> None:
    result = told("accesslog", file=str(tmp_path / "no.log"))
    assert result["status"] == "unknown"
    assert "usermod -aG adm" in result["summary"]


def test_rotation_loses_no_line_and_truncation_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("one\ntwo\nhal")
    first = tailing.read(log, {})
    with log.open("a") as file:
        file.write("f\nthree\n")
    log.rename(tmp_path / "app.log.1")
    log.write_text("four\n")
    second = tailing.read(log, first.cursor)
    assert (first.lines, second.lines) == (["one", "two"], ["half", "three", "four"])
    log.write_text("5\n")
    assert tailing.read(log, second.cursor).lines == ["5"]
    assert tailing.read(log, tailing.read(log, second.cursor).cursor).lines == []


def test_too_much_at_once_is_passed_over_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tailing, "MOST_BYTES", 100)
    log = tmp_path / "app.log"
    log.write_text("x" * 9 + "\n")
    cursor = tailing.read(log, {}).cursor
    with log.open("a") as file:
        file.write("y" * 9 + "\n")
        file.write(("z" * 9 + "\n") * 20)
    assert tailing.read(log, cursor).skipped == 110


def test_percentiles_are_nearest_ranks() -> None:
    assert [percentile([1, 2, 3, 4], p) for p in (0, 50, 51, 99)] == [1, 2, 3, 4]


PAGE = b"""# TYPE queue_length gauge
queue_length{queue="mail"} 12
queue_length{queue="sms"} 3
# TYPE requests_total counter
requests_total 1000
# TYPE broken gauge
broken NaN
"""


def test_named_figures_of_a_metrics_page_are_judged() -> None:
    with web_server(lambda _path: (200, {}, PAGE)) as url:
        result = told("prometheus", url=url, figures="queue_length 10 20")
    assert result["status"] == "warning"
    assert 'value queue_length{queue="mail"} 12, warning at 10' in result["summary"]


def test_a_counter_is_a_rate_and_what_is_not_there_is_unknown() -> None:
    pages = [PAGE, PAGE.replace(b"1000", b"1600")]
    with web_server(lambda _path: (200, {}, pages[0])) as url:
        first = look("prometheus", url=url, figures="requests_total - 5")
        pages.pop(0)
        second = look("prometheus", url=url, figures="requests_total - 5", memory=first.memory, now=NINE + MINUTE)
        absent = told("prometheus", url=url, figures="gone\nbroken")
    assert values(second)["value requests_total"] == 10
    assert absent["status"] == "unknown"
    assert "gone cannot be read" in absent["summary"]
    assert "broken cannot be read" in absent["summary"]


def test_a_page_that_is_no_metrics_page_is_unknown() -> None:
    with web_server(lambda _path: (200, {}, b"<html>{{{")) as url:
        assert told("prometheus", url=url, figures="up")["status"] == "unknown"


def plugin(folder: Path, text: str, name: str = "check_it") -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def run(folder: Path, **given: Any) -> dict[str, Any]:
    with override_settings(PROBE_PLUGIN_DIR=str(folder)):
        return told("plugin", **{"plugin": "check_it", **given})


@pytest.mark.parametrize(("code", "status"), [(0, "ok"), (1, "warning"), (2, "critical"), (3, "unknown"), (127, "unknown")])
def test_exit_codes_are_states(tmp_path: Path, code: int, status: str) -> None:
    plugin(tmp_path, f"echo 'LOAD fine | load1=0.5;1;2'; exit {code}")
    result = run(tmp_path)
    assert (result["status"], result["metrics"]) == (status, [{"name": "value load1", "value": 0.5}])
    assert "LOAD fine" in result["summary"]


def test_no_shell_reads_the_arguments_and_no_secret_reaches_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    plugin(tmp_path, 'echo "$1 $2 [$SECRET_KEY]"')
    assert run(tmp_path, arguments="'a b' $(id);rm")["summary"] == "a b $(id);rm []"


@pytest.mark.parametrize("name", ["../bin/sh", "/bin/sh", "link", "check_it;id", "nothing", ""])
def test_nothing_outside_the_folder_is_run(tmp_path: Path, name: str) -> None:
    plugin(tmp_path, "echo ran")
    (tmp_path / "link").symlink_to("/bin/echo")
    if name:
        assert run(tmp_path, plugin=name)["status"] == "unknown"
        assert "ran" not in run(tmp_path, plugin=name)["summary"]


def test_without_a_folder_no_plugin_runs() -> None:
    assert "Set PROBE_PLUGIN_DIR" in told("plugin", plugin="check_load")["summary"]


def test_a_plugin_that_hangs_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROBES, "plugin", replace(PROBES["plugin"], deadline_s=1.0))
    plugin(tmp_path, f"sh -c 'sleep 30; touch {tmp_path}/late' & sleep 30")
    with soon(20):
        assert run(tmp_path)["status"] == "unknown"
    assert not (tmp_path / "late").exists()
