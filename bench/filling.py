"""Databases full of tickets, in minutes: some that lived by the desk's own deeds, and copies of them made inside the database.

`python -m bench.filling URL COUNT [--lived]` fills an empty database. `--lived`: every copy keeps its whole history at its
own times, so that `repair_clocks --check` has what to prove; else one in ten is open and they spread over the past.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SEEDS, PEOPLE, VOCABULARY = 200, 2_000, 20_000
LIVED = f"""
import random
from datetime import timedelta
from incidents import automation, buttons, conversation, tickets
from incidents.incidents import Grounds, declare
from incidents.states import IllegalMove
from incidents.models import Ticket
from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.operations.worlds import company, stories
now = clock.now()
acme = company.found(now=now)
site, ana, dice = acme.people["ella"].site, acme.people["ana"], random.Random(7)
crowd = [User(username=f"u{{n}}", name=f"U {{n}}", site=site, password="!", created_at=now) for n in range({PEOPLE})]
User.objects.bulk_create(crowd, batch_size=500)
for n in range({SEEDS}):
    story, at = stories.STORIES[n % len(stories.STORIES)], now - timedelta(days=30) + timedelta(minutes=97 * n)
    what = story.what.format(place=stories.PLACES[n % 8], group=stories.GROUPS[n % 7], number=n)
    who = acme.people[("ella", "omar", "lea")[n % 3]]
    told = {{"impacted": "me", "effect": "workaround", "service": acme.services.get(story.service)}}
    ticket = automation.file_ticket(requester=who, what=what, now=at, **told)
    for _step in range(dice.randrange(1, 6)):
        at += timedelta(minutes=dice.randrange(1, 900))
        deed = dice.choice(["reply", "hear", "wait", "sev", "solve", "note", "take_up"])
        ticket.refresh_from_db()
        try:
            if deed == "reply":
                conversation.reply(ticket, author=ana, text=story.answer, now=at)
            elif deed == "note":
                conversation.note(ticket, author=ana, text="Asked the vendor about it.", now=at)
            elif deed == "hear":
                automation.requester_reply(ticket, author=who, text=f"Still the same, {{at:%H:%M}}.", now=at)
            elif deed == "sev":
                tickets.set_severity(ticket, rank=dice.choice([3, 4]), reason="x", actor=ana, now=at)
            else:
                buttons.press(ticket, "wait:vendor" if deed == "wait" else deed, actor=ana, now=at)
        except IllegalMove:
            continue
