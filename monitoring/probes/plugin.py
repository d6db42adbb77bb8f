"""Programs of the Nagios plugin API, from one folder alone: exit code, first line, performance data. No shell, no other folder."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe
from monitoring.sources import perfdata

NAME = re.compile(r"[A-Za-z0-9_.+-]{1,100}")
STATUS = {0: "ok", 1: "warning", 2: "critical", 3: "unknown"}
MOST_OUTPUT = 64 * 1024
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}  # nothing of ours: it holds secrets


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    program = _program(given["plugin"], context.plugin_dir, found)
    if program is None:
        return found
    try:
        code, said = _run([str(program), *shlex.split(given["arguments"])], context)
    except ValueError as error:
        found.lack("the plugin", f"its arguments cannot be parted: {error}", "Close every quote.")
        return found
    except OSError as error:
        found.lack("the plugin", f"{program}: {error.strerror}", "Make it executable for the probe's user.")
        return found
    _told(code, said, found)
    return found


def _program(name: str, folder: str, found: Finding) -> Path | None:
    """The plugin inside the folder, links followed; None, and said why, for anything else."""
    if not folder:
        found.lack("the plugin", "no folder of plugins is set", "Set PROBE_PLUGIN_DIR, such as /usr/lib/nagios/plugins.")
        return None
    home = Path(folder).resolve()
    program = (home / name).resolve()
    if not NAME.fullmatch(name) or program.parent != home:
        found.lack("the plugin", f"“{name}” is not the name of a program in {home}", "Give the bare name, such as check_load.")
        return None
    if not program.is_file():
        found.lack("the plugin", f"there is no {program}", f"Install it there. There are: {_known(home)}.")
        return None
    return program


def _known(home: Path) -> str:
    return ", ".join(sorted(path.name for path in home.glob("check_*"))[:20]) or "none"


def _run(command: list[str], context: Context) -> tuple[int, str]:
    """Exit code and the first output. Out of time, the program and whatever it started are killed."""
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRON, cwd="/", start_new_session=True
    )
    try:
        said, _none = program.communicate(timeout=max(context.deadline.left() - 0.5, 0.1))
    except subprocess.TimeoutExpired as error:
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        raise TimeoutError("the plugin did not end in time and was killed") from error
    return program.returncode, said[:MOST_OUTPUT].decode("utf-8", "replace").replace("\x00", "")


def _told(code: int, said: str, found: Finding) -> None:
    """A first text line; what stands after a bar, on any line, is performance data."""
    parts = [line.partition("|") for line in said.splitlines()]
    texts = [text.strip() for text, _bar, _data in parts if text.strip()]
    words = texts[0] if texts else "the plugin said nothing"
    status = STATUS.get(code, "unknown")
    if code not in STATUS:
        words = f"exit code {code} ({'killed by a signal' if code < 0 else 'not of the plugin API'}): {words}"
    found.fault(status, words)
    for metric in perfdata.read(" ".join(data for _text, _bar, data in parts)):
        found.measure("value", metric["value"], metric["name"], warn="", crit="")  # the plugin has judged them
    found.detail = "\n".join(texts[1:])


PROBE = Probe(
    name="plugin",
    title=_("Nagios plugin"),
    kind="application",
    run=run,
    deadline_s=30.0,
    privilege=_("PROBE_PLUGIN_DIR names the folder; the plugin runs as the probe's user, without the desk's environment."),
    options=(
        Option("plugin", _("plugin"), "text", is_required=True, help=_("Its bare name, such as check_load.")),
        Option("arguments", _("arguments"), "text", "", _("As on a command line; no shell reads them.")),
    ),
    figures=(Figure("value", "", _("performance data of the plugin")),),
)
