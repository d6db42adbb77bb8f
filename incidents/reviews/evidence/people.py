"""Evidence about who is woken: rotas, ways, the last resort, the walk itself, and how much of it one person bears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import deskhours, escalation, readiness, rehearsal
from incidents.escalation import snapshot
from incidents.models import Page, Policy, Ticket
from incidents.rehearsal import Question
from incidents.reviews.asking import DAY, Answer, Asked
from notifications.models import WAKING, ContactMethod, Message
from servicedesk import walltime
from servicedesk.directory import moments, zones
from servicedesk.directory.models import Role, Service, Site, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule

NIGHT = (22, 7)  # o'clock, on the person's own clock
GRAVEST = 1
HOUR = timedelta(hours=1)


def gaps(asked: Asked) -> Answer:
    """Of every schedule a tier-1 service's policy names, in the period and so many days ahead."""
    policies = {policy.pk for service in _tier_1() if (policy := escalation.policy_for(Question(None, service)))}
    schedules = list(Schedule.objects.filter(policy_targets__step__policy__in=policies).distinct())
    end = asked.now + DAY * asked.limit("days_ahead")
    rows = [
        {"schedule": rota.schedule.slug, "from": low, "to": high, "is past": low < asked.now}
        for rota in roster.load(schedules, start=asked.since, end=end)
        for low, high in rota.gaps(asked.since, end)
    ]
    words = {"n": len(schedules), "from": f"{zones.local(asked.since, None):%d %b}", "to": f"{zones.local(end, None):%d %b %Y}"}
    if not schedules:
        said = _("No policy of a tier-1 service names a schedule.")
    elif rows:
        lost = sum((high - low for low, high in ((row["from"], row["to"]) for row in rows)), timedelta())  # type: ignore[operator]
        n = ngettext("%(n)d gap", "%(n)d gaps", len(rows)) % {"n": len(rows)}
        said = _("%(gaps)s, %(time)s together") % {"gaps": n, "time": moments.duration(lost)}
    else:
        said = _("No gap in %(n)d schedules from %(from)s to %(to)s") % words
    return Answer(said, bool(rows) or not schedules, len(schedules), rows, [(_("on call"), reverse("on_call"))])


def two_ways(asked: Asked) -> Answer:
    """Who takes a turn in the days ahead, and by how many kinds of verified methods each was reached not long ago."""
    end = asked.now + DAY * asked.limit("days_ahead")
    rotas = roster.load(list(Schedule.objects.all()), start=asked.now, end=end)
    people = {duty.person.pk: duty.person for rota in rotas for duty in rota.line_up(asked.now, end)}
    rows = [_ways(person, asked) for person in sorted(people.values(), key=str)]
    missing = [
        str(people[pk]) for pk, row in zip(sorted(people, key=lambda pk: str(people[pk])), rows, strict=True) if not row["is enough"]
    ]
    if not rows:
        return Answer(_("Nobody is on any rota."), True, 0)
    said = _("%(n)d of %(all)d people") % {"n": len(rows) - len(missing), "all": len(rows)}
    said += ", " + _("missing") + f": {', '.join(missing)}" if missing else ""
    return Answer(said, bool(missing), len(rows), rows, [(_("readiness"), reverse("readiness"))])


def _ways(person: User, asked: Asked) -> dict[str, object]:
    methods = list(ContactMethod.objects.kept().filter(person=person).annotate(heard=Max("messages__delivered_at")))
    oldest = asked.ago("proved_days")
    proved = {
        one.kind for one in methods if one.is_usable and any(at and at >= oldest for at in (one.verified_at, getattr(one, "heard", None)))
    }
    faults = [
        ": ".join([one.get_kind_display(), _("switched off") if one.disabled_at else _("not verified")])
        for one in methods
        if not one.is_usable
    ]
    is_enough = len(proved) >= asked.limit("least_ways") and not faults
    return {"person": person.username, "ways": ", ".join(sorted(proved)), "faults": "; ".join(faults), "is enough": is_enough}


