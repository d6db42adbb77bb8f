"""Evidence from what people write down: exercises, suppliers, what is confidential, who has which right, what is silenced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import glass, vault
from incidents.models import Attachment, Exercise, ExerciseFinding, Incident, Obligation, Reader, Silence, Ticket, Vendor, VendorCase
from incidents.reviews.asking import DAY, Answer, Asked
from notifications.models import DrillAnswer
from servicedesk.audit import chain
from servicedesk.audit.models import AuditEntry
from servicedesk.directory import zones
from servicedesk.directory.models import Grant, Role, Service, User
from servicedesk.tokens.models import ApiToken

REHEARSED = (Exercise.Kind.RESTORE, Exercise.Kind.BREAK_GLASS, Exercise.Kind.PROVIDER_DOWN)


def exercised(asked: Asked) -> Answer:
    """The last exercise, whether others took part than the time before, what it found, and the yearly ones."""
    held = list(Exercise.objects.filter(held_on__lte=asked.now.date()).exclude(kind__in=REHEARSED).prefetch_related("people"))
    rounds = list(_rounds(asked))
    faults = list(_exercise_faults(held, rounds, asked))
    rows: list[dict[str, object]] = [{"held on": one.held_on, "scenario": one.scenario, "people": one.people.count()} for one in held[:10]]
    rows += [{name: value for name, value in one.items() if name != "began"} for one in rounds[:10]]
    rows += [{"fault": fault} for fault in faults]
    links = [(_("exercises"), reverse("admin:incidents_exercise_changelist")), (_("drills"), reverse("drills"))]
    drilled = _("last drill %(began at)s: %(answered)d of %(people)d answered") % rounds[0] if rounds else ""
    if not held:
        said = _("No exercise was ever written down.")
        return Answer(f"{said} {drilled}".strip(), bool(faults) or not rounds, len(rounds), rows, links)
    words = {"kind": held[0].get_kind_display(), "day": f"{held[0].held_on:%d %b %Y}", "n": held[0].people.count()}
    said = _("%(kind)s on %(day)s, %(n)d people") % words
    return Answer("; ".join(filter(None, [said, drilled, *faults[:2]])), bool(faults), len(held) + len(rounds), rows, links)


def _rounds(asked: Asked) -> list[dict[str, Any]]:
    """Drills that really paged people, the latest first: how many answered, and how soon half of them had."""
    oldest = asked.now - DAY * asked.limit("year_days")
    found: dict[tuple[datetime, str], list[DrillAnswer]] = {}
    for one in DrillAnswer.objects.filter(began_at__gt=oldest, ends_at__lte=asked.now).select_related("drill").order_by("-began_at", "pk"):
        found.setdefault((one.began_at, one.drill.name), []).append(one)
    return [
        {
            "drill": name,
            "began at": f"{zones.local(at, None):%d %b %Y %H:%M}",
            "people": len(answers),
            "answered": sum(one.answered_at is not None for one in answers),
            "median in seconds": median(took) if (took := [one.took_s for one in answers if one.took_s is not None]) else None,
            "began": at,
        }
        for (at, name), answers in found.items()
    ]


def _exercise_faults(held: list[Exercise], rounds: list[dict[str, Any]], asked: Asked) -> list[str]:
    today = asked.now.date()
    in_year = [one for one in held if one.held_on >= today - timedelta(days=asked.limit("year_days"))]
    crews = [frozenset(one.people.all()) for one in in_year[:2]]
    still = ExerciseFinding.objects.filter(closed_on=None, exercise__held_on__lt=today - timedelta(days=30)).count()
    last = max([*[one.held_on for one in held[:1]], *[zones.local(one["began"], None).date() for one in rounds[:1]]], default=date.min)
    unheard = rounds[0]["people"] - rounds[0]["answered"] if rounds else 0
    told = (
        (last < today - timedelta(days=asked.limit("most_days")), _("none in six months")),
        (unheard, _("%(n)d did not answer the last drill") % {"n": unheard}),
        (len(crews) == 2 and crews[0] == crews[1], _("always the same people")),
        (not any(one.outside_hours for one in in_year), _("none outside desk hours in a year")),
        (
            Vendor.objects.filter(is_active=True).exists() and not any(one.vendor_id for one in in_year),
            _("none with a vendor in a year"),
        ),
        (still, _("%(n)d findings older than 30 days are open") % {"n": still}),
    )
    return [text for holds, text in told if holds]


def restored(asked: Asked) -> Answer:
    """The last time each was rehearsed: a restore that was checked, a sign-in without single sign-on, a provider away."""
    oldest = (asked.now - DAY * asked.limit("most_days")).date()
    last = {kind: Exercise.objects.filter(kind=kind, held_on__lte=asked.now.date()).first() for kind in REHEARSED}
    rows = [_rehearsed(kind, last[kind], oldest, asked) for kind in REHEARSED]
    bad = [str(row["what"]) for row in rows if row["fault"]]
    done = last[Exercise.Kind.RESTORE]
    said = (
        _("Restored on %(day)s in %(n)s min") % {"day": f"{done.held_on:%d %b %Y}", "n": done.minutes or "?"}
        if done
        else _("Never restored")
    )
    said += "; " + _("missing or failed") + f": {', '.join(bad)}" if bad else ""
    links = [(_("exercises"), reverse("admin:incidents_exercise_changelist"))]
    return Answer(said, bool(bad), sum(one is not None for one in last.values()), rows, links)


def _rehearsed(kind: str, last: Exercise | None, oldest: date, asked: Asked) -> dict[str, object]:
    row: dict[str, object] = {
        "what": str(Exercise.Kind(kind).label),
        "last": last.held_on if last else None,
        "minutes": last.minutes if last else None,
    }
    if last is None or last.held_on < oldest:
        return {**row, "fault": _("not in so many days")}
    if not last.passed or (kind == Exercise.Kind.RESTORE and (last.minutes or 0) > asked.limit("most_minutes")):
        return {**row, "fault": _("it did not work, or took too long")}
    return {**row, "fault": ""}


def suppliers(asked: Asked) -> Answer:
    """Suppliers of tier-1 services: whether their contact was tried, and how often they answered late."""
    ours = Vendor.objects.filter(is_active=True, services__tier=1, services__is_active=True).distinct().order_by("name")
    oldest = (asked.now - DAY * asked.limit("tested_days")).date()
    rows = [
        {
            "supplier": one.name,
            "tested on": one.tested_on,
            "untested": one.tested_on is None or one.tested_on < oldest,
            "late": _late(one, asked),
        }
        for one in ours
    ]
    bad = [row for row in rows if row["untested"] or int(str(row["late"])) > asked.limit("most_breaches")]
    said = _("%(n)d of %(all)d suppliers of tier-1 services are tested and on time") % {"n": len(rows) - len(bad), "all": len(rows)}
    bare = Service.objects.active().filter(tier=1, vendors=None).count()
    said = said if rows else _("No supplier of a tier-1 service is written down; %(n)d such services have none") % {"n": bare}
    return Answer(said, bool(bad), len(rows), rows, [(_("suppliers"), reverse("admin:incidents_vendor_changelist"))])


def _late(vendor: Vendor, asked: Asked) -> int:
    """Cases of the period it was chased for, because its own hours had run out; and tickets of its services that waited without
    a case for longer than the contract says.
    """
    chased = VendorCase.objects.filter(vendor=vendor, since__gt=asked.since, since__lte=asked.now, chased__gt=0).count()
    return chased + _late_without_a_case(vendor, asked)


def _late_without_a_case(vendor: Vendor, asked: Asked) -> int:
    if not vendor.services.exists():
        return 0
    waits = AuditEntry.objects.filter(noun="incidents.ticket", object_id=OuterRef("object_id"), at__gt=OuterRef("at"))
    tickets = Ticket.objects.filter(service__in=vendor.services.all(), vendor_cases=None).values_list("pk", flat=True)
    began = AuditEntry.objects.filter(
        noun="incidents.ticket", after__waiting_for=Ticket.Waiting.VENDOR, at__gt=asked.since, at__lte=asked.now,
        object_id__in=[str(pk) for pk in tickets[:2000]],
    )  # fmt: skip
    ended = began.annotate(end=Subquery(waits.order_by("at").values("at")[:1]))
    promised = timedelta(seconds=vendor.answers_within_s)
    return ended.filter(Q(end=None, at__lt=asked.now - promised) | Q(end__gt=F("at") + promised)).count()


def security(asked: Asked, lost: Sequence[Mapping[str, object]] = ()) -> Answer:
    """What is confidential, by counts alone: how many, reads by people who are neither on the list nor of the team, and glass broken;
    the deadlines towards authorities that nobody decided on, or only after so many hours; and evidence that is gone (`lost`: what others
    know of, and files that do not lie where they should)."""
    began = {"is_confidential": True, "created_at__gt": asked.since, "created_at__lte": asked.now}
    incidents, tickets = Incident.objects.filter(**began), Ticket.objects.filter(**began).count()
    in_period = AuditEntry.objects.filter(at__gt=asked.since, at__lte=asked.now)
    strangers, broken = _strangers(in_period), in_period.filter(verb="break glass").count()
    gone = [*lost, *_files_gone()]
    known = Obligation.objects.filter(aware_at__gt=asked.since, aware_at__lte=asked.now)
    late = _late_decisions(known, asked)
    n = incidents.count()
    words = {"n": n, "tickets": tickets, "strangers": strangers, "broken": broken, "known": known.count(), "late": len(late)}
    said = _(
        "%(n)d confidential incidents, %(tickets)d confidential tickets; %(strangers)d reads from outside the list; "
        "glass broken %(broken)d times; %(late)d of %(known)d duties to report decided late or not at all"
    )
    said = said % words + ("; " + _("evidence is missing: %(n)d") % {"n": len(gone)} if gone else "")
    row: dict[str, object] = {
        "confidential incidents": n, "confidential tickets": tickets, "reads from outside": strangers, "glass broken": broken,
    }  # fmt: skip
    links = [(_("audit trail"), reverse("admin:audit_auditentry_changelist"))]
    return Answer(said, strangers > 0 or bool(late or gone), n + tickets + words["known"], [row, *late, *gone], links)


def _files_gone() -> list[dict[str, object]]:
    """Files of confidential tickets whose content is not there; what was erased on purpose has no hash any more."""
    kept = Attachment.objects.filter(ticket__is_confidential=True).exclude(sha256="").values_list("sha256", flat=True)
    gone = sum(not vault.has(sha256) for sha256 in kept.iterator(chunk_size=1000))
    return [{"files of confidential tickets that are gone": gone}] if gone else []


def _late_decisions(known: QuerySet[Obligation], asked: Asked) -> list[dict[str, object]]:
    """Those whose decision came, or still does not come, more than so many hours after it was known. Without the incident's words."""
    allowed = timedelta(hours=asked.limit("decided_hours"))
    late = [row for row in known.select_related("incident").order_by("aware_at") if (row.decided_at or asked.now) - row.aware_at > allowed]
    return [
        {
            "incident": _("confidential") if row.incident.is_confidential else row.incident.number,
            "duty": row.kind,
            "known": row.aware_at,
            "decided": row.decided_at or _("not yet"),
        }
        for row in late
    ]


