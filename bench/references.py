"""The references as processes, on the same machine at the same time."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from celery import Celery

from bench import bare
from bench.desk import mail_at
from servicedesk.operations import start
from tests.fakes.smtp import FakeSmtp
from tests.servicedesk.test_supervisor import until
from tests.servicedesk.test_up import ROOT, free_port


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def running(*commands: list[str], **environ: str) -> Iterator[None]:
    given = {"PATH": os.environ["PATH"], **environ}
    started = [subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    try:
        yield
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(10)


@contextmanager
def view_with_insert(folder: Path, url: str = "") -> Iterator[int]:
    """The port of a Django view with one INSERT, on the product's server, threads and kind of database."""
    port = free_port()
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", start.WEB_THREADS]
    command = [sys.executable, "-m", "granian", *start.GRANIAN, *where, "bench.bare_wsgi:application"]
    with running(command, BARE_DB=url or str(folder / "bare.sqlite3")):
        assert until(lambda: listens(port), 20)
        yield port


@contextmanager
def bare_hop(folder: Path) -> Iterator[Celery]:
    """A Celery worker on a Valkey of its own, as the desk's are started."""
    broker = f"redis+socket://{folder}/hop.sock"
    valkey = [start.bundled_broker(), "--port", "0", "--unixsocket", f"{folder}/hop.sock", "--dir", str(folder), *start.BROKER]
    worker = [sys.executable, "-m", "celery", "--quiet", "-A", "bench.bare:hop", "worker", "-P", "threads", "-c", "4", "-l", "ERROR"]
    with running(valkey), running([*worker, "--without-mingle", "--without-gossip"], BARE_BROKER=broker):
        assert until((folder / "hop.sock").exists, 10)
        bare.hop.conf.broker_url = broker
        yield bare.hop


ALERTMANAGER = """
global: {{smtp_smarthost: "127.0.0.1:{port}", smtp_from: desk@acme.example, smtp_require_tls: false, resolve_timeout: 1h}}
route: {{receiver: page, group_by: ["..."], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: page, email_configs: [{{to: "{{{{ .CommonLabels.to }}}}"}}]}}]
"""


def has_alertmanager() -> bool:
    return shutil.which("prometheus-alertmanager") is not None


@contextmanager
def alertmanager(folder: Path, smtp: FakeSmtp) -> Iterator[str]:
    """Debian's Alertmanager, which mails each alert at once to the address in its label `to`."""
    port, cluster = free_port(), free_port()
    (folder / "am.yml").write_text(ALERTMANAGER.format(port=smtp.port))
    where = [f"--web.listen-address=127.0.0.1:{port}", f"--cluster.listen-address=127.0.0.1:{cluster}", f"--storage.path={folder}/am"]
    with running([shutil.which("prometheus-alertmanager") or "", f"--config.file={folder}/am.yml", *where]):
        assert until(lambda: listens(port), 20)
        yield f"http://127.0.0.1:{port}/api/v2/alerts"


def alert_to_mail(line: requests.Session, url: str, smtp: FakeSmtp, to: str) -> float:
    """Seconds from before the POST of an alert to the moment the mail server has the letter."""
    began = time.time()
    line.post(url, json=[{"labels": {"alertname": "bench", "to": to}}], timeout=20).raise_for_status()
    return mail_at(smtp, to) - began


def hop_to_mail(hop: Celery, smtp: FakeSmtp, to: str) -> float:
    """Seconds from the publish to the moment the mail server has the letter."""
    began = time.time()
    hop.send_task("bare.mail", args=[smtp.port, to])
    return mail_at(smtp, to) - began
