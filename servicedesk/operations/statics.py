"""Static files, gathered anew only where they differ from what was gathered last: hashing and packing costs each start half a second."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def gather() -> bool:
    """True where they were gathered, False where nothing had changed."""
    stamp, wanted = settings.DATA_DIR / "static.stamp", _stamp()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text() == wanted:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)
    return True


def _stamp() -> str:
    """A digest of every file's place, size and time, and of how and where they are gathered."""
    digest = hashlib.sha256(repr((settings.STORAGES["staticfiles"], str(settings.STATIC_ROOT))).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{storage.path(path)}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()
