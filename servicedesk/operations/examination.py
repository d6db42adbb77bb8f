"""What `doctor` looks at. Each finding says what is wrong and what to do; `stops_pages` makes the command exit 1."""

from __future__ import annotations

import os
import shutil
import smtplib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from incidents import levels
from incidents.mail import mailbox
from incidents.models import Policy
from notifications import numbers, pushing, reach
from notifications.channels import DeliveryFailed
from notifications.models import ContactMethod, Urgency
from servicedesk.directory.models import Organisation, Role, User
from servicedesk.oncall import roster
from servicedesk.oncall.models import Schedule
from servicedesk.operations import engine, health, upkeep
from servicedesk.operations.upkeep import Finding

LITTLE_DISK = 500 * 2**20
LONG_URL = 24  # characters: a longer base leaves too little of a text message
SMTP_WAIT_S = 3
AHEAD = timedelta(days=14)


def examine(*, now: datetime) -> Iterator[Finding]:
    """Every examination in turn; what needs the database is left out when it does not answer."""
    yield from _disk()
    yield from _address()
    yield from _mail()
    yield from _phones()
    yield from upkeep.company_sign_in()
    yield from upkeep.directory()
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Finding("database", f"does not answer: {error}. Check DATABASE_URL.", stops_pages=True)
        return
    for part in WITH_ROWS:
        yield from part(now)


def open_faults(*, now: datetime) -> list[Finding]:
    """What is wrong by the rows and the settings alone: quick, and asks nobody outside."""
    return [finding for part in (_configured, *WITH_ROWS) for finding in part(now) if not finding.is_fine]


def _configured(now: datetime) -> Iterator[Finding]:
    yield from _disk()
    yield from _address()
    yield from _phones()


def _disk() -> Iterator[Finding]:
    if not os.access(settings.DATA_DIR, os.W_OK):
        yield Finding("DATA_DIR", f"{settings.DATA_DIR} cannot be written by this user.", stops_pages=True)
        return
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < LITTLE_DISK:
        yield Finding("DATA_DIR", f"only {free // 2**20} MiB are free. Make room; a full disk stops everything.")
    else:
        yield Finding("DATA_DIR", f"can be written, {free // 2**30} GiB free.", is_fine=True)


def _address() -> Iterator[Finding]:
    site = urlsplit(settings.SITE_URL)
    if site.hostname in ("127.0.0.1", "localhost"):
        yield Finding("SITE_URL", f"is {settings.SITE_URL}: links in messages open on this machine alone. Set the public address.")
    if len(settings.SITE_URL) > LONG_URL:
        yield Finding("SITE_URL", f"has {len(settings.SITE_URL)} characters; above {LONG_URL} text messages lose words.")


