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
AT_ONCE = 500  # that the database is asked for in one piece


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


def renew(sha256: str) -> bool:
    """Whether it is there; if so it is young again, so that whoever is about to write a row finds it for a day more."""
    with _locked():
        is_there = has(sha256)
        if is_there:
            os.utime(path_of(sha256))
        return is_there


def sweep(known: Callable[[Collection[str]], Collection[str]], *, now: datetime) -> int:
    """Remove what has lain for a day and is not among the `known`; how many there were.

    The database is asked for many at once, and before the lock: whoever came to one of them since made it young, and its
    age is looked at again under the lock.
    """
    old = _old(now)
    pieces = (old[start : start + AT_ONCE] for start in range(0, len(old), AT_ONCE))
    return sum(_removed(piece, known([path.name for path in piece]), now) for piece in pieces)


def _removed(piece: Iterable[Path], known: Collection[str], now: datetime) -> int:
    return sum(_remove(path, now) for path in piece if path.name not in known)


def _remove(path: Path, now: datetime) -> bool:
    """False where somebody came to it meanwhile, or it is gone."""
    with _locked():
        if _age(path, now) <= LIVES:
            return False
        path.unlink(missing_ok=True)
        return True


def _old(now: datetime) -> list[Path]:
    """What has no business to be young: everything but the lock, older than a day."""
    found = [path for path in _folder().rglob("*") if path.is_file() and path.name != ".lock"]
    return [path for path in sorted(found) if _age(path, now) > LIVES]


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
