"""Real programs for a test: found, started, waited for and stopped."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

INTEGRATOR = Path(__file__).parents[2] / "docs/integrator"


def program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


@contextmanager
def running(*command: str, folder: Path) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def soon(seen: Callable[[], Any], folder: Path, within: float = 60) -> None:
    ends = time.monotonic() + within
    while not seen():
        assert time.monotonic() < ends, (folder / "log").read_text()[-2000:]
        time.sleep(0.2)


def told_by_the_page(name: str, *, url: str, token: str) -> str:
    """What docs/integrator/<name>.md tells its reader to copy, with this desk and this token in it."""
    page = (INTEGRATOR / f"{name}.md").read_text().partition("## Good to know")[0]
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return "\n".join(blocks).replace("https://desk.example.org", url).replace("TOKEN", token)
