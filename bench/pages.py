"""P3: pages with 1,000, 100,000 and 1,000,000 tickets behind them, the weights of P9, and P10: similar tickets against plain trigrams.

On PostgreSQL, in databases of its own at `BENCH_DATABASE_URL` (its user may create them); without one on SQLite with
100,000. Each database has its process, in which Django answers without a network. The sizes are asked in turn, page by
page, so that what else the machine does falls on all of them; of each the median of a round is told and its 95th centile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench import filling
from bench.filling import ROOT, environ
from bench.measure import ROUNDS, Figure, centile

ASKED, WARM = 21, 3
SIZES = {"1k": 1_000, "100k": 100_000, "1M": 1_000_000}
PAGES = {
    "queue": ("ana", "/queue/"),
    "queue, 20 pages on": ("ana", "{deep}"),
    "staff ticket": ("ana", "/tickets/{ticket}/"),
    "incident": ("ana", "/incidents/201/"),
    "portal": ("ella", "/"),
    "my tickets": ("ella", "/t/"),
    "search, a common word": ("ana", "/search/?q=outlook"),
    "search, a rare word": ("ana", "/search/?q=w123"),
    "search, two words": ("ana", "/search/?q=printer+paper"),
    "this morning": ("ana", "/morning/"),
    "problems": ("ana", "/problems/"),
}
WEIGHTS = {"queue": 30, "staff ticket": 40, "incident": 40, "portal": 12}  # kB of HTML on the wire
SERVED = """
import gzip, json, re, sys, time
from django.test import Client
from incidents import similar
from incidents.models import Ticket
from servicedesk.directory.models import User
clients = {}
def client(name):
    if name not in clients:
        clients[name] = Client(SERVER_NAME="127.0.0.1", headers={"accept-encoding": "gzip"})
        clients[name].force_login(User.objects.get(username=name), backend="servicedesk.directory.signin.NameOrEmailBackend")
    return clients[name]
def unpacked(got):
    return (gzip.decompress(got.content) if got.headers.get("Content-Encoding") == "gzip" else got.content).decode()
def deep(pages):
    path = "/queue/"
    for _page in range(pages):
        found = re.search(r'href="([^"]*)"[^>]*rel="next"|rel="next"[^>]*href="([^"]*)"', unpacked(client("ana").get(path)))
        if not found:
            break
        path = "/queue/" + (found[1] or found[2]).replace("&amp;", "&").removeprefix("/queue/")
    return path
known = {"ticket": Ticket.objects.order_by("pk")[100].pk, "deep": deep(20)}
picked = list(Ticket.objects.filter(pk__gt=1300).order_by("pk")[:400:8]) or list(Ticket.objects.order_by("pk")[:50])
ana = User.objects.get(username="ana")
for line in sys.stdin:
    asked = json.loads(line)
    took, answer = [], []
    for n in range(asked["times"]):
        began = time.perf_counter()
        if asked["what"] == "page":
            got = client(asked["who"]).get(asked["path"].format(**known), REMOTE_ADDR="127.0.0.1")
            assert got.status_code == 200, (asked, got.status_code)
            answer.append(len(got.content))
        elif asked["what"] == "similar":
            answer.append([one.ticket.pk for one in similar.of(picked[n % len(picked)], reader=ana)])
        took.append((time.perf_counter() - began) * 1000)
    print("READY " + json.dumps({"took": took, "answer": answer, "picked": [ticket.pk for ticket in picked]}), flush=True)