def _strangers(entries: QuerySet[AuditEntry]) -> int:
    """Readings of the period, of whatever is confidential, by somebody who may not: one a person and thing."""
    reads = set(entries.filter(noun="incidents.incident", verb="read").values_list("object_id", "actor"))
    incidents = Incident.objects.filter(is_confidential=True).in_bulk([int(key) for key, _who in reads])
    listed = set(Reader.objects.filter(incident__in=incidents).values_list("incident", "person"))
    teams = set(Grant.objects.filter(role__in=(Role.AGENT, Role.MANAGER)).values_list("team", "user"))
    found = [(incidents[int(key)], who) for key, who in reads if int(key) in incidents]
    return sum((one.pk, who) not in listed and not {(one.team_id, who), (None, who)} & teams for one, who in found)


def rights(asked: Asked) -> Answer:
    """Administrators and who may break the glass, tokens with their scopes, rights of people who left or stay away, and the audit chain.

    Whether somebody with an open account has left is known here only by their staying away.
    """
    people = User.objects.get_queryset()
    oldest = asked.ago("unused_days")
    tokens = ApiToken.objects.in_force(asked.now).select_related("owner", "created_by").order_by("pk")
    faulty = {token.prefix: fault for token in tokens if (fault := _of_token(token, oldest))}
    left = User.objects.filter(is_active=False, grants__isnull=False).distinct()
    absent = Q(last_login__lt=oldest) | Q(last_login=None, created_at__lt=oldest)
    away = User.objects.filter(absent, is_active=True, grants__isnull=False).exclude(kind=User.Kind.SERVICE).distinct()
    broken = [fault.words for fault in chain.faults(now=asked.now)]
    rows: list[dict[str, object]] = [{"token": prefix, "fault": fault} for prefix, fault in faulty.items()]
    rows += [{"person": person.username, "fault": _("has left and holds rights")} for person in left]
    rows += [{"person": person.username, "fault": _("holds rights and stays away")} for person in away]
    rows += [{"audit trail": words} for words in broken[:5]]
    rows += [{"may break the glass": person.username} for person in people.holding(*glass.MAY).order_by("username")]
    rows += [_token(token) for token in tokens if token.prefix not in faulty]
    words = {
        "admins": people.holding(Role.ADMIN).count(),
        "tokens": len(faulty),
        "left": left.count() + away.count(),
        "chain": _("broken") if broken else _("whole"),
    }
    said = _("%(admins)d administrators; %(tokens)d tokens idle or endless; %(left)d people to look at; audit chain %(chain)s") % words
    links = [(_("people"), reverse("admin:directory_user_changelist")), (_("tokens"), reverse("admin:tokens_apitoken_changelist"))]
    return Answer(said, bool(faulty or words["left"] or broken), len(rows), rows, links)


