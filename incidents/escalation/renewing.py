"""A policy edited while it pages: the run keeps what it began with, until somebody lets it go on by the new version."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.escalation import runs, snapshot
from incidents.models import Incident, Run, TimelineEntry
from incidents.states import RunState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User


def is_outdated(run: Run) -> bool:
    """Whether the policy says something else now than when this run began."""
    return run.policy is not None and snapshot.read(run.snapshot) != snapshot.plan_of(run.policy)


@tongues.deed
def renew(incident: Incident, *, by: User, now: datetime) -> Run | None:
    """The open run goes on by the policy as it is now: steps taken stay taken, the next one keeps its number and takes
    its new time, a last resort is the new one's. Unchanged where nothing differs; None where nobody is being paged.
    """
    incident = Incident.objects.locked(incident.pk)
    run = Run.objects.open_of(incident)
    if run is None or run.policy is None or not is_outdated(run):
        return run
    before, version = run.policy_version, snapshot.publish(run.policy, now=now, author=by)
    run.snapshot, run.policy_version = version.definition, version.version
    run.save(update_fields=["snapshot", "policy_version"])
    plan = snapshot.read(version.definition)
    if run.state == RunState.RUNNING and plan.step(run.step):
        runs.wait(run, max(run.round_began_at + plan.delay(run.step), now))
    words = {"name": by, "policy": plan.name, "new": version.version, "old": before}
    text = _("%(name)s lets it go on by version %(new)s of %(policy)s; until now it was version %(old)s.") % words
    journal.line(incident, TimelineEntry.Kind.PAGE, text, now=now, actor=by, data={"run": run.pk, "version": version.version})
    trail.record(run, "renew", actor=by, now=now, before={"version": before}, after={"version": version.version})
    return run
