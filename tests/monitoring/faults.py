# ruff: noqa: E501  (log lines are as long as they are)
"""A day of a busy host's journal, made from a seed, and faults put into it whose culprit is known.

Victims complain too, louder than the culprit in most faults, and every unit has its usual errors.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from monitoring.causes import Line

UNITS = {
    "nginx.service": ("GET /page/{n} 200 in {n} ms", "upstream timed out (110) while reading from {ip}"),
    "webapp.service": ("request {n} done in {n} ms", "slow query {n} ms on page {n}", "client {ip} went away"),
    "worker.service": ("task {hex} succeeded in {n}s", "task {hex} retried: timeout"),
    "postgresql.service": ("checkpoint complete: wrote {n} buffers", "duration: {n} ms statement", "could not receive data from client: Connection reset by peer"),
    "redis.service": ("{n} changes in 300 seconds. Saving...", "Background saving terminated with success"),
    "rabbitmq.service": ("accepting AMQP connection {hex}", "closing AMQP connection {hex}: client unexpectedly closed TCP connection"),
    "sshd.service": ("Failed password for root from {ip} port {n} ssh2", "Connection closed by {ip} port {n}"),
    "cron.service": ("(root) CMD (/usr/local/bin/job{n})",),
    "postfix.service": ("{hex}: to=<a{n}@example.test>, status=sent", "{hex}: to=<b{n}@example.test>, status=deferred (connect to {ip}: timed out)"),
    "dovecot.service": ("imap-login: Login: user=<u{n}>, rip={ip}",),
    "named.service": ("lame server resolving 'x{n}.test'", "client {ip}: query denied"),
    "systemd-timesyncd.service": ("Contacted time server {ip}",),
    "grafana.service": ("logger=context status=200 duration={n}ms", "logger=tsdb error=\"context canceled\""),
    "backup.service": ("archive {hex} written, {n} MB",),
    "elasticsearch.service": ("[gc][{n}] overhead, spent [{n}ms] collecting", "refreshed index {hex}"),
}  # fmt: skip
PRIORITY = ("error", "timed out", "could not", "denied", "Failed", "unexpectedly", "deferred", "retried")
BAD = datetime(2026, 11, 23, 3, 12, tzinfo=datetime.fromisoformat("2026-01-01T00:00:00+00:00").tzinfo)


class Day:
    """Noise for a day, and `say` to put lines into it, in seconds relative to the first bad moment."""

    def __init__(self, seed: int, lines: int = 6000) -> None:
        self.chance = random.Random(seed)
        self.lines = [self._noise() for _ in range(lines)]

    def _noise(self) -> Line:
        unit = self.chance.choice(list(UNITS))
        text = self.fill(self.chance.choices(UNITS[unit], [8, *[1] * (len(UNITS[unit]) - 1)])[0])
        at = BAD - timedelta(seconds=self.chance.uniform(-60, 86_400))
        return Line(at, unit, 4 if any(word in text for word in PRIORITY) else 6, text)

    def fill(self, text: str) -> str:
        chance = self.chance
        ip = ".".join(str(chance.randint(1, 250)) for _ in range(4))
        return text.replace("{n}", str(chance.randint(1, 9999))).replace("{ip}", ip).replace("{hex}", f"{chance.getrandbits(64):016x}")

    def say(self, seconds: float, unit: str, text: str, priority: int = 3, times: int = 1, over_s: float = 60) -> None:
        for _ in range(times):
            at = BAD + timedelta(seconds=seconds + (self.chance.uniform(0, over_s) if times > 1 else 0))
            self.lines.append(Line(at, unit, priority, self.fill(text)))

    def victims(self, *texts: tuple[str, str], after: float = -150) -> None:
        for unit, text in texts:
            self.say(after + self.chance.uniform(0, 40), unit, text, times=self.chance.randint(10, 60))

    def spoil(self, culprit: str) -> None:
        """Most real days: something else was restarted and is in new trouble of its own, and the first line of the culprit is lost."""
        other = self.chance.choice([unit for unit in UNITS if unit != culprit])
        self.say(-520, "init.scope", f"Started {other} - After maintenance.", 6)
        self.say(-515, other, "deprecated setting 'legacy_mode' is ignored, error in next release", 4, times=3)
        fresh = [
            line for line in self.lines if culprit in (line.unit, line.text.partition(":")[0]) and line.at > BAD - timedelta(minutes=10)
        ]
        told = [line for line in fresh if line.priority <= 3]
        if len(told) > 1:
            self.lines.remove(min(told, key=lambda line: line.at))


def database_is_full(day: Day) -> str:
    day.say(-200, "postgresql.service", 'PANIC: could not write to file "pg_wal/xlogtemp.{n}": No space left on device', 2)
    day.say(-198, "postgresql.service", "server process (PID {n}) was terminated by signal 6: Aborted", 3)
    day.say(-190, "init.scope", "postgresql.service: Main process exited, code=exited, status=1/FAILURE", 5)
    day.victims(
        ("webapp.service", "connection to server at 127.0.0.1, port 5432 failed: Connection refused"),
        ("worker.service", "task {hex} raised OperationalError: connection refused"),
        ("grafana.service", 'logger=sqlstore error="dial tcp: connection refused"'),
    )
    return "postgresql.service"


def memory_leak(day: Day) -> str:
    day.say(
        -120,
        "kernel",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=worker.service,task_memcg=/system.slice/worker.service,task=python,pid={n},uid=1000",
        6,
    )
    day.say(-119, "kernel", "Memory cgroup out of memory: Killed process 4711 (python) total-vm:{n}kB", 3)
    day.say(-118, "init.scope", "worker.service: A process of this unit has been killed by the OOM killer.", 5)
    day.victims(("webapp.service", "queue is not answering: {n} tasks wait"), after=-90)
    return "worker.service"


def bad_release(day: Day) -> str:
    day.say(-400, "init.scope", "Stopping webapp.service - The shop...", 6)
    day.say(-398, "init.scope", "Started webapp.service - The shop.", 6)
    day.say(-395, "webapp.service", "Traceback (most recent call last): KeyError: 'currency'", 3, times=25, over_s=390)
    day.victims(
        ("nginx.service", "upstream prematurely closed connection while reading response header from upstream, client: {ip}"), after=-380
    )
    return "webapp.service"


def broker_died(day: Day) -> str:
    day.say(-170, "init.scope", "rabbitmq.service: Main process exited, code=killed, status=9/KILL", 5)
    day.say(-169, "init.scope", "rabbitmq.service: Failed with result 'signal'.", 4)
    day.victims(
        ("worker.service", "consumer: Cannot connect to amqp://guest@127.0.0.1:5672//: Connection refused"),
        ("webapp.service", "kombu.exceptions.OperationalError: Connection refused"),
    )
    return "rabbitmq.service"


def name_server_fails(day: Day) -> str:
    day.say(-260, "named.service", "loading configuration: unexpected token near ';'", 3)
    day.say(-259, "named.service", "reloading configuration failed: unexpected token", 3)
    day.victims(
        (
            "postfix.service",
            "{hex}: to=<c{n}@example.test>, status=deferred (Host or domain name not found. Name service error for name=example.test)",
        ),
        ("webapp.service", "gaierror: Temporary failure in name resolution"),
        ("grafana.service", 'logger=alerting error="lookup mail.test: server misbehaving"'),
    )
    return "named.service"


def certificate_ran_out(day: Day) -> str:
    day.say(
        -240,
        "nginx.service",
        "SSL_do_handshake() failed (SSL: error:0A000415: certificate expired) while SSL handshaking, client: {ip}",
        3,
        times=30,
        over_s=220,
    )
    day.victims(("worker.service", "task {hex} raised SSLError: certificate verify failed: certificate has expired"), after=-200)
    return "nginx.service"


def backup_eats_the_disk(day: Day) -> str:
    day.say(-500, "backup.service", "archive {hex} is larger than expected: {n} MB, continuing", 4)
    day.say(-180, "backup.service", "write error: No space left on device", 3)
    day.victims(
        ("postgresql.service", "could not extend file: No space left on device"),
        ("elasticsearch.service", "flood stage disk watermark exceeded, index read-only"),
        ("redis.service", "Error saving DB on disk: No space left on device"),
        after=-170,
    )
    return "backup.service"


def cache_refuses_writes(day: Day) -> str:
    day.say(-210, "redis.service", "Can't save in background: fork: Cannot allocate memory", 3, times=4, over_s=120)
    day.victims(
        ("webapp.service", "redis.exceptions.ResponseError: MISCONF Redis is configured to save RDB snapshots"),
        ("worker.service", "task {hex} raised ResponseError: MISCONF Redis is configured to save"),
    )
    return "redis.service"


def upgrade_broke_mail(day: Day) -> str:
    day.say(-480, "apt-daily-upgrade.service", "Setting up dovecot-core ({n}) ...", 6)
    day.say(-470, "init.scope", "Stopped dovecot.service - IMAP server.", 6)
    day.say(-468, "dovecot.service", "Fatal: Error in configuration file: Unknown setting: ssl_protocols", 2)
    day.victims(("postfix.service", "{hex}: to=<d{n}@example.test>, status=deferred (connect to lmtp: Connection refused)"), after=-300)
    return "dovecot.service"


def crash_loop(day: Day) -> str:
    for turn in range(5):
        day.say(
            -140 + 12 * turn,
            "elasticsearch.service",
            "fatal error in thread [main], exiting: java.lang.IllegalStateException: failed to obtain node locks",
            2,
        )
        day.say(-139 + 12 * turn, "init.scope", "elasticsearch.service: Main process exited, code=exited, status=127/n/a", 5)
    day.say(-70, "init.scope", "elasticsearch.service: Start request repeated too quickly.", 4)
    day.victims(("webapp.service", "search is not available: ConnectionError({n})"), after=-100)
    return "elasticsearch.service"


FAULTS: tuple[Callable[[Day], str], ...] = (
    database_is_full, memory_leak, bad_release, broker_died, name_server_fails, certificate_ran_out,
    backup_eats_the_disk, cache_refuses_writes, upgrade_broke_mail, crash_loop,
)  # fmt: skip
