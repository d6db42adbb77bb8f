"""The address the world sees us at: asked of a service that echoes it, or of a name that should point at us; told when it changes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

import httpx2
from django.utils.translation import gettext_lazy as _

from monitoring.probes import web
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

WORDS = re.compile(r"[0-9A-Fa-f.:]{3,45}")


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found = Finding()
    try:
        answer = web.ask("GET", given["url"], context)
    except httpx2.HTTPError as error:
        found.lack(
            "the external address",
            f"{given['url']}: {error or type(error).__name__}",
            "Name a service that echoes the address of who asks.",
        )
        return found
    seen = _address(answer.body[:2000].decode(errors="replace"))
    if answer.status != 200 or seen is None:
        found.lack("the external address", f"{given['url']} answered {answer.status} without an address", "Name one that echoes it.")
        return found
    before = context.memory.get("address")
    found.measure("changes", int(before not in (None, seen)))
    found.notes.append(f"seen as {seen}")
    if given["expect"] and seen not in given["expect"]:
        found.fault("critical", f"seen as {seen}, expected {', '.join(given['expect'])}")
    elif before not in (None, seen):
        found.fault("warning", f"seen as {seen}, before as {before}")
    found.memory = {"address": seen}
    return found


def _address(text: str) -> str | None:
    for word in WORDS.findall(text):
        try:
            return str(ipaddress.ip_address(word))
        except ValueError:
            continue
    return None


PROBE = Probe(
    name="address",
    title=_("External address"),
    kind="network",
    run=run,
    every_s=300,
    privilege=_("None. A service of your own on a private address needs PROBE_ALLOW."),
    options=(
        Option(
            "url",
            _("a page that echoes it"),
            "url",
            "",
            _("Any that answers with the address of who asks, as text or JSON."),
            is_required=True,
        ),
        Option("expect", _("must be one of"), "words", "", _("By commas.")),
    ),
    figures=(Figure("changes", "", _("1 where it is another than last time")),),
)
