"""What people do with a check: make it, change it, pause it, ping it. Each deed stands in the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from monitoring import heartbeats, judging, telling
from monitoring.models import Check, CheckState, Source
from servicedesk.audit import trail
from servicedesk.directory.models import User

HERE = "here"  # the source of checks that people made
CHANGEABLE = ("slug", "service", "confirm", "for_s", "clear_confirm", "period_s", "grace_s", "cron", "zone")
SWEEP = 200


class NameTaken(ValueError):
    """Another check of this source has the name."""


class NotSignalled(ValueError):
    """The desk finds this one out by itself: nothing is sent for it."""


@transaction.atomic
def make(*, actor: User | None, slug: str, kind: str, now: datetime, **columns: Any) -> Check:
    """A check that waits for its first signal. Raises NameTaken."""
    source, _is_new = Source.objects.get_or_create(slug=HERE, defaults={"name": _("Made here"), "kind": "results"})
    try:
        with transaction.atomic():
            check = Check.objects.create(source=source, slug=slug, kind=kind, created_at=now, **columns)
    except IntegrityError:
        raise NameTaken(slug) from None
    CheckState.objects.create(check_ref=check)
    trail.record(check, "make", actor=actor, now=now, after=_settings(check))
    return check


@transaction.atomic
def change(check: Check, *, actor: User | None, now: datetime, **columns: Any) -> Check:
    """Other settings of it; when it is late is counted anew. What stays the same leaves no trace. Raises NameTaken."""
    row = _held(check)
    before, old_service = _settings(row), row.service_id
    for name, value in columns.items():
        setattr(row, name, value)
    changed = [name for name, value in _settings(row).items() if value != before[name]]
    if not changed:
        return row
    try:
        with transaction.atomic():
            row.save(update_fields=changed)
    except IntegrityError:
        raise NameTaken(row.slug) from None
    after = _settings(row)
    trail.record(row, "change", actor=actor, now=now, before={n: before[n] for n in changed}, after={n: after[n] for n in changed})
    judging.rescheduled(row.pk, now=now)
    telling.refresh_services({pk for pk in (old_service, row.service_id) if pk}, now=now)
    return row


@transaction.atomic
def pause(check: Check, *, actor: User, now: datetime, until: datetime | None = None) -> Check:
    """Results are kept and not judged; an alert that is open stays so. `until`: the engine resumes it then."""
    row = _held(check)
    if row.is_paused and row.paused_until == until:
        return row
    row.is_paused, row.paused_until = True, until
    row.save(update_fields=["is_paused", "paused_until"])
    trail.record(row, "pause", actor=actor, now=now, after={"until": until.isoformat() if until else None})
    telling.refresh_services([row.service_id] if row.service_id else [], now=now)
    return row


@transaction.atomic
def resume(check: Check, *, actor: User | None, now: datetime) -> Check:
    """Judged again from the next result on; it has a whole period until it is late."""
    row = _held(check)
    if not row.is_paused:
        return row
    row.is_paused, row.paused_until = False, None
    row.save(update_fields=["is_paused", "paused_until"])
    trail.record(row, "resume", actor=actor, now=now)
    judging.rescheduled(row.pk, now=now, heard_at=now)
    telling.refresh_services([row.service_id] if row.service_id else [], now=now)
    return row


def resume_due(*, now: datetime) -> int:
    """The engine's pass: checks whose pause is over."""
    rows = Check.objects.filter(is_paused=True, paused_until__lte=now).order_by("paused_until")[:SWEEP]
    return len([resume(check, actor=None, now=now) for check in rows])


def ping(check: Check, *, actor: User, now: datetime) -> None:
    """A signal from the page, by the road of every signal. Raises NotSignalled."""
    if check.kind not in (Check.Kind.PUSH, Check.Kind.HEARTBEAT):
        raise NotSignalled(check.slug)
    heartbeats.ping(check, "success", body=(_("Sent by %(name)s from the page") % {"name": actor}).encode(), now=now)


def _held(check: Check) -> Check:
    return Check.objects.select_for_update(of=("self",)).select_related("service", "source").get(pk=check.pk)


def _settings(check: Check) -> dict[str, Any]:
    return {name: check.service.slug if name == "service" and check.service else getattr(check, name) for name in CHANGEABLE}
