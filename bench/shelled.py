"""What a bench asks of a desk's database from the inside: a few lines run by `manage.py shell`, and the JSON they print."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.desk import Measured
from tests.servicedesk.test_up import ROOT


def ask(desk: Measured, script: str, within: float = 1800) -> Any:
    """The last line the script prints, as JSON."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", script]
    done = subprocess.run(command, env=desk.environ(), cwd=ROOT, check=False, capture_output=True, text=True, timeout=within)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().rpartition("\n")[2])
