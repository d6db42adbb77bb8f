"""The agent on another host: it pushes by the door, and what the desk does not take now comes later, once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from monitoring import collecting, evidence, rounds
from monitoring.models import Alert, Check, Result
from servicedesk.operations.worlds import company
from tests.actors import NINE, signed_in
from tests.monitoring.doors import Sender, sender
from tests.monitoring.probes.looking import free_port, web_server

pytestmark = pytest.mark.django_db(transaction=True)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def desk() -> Iterator[str]:
    """The desk itself behind a real port."""
    application = WSGIHandler()

    def answering(environ: Any, start: Any) -> Any:
        environ["HTTP_HOST"] = "testserver"
        try:
            return application(environ, start)
        finally:
            connection.close()

    server = make_server("127.0.0.1", 0, answering, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def agent(url: str, door: Sender, folder: Path, *checks: dict[str, Any]) -> collecting.Agent:
    (folder / "checks.json").write_text(json.dumps(checks or [{"probe": "memory", "name": "fs-02 memory"}]))
    found = collecting.read(folder / "checks.json", "fs-02")
    return collecting.Agent(found, collecting.Desk(collecting.address(url), door.token), collecting.Spool(folder / "spool"))


def again(one: collecting.Agent) -> None:
    for check in one.checks:
        check.due_s = 0


def test_results_come_in_by_the_door_as_any_other(desk: str, tmp_path: Path) -> None:
    one = agent(desk, sender("results"), tmp_path)
    assert one.round(now=NINE) == ""
    result = Result.objects.get()
    assert (Check.objects.get().slug, result.started_at, result.labels["probe"]) == ("fs-02 memory", NINE, "memory")
    assert "used_percent" in {metric["name"] for metric in result.metrics}
    assert one.spool.waiting() == []


def test_while_the_desk_is_away_results_wait_and_then_come_once(desk: str, tmp_path: Path) -> None:
    door = sender("results")
    one = agent(f"http://127.0.0.1:{free_port()}", door, tmp_path)
    for minute in range(3):
        again(one)
        assert "refused" in one.round(now=NINE + timedelta(minutes=minute)).lower()
    assert len(one.spool.waiting()) == 3
    reborn = agent(desk, door, tmp_path)
    kept = [path.read_text() for path in reborn.spool.waiting()]
    assert reborn.desk.push(reborn.spool) == ""
    reborn.spool.add([json.loads(line) for text in kept for line in text.splitlines()], NINE)  # sent, and the answer was lost
    assert reborn.desk.push(reborn.spool) == ""
    assert sorted(Result.objects.values_list("started_at", flat=True)) == [NINE + timedelta(minutes=n) for n in range(3)]


def test_a_wrong_token_keeps_everything_and_says_so(desk: str, tmp_path: Path) -> None:
    one = agent(desk, Sender(sender("results").source, "msd_wrong"), tmp_path)
    assert "the desk answered 401" in one.round(now=NINE)
    assert len(one.spool.waiting()) == 1


def test_a_batch_the_desk_refuses_is_laid_aside_and_stops_nothing(desk: str, tmp_path: Path) -> None:
    one = agent(desk, sender("results"), tmp_path)
    one.spool.add([{"check": "x", "status": "purple"}], NINE - timedelta(hours=1))
    assert one.round(now=NINE) == ""
    assert [path.suffix for path in (tmp_path / "spool").iterdir() if path.suffix != ".json"] == [".refused"]
    assert Result.objects.count() == 1


def test_a_desk_that_is_busy_is_left_alone_for_as_long_as_it_asks(tmp_path: Path) -> None:
    with web_server(lambda _path: (503, {"Retry-After": "60"}, b"")) as url:
        one = agent(url, sender("results"), tmp_path)
        one.desk._post = lambda _path: collecting.httpx2.Response(503, headers={"Retry-After": "60"})  # type: ignore[method-assign]
        assert "503" in one.round(now=NINE)
        assert one.desk.push(one.spool) == "the desk asked to wait"


def test_too_much_drops_the_oldest_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST_BYTES", 3000)
    one = agent(f"http://127.0.0.1:{free_port()}", sender("results"), tmp_path)
    for minute in range(8):
        again(one)
        one.round(now=NINE + timedelta(minutes=minute))
    texts = "".join(path.read_text() for path in one.spool.waiting())
    assert "batches were dropped" in texts
    assert NINE.isoformat() not in texts


def test_trouble_on_the_host_brings_its_processes_along_once(desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "gather", lambda *, first_bad: f"Busiest processes:\n  99 % cpu hog, first bad {first_bad:%H:%M}")
    one = agent(
        desk, sender("results"), tmp_path, {"probe": "memory", "name": "fs-02 memory", "options": {"thresholds": "used_percent 0 0"}}
    )
    one.round(now=NINE)
    assert "hog, first bad 08:00" in Alert.objects.get().detail
    again(one)
    one.round(now=NINE + timedelta(minutes=1))
    assert "hog, first bad 08:00" in Alert.objects.get().detail


def test_the_alerts_page_shows_it(db: None) -> None:
    acme, now = company.found(now=NINE), NINE
    door = sender("results")
    item = {"check": "fs-02 memory", "status": "critical", "summary": "full", "detail": "99 % cpu <hog>"}
    rounds.take(door.source, [item], now=now)
    page = signed_in(acme.people["ana"]).get(reverse("alert", args=[Alert.objects.get().pk])).content.decode()
    assert "99 % cpu &lt;hog&gt;" in page


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"probe": "nonsense"}, "[0].probe: one of"),
        ({"probe": "audit"}, "[0].probe: one of"),
        ({"probe": "tcp"}, "[0].options.host: Is needed."),
        ({"probe": "memory", "every_s": 1}, "[0].every_s"),
        ({"probe": "memory", "often": 1}, "[0]: unknown often"),
    ],
)
def test_a_wrong_list_says_where(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    path = tmp_path / "checks.json"
    path.write_text(json.dumps([row]))
    with pytest.raises(collecting.BadConfig) as caught:
        collecting.read(path, "host")
    assert words in str(caught.value)


def test_the_command_runs_once_and_tells_how_it_went(desk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text(sender("results").token)
    (tmp_path / "checks.json").write_text('[{"probe": "memory"}]')
    given = {
        "token_file": tmp_path / "token",
        "config": tmp_path / "checks.json",
        "spool": tmp_path / "spool",
        "host": "fs-02",
        "once": True,
    }
    with pytest.raises(SystemExit) as left:
        call_command("collect", push=desk, **given)
    assert (left.value.code, capsys.readouterr().out) == (0, "Sent. 0 batches wait.\n")
    with pytest.raises(CommandError):
        call_command("collect", push=desk, spool=tmp_path / "spool", once=True)
