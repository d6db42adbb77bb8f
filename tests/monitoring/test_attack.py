"""Four hours of a real server under attack, line by line through the probe to alerts: each attacker once, none twice, none missed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents import automation
from incidents.models import Incident, LinkedAlert
from monitoring import rounds
from monitoring.models import Alert, Check, Result, Watch
from servicedesk.operations.worlds.company import Company

LOG = Path(__file__).parents[3] / "shared/data/OpenSSH_2k.log"
STEP = timedelta(minutes=5)
FAILED = re.compile(r"^(\w{3} \d\d [\d:]{8}) .*?(?:repeated (\d+) times: \[ )?Failed password for .* from (\d[\d.]+) port")


def at(line: str) -> datetime:
    return datetime.strptime(f"2015 {line[:15]}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)


def attackers(lines: list[str]) -> set[str]:
    """By hand, without our code: 5 failures within 10 minutes, or 8 within 2."""
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for line in lines:
        if found := FAILED.match(line):
            times[found[3]] += [at(line)] * int(found[2] or 1)
    return {
        address for address, tries in times.items()
        if any(tries[n + 4] - tries[n] < timedelta(minutes=10) for n in range(len(tries) - 4))
        or any(tries[n + 7] - tries[n] < timedelta(minutes=2) for n in range(len(tries) - 7))
    }  # fmt: skip


def watching(acme: Company, log: Path, now: datetime) -> Watch:
    check = Check.objects.create(
        slug="ssh", source=rounds.own_source(), kind="probe", service=acme.services["email"], period_s=300, created_at=now
    )
    watch = Watch(check_ref=check, probe="authlog", options={"file": str(log), "zone": "UTC"})
    rounds.begin(watch, now=now)
    watch.due_at = now
    watch.save(force_insert=True)
    return watch


@pytest.mark.skipif(not LOG.exists(), reason="the log is not here")
def test_every_attacker_is_one_alert_none_twice_and_none_missed(acme: Company, tmp_path: Path) -> None:
    lines, log = LOG.read_text().splitlines(), tmp_path / "auth.log"
    log.touch()
    now = at(lines[0])
    watching(acme, log, now)
    while lines or now <= at(LOG.read_text().splitlines()[-1]):
        due = [line for line in lines if at(line) <= now]
        lines = lines[len(due) :]
        with log.open("a") as file:
            file.writelines(line + "\n" for line in due)
        assert rounds.run_unclaimed(now=now) == 1
        now += STEP
    found = Counter(Alert.objects.exclude(check_ref__slug="ssh").values_list("check_ref__slug", flat=True))
    expected = attackers(LOG.read_text().splitlines())
    figures = [metric for result in Result.objects.filter(check_id=Watch.objects.get().pk) for metric in result.metrics]
    total = {name: sum(m["value"] for m in figures if m["name"] == name) for name in ("failed", "invalid_users", "accepted")}
    print(f"\n{total}, {len(found)} alerts, {len(expected)} attackers, incidents {LinkedAlert.objects.exclude(incident=None).count()}")
    assert {name.removeprefix("ssh ") for name in found} == expected
    assert set(found.values()) == {1}
    assert total == {"failed": 528, "invalid_users": 113, "accepted": 1}


def test_a_password_that_was_found_becomes_an_incident_of_a_vital_service(acme: Company, tmp_path: Path) -> None:
    now, log = datetime(2026, 11, 23, 8, tzinfo=UTC), tmp_path / "auth.log"
    log.touch()
    watch = watching(acme, log, now)
    head = f"{now.isoformat()} mail sshd[9]:"
    tries = f"{head} Failed password for backup from 203.0.113.9 port 22 ssh2\n" * 6
    log.write_text(f"{tries}{head} Accepted password for backup from 203.0.113.9 port 22 ssh2\n")
    rounds.run_unclaimed(now=now)
    alert = Alert.objects.get(check_ref__slug="ssh 203.0.113.9")
    assert (alert.status, alert.check_ref.service) == ("critical", watch.check_ref.service)
    assert Incident.objects.count() == 0
    automation.evaluate_due(now=now + timedelta(minutes=5))
    incident = Incident.objects.get()
    assert (incident.severity, LinkedAlert.objects.get(incident=incident).check_slug) == (1, "ssh 203.0.113.9")