"""


class Desk:
    """One database, and a process that answers for it."""

    def __init__(self, url: str, folder: str) -> None:
        filling.shell(url, folder, "collectstatic", "--noinput", "-v", "0")
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", SERVED]
        self.process = subprocess.Popen(
            command, env=environ(url, folder), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, what: str, times: int, **more: str) -> dict[str, list[float]]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"what": what, "times": times, **more}) + "\n")
        for line in self.process.stdout:
            if line.startswith("READY "):
                return json.loads(line.removeprefix("READY "))  # type: ignore[no-any-return]
        raise AssertionError("the desk ended")

    def page(self, who: str, path: str) -> float:
        """Milliseconds of one."""
        return self.ask("page", 1, who=who, path=path)["took"][0]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


@contextmanager
def desks(sizes: dict[str, int]) -> Iterator[dict[str, tuple[Desk, str]]]:
    """One of each size, filled or found filled (`BENCH_KEEP`), each with the address of its database."""
    server = os.environ.get("BENCH_DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        made: dict[str, tuple[Desk, str]] = {}
        for name, count in sizes.items():
            url = filled(server, name, count, folder) if server else on_sqlite(count, f"{folder}/{name}")
            made[name] = (desk := Desk(url, folder if server else f"{folder}/{name}")), url
            stack.callback(desk.close)
        yield made


def filled(server: str, name: str, count: int, folder: str) -> str:
    """A database of that many; a first one is the template of the others."""
    seed, own = address(server, "desk_bench_seed"), address(server, f"desk_bench_{name.lower()}")
    with psycopg.connect(server, autocommit=True) as line:
        there = {row[0] for row in line.execute("SELECT datname FROM pg_database")}
        if "desk_bench_seed" not in there:
            line.execute("CREATE DATABASE desk_bench_seed")
            filling.seed(seed, folder)
        if f"desk_bench_{name.lower()}" not in there:
            line.execute(sql.SQL("CREATE DATABASE {} TEMPLATE desk_bench_seed").format(sql.Identifier(f"desk_bench_{name.lower()}")))
            filling.copy(own, count, folder)
    filling.shell(own, folder, "migrate", "-v", "0")  # one that was kept may be older than the desk
    return own


def on_sqlite(count: int, folder: str) -> str:
    filling.fill("", count, folder)
    return ""


def address(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()


def bench() -> Iterator[Figure]:
    sizes = SIZES if os.environ.get("BENCH_DATABASE_URL") else {name: SIZES[name] for name in ("1k", "100k")}
    with desks(sizes) as made:
        for desk, _url in made.values():
            for who, path in PAGES.values():
                desk.ask("page", WARM, who=who, path=path)
        for name, (who, path) in PAGES.items():
            rounds = [asked({size: desk for size, (desk, _url) in made.items()}, who, path) for _round in range(ROUNDS)]
            for size in list(made)[1:]:
                for word, share in (("p50", 0.5), ("p95", 0.95)):
                    ours, reference = ([centile(one[which], share) for one in rounds] for which in (size, "1k"))
                    yield Figure(
                        "P3", f"{name} {word}, {size}", "ms", ours, reference, 1.2, note="the reference is the same with 1k tickets"
                    )
        yield from weights(made)
        if os.environ.get("BENCH_DATABASE_URL"):
            yield from similar(made)


def asked(desks: dict[str, Desk], who: str, path: str) -> dict[str, list[float]]:
    """A round: each size once, then again, as often as is asked."""
    took: dict[str, list[float]] = {size: [] for size in desks}
    for _time in range(ASKED):
        for size, desk in desks.items():
            took[size].append(desk.page(who, path))
    return took


def weights(made: dict[str, tuple[Desk, str]]) -> Iterator[Figure]:
    """P9: the HTML of a page as it goes over the wire, on the fullest desk."""
    size = list(made)[-1]
    for name, most in WEIGHTS.items():
        who, path = PAGES[name]
        heavy = [byte / 1000 for byte in made[size][0].ask("page", ROUNDS, who=who, path=path)["answer"]]
        yield Figure("P9", f"{name} weighs, {size}", "kB", heavy, [float(most)] * ROUNDS, most, of_ours=True, note="HTML, packed")


TRIGRAMS = "SELECT id FROM incidents_ticket WHERE what %% %s AND id <> %s ORDER BY similarity(what, %s) DESC LIMIT 5"
HITS = "SELECT count(*) FROM incidents_ticket WHERE id = ANY(%s) AND similarity(what, %s) > 0.5"
PLAIN = 20  # texts asked of plain trigrams a round


def similar(made: dict[str, tuple[Desk, str]]) -> Iterator[Figure]:
    """P10: the same texts to both; and how many of the trigrams' hits above 0.5 ours has as many of."""
    desk, url = made[list(made)[-1]]
    with psycopg.connect(url, autocommit=True) as line:
        line.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        line.execute("CREATE INDEX IF NOT EXISTS bench_trigrams ON incidents_ticket USING gin (what gin_trgm_ops)")
        ours, reference, hits, theirs = [], [], 0, 0
        for _round in range(ROUNDS):
            told = desk.ask("similar", PLAIN)
            ours.append(centile(told["took"], 0.95))
            took, found = zip(*(plain(line, pk) for pk in told["picked"][:PLAIN]), strict=True)
            reference.append(centile(took, 0.95))
        for pk, own, other in zip(told["picked"], told["answer"], found, strict=False):
            what = line.execute("SELECT what FROM incidents_ticket WHERE id = %s", [pk]).fetchone()
            counted = [line.execute(HITS, [rows, what[0]]).fetchone()[0] for rows in (own, other)]  # type: ignore[index]
            hits, theirs = hits + min(counted), theirs + counted[1]
    note = f"has {hits} of plain pg_trgm's {theirs} hits above 0.5"
    yield Figure("P10", f"similar tickets p95, {list(made)[-1]}", "ms", ours, reference, 0.05, note=note)


def plain(line: psycopg.Connection, number: float) -> tuple[float, list[int]]:
    """Milliseconds, and the five."""
    what = line.execute("SELECT what FROM incidents_ticket WHERE id = %s", [number]).fetchone()[0]  # type: ignore[index]
    began = time.perf_counter()
    rows = line.execute(TRIGRAMS, [what, number, what]).fetchall()
    return (time.perf_counter() - began) * 1000, [row[0] for row in rows]
