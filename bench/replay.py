"""P7: a backtest over 100,000 tickets with the starter rules, in seconds and megabytes, beside reading the same rows alone.

Then readiness of the next 14 days, and who would be paged, on the same desk: milliseconds of the whole answer, the goal beside them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Figure

ROOT = Path(__file__).parent.parent
ROUNDS = 2
TICKETS, PEOPLE, DAYS = 100_000, 5_000, 90
FOUND = f"""
from datetime import timedelta
from incidents import facts, likeness
from incidents.models import Evaluation, Ticket
from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.operations.worlds import company, stories
now = clock.now()
acme = company.found(now=now)
site = acme.people["ella"].site
users = [User(username=f"u{{n}}", name=f"U {{n}}", site=site, password="!", created_at=now) for n in range({PEOPLE})]
User.objects.bulk_create(users, batch_size=500)
people = list(User.objects.filter(username__startswith="u").select_related("site").order_by("pk"))
step, rows, around = timedelta(days={DAYS}) / {TICKETS}, [], facts.Around()
signatures = {{story.what: list(likeness.signature(story.what)) for story in stories.STORIES}}
for n in range({TICKETS}):
    story, at = stories.STORIES[n * 7919 % len(stories.STORIES)], now - timedelta(days={DAYS}) + (n + 1) * step
    ticket = Ticket(pk=2000 + n, title=story.what, what=story.what, requester=people[n * 31 % len(people)], impacted=story.impacted,
                    effect=story.effect, kind="request" if story.effect == "question" else "report", origin="portal", state="new",
                    service=acme.services.get(story.service), signature=signatures[story.what], created_at=at, updated_at=at)
    kept, said = facts.of_ticket(ticket, now=at, around=around), {{"schema": 1, "severity": None, "recheck_at": None, "outcomes": []}}
    rows.append((ticket, Evaluation(ticket=ticket, at=at, facts=kept, decision=said)))
    if len(rows) == 1000:
        Ticket.objects.bulk_create([ticket for ticket, _one in rows], batch_size=200)
        Evaluation.objects.bulk_create([one for _ticket, one in rows], batch_size=200)
        rows = []
"""
MEASURE = """
import resource, time
from incidents import backtest
from incidents.models import Evaluation, Rule
from servicedesk import clock
began, worked = time.perf_counter(), time.process_time()
if {trial}:
    found = backtest.run(Rule.objects.get(key="R4"), days=91, now=clock.now())
    assert found.considered > 50_000, found.considered
    assert found.equal == found.replayed == 200, found.equal
else:
    assert sum(1 for _facts in Evaluation.objects.order_by("at", "pk").values_list("facts", flat=True).iterator(500))
print(time.perf_counter() - began, time.process_time() - worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
ASKS = 5
ASKED = f"""
import time
from incidents import readiness, rehearsal
from servicedesk import clock
from servicedesk.directory.models import Service
now, email = clock.now(), Service.objects.get(slug="email")
questions = {{
    "readiness": lambda: readiness.report(now=now, days=14),
    "who would be paged": lambda: rehearsal.who_would_be_paged(service=email, severity=1, at=now),
}}
for name, ask in questions.items():
    ask()
    took = []
    for _round in range({ASKS}):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    print(name, *took, sep=";")
"""
ANSWER_MS = 200


def bench() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        shell(folder, "migrate", "-v", "0")
        shell(folder, "shell", "-v", "0", "-c", FOUND)
        both = [(measured(folder, True), measured(folder, False)) for _round in range(ROUNDS)]
        answers = [line.split(";") for line in shell(folder, "shell", "-v", "0", "-c", ASKED).split("\n") if line]
    note = f"{TICKETS} tickets, 11 rules, {DAYS} days"
    for at, (name, unit, goal) in enumerate((("backtest", "s", 60), ("backtest processor time", "s", 60), ("backtest memory", "MB", 300))):
        ours, reading = [one[at] for one, _other in both], [other[at] for _one, other in both]
        yield Figure("P7", name, unit, ours, reading, goal, of_ours=True, note=note)
    for name, *took in answers:
        spent, beside = [float(ms) for ms in took], [ANSWER_MS] * ASKS
        yield Figure("P7", name, "ms", spent, beside, ANSWER_MS, of_ours=True, note=f"{note}; the reference is the goal")


def measured(folder: str, trial: bool) -> list[float]:
    """Seconds by the clock, seconds of the processor, megabytes."""
    return [float(word) for word in shell(folder, "shell", "-v", "0", "-c", MEASURE.format(trial=trial)).split()[-3:]]


def shell(folder: str, *words: str) -> str:
    environ = os.environ | {"DATA_DIR": folder, "ENV_FILE": os.devnull, "SITE_URL": "http://127.0.0.1:8000"}
    done = subprocess.run([sys.executable, "manage.py", *words], env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