slow = Grounds(title="Email is slow", reason="", service=acme.services["email"], severity=3, since=now)
declare(slow, actor=acme.people["dana"], now=now)
"""
COPIED = """
from django.db import connection, transaction
from incidents.models import Entry, Ticket
from servicedesk.directory.models import User
postgresql, lived, count = connection.vendor == "postgresql", {lived}, {count}
seeds = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
assert seeds == list(range(seeds[0], seeds[0] + len(seeds))), "numbers with a gap"
first, many, people = seeds[0], len(seeds), User.objects.filter(username="u0").get().pk
times = max(0, -(-count // many) - 1)
said = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
entries, last = len(said), said[-1]

def copied(model, own, upto, source="t", where=""):
    columns = [field.column for field in model._meta.local_concrete_fields]
    values = [own.get(column, source + '."' + column + '"') for column in columns]
    names = ", ".join('"' + column + '"' for column in columns)
    table = model._meta.db_table
    return (f"WITH RECURSIVE copy(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM copy WHERE k < {{times}}) "
            f"INSERT INTO {{table}} ({{names}}) SELECT {{', '.join(values)}} FROM copy CROSS JOIN {{table}} {{source}} "
            f"WHERE {{source}}.id <= {{upto}} {{where}} ORDER BY k, {{source}}.id")

word = "('w' || ((k * 7919 + t.id * 31) % {vocabulary}))"
other = "('w' || ((k * 104729 + t.id * 17) % {vocabulary}))"
spread = "(k * interval '25 seconds')"
own = {{"id": f"t.id + k * {{many}}", "requester_id": f"{{people}} + (k * 31 + t.id) % {people}", "idempotency_key": "NULL",
       "assignee_id": f"CASE WHEN t.assignee_id IS NULL THEN NULL ELSE {{people}} + (k + t.id) % 50 END",
       "evaluate_at": "NULL", "incident_id": "NULL", "incident_reason": "''", "what": f"t.what || ' ' || {{word}} || ' ' || {{other}}"}}
if postgresql:
    own["signature"] = f"t.signature || jsonb_build_array({{word}}, {{other}})"
else:
    own["signature"] = f"json_insert(t.signature, '$[#]', {{word}}, '$[#]', {{other}})"
if not lived:
    shut = "k % 10 <> 0"
    closed = {{"state": "'closed'", "waiting_for": "''", "settle_at": "NULL", "unrated_due_at": "NULL", "first_answer_due_at": "NULL",
              "next_answer_due_at": "NULL", "solution_due_at": "NULL", "warn_at": "NULL", "closed_at": "t.created_at"}}
    own |= {{column: f'CASE WHEN {{shut}} THEN {{value}} ELSE t."{{column}}" END' for column, value in closed.items()}}
    if postgresql:
        own |= {{column: f't."{{column}}" - {{spread}}' for column in ("created_at", "updated_at")}}
numbers = {{"id": f"e.id + k * ({{last}} + 1)", "ticket_id": f"e.ticket_id + k * {{many}}"}}
some = "" if lived else "AND e.id IN (SELECT id FROM incidents_entry WHERE kind <> 'event') "
if postgresql:
    # the copies name what is there: millions of foreign keys need not be looked up (asks for a superuser)
    connection.cursor().execute("SET statement_timeout = 0; SET session_replication_role = replica")
with transaction.atomic(), connection.cursor() as cursor:
    if times:
        cursor.execute(copied(Ticket, own, seeds[-1]))
        cursor.execute(copied(Entry, numbers, last, "e", some))
    if postgresql:
        for table in ("incidents_ticket", "incidents_entry"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{{table}}', 'id'), (SELECT max(id) FROM {{table}}))")
if not lived:
    with connection.cursor() as cursor:
        now = "now()" if postgresql else "CURRENT_TIMESTAMP"
        if postgresql:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'search_words_%'")
            gins = cursor.fetchall()
            for name, _definition in gins:
                cursor.execute(f"DROP INDEX {{name}}")
        # as they would have come: a ticket, and then what was said on it
        cursor.execute(f"INSERT INTO search_searchdoc (kind, object_id, title, body, is_public, updated_at) "
                       f"SELECT kind, id, title, body, false, {{now}} FROM ("
                       f"SELECT 'ticket' AS kind, id, title, what AS body, id AS ticket FROM incidents_ticket WHERE id > {{seeds[-1]}} "
                       f"UNION ALL SELECT 'entry', id, '', text, ticket_id FROM incidents_entry WHERE id > {{last}}) AS docs "
                       f"ORDER BY ticket, kind DESC, id")
        if postgresql:
            for _name, definition in gins:
                cursor.execute(definition)
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
print(Ticket.objects.count(), Entry.objects.count())
"""


def fill(url: str, count: int, folder: str, *, lived: bool = False) -> str:
    """Tickets and entries that are there now, in words. `folder` holds the desk's files; an empty `url` is SQLite in it."""
    seed(url, folder)
    return copy(url, count, folder, lived=lived)


def seed(url: str, folder: str) -> None:
    """An empty database with a company and the tickets that lived; a template for others."""
    shell(url, folder, "migrate", "-v", "0")
    shell(url, folder, "shell", "-v", "0", "-c", LIVED)


def copy(url: str, count: int, folder: str, *, lived: bool = False) -> str:
    """Tickets and entries there are afterwards, in words."""
    return shell(url, folder, "shell", "-v", "0", "-c", COPIED.format(lived=lived, count=count, vocabulary=VOCABULARY, people=PEOPLE))


def environ(url: str, folder: str) -> dict[str, str]:
    own = {"DATA_DIR": folder, "ENV_FILE": os.devnull, "SITE_URL": "http://127.0.0.1:8000"}
    return os.environ | own | ({"DATABASE_URL": url} if url else {})


def shell(url: str, folder: str, *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, env=environ(url, folder), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


if __name__ == "__main__":
    print(fill(sys.argv[1], int(sys.argv[2]), os.environ.get("DATA_DIR", "var"), lived="--lived" in sys.argv), end="")
