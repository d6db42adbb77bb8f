"""A TCP port: does it take a connection, and does it say, or answer, what it should."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes import guard
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

MOST_SAID = 64 * 1024


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, began = Finding(), time.monotonic()
    try:
        with guard.dial(given["host"], given["port"], context) as line:
            found.measure("connect_s", time.monotonic() - began)
            if given["send"]:
                line.sendall(given["send"].encode().decode("unicode_escape").encode("latin-1", "replace"))
            if given["expect"]:
                said = _until(line, given["expect"].encode(), context)
                if given["expect"].encode() not in said:
                    found.fault("critical", f"said {said[:80].decode(errors='replace')!r}, expected {given['expect']!r}")
    except OSError as error:
        found.fault("critical", f"{given['host']} port {given['port']}: {error.strerror or error}")
    return found


def _until(line: Any, wanted: bytes, context: Context) -> bytes:
    said = b""
    while wanted not in said and len(said) < MOST_SAID:
        line.settimeout(max(0.05, context.deadline.left()))
        part = line.recv(4096)
        if not part:
            break
        said += part
    return said


PROBE = Probe(
    name="tcp",
    title=_("TCP port"),
    kind="network",
    run=run,
    silence="critical",
    privilege=_("None. Private addresses need PROBE_ALLOW."),
    options=(
        Option("host", _("host"), "host", is_required=True),
        Option("port", _("port"), "whole", low=1, high=65535, is_required=True),
        Option("send", _("send"), "text", "", _("Escapes such as \\r\\n are understood.")),
        Option("expect", _("must say")),
    ),
    figures=(Figure("connect_s", "s", _("connecting"), "1", "5", "our judgement"),),
)
