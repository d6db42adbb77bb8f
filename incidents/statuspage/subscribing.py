"""Mail to those who asked for it: confirmed by a button on a page, one letter an update, ended by a link in each."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Subscriber, Update
from incidents.statuspage.picture import updates
from notifications import outbox
from notifications.models import Channel
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation

AGAIN = timedelta(minutes=10)  # so soon, no second letter to the same address
AT_ONCE = 200


@tongues.deed
def ask(email: str, *, now: datetime) -> None:
    """A letter with a link to confirm. Whoever asks learns nothing about an address."""
    address = email.strip().lower()
    row, is_new = Subscriber.objects.select_for_update().get_or_create(
        email=address, defaults={"token": secrets.token_urlsafe(32), "asked_at": now}
    )
    if not is_new:
        if row.asked_at > now - AGAIN or (row.confirmed_at and not row.stopped_at):
            return
        row.asked_at = now
        row.save(update_fields=["asked_at"])
    name = _name()
    subject = _("Confirm: status of %(name)s by mail") % {"name": name}
    text = _("Somebody, probably you, asked for mail about the services of %(name)s. Confirm it on this page; otherwise nothing happens.")
    post(row, f"confirm:{now.isoformat()}", subject, f"{text % {'name': name}}\n\n{link(row)}\n", now)


@tongues.deed
def confirm(row: Subscriber, *, now: datetime) -> Subscriber:
    """From the next update on. Confirmed already: unchanged."""
    if row.confirmed_at is None or row.stopped_at is not None:
        newest = updates().values_list("pk", flat=True).first() or 0
        row.confirmed_at, row.stopped_at, row.told_until = now, None, newest
        row.save(update_fields=["confirmed_at", "stopped_at", "told_until"])
    return row


@tongues.deed
def stop(row: Subscriber, *, now: datetime) -> Subscriber:
    if row.stopped_at is None:
        row.stopped_at = now
        row.save(update_fields=["stopped_at"])
    return row


def tell(*, now: datetime) -> int:
    """The engine's pass: whoever listens gets each update once."""
    newest = updates().values_list("pk", flat=True).first()
    if newest is None:
        return 0
    behind = Subscriber.objects.listening().filter(told_until__lt=newest).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_told(pk, now) for pk in list(behind))


@tongues.deed
def _told(pk: int, now: datetime) -> int:
    row = Subscriber.objects.listening().select_for_update().filter(pk=pk).first()
    if row is None:
        return 0
    told = list(updates().filter(pk__gt=row.told_until).order_by("pk")[:20])
    for update in told:
        _write(row, update, now)
    if told:
        row.told_until = told[-1].pk
        row.save(update_fields=["told_until"])
    return len(told)


def _write(row: Subscriber, update: Update, now: datetime) -> None:
    subject = f"{update.incident.title}: {update.get_phase_display()}"
    stop_it = _("No more of these:")
    text = f"{update.text}\n\n{settings.SITE_URL}{reverse('status')}\n\n{stop_it} {link(row)}\n"
    post(row, f"update:{update.pk}", subject, text, now)


def post(row: Subscriber, key: str, subject: str, text: str, now: datetime) -> None:
    letter = outbox.Letter(subject=subject[:240], text=text, html="", sms="", short="", headers={"List-Unsubscribe": f"<{link(row)}>"})
    outbox.post(thread="status", key=f"status:{row.pk}:{key}", channel=Channel.EMAIL, to=row.email, letter=letter, now=now)


def link(row: Subscriber) -> str:
    return f"{settings.SITE_URL}{reverse('status_subscription', args=[row.token])}"


def _name() -> str:
    organisation = Organisation.current()
    return organisation.name if organisation else str(_("Servicedesk"))
