"""`python -m bench.restore [TICKETS]`: how long a backup and a restore take, and whether counts and hashes are equal.

On SQLite in a folder of its own, or on a database of its own beside TEST_DATABASE_URL. Each step is the command an operator runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

TICKETS = 100_000
FILL = """
import sys
from datetime import timedelta
from incidents import vault, attaching
from incidents.models import Entry, Evaluation, Ticket
from notifications.models import Message
from servicedesk import clock
from servicedesk.audit import chain
from servicedesk.audit.models import AuditEntry
from servicedesk.operations import founding
n, at = int(sys.argv[1]), 2_000
now = clock.now()
who = founding.found({"name": "Acme", "zone": "UTC"},
    {"name": "Adam", "username": "adam", "email": "adam@acme.example", "password": "correct horse 9"}, now=now)
words = "Outlook cannot connect since the password was changed, and says the server is not available. " * 4
for start in range(0, n, at):
    when = [now - timedelta(minutes=n - start - i) for i in range(at)]
    rows = Ticket.objects.bulk_create([Ticket(title=f"Outlook {start + i}", what=words, impacted="me", effect="part", requester=who,
        created_at=t, updated_at=t, severity=3, state="closed") for i, t in enumerate(when)])
    Entry.objects.bulk_create([Entry(ticket=row, kind=kind, audience="public", author=who, text=words, at=row.created_at)
        for row in rows for kind in ("reply", "event", "reply")])
    Evaluation.objects.bulk_create(
        [Evaluation(ticket=row, at=row.created_at, schema=1, facts={"words": words[:200]}, decision={}) for row in rows])
    Message.objects.bulk_create([Message(thread=row.number, key=f"m{row.pk}", channel="email", to="adam@acme.example", text=words,
        state="sent", person=who, reference="", due_at=row.created_at, created_at=row.created_at) for row in rows])
    AuditEntry.objects.bulk_create([AuditEntry(at=row.created_at, actor=who, actor_label="Adam", verb="file", noun="incidents.ticket",
        object_id=str(row.pk), after={"severity": 3}) for row in rows])
    if start % 10_000 == 0:
        for row in rows[:100]:
            attaching.attach(row, None, [vault.put("a.txt", [f"{row.pk} ".encode() * 20_000])], actor=who, now=now)
while chain.seal(now=now, limit=500):
    pass
"""


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The URL of an empty one."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if not given:
        yield f"sqlite:///{folder / 'desk.sqlite3'}"
        return
    name = f"desk_bench_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as line:
        line.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(given)._replace(path=f"/{name}").geturl()
        finally:
            line.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(url: str, folder: Path, *command: str, given: str = "") -> float:
    """Seconds it took; what it said goes to our own output."""
    environ = {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(folder), "ENV_FILE": os.devnull, "LOG_FORMAT": "console"}
    began = time.monotonic()
    subprocess.run([sys.executable, *command], env=environ, check=True, input=given.encode() or None)
    return time.monotonic() - began


def main() -> int:
    tickets = int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS
    with tempfile.TemporaryDirectory(prefix="desk-restore-") as place:
        old, new = Path(place) / "old", Path(place) / "new"
        old.mkdir()
        new.mkdir()
        saved = str(Path(place) / "desk.tar")
        with database(old) as url:
            run(url, old, "manage.py", "migrate", "-v0")
            fill = f"import django; django.setup()\n{FILL}"
            environ = "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'servicedesk.settings')\n"
            print(f"filled with {tickets} tickets in {run(url, old, '-c', environ + fill, str(tickets)):.0f} s", flush=True)
            print(f"backup: {run(url, old, 'manage.py', 'backup', saved):.0f} s", flush=True)
        with database(new) as url:
            print(f"restore: {run(url, new, 'manage.py', 'restore', saved):.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