def last_resort(asked: Asked) -> Answer:
    """What readiness says of each policy's, and who of it was last reached when."""
    policies = list(Policy.objects.order_by("name").prefetch_related("last_resorts__person"))
    rows: list[dict[str, object]] = [
        {"policy": policy.slug, "fault": fault} for policy in policies for fault in readiness.faults(snapshot.plan_of(policy))
    ]
    people = {way.person for policy in policies for way in policy.last_resorts.all() if way.person}
    oldest = asked.ago("tested_days")
    unheard = _("not reached by SMS or call in so many days")
    rows += [{"person": person.username, "fault": unheard} for person in sorted(people, key=str) if not _was_reached(person, oldest)]
    said = _("%(n)d policies, no fault") % {"n": len(policies)}
    if rows or not policies:
        said = _("%(n)d faults in %(all)d policies; first: %(text)s") % {
            "n": len(rows), "all": len(policies), "text": rows[0]["fault"] if rows else _("there is no policy"),
        }  # fmt: skip
    return Answer(said, bool(rows) or not policies, len(policies), rows, [(_("policies"), reverse("policies"))])


def _was_reached(person: User, since: datetime) -> bool:
    if ContactMethod.objects.usable().filter(person=person, kind__in=WAKING, verified_at__gte=since).exists():
        return True
    return Message.objects.filter(person=person, channel__in=WAKING, delivered_at__gte=since).exists()


def reaches(asked: Asked) -> Answer:
    """The engine's own walk for a SEV1 of each tier-1 service: now, next Saturday at three, the next holiday at three."""
    rows = [_walked(service, at, asked) for service in _tier_1() for at in _worst(asked.now)]
    late = [row for row in rows if row["late"]]
    links = [(str(service), f"{reverse('policies')}?service={service.slug}&severity=1") for service in _tier_1()]
    if not rows:
        return Answer(_("No service is tier 1."), False, 0)
    first = (late or rows)[0]
    words = {"n": len(rows) - len(late), "all": len(rows), "service": first["service"], "who": first["first woken"], "time": first["after"]}
    said = _("%(n)d of %(all)d walks wake somebody in time; %(service)s: %(who)s after %(time)s") % words
    return Answer(said, bool(late), len(rows), rows, links)


def _walked(service: Service, at: datetime, asked: Asked) -> dict[str, object]:
    policy = escalation.policy_for(Question(None, service))
    first = rehearsal.rehearse(policy=policy, service=service, severity=GRAVEST, at=at).first_woken
    waits = (first.at - at) if first else None
    row = {"service": service.slug, "at": at, "first woken": first.person.username if first else _("nobody")}
    late = waits is None or waits > timedelta(minutes=asked.limit("most_minutes"))
    return {**row, "after": moments.duration(waits) if waits is not None else _("never"), "late": late}


def _worst(now: datetime) -> list[datetime]:
    """Now, and three o'clock on the next Saturday and on the next holiday of any site."""
    zone = ZoneInfo(zones.of(None))
    today = now.astimezone(zone).date()
    saturday = today + DAY * ((4 - today.weekday()) % 7 + 1)
    countries = Site.objects.exclude(country="").values_list("country", flat=True).distinct()
    feasts = [day for country in countries if (day := deskhours.next_holiday(country, today))]
    days = [saturday, *([min(feasts)] if feasts else [])]
    return [now, *(walltime.first(datetime.combine(day, time(3)), zone) for day in days)]


