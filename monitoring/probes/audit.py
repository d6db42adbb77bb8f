"""The desk's own audit trail: who takes out much, who reads much of what is confidential, whose rights grew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.probes.shape import Context, Figure, Finding, Option, Probe
from servicedesk.audit.models import AuditEntry

EXPORTS = Q(noun="jobs.job", verb="start", after__kind__startswith="export") | Q(noun="jobs.job", verb="download")
READS = Q(verb="read")
RIGHTS = Q(noun="directory.user", verb="change parts") | Q(noun="directory.grant") | Q(noun="tokens.apitoken", verb="mint")


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, since = Finding(), context.now - timedelta(hours=given["hours"])
    rows = AuditEntry.objects.filter(at__gt=since, at__lte=context.now)
    try:
        exports = Counter(rows.filter(EXPORTS).values_list("actor_label", flat=True))
        reads = Counter(label for label, _noun, _which in set(rows.filter(READS).values_list("actor_label", "noun", "object_id")))
        rights = list(rows.filter(RIGHTS).values_list("actor_label", "verb", "noun", "object_id")[:50])
    except DatabaseError as error:
        found.lack("the audit trail", str(error)[:200], "Run this probe on the desk itself.")
        return found
    for figure, counted in (("exports", exports), ("confidential_reads", reads)):
        found.measure(figure, counted.most_common(1)[0][1] if counted else 0)
        found.detail += "".join(f"{n:6} {figure} by {label}\n" for label, n in counted.most_common(20))
        found.notes += [f"most {figure.replace('_', ' ')}: {counted.most_common(1)[0][0]}"] if counted else []
    found.measure("rights_changed", len(rights))
    found.detail += "".join(f"{label}: {verb} {noun} {which}\n" for label, verb, noun, which in rights)
    return found


PROBE = Probe(
    name="audit",
    title=_("The desk's own audit trail"),
    kind="security",
    run=run,
    every_s=300,
    is_inside=True,
    privilege=_("None: the desk reads its own rows. It runs on the desk alone."),
    options=(Option("hours", _("over the last"), "number", 1, "", "h", "our judgement", low=0.1, high=168),),
    figures=(
        Figure("exports", "", _("exports and downloads by one person"), "2", "9", "our judgement"),
        Figure("confidential_reads", "", _("different confidential tickets and incidents one person read"), "10", "50", "our judgement"),
        Figure("rights_changed", "", _("grants of rights and new tokens"), "5", "", "our judgement"),
    ),
)
