"""Rounds of chaos on one running desk: pages fall due and results come in while a fault strikes, then all is counted."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import requests

from tests.chaos import invariants
from tests.chaos.desks import Judged
from tests.chaos.faults import EARLY, FAULTS, faults_for
from tests.chaos.ledger import Ledger, centile
from tests.chaos.test_story import FOUND, ROOT, SAM
from tests.chaos.under import Under, broker, database, wires
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.servicedesk.test_supervisor import until
from tests.servicedesk.test_up import free_port

PAGES, RESULTS = 4, 20
PATIENCE_S = 90.0
STARTS_S = 240.0  # on a machine that has much else to do
TOKEN = """
from monitoring.models import Source
from servicedesk.tokens import minting
made = minting.mint()
Source.objects.filter(slug="agents").update(token_prefix=made.prefix, token_hash=made.digest)
print("TOKEN=" + made.token)
"""


@dataclass
class Told:
    """One round."""

    fault: str
    waits: list[float | None]
    answered: int
    web: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return sum(wait is None for wait in self.waits)

    def __str__(self) -> str:
        seen = [wait for wait in self.waits if wait is not None]
        waits = f"p50_s={centile(seen, 0.5):.2f} max_s={max(seen, default=0):.2f} web_max_s={max(self.web, default=0):.2f}"
        return "\n     ".join([f"{self.fault:28} pages={len(self.waits)} lost={self.lost} {waits}", *self.broken])


@dataclass
class Chaos:
    """A desk under fire. `numbers` holds the incidents of the last round."""

    desk: Under
    ledger: Ledger
    random: Random
    token: str = ""
    numbers: list[str] = field(default_factory=list)
    web: list[float] = field(default_factory=list)
    rounds: list[Told] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)  # broken in an earlier round

    def found(self) -> None:
        self.shell(FOUND)
        self.token = self.shell(TOKEN).rpartition("TOKEN=")[2].strip()
        self.dana = self.desk.sign_in("dana")

    def shell(self, words: str) -> str:
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", words]
        environ = self.desk.environ()
        done = subprocess.run(command, env=environ, cwd=ROOT, check=False, capture_output=True, timeout=90, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def round(self, fault: str) -> Told:
        before, answered = self.numbers, len(self.ledger.answered)
        self.numbers, self.web, self.amiss = [], [], []
        striking = threading.Thread(target=self.strike, args=(fault,))
        posting = threading.Thread(target=self.post_results, args=(len(self.rounds),))
        striking.start(), posting.start()
        for page in range(PAGES):
            self.numbers.append(self.declare(f"Outage {len(self.rounds)}-{page}"))
            time.sleep(self.random.uniform(0, 0.6))
        self.acknowledge([self.declare(f"Outage {len(self.rounds)}, acknowledged at once")])
        striking.join(), posting.join()
        until(lambda: None not in self.ledger.waits(self.numbers), PATIENCE_S)
        self.acknowledge(before)
        answered = len(self.ledger.answered) - answered
        broken = [*self.amiss, *invariants.broken(self.ledger, self.desk.rows)]
        new = [words for words in broken if words not in self.known]
        self.known.update(new)
        self.rounds.append(Told(fault, self.ledger.waits(self.numbers), answered, self.web, new))
        return self.rounds[-1]

    def strike(self, fault: str) -> None:
        time.sleep(self.random.uniform(0, 0.3 if fault in EARLY else 2.5))
        try:
            FAULTS[fault](self.desk, self.ledger, self.random)
        except Exception as error:
            self.amiss.append(f"the fault did not strike: {error}")

    def declare(self, title: str) -> str:
        """Until it is answered, as a person would; what was not answered may or may not be there."""
        ends = time.monotonic() + 40
        while time.monotonic() < ends:
            with suppress(requests.RequestException, AssertionError):
                answer = self.desk.submit(self.dana, "/incidents/new/", title=title, service="email", severity="2")
                number = answer.url.rstrip("/").rpartition("/")[2]
                if answer.ok and number.isdigit():
                    self.ledger.due[number] = time.time()
                    self.web.append((answer.history or [answer])[0].elapsed.total_seconds())
                    return number
            time.sleep(0.3)
        raise AssertionError(f"the desk did not answer for 40 s: {self.desk.said()}")

    def post_results(self, n: int) -> None:
        for i in range(RESULTS):
            event = f"chaos-{n}-{i}"
            item = {"check": f"disk-{i}", "status": "warning" if i == 0 else "ok", "summary": event, "event_id": event}
            self.ledger.posted.add(event)
            with suppress(requests.RequestException):
                url = f"http://127.0.0.1:{self.desk.port}/in/results/"
                if requests.post(url, json=item, headers={"Authorization": f"Bearer {self.token}"}, timeout=15).ok:
                    self.ledger.answered.add(event)
            time.sleep(self.random.uniform(0, 0.2))

    def acknowledge(self, numbers: list[str]) -> None:
        """Most of them a round late, so that a repeat still in the making is not hidden."""
        for number in numbers:
            with suppress(AssertionError, OSError):
                if f"You have INC-{number}" in (self.desk.twilio.receive(SAM, f"A{number}") or ""):
                    self.ledger.acked[number] = time.time()

    def judge(self) -> Judged:
        """After all has come to rest."""
        return Judged.of(self.rounds, self.ledger, self.rest())

    def rest(self) -> dict[str, Any]:
        """The desk's rows, once nothing is on its way, or after two minutes."""
        ends = time.monotonic() + 120
        while True:
            rows: dict[str, Any] = json.loads(self.shell(Judged.ROWS).rpartition("ROWS=")[2])
            if not rows["on_the_way"] or time.monotonic() > ends:
                return rows
            time.sleep(3)


@contextmanager
def chaos(seed: int) -> Iterator[Chaos]:
    port, ledger = free_port(), Ledger(SAM, "sam@acme.example")
    with (
        tempfile.TemporaryDirectory() as folder,
        database() as url,
        broker(Path(folder)) as server,
        FakeTwilio(desk=f"http://127.0.0.1:{port}") as twilio,
        FakeSmtp() as smtp,
        wires(twilio, smtp, url, server) as lines,
    ):
        twilio.journal, smtp.mails = ledger.asked, ledger.mails
        desk = Under(Path(folder) / "desk", port, twilio, smtp, url, server, lines)
        try:
            assert until(lambda: desk.answers() and len(desk.pids()) == 4, STARTS_S), desk.said()
            ours = Chaos(desk, ledger, Random(seed))
            ours.found()
            yield ours
        finally:
            desk.process.terminate()
            desk.process.wait(15)


def run(rounds: int, seed: int) -> Judged:
    """All faults in turn, in an order of chance; one line a round, and what came of it all."""
    random = Random(seed)
    with chaos(seed) as ours:
        order: list[str] = []
        while len(order) < rounds:
            order += random.sample(possible := faults_for(ours.desk), len(possible))
        for n, fault in enumerate(order[:rounds], 1):
            print(f"{n:4} {ours.round(fault)}", flush=True)
        return ours.judge()
