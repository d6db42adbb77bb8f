"""One run of one probe under its total deadline. It always gives a finding: what went wrong is one too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

import structlog
from django.conf import settings

from monitoring.probes import guard
from monitoring.probes.shape import Context, Finding, Probe
from servicedesk.deadline import Deadline, within

log = structlog.get_logger(__name__)


PATIENCE_S = 0.5  # the deadline cuts connections first; what has none is left behind this much later


def run(probe: Probe, given: Mapping[str, Any], *, memory: Mapping[str, Any], check: str, now: datetime) -> Finding:
    """`given` are sure options. A hanging other side costs `deadline_s`, never more."""
    with Deadline(probe.deadline_s) as deadline:
        context = Context(deadline, now, settings.PROBE_ALLOW, memory, settings.PROBE_PLUGIN_DIR, check)
        look = partial(probe.run, given, context)
        found = _told(probe, look if probe.is_inside else partial(within, probe.deadline_s + PATIENCE_S, look))
    if monotonic() >= deadline.ends:
        found.fault(probe.silence, f"no answer within {probe.deadline_s:g} s")
    return found


def _told(probe: Probe, call: Callable[[], Finding]) -> Finding:
    found = Finding()
    try:
        return call()
    except TimeoutError as error:
        found.fault(probe.silence, str(error) or "no answer in time")
    except guard.Refused as error:
        found.lack("the target", str(error), error.remedy)
    except Exception as error:  # one probe's mistake is its own result
        log.exception("a probe failed", probe=probe.name)
        found.lack(str(probe.title), f"the probe broke off with {type(error).__name__}: {str(error)[:200]}", "See the worker's log.")
    return found
