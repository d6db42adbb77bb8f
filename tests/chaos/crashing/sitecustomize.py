"""Loaded by every Python process of a desk under fire (PYTHONPATH): dies at a chosen line when a file asks for it.

`DATA_DIR/crash/commit`: after a commit, before the doorbell hears of it. `DATA_DIR/crash/record`: after a provider took a
message, before that is written down. The file is taken by the one process that dies, with its whole group.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("DATA_DIR", ".")) / "crash"


def deadly(name: str, deed: Callable[..., Any]) -> Callable[..., Any]:
    def dies(*args: Any, **kwargs: Any) -> Any:
        try:
            (FOLDER / name).unlink()
        except OSError:
            return deed(*args, **kwargs)
        return os.killpg(os.getpgrp(), signal.SIGKILL)

    return dies


PLACES: dict[str, Callable[[Any], None]] = {
    "servicedesk.doorbell": lambda module: setattr(module._Bell, "add", deadly("commit", module._Bell.add)),
    # each page is counted by itself here; what comes thick is tried by tests/notifications/test_bundling.py
    "notifications.plan": lambda module: setattr(module, "AT_ONCE", 1_000_000),
    "notifications.delivery.outcomes": lambda module: setattr(module, "sent", deadly("record", module.sent)),
}


class Loading(importlib.abc.Loader):
    def __init__(self, usual: importlib.abc.Loader, then: Callable[[Any], None]) -> None:
        self.usual, self.then = usual, then

    def create_module(self, spec: Any) -> Any:
        return self.usual.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self.usual.exec_module(module)
        self.then(module)


class Finding(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        then = PLACES.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if then else None
        if spec and spec.loader and then:
            spec.loader = Loading(spec.loader, then)
        return spec


sys.meta_path.insert(0, Finding())
