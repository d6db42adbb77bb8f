"""An embedded desk as an owner starts it, durable, with services whose critical check pages a person of its own by mail."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.chaos.ledger import Stamped
from tests.chaos.test_story import Desk
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.servicedesk.test_supervisor import until
from tests.servicedesk.test_up import ROOT, free_port

SERVICES = 60
STARTS_S = 240.0  # on a machine that has much else to do
FOUND = f"""
from incidents import rulebook
from incidents.models import Policy, Rule
from monitoring.models import Source
from notifications.models import Channel, ContactMethod, LadderRung, Urgency
from servicedesk import clock
from servicedesk.directory.models import Service, User
from servicedesk.operations.worlds import company
from servicedesk.tokens import minting
now = clock.now()
made = company.found(now=now)
rule = Rule.objects.get(key="R5")
definition = dict(rule.versions.get(version=rule.version).definition)
first, _for, tier = definition["conditions"]["all"]
definition["conditions"] = {{"all": [first, tier]}}
rulebook.publish(rule, definition, note="At once", actor=None, now=now)
for n in range({SERVICES}):
    user = User.objects.create(username=f"p{{n}}", name=f"P {{n}}", email=f"p{{n}}@acme.example", created_at=now, password="!")
    way = ContactMethod.objects.create(person=user, kind=Channel.EMAIL, address=user.email, verified_at=now, created_at=now)
    for urgency in Urgency:
        LadderRung.objects.create(person=user, urgency=urgency, position=0, delay_s=0, method=way)
    service = Service.objects.create(slug=f"s{{n}}", name=f"S {{n}}", tier=1, team=made.teams["it-ops"])
    policy = Policy.objects.create(slug=f"p{{n}}", name=f"P {{n}}", team=made.teams["it-ops"])
    policy.services.set([service])
    company._step(policy, 1, 0, kind="person", person=user)
token = minting.mint()
Source.objects.filter(slug="agents").update(token_prefix=token.prefix, token_hash=token.digest)
print("TOKEN=" + token.token)
"""


class Measured(Desk):
    """Durable as in production, no phone line; `mail_at` waits for a person's letter."""

    token = url = ""

    def __init__(self, folder: Path, port: int, twilio: FakeTwilio, smtp: FakeSmtp, url: str = "") -> None:
        self.url = url
        super().__init__(folder, port, twilio, smtp)

    def environ(self, **more: str) -> dict[str, str]:
        more |= {"DATABASE_URL": self.url} if self.url else {}
        return {**super().environ(**more), "SQLITE_SYNC": "FULL", "TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "", "TWILIO_FROM": ""}

    def found(self) -> None:
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", FOUND]
        done = subprocess.run(command, env=self.environ(), cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        self.token = done.stdout.rpartition("TOKEN=")[2].strip()
        self.line = requests.Session()
        self.line.headers["Authorization"] = f"Bearer {self.token}"
        for n in range(SERVICES):
            self.result(n, "ok")

    def result(self, n: int, status: str) -> None:
        item = {"check": f"c{n}", "service": f"s{n}", "status": status, "summary": "bench", "event_id": f"{n}-{status}"}
        self.line.post(f"http://127.0.0.1:{self.port}/in/results/", json=item, timeout=20).raise_for_status()

    def event_to_mail(self, n: int) -> float:
        """Seconds from before the POST of a critical result to the moment the mail server has the page."""
        began = time.time()
        self.result(n, "critical")
        return mail_at(self.smtp, f"p{n}@acme.example") - began


def mail_at(smtp: FakeSmtp, to: str, within: float = 20) -> float:
    ends = time.monotonic() + within
    mails = smtp.mails
    assert isinstance(mails, Stamped)
    while time.monotonic() < ends:
        for at, mail in zip(list(mails.at), list(mails), strict=False):
            if mail.to == to:
                return at
        time.sleep(0.002)
    raise AssertionError(f"no mail to {to}: {[mail.to for mail in mails]}")


def mailbox(smtp: FakeSmtp) -> FakeSmtp:
    smtp.mails = Stamped()
    return smtp


@contextmanager
def embedded(url: str = "") -> Iterator[Measured]:
    """On SQLite, or on the PostgreSQL database at `url`."""
    with tempfile.TemporaryDirectory() as folder, FakeTwilio() as twilio, FakeSmtp() as smtp:
        desk = Measured(Path(folder) / "desk", free_port(), twilio, mailbox(smtp), url)
        try:
            assert until(lambda: desk.answers() and len(desk.pids()) == 4, STARTS_S), desk.said()
            desk.found()
            yield desk
        finally:
            desk.process.terminate()
            desk.process.wait(15)


def pss_mb(pid: int) -> float:
    """Proportional memory of one process, in MB."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
