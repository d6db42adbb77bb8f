"""Evidence about the plan itself: its owner, its readers, its roles, what changed, and what became of the last findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import plans
from incidents.models import Plan, PlanReading, PlanReview, ReviewItem
from incidents.reviews import changes
from incidents.reviews.asking import DAY, Answer, Asked
from incidents.states import OPEN_TICKET
from servicedesk.directory import zones
from servicedesk.oncall.models import RotationMember


def current(asked: Asked) -> Answer:
    plan = Plan.current()
    if plan is None or plan.approved_at is None:
        return Answer(_("There is no plan in force."), True, 0)
    faults = [*plans.dangling(plan), *_overdue(asked)]
    is_old = plan.approved_at < asked.now - DAY * asked.limit("oldest_days")
    said = _("Version %(n)d of %(day)s, owned by %(name)s") % {
        "n": plan.version, "day": f"{zones.local(plan.approved_at, None):%d %b %Y}", "name": plan.owner or _("nobody"),
    }  # fmt: skip
    said += f"; {faults[0]}" if faults else ""
    return Answer(said, bool(faults) or is_old, 1, [{"fault": fault} for fault in faults], [(_("the plan"), reverse("plan"))])


def _overdue(asked: Asked) -> Iterator[str]:
    running = PlanReview.objects.running().first()
    late = (asked.now.date() - running.due_on).days if running else 0
    if late > asked.limit("overdue_days"):
        yield _("This review is %(n)d days late.") % {"n": late}


def read(asked: Asked) -> Answer:
    """Readings of the version in force, against whoever is to read it; whoever is on call must be among them."""
    plan = Plan.current()
    readers = plans.readers(plan) if plan else []
    if plan is None or not readers:
        return Answer(_("There is no plan in force, or nobody to read it."), True, 0)
    done = set(PlanReading.objects.filter(plan=plan, version=plan.version, person__in=readers).values_list("person_id", flat=True))
    on_call = set(RotationMember.objects.filter(rotation__valid_until=None).values_list("person_id", flat=True))
    missing = [person for person in readers if person.pk not in done]
    is_low = 100 * len(done) < asked.limit("least_percent") * len(readers)
    said = _("%(n)d of %(all)d have read version %(version)d") % {"n": len(done), "all": len(readers), "version": plan.version}
    rows = [{"not read by": person.username, "on call": person.pk in on_call} for person in missing]
    links = [(_("confirmed readings"), reverse("admin:incidents_planreading_changelist"))]
    return Answer(_missing(said, missing), is_low or any(row["on call"] for row in rows), len(readers), rows, links)


def roles(asked: Asked) -> Answer:
    plan = Plan.current()
    held = list(plan.roles.select_related("holder", "deputy")) if plan else []
    rows = [
        {"role": role.name, "holder": role.holder and role.holder.username, "deputy": role.deputy and role.deputy.username, "active": here}
        for role in held
        if (here := sum(1 for person in (role.holder, role.deputy) if person and person.is_active)) < asked.limit("least_holders")
    ]
    full = len(held) - len(rows)
    said = _("%(n)d of %(all)d roles have a holder and a deputy") % {"n": full, "all": len(held)}
    said += "; " + _("missing") + f": {', '.join(str(row['role']) for row in rows)}" if rows else ""
    return Answer(said, bool(rows) or not held, len(held), rows, [(_("the plan"), reverse("plan"))])


def changed(asked: Asked) -> Answer:
    found = changes.between(asked.since, asked.now)
    silent = [change for change in found if not change.note]
    n = len(found)
    said = ngettext("%(n)d change", "%(n)d changes", n) % {"n": n}
    said += _("; %(n)d without a note why") % {"n": len(silent)} if silent else ""
    more = changes.left_out(asked.since, asked.now)
    said += "; " + _("%(n)d further entries of the trail are not listed") % {"n": more} if more else ""
    rows = [{"at": change.at, "who": change.who, "what": change.what, "note": change.note} for change in found]
    return Answer(said, bool(silent or more), n, rows, [(_("audit trail"), changes.trail(asked.since, asked.now))])


def last_findings(asked: Asked) -> Answer:
    """What the last review asked to be done. Closed without a word or a file on its ticket is closed without evidence."""
    last = PlanReview.objects.signed().order_by("-signed_at").first()
    if last is None:
        return Answer(_("There was no review before this one."), False, 0)
    acted = last.items.filter(verdict=ReviewItem.Verdict.ACTION).select_related("ticket", "owner")
    rows = [_became(item) for item in acted]
    bare = sum(row["became"] == "closed without evidence" for row in rows)
    still = sum(row["became"] == "open" for row in rows)
    words = {"n": len(rows), "review": last, "open": still, "bare": bare}
    said = _("%(n)d findings of %(review)s: %(open)d still open, %(bare)d closed without evidence") % words
    links = [(str(last), reverse("admin:incidents_planreview_change", args=[last.pk]))]
    return Answer(said, bool(bare or still), len(rows), rows, links)


def _became(item: ReviewItem) -> dict[str, str]:
    ticket = item.ticket
    row = {"finding": item.question, "owner": item.owner.username if item.owner else "", "ticket": ticket.number if ticket else ""}
    if ticket is None or ticket.state in OPEN_TICKET:
        return {**row, "became": "open"}
    proof = ticket.entries.filter(Q(kind__in=("reply", "note")) | Q(files__isnull=False)).exists() or ticket.files.exists()
    return {**row, "became": "closed" if proof else "closed without evidence"}


def _missing(said: str, people: Sequence[object]) -> str:
    names = ", ".join(str(person) for person in people[:5])
    return f"{said}; " + _("missing") + f": {names}{' …' if len(people) > 5 else ''}" if people else said