def _mail() -> Iterator[Finding]:
    if not settings.EMAIL_CONFIGURED:
        yield Finding("mail", "no provider: set EMAIL_URL. Messages are kept and shown as not sent.", stops_pages=True)
        return
    if not settings.EMAIL_HOST:
        yield Finding("mail", f"goes by {settings.EMAIL_BACKEND}.", is_fine=True)
        return
    try:
        with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=SMTP_WAIT_S) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        yield Finding("mail", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} does not answer: {error}.", stops_pages=True)
    else:
        yield Finding("mail", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers.", is_fine=True)


def _phones() -> Iterator[Finding]:
    if settings.TWILIO_CONFIGURED:
        yield Finding("phones", f"Twilio account {settings.TWILIO_ACCOUNT_SID[:6]}…, sender {settings.TWILIO_FROM}.", is_fine=True)
    else:
        yield Finding(
            "phones", "no provider: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM. Nobody is woken without.", stops_pages=True
        )


def _schema(now: datetime) -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding("database", f"{len(missing)} migrations are not applied. Run `manage.py migrate`.", stops_pages=True)
    else:
        yield Finding("database", f"{connection.vendor}, up to date.", is_fine=True)


def _processes(now: datetime) -> Iterator[Finding]:
    found = health.look(now=now)
    if theirs := engine.newer():
        words = f"is version {engine.VERSION}, and version {theirs} works on this database. Upgrade this installation or stop it."
        yield Finding("engine", words, stops_pages=True)
    if found.engine_age_s is None or found.engine_age_s >= health.ENGINE_MOST_S:
        yield Finding("engine", "does not run. Start `manage.py up`, or `manage.py engine`.", stops_pages=True)
    else:
        yield Finding("engine", f"ran {found.engine_age_s:.0f} s ago.", is_fine=True)
    if found.broker != "ok":
        yield Finding("broker", "does not answer: the engine delivers in the workers' stead, some seconds later.")
    if found.overdue_page_s and found.overdue_page_s > health.PAGE_MOST_S:
        yield Finding("pages", f"the oldest waits since {found.overdue_page_s:.0f} s.", stops_pages=True)


def _people(now: datetime) -> Iterator[Finding]:
    if Organisation.current() is None:
        yield Finding("set-up", f"nobody is here yet. Open {settings.SITE_URL}/setup/.", stops_pages=True)
        return
    if User.objects.get_queryset().holding(Role.ADMIN).count() < 2:
        yield Finding("people", "there is one administrator. A second one opens the door when the first is away.")


def _policies(now: datetime) -> Iterator[Finding]:
    policies = list(Policy.objects.prefetch_related("last_resorts__person", "steps__targets"))
    if not any(policy.is_default for policy in policies):
        yield Finding("policies", "none is the default one: an incident of a service without a policy pages nobody.", stops_pages=True)
    for policy in policies:
        yield from _policy(policy)


def _policy(policy: Policy) -> Iterator[Finding]:
    ways = list(policy.last_resorts.all())
    named = {target.person_id for step in policy.steps.all() for target in step.targets.all()}
    if len(ways) < 2:
        yield Finding("policies", f"{policy}: the last resort needs two ways, it has {len(ways)}.")
    elif all(way.person_id in named for way in ways):
        yield Finding("policies", f"{policy}: every way of the last resort is already in the steps. Add one outside.")
    for way in ways:
        if way.number and not numbers.dialled(way.number):
            yield Finding("policies", f"{policy}: the staffed number {way.number} cannot be dialled. Write it with + and the country.")
        if way.person is not None and (why := reach.why_not(way.person, Urgency.URGENT)):
            yield Finding("policies", f"{policy}: last resort {way.person} cannot be reached: {why}.")


def _duty(now: datetime) -> Iterator[Finding]:
    schedules = list(Schedule.objects.select_related("fallback", "team"))
    for rota in roster.load(schedules, start=now, end=now + AHEAD):
        duties = rota.on_call(now)
        if not duties:
            yield Finding("on call", f"{rota.schedule}: nobody is on call now.")
        for duty in duties:
            if why := reach.why_not(duty.person, Urgency.URGENT):
                yield Finding("on call", f"{rota.schedule}: {duty.person} cannot be reached: {why}.", stops_pages=True)


def _mail_in(now: datetime) -> Iterator[Finding]:
    if not settings.MAIL_IN:
        return
    name, box = settings.MAIL_IN["name"], mailbox.failing()
    if box is not None:
        since = f"{box.failing_since:%Y-%m-%d %H:%M} UTC"
        yield Finding("mail in", f"{name} cannot be read since {since}: {box.fault}. Check MAIL_IN_URL, then `manage.py poll_mail`.")
    else:
        yield Finding("mail in", f"{name} is read.", is_fine=True)


def _numbers(now: datetime) -> Iterator[Finding]:
    for method in ContactMethod.objects.usable().flagged(now).select_related("person").order_by("flagged_at", "pk"):
        words = f"{method.person}: {method} was refused ({method.flagged_reason.rstrip('.')}). Others are tried first; correct or test it."
        yield Finding("numbers", words)


def _push(now: datetime) -> Iterator[Finding]:
    if not pushing.is_kept():
        return
    try:
        pushing.public_key()
    except DeliveryFailed as error:
        yield Finding("push", f"browsers get no pages: {error}.")
    else:
        yield Finding("push", "the key for messages to browsers opens.", is_fine=True)


def _levels(now: datetime) -> Iterator[Finding]:
    for level, by in levels.hidden(levels.in_force()):
        yield Finding(
            "service levels", f"no ticket comes under {level.name}: {by.name} stands before it and takes them all. Change their order."
        )


WITH_ROWS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    _schema, _processes, _people, _policies, _duty, _numbers, _push, _mail_in, _levels, *upkeep.WITH_ROWS,
)  # fmt: skip
