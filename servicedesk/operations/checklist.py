"""What is left to set up before the desk can wake the right person: each line answered from the rows, with the place to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.models import Article, LastResort
from notifications import reach
from notifications.models import Message, Urgency
from servicedesk.directory.models import Role, Service, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule


@dataclass(frozen=True, slots=True)
class Step:
    """One line: `href` leads to where it is done; empty where the environment decides."""

    word: str | Promise
    hint: str | Promise
    is_done: bool
    href: str = ""


def steps(*, now: datetime) -> list[Step]:
    """In the order in which a new desk is best set up."""
    return [step(now) for step in STEPS]


def _mail(now: datetime) -> Step:
    return Step(_("Mail leaves"), _("Set EMAIL_URL; then run send_test_email with your address."), bool(settings.EMAIL_CONFIGURED))


def _phones(now: datetime) -> Step:
    hint = _("Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM; then run send_test_sms with your number.")
    return Step(_("Text messages and calls leave"), hint, bool(settings.TWILIO_CONFIGURED))


def _people(now: datetime) -> Step:
    second = User.objects.get_queryset().holding(Role.ADMIN).count() >= 2
    return Step(_("Two administrators"), _("The second opens the door when the first is away."), second, _rows("directory_user"))


def _agents(now: datetime) -> Step:
    some = User.objects.get_queryset().holding(Role.AGENT).exists()
    return Step(
        _("Somebody works the queue"),
        _("Give people the role agent, for a team or for all."),
        some,
        _rows("directory_user"),
    )


def _services(now: datetime) -> Step:
    hint = _("Name what people use (Email, VPN, Printing) and the words they use for it. Rules, clocks and pages follow the service.")
    return Step(_("Services"), hint, Service.objects.exists(), _rows("directory_service"))


def _rotas(now: datetime) -> Step:
    schedules = list(Schedule.objects.select_related("fallback", "team"))
    on_duty = [rota.on_call(now) for rota in roster.load(schedules, start=now, end=now)]
    return Step(
        _("Somebody is on call now"), _("Every schedule has a person at this moment."), bool(on_duty) and all(on_duty), reverse("on_call")
    )


def _reached(now: datetime) -> Step:
    people = {way.person for way in LastResort.objects.select_related("person") if way.person}
    fine = bool(people) and not any(reach.why_not(person, Urgency.URGENT) for person in people)
    hint = _("Whoever is the last resort has an address or a number that answered a test.")
    return Step(_("The last resort can be reached"), hint, fine, _rows("notifications_contactmethod"))


def _two_ways(now: datetime) -> Step:
    ways = list(LastResort.objects.values_list("policy", flat=True))
    fine = bool(ways) and all(ways.count(policy) >= 2 for policy in set(ways))
    hint = _("Two people or numbers on every policy, so that one who sleeps is not the end of it.")
    return Step(_("Two ways of last resort"), hint, fine, _rows("incidents_policy"))


def _tried(now: datetime) -> Step:
    delivered = Message.objects.filter(state__in=(Message.State.DELIVERED, Message.State.ANSWERED)).exists()
    return Step(_("A test page arrived"), _("Run send_test_page with a user name, and answer it."), delivered, reverse("outbox"))


def _articles(now: datetime) -> Step:
    hint = _("The three questions you answer every day. They are offered while a report is typed.")
    return Step(_("Help articles"), hint, Article.objects.exists(), _rows("incidents_article"))


def _rows(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


STEPS: tuple[Callable[[datetime], Step], ...] = (
    _mail, _phones, _people, _agents, _services, _rotas, _reached, _two_ways, _tried, _articles,
)  # fmt: skip