def calendars(asked: Asked) -> Answer:
    """Each site's holidays in the year ahead, by its country."""
    today, last = asked.now.date(), (asked.now + DAY * asked.limit("days_ahead")).date()
    sites = list(Site.objects.order_by("name"))
    rows = []
    for site in sites:
        day = deskhours.next_holiday(site.country, today) if site.country else None
        if day is None or day > last:
            rows.append({"site": site.slug, "fault": _("no country") if not site.country else _("no holidays known")})
    homeless = User.objects.get_queryset().active().filter(kind=User.Kind.EMPLOYEE, site=None).count()
    said = _("%(n)d of %(all)d sites know their holidays") % {"n": len(sites) - len(rows), "all": len(sites)}
    said += _("; %(n)d people have no site") % {"n": homeless} if homeless else ""
    return Answer(said, bool(rows) or not sites, len(sites), rows, [(_("sites"), reverse("admin:directory_site_changelist"))])


def load(asked: Asked) -> Answer:
    """Stretches without relief, too little rest between two, woken nights, the backlog now and then, and what one person alone can do."""
    rotas = roster.load(list(Schedule.objects.all()), start=asked.now, end=asked.now + 28 * DAY)
    rows: list[dict[str, object]] = []
    for rota in rotas:
        for duty in roster.stretches(rota.line_up(asked.now, asked.now + 28 * DAY)):
            nights = round((min(duty.ends_at, asked.now + 28 * DAY) - max(duty.starts_at, asked.now)) / DAY)
            if nights > asked.limit("most_nights"):
                rows.append({"person": duty.person.username, "schedule": rota.schedule.slug, "nights in a row": nights})
        if len({pk for layer in rota.layers for pk in layer.people}) == 1:
            rows.append({"schedule": rota.schedule.slug, "fault": _("one person alone takes every turn")})
    rows += _short_rests(rotas, asked)
    nights_of = woken_nights(asked.since, asked.now)
    then = Ticket.objects.filter(created_at__lte=asked.since).exclude(solved_at__lte=asked.since).exclude(state="merged").count()
    words = {"n": len(rows), "now": Ticket.objects.open().count(), "then": then, "nights": sum(nights_of.values())}
    said = _("%(n)d findings in the rotas of 28 days; %(nights)d woken nights; backlog %(then)d then, %(now)d now") % words
    agents = User.objects.get_queryset().holding(Role.AGENT).count()
    return Answer(said, bool(rows), agents, rows, [(_("on call"), reverse("on_call"))])


def _short_rests(rotas: Iterable[roster.Rota], asked: Asked) -> Iterator[dict[str, object]]:
    """Where somebody is on call again, on whatever schedule, sooner than they should be after the end of a turn."""
    least, until = timedelta(hours=asked.limit("rest_h")), asked.now + 28 * DAY
    turns: dict[User, list[roster.Duty]] = {}
    for rota in rotas:
        for duty in rota.line_up(asked.now, until):
            turns.setdefault(duty.person, []).append(duty)
    for person, duties in turns.items():
        ended = None
        for duty in sorted(duties, key=lambda one: one.starts_at):
            if ended is not None and timedelta() < duty.starts_at - ended < least:
                yield {
                    "person": person.username,
                    "on call again": duty.starts_at,
                    "hours of rest": round((duty.starts_at - ended) / HOUR, 1),
                }
            ended = max(ended, duty.ends_at) if ended else duty.ends_at


def woken_nights(since: datetime, until: datetime) -> Counter[User]:
    """How many nights of the span a page came to each person, on their own clock."""
    pages = Page.objects.filter(at__gt=since, at__lte=until).select_related("person__site")
    nights = {(page.person, _night(page)) for page in pages.iterator(chunk_size=1000)}
    return Counter(person for person, night in nights if night is not None)


def _night(page: Page) -> object:
    """The evening before the page, where it came by night."""
    here = page.at.astimezone(ZoneInfo(zones.of(page.person)))
    if NIGHT[1] <= here.hour < NIGHT[0]:
        return None
    return (here - timedelta(hours=NIGHT[1])).date()


def _tier_1() -> Iterable[Service]:
    return Service.objects.active().filter(tier=1).annotate(uses=Count("policies")).order_by("name")
