"""Files on disk, by what they contain: written once, whole or not at all, before any row speaks of them.

A file without a row is nobody's: it is swept a day later. So a crash between the two loses nothing that was promised.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from incidents import filetypes

LIVES = timedelta(days=1)  # without a row
DIGITS = 64  # of a SHA-256


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is on disk."""

    name: str
    size: int
    sha256: str
    kind: str


def put(name: str, chunks: Iterable[bytes]) -> Kept:
    """Write it down, to the last bit, and say what it is."""
    folder = _folder()
    digest, size, head = hashlib.sha256(), 0, b""
    descriptor, path = tempfile.mkstemp(prefix="new-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size, head = size + len(chunk), head if len(head) >= filetypes.HEAD else head + chunk
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        _place(Path(path), digest.hexdigest())
    finally:
        Path(path).unlink(missing_ok=True)
    return Kept(filetypes.clean_name(name), size, digest.hexdigest(), filetypes.kind_of(head))


def path_of(sha256: str) -> Path:
    """Where it lies, or would; of content that was erased (no hash) a place where nothing is."""
    return Path(settings.DATA_DIR) / "files" / (sha256[:2] or "--") / (sha256 or "erased")


def has(sha256: str) -> bool:
    return path_of(sha256).is_file()


def names() -> Iterator[str]:
    """The hashes of all that is kept."""
    return (path.name for path in sorted(_folder().glob("??/*")) if len(path.name) == DIGITS)


def sweep(known: Callable[[Collection[str]], Collection[str]], *, now: datetime) -> int:
    """Remove what has lain for a day and is not among the `known`; how many there were."""
    removed = 0
    for path in _old(now):
        with _locked():
            if path.name not in known([path.name]) and _age(path, now) > LIVES:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _old(now: datetime) -> Iterator[Path]:
    """What has no business to be young: everything but the lock, older than a day."""
    found = [path for path in _folder().rglob("*") if path.is_file() and path.name != ".lock"]
    return (path for path in sorted(found) if _age(path, now) > LIVES)


def _age(path: Path, now: datetime) -> timedelta:
    try:
        return timedelta(seconds=now.timestamp() - path.stat().st_mtime)
    except FileNotFoundError:
        return timedelta()


def _place(new: Path, sha256: str) -> None:
    """Under its own name; one that is there already is made young again, so that no sweep takes it from under its new row."""
    target = path_of(sha256)
    target.parent.mkdir(exist_ok=True)
    with _locked():
        os.utime(target) if target.exists() else new.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """A file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "files"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def _locked() -> Iterator[None]:
    """One at a time: a sweep and a newcomer of the same content."""
    with (_folder() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
