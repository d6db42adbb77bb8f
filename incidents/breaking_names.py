"""What names a person, a number, a service, a policy or a provider: each line in words, with a link where there is a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, LastResort, Pledge, Policy, RoleHolding, Rule, ServiceLevel, StepTarget, Ticket
from incidents.states import OPEN_INCIDENT, OPEN_TICKET
from notifications.models import Channel, ContactMethod
from servicedesk.directory.models import Service, Team, User
from servicedesk.oncall.models import Override, RotationMember, Schedule

Line = tuple[str, str]


def of_person(person: User, *, now: datetime) -> Iterator[Line]:
    """Configuration first, then what they have in hand. Of what is confidential only how much."""
    yield from _on_call(person, now)
    yield from _in_policies(person)
    for team in Team.objects.filter(manager=person):
        yield _("IT manager of %(name)s") % {"name": team}, ""
    for service in Service.objects.filter(owner=person):
        yield _("Owner of %(name)s") % {"name": service}, ""
    for rule in Rule.objects.filter(owner=person):
        yield _("Owner of rule %(name)s") % {"name": rule}, reverse("rule", args=[rule.pk])
    yield from _in_levels(Q(people=person))
    yield from _in_hand(person)


def _in_levels(named: Q) -> Iterator[Line]:
    for level in ServiceLevel.objects.filter(named, is_active=True):
        yield _("Named by service level %(name)s") % {"name": level}, reverse("service_levels")


def _on_call(person: User, now: datetime) -> Iterator[Line]:
    counting = Q(rotation__valid_until=None) | Q(rotation__valid_until__gt=now)
    turns = RotationMember.objects.filter(counting, person=person).select_related("rotation__schedule")
    for schedule in dict.fromkeys(member.rotation.schedule for member in turns):
        yield _("Takes turns on %(name)s") % {"name": schedule}, _schedule(schedule)
    for override in Override.objects.filter(person=person, withdrawn_at=None, ends_at__gt=now).select_related("schedule"):
        yield _("Override on %(name)s") % {"name": override.schedule}, _schedule(override.schedule)
    for schedule in Schedule.objects.filter(fallback=person):
        yield _("Fallback of %(name)s") % {"name": schedule}, _schedule(schedule)


def _in_policies(person: User) -> Iterator[Line]:
    for target in StepTarget.objects.filter(person=person).select_related("step__policy"):
        words = {"n": target.step.position, "name": target.step.policy}
        yield _("Step %(n)d of %(name)s") % words, _policy(target.step.policy)
    for way in LastResort.objects.filter(person=person).select_related("policy"):
        yield _("Last resort of %(name)s") % {"name": way.policy}, _policy(way.policy)


def _in_hand(person: User) -> Iterator[Line]:
    mine = Incident.objects.filter(acknowledged_by=person, state__in=OPEN_INCIDENT)
    for incident in mine.filter(is_confidential=False):
        yield _("Has %(number)s") % {"number": incident.number}, reverse("incident", args=[incident.pk])
    for holding in RoleHolding.objects.filter(
        person=person, until=None, incident__state__in=OPEN_INCIDENT, incident__is_confidential=False
    ):
        words = {"role": holding.get_role_display(), "number": holding.incident.number}
        yield _("%(role)s of %(number)s") % words, reverse("incident", args=[holding.incident_id])
    hidden = mine.filter(is_confidential=True).count()
    if hidden:
        yield ngettext("%(n)d confidential incident", "%(n)d confidential incidents", hidden) % {"n": hidden}, ""
    tickets = Ticket.objects.filter(assignee=person, state__in=OPEN_TICKET).count()
    if tickets:
        yield ngettext("%(n)d open ticket", "%(n)d open tickets", tickets) % {"n": tickets}, ""
    promises = Pledge.objects.filter(person=person, kept_at=None, withdrawn_at=None).count()
    if promises:
        yield ngettext("%(n)d promise to a requester", "%(n)d promises to requesters", promises) % {"n": promises}, ""


def of_number(staffed: LastResort | None, method: ContactMethod | None) -> Iterator[Line]:
    if staffed is not None:
        for way in LastResort.objects.filter(number=staffed.number).select_related("policy"):
            yield _("Last resort of %(name)s") % {"name": way.policy}, _policy(way.policy)
    elif method is not None:
        for one in ContactMethod.objects.filter(address=method.address).select_related("person"):
            yield _("%(kind)s of %(name)s") % {"kind": one.get_kind_display(), "name": one.person}, ""


def of_service(service: Service) -> Iterator[Line]:
    for other in service.dependents.order_by("name"):
        yield _("%(name)s depends on it") % {"name": other}, ""
    for incident in service.incidents.filter(state__in=OPEN_INCIDENT, is_confidential=False):
        yield _("%(number)s is open on it") % {"number": incident.number}, reverse("incident", args=[incident.pk])
    for policy in service.policies.order_by("pk"):
        yield _("Policy %(name)s") % {"name": policy}, _policy(policy)
    yield from _in_levels(Q(services=service))
    tickets = service.tickets.filter(state__in=OPEN_TICKET).count()
    if tickets:
        yield ngettext("%(n)d open ticket", "%(n)d open tickets", tickets) % {"n": tickets}, ""


def of_policy(policy: Policy) -> Iterator[Line]:
    if policy.is_default:
        yield _("Used wherever a service has none"), ""
    for service in policy.services.order_by("name"):
        yield _("Pages for %(name)s") % {"name": service}, ""
    running = policy.runs.filter(ended_at=None).exclude(incident__is_confidential=True).select_related("incident")
    for run in running:
        yield _("Pages for %(number)s now, and goes on by what it began with") % {"number": run.incident.number}, ""


def of_provider(channels: Iterable[str]) -> Iterator[Line]:
    people = (
        ContactMethod.objects.filter(kind__in=channels, verified_at__isnull=False, disabled_at=None).values("person").distinct().count()
    )
    yield ngettext("%(n)d person is reached by it", "%(n)d people are reached by it", people) % {"n": people}, ""


def numbers() -> Iterator[Line]:
    """Telephones of people, masked, and staffed numbers: (value, label)."""
    phones = ContactMethod.objects.filter(kind__in=[Channel.SMS, Channel.VOICE], verified_at__isnull=False, disabled_at=None)
    seen: set[str] = set()
    for method in phones.select_related("person").order_by("person__name", "pk"):
        if method.address not in seen:
            seen.add(method.address)
            yield f"number:{method.pk}", f"{method.person}, {masked(method)}"
    for way in LastResort.objects.exclude(number="").order_by("number"):
        if way.number not in seen:
            seen.add(way.number)
            yield f"number:L{way.pk}", way.number


def masked(method: ContactMethod) -> str:
    return f"{method.address[:3]}•••{method.address[-2:]}"


def _schedule(schedule: Schedule) -> str:
    return reverse("schedule", args=[schedule.slug])


def _policy(policy: Policy) -> str:
    return reverse("policy", args=[policy.slug])
