"""What a new desk finds in its database: severities, starter rules, a service level. Repeating it changes nothing that was edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from incidents import levels, rulebook, starter, starter_requests
from incidents.models import CustomField, RequestType, Rule, SeverityLevel
from servicedesk.directory import tongues


@tongues.deed
def install_rules(*, now: datetime) -> int:
    """How many rules were new."""
    for level in starter.SEVERITIES:
        SeverityLevel.objects.get_or_create(rank=level.rank, defaults={"name": level.name, "guideline": level.guideline})
    install_requests()
    levels.install(now=now)
    return sum(_install(definition, now) for definition in starter.definitions())


def install_requests() -> None:
    """The kinds of request a desk begins with, and their questions."""
    for position, (slug, told) in enumerate(starter_requests.TYPES.items(), 1):
        RequestType.objects.get_or_create(slug=slug, defaults={**told, "position": position, "category": slug})
    for position, row in enumerate(starter_requests.QUESTIONS, 1):
        told = dict(row)
        CustomField.objects.get_or_create(category=told.pop("category"), key=told.pop("key"), defaults={**told, "position": position})


def _install(definition: Mapping[str, Any], now: datetime) -> bool:
    columns = {name: definition[name] for name in ("kind", "position", "mode", "name")}
    rule, is_new = Rule.objects.get_or_create(key=definition["key"], defaults=columns)
    if is_new:
        rulebook.publish(rule, definition, note="Starter rule", actor=None, now=now)
    return is_new
