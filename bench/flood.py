"""P5: 10,000 letters due at one moment, against Alertmanager, else Celery with a task a mail; and a page of a quiet service in their midst.

BENCH_LETTERS names another number of letters.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from celery import Celery

from bench.desk import Measured, embedded, mailbox
from bench.measure import ROUNDS, Figure
from bench.references import alertmanager, bare_hop, has_alertmanager
from bench.shelled import ask
from tests.chaos.ledger import Stamped
from tests.chaos.under import database
from tests.fakes.smtp import FakeSmtp

LETTERS = int(os.environ.get("BENCH_LETTERS", "10000"))
AT_MOST_S = 900.0
LOOK_S = 0.05
MADE = """
import json
from datetime import timedelta
from django.db import transaction
from notifications import outbox
from notifications.models import Message
from servicedesk import clock
now = clock.now()
text, html = "Mail is away on Sunday from 08:00 to 09:00.", "<p>Mail is away on Sunday.</p>"
usual = dict(thread="FLOOD", channel="email", now=now, due_at=now + timedelta(days=1))
usual["letter"] = outbox.Letter(subject="Maintenance", text=text, html=html, sms="", short="")
for first in range(0, {n}, 500):
    with transaction.atomic():
        for k in range(first, min(first + 500, {n})):
            outbox.post(key="flood:{round}:%d" % k, to="r{round}-%d@acme.example" % k, **usual)
due = clock.now()
moved = Message.objects.filter(key__startswith="flood:{round}:").update(due_at=due)
print(json.dumps([due.timestamp(), moved]))
"""
LEFT = """
import json
from notifications.models import Message
flood = Message.objects.filter(thread="FLOOD")
print(json.dumps([flood.exclude(state="sent").count(), flood.filter(attempts__gt=1).count()]))
"""


def bench() -> Iterator[Figure]:
    ours, pages, theirs, wrong = [], [], [], 0
    with tempfile.TemporaryDirectory() as folder, database() as url, embedded(url) as desk, reference(Path(folder)) as (name, flood):
        desk.event_to_mail(ROUNDS)
        for n in range(ROUNDS):
            theirs.append(flood(n))
            took, page, misses = flooded(desk, n)
            ours.append(took)
            pages.append(page)
            wrong += misses
        left, again = ask(desk, LEFT)
    note = f"{'PostgreSQL' if url else 'SQLite'}; lost or twice={wrong} not sent={left} tried again={again}; reference: {name}"
    yield Figure("P5", f"{LETTERS:,} due letters to mails", "s", ours, theirs, goal=0 if wrong or left else 0.5, note=note)
    yield Figure(
        "P5",
        "first page of a quiet service in their midst",
        "s",
        pages,
        [1.0] * ROUNDS,
        goal=1,
        of_ours=True,
        note="the reference is the goal",
    )


def flooded(desk: Measured, n: int) -> tuple[float, float, int]:
    """Seconds until the last letter is at the mail server, seconds of the page, and how many letters are missing or there twice."""
    ours = f"r{n}-"
    due_at, moved = ask(desk, MADE.format(n=LETTERS, round=n))
    assert moved == LETTERS
    arrived(desk.smtp, ours, LETTERS // 4)
    page = desk.event_to_mail(n)
    last = arrived(desk.smtp, ours, LETTERS)
    time.sleep(1)  # one that comes twice comes now
    counts = Counter(mail.to for mail in list(desk.smtp.mails) if mail.to.startswith(ours))
    return last - due_at, page, LETTERS - len(counts) + sum(counts.values()) - len(counts)


def arrived(smtp: FakeSmtp, prefix: str, number: int) -> float:
    """When so many letters to addresses that begin so were there."""
    mails, ends = smtp.mails, time.monotonic() + AT_MOST_S
    assert isinstance(mails, Stamped)
    seen = looked = 0
    while time.monotonic() < ends:
        there = len(mails)
        for place in range(looked, there):
            seen += mails[place].to.startswith(prefix)
            if seen == number:
                return mails.at[place]
        looked = there
        time.sleep(LOOK_S)
    raise AssertionError(f"{seen} of {number} letters to {prefix}")


@contextmanager
def reference(folder: Path) -> Iterator[tuple[str, Callable[[int], float]]]:
    """Its name, and what brings so many mails and says how many seconds it took."""
    with FakeSmtp() as smtp:
        mailbox(smtp)
        if has_alertmanager():
            with alertmanager(folder, smtp) as url:
                yield "Alertmanager", lambda n: by_alerts(url, smtp, n)
        else:
            with bare_hop(folder) as hop:
                yield "Celery, a task a mail; Alertmanager is not installed", lambda n: by_tasks(hop, smtp, n)


def by_alerts(url: str, smtp: FakeSmtp, n: int) -> float:
    began, line = time.time(), requests.Session()
    for first in range(0, LETTERS, 500):
        labels = ({"alertname": "bench", "to": f"r{n}-{k}@acme.example"} for k in range(first, min(first + 500, LETTERS)))
        line.post(url, json=[{"labels": each} for each in labels], timeout=60).raise_for_status()
    return arrived(smtp, f"r{n}-", LETTERS) - began


def by_tasks(hop: Celery, smtp: FakeSmtp, n: int) -> float:
    began = time.time()
    for k in range(LETTERS):
        hop.send_task("bare.mail", args=[smtp.port, f"r{n}-{k}@acme.example"])
    return arrived(smtp, f"r{n}-", LETTERS) - began