def _of_token(token: ApiToken, oldest: datetime) -> str:
    """What is wrong with it; empty: nothing."""
    if token.expires_at is None:
        return _("without an end")
    if (token.last_used_at or token.created_at) < oldest:
        return _("unused")
    return _("made by somebody who has left") if token.created_by and not token.created_by.is_active else ""


def _token(token: ApiToken) -> dict[str, object]:
    return {
        "token": token.prefix, "scopes": ", ".join(token.scopes), "last used": token.last_used_at, "expires": token.expires_at,
        "acts as": token.owner.username,
    }  # fmt: skip


def silenced(asked: Asked) -> list[dict[str, object]]:
    """Silences that stand for longer than shown, or cover a tier-1 service. Each has a reason and an end: the database sees to it."""
    standing = Silence.objects.standing(asked.now).select_related("service", "made_by")
    old = standing.filter(Q(starts_at__lte=asked.ago("shown_days")) | Q(service__tier=1) | Q(made_by__is_active=False)).order_by(
        "starts_at"
    )
    return [
        {
            "silence": one.about, "since": one.starts_at, "until": one.ends_at, "made by": one.made_by.username, "reason": one.reason,
            "fault": _("who made it has left") if not one.made_by.is_active else "",
        }
        for one in old
    ]  # fmt: skip
