"""What is known of an incident: what happened, who is impacted, how it affects them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from incidents import journal
from incidents.models import Incident, TimelineEntry
from incidents.rules import FIELDS
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User

NAMES = ("what", "impacted", "impacted_count", "effect")


@tongues.deed
def tell(incident: Incident, *, actor: User, now: datetime, **said: Any) -> Incident:
    """As it is known now, by the names of NAMES. The timeline says what is new and what stood there before."""
    incident = Incident.objects.locked(incident.pk)
    before = {name: getattr(incident, name) for name in NAMES}
    after = {**before, **said}
    changed = [name for name in NAMES if after[name] != before[name]]
    if not changed:
        return incident
    for name in changed:
        setattr(incident, name, after[name])
    incident.save(update_fields=changed)
    was, becomes = ({name: of[name] for name in changed} for of in (before, after))
    because = _("Before: %(facts)s") % {"facts": _sentence(was)}
    journal.line(
        incident, TimelineEntry.Kind.NOTE, _sentence(becomes), now=now, actor=actor, because=because, data={"before": was, "after": becomes}
    )
    trail.record(incident, "facts", actor=actor, now=now, after={"changed": changed})
    return incident


def choices(name: str) -> list[tuple[str, str]]:
    """The answers to "impacted" or "effect" as staff read them, in the language that is active."""
    return [
        ("", _("Not known")),
        *((value, capfirst(_(word))) for value, word in FIELDS[f"ticket.{name}"].choices.items() if value != "unknown"),
    ]


def word(name: str, value: str) -> str:
    return dict(choices(name)).get(value, _("Not known"))


def _sentence(facts: dict[str, Any]) -> str:
    """ "What happened: mails bounce. Who is impacted: everyone." """
    labels = {
        "what": _("What happened"),
        "impacted": _("Who is impacted"),
        "impacted_count": _("About how many"),
        "effect": _("How it affects"),
    }
    said = {name: word(name, value) if name in ("impacted", "effect") else f"{value or _('Not known')}" for name, value in facts.items()}
    return " ".join(f"{labels[name]}: {value.rstrip('.')}." for name, value in said.items())
