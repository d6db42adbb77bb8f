"""A backup as one file: a tar with the database, the files and, last, the manifest that names them all with their hashes.

Written beside its place and moved there when it was read back whole: a backup that was cut off never has the name of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from incidents import vault
from servicedesk.operations.fingerprints import Table

FORMAT = 1
MANIFEST, DATABASE, SETTINGS = "manifest.json", "database", "settings.json"
FILES = "files/"
PIECE = 2**20


class NotWhole(Exception):
    """The file is no backup, or not the whole of one; the text says what is wrong."""


class Busy(Exception):
    """Another backup is being written to the same place."""


@dataclass(slots=True)
class Manifest:
    """`members`: of each its bytes and SHA-256. `missing`: files that rows name and the disk does not have."""

    made_at: str
    vendor: str
    organisation: str
    migrations: list[list[str]]
    tables: dict[str, Table]
    members: dict[str, tuple[int, str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def files(self) -> int:
        return sum(name.startswith(FILES) for name in self.members)

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT, "made_at": self.made_at, "vendor": self.vendor, "organisation": self.organisation,
            "rows": self.rows, "files": self.files, "missing": self.missing, "migrations": self.migrations,
            "tables": {name: table.as_json() for name, table in self.tables.items()},
            "members": {name: list(said) for name, said in self.members.items()},
        }  # fmt: skip


@contextmanager
def place(target: Path) -> Iterator[Path]:
    """A folder beside the target to write in; nobody else's, and gone afterwards. Leftovers of a killed backup go first."""
    folder = target.with_name(f".{target.name}.part")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in folder.iterdir():
            left.unlink()
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError as error:
        raise Busy(f"{target} is being written by another backup.") from error
    finally:
        os.close(descriptor)


def write(path: Path, manifest: Manifest, database: Path, settings: dict[str, str], files: dict[str, Path]) -> None:
    """The whole archive at `path`, to the last bit on the disk. A file that is gone meanwhile is told of as missing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        with tarfile.open(fileobj=out, mode="w") as tar:
            _add(tar, manifest, DATABASE, database)
            for sha256, source in files.items():
                try:
                    _add(tar, manifest, FILES + sha256, source)
                except FileNotFoundError:
                    manifest.missing.append(sha256)
            _say(tar, SETTINGS, settings)
            _say(tar, MANIFEST, manifest.as_json())
        out.flush()
        os.fsync(out.fileno())


def move(new: Path, target: Path) -> None:
    """Under its name, or not at all."""
    new.replace(target)
    vault.sync(target.parent)


def check(path: Path) -> Manifest:
    """Read every member once and compare it with the manifest. Raises NotWhole."""
    found: dict[str, tuple[int, str]] = {}

    def note(name: str, stream: IO[bytes]) -> None:
        found[name] = _hashed(stream)

    manifest = _read(path, note)
    for name, said in manifest.members.items():
        if name not in found:
            raise NotWhole(f"{name} is missing in it.")
        if found[name] != said:
            raise NotWhole(f"{name} is damaged: its hash is not the one of the manifest.")
        if name.startswith(FILES) and said[1] != name.removeprefix(FILES):
            raise NotWhole(f"{name} is not what its name says.")
    return manifest


def extract(path: Path, put: Callable[[str, IO[bytes]], None]) -> None:
    """Hand every member over as a stream."""
    _read(path, put)


def _read(path: Path, each: Callable[[str, IO[bytes]], None]) -> Manifest:
    manifest = None
    try:
        with tarfile.open(path, mode="r") as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isreg() else None
                if stream is not None and member.name == MANIFEST:
                    manifest = _manifest(json.load(stream))
                elif stream is not None:
                    each(member.name, stream)
    except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError) as error:
        raise NotWhole(f"It cannot be read: {error}.") from error
    if manifest is None:
        raise NotWhole("It ends before its manifest: it was cut off.")
    return manifest


def _manifest(said: dict[str, Any]) -> Manifest:
    if said["format"] != FORMAT:
        raise NotWhole(f"It has format {said['format']}; this version reads {FORMAT}.")
    tables = {name: Table(tuple(one["columns"]), one["rows"], one["digest"]) for name, one in said["tables"].items()}
    members = {name: (int(size), str(sha256)) for name, (size, sha256) in said["members"].items()}
    return Manifest(said["made_at"], said["vendor"], said["organisation"], said["migrations"], tables, members, said["missing"])


class _Counting:
    """A stream that hashes what is read through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.sha256, self.size = stream, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        got = self.stream.read(size)
        self.sha256.update(got)
        self.size += len(got)
        return got


def _add(tar: tarfile.TarFile, manifest: Manifest, name: str, source: Path) -> None:
    with source.open("rb") as stream:
        head = tarfile.TarInfo(name)
        head.size, head.mode = os.fstat(stream.fileno()).st_size, 0o600
        counting = _Counting(stream)
        tar.addfile(head, counting)
    manifest.members[name] = (counting.size, counting.sha256.hexdigest())


def _say(tar: tarfile.TarFile, name: str, said: dict[str, Any]) -> None:
    words = json.dumps(said, indent=1, sort_keys=True).encode()
    head = tarfile.TarInfo(name)
    head.size, head.mode = len(words), 0o600
    tar.addfile(head, io.BytesIO(words))


def _hashed(stream: IO[bytes]) -> tuple[int, str]:
    sha256, size = hashlib.sha256(), 0
    while piece := stream.read(PIECE):
        sha256.update(piece)
        size += len(piece)
    return size, sha256.hexdigest()
