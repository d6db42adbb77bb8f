"""One person's data: given out as a file, and erased. Statistics and the trail stay; who it was does not.

Erasing puts a pseudonym in the person's place, ends every way to reach or to sign in, drops the words of letters to them, deletes
files they sent, and takes their name, addresses and numbers out of every text (scrubbing). Signed reviews and published versions stay
as they were signed. Rows of the trail keep their seals: a sealed row names each that was changed and what it says now.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q

from incidents import vault
from incidents.models import Attachment, Draft, Entry, InboundMail, Subscriber, Ticket
from notifications.models import BouncedAddress, ContactMethod, Message, SealedAddress
from servicedesk.audit import chain, holds, trail
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Grant, Service, Team, User
from servicedesk.oncall.models import Away, Feed
from servicedesk.operations import scrubbing
from servicedesk.operations.scrubbing import NOT_OURS, Names

ERASED = "(erased)"
# by these columns a row is theirs or about them; of rows that name them otherwise only which is told
ABOUT = {"requester", "author", "person", "user", "added_by", "reported_by", "owner"}
SECRET = ("password", "secret", "token", "digest", "fingerprint")


class StillActive(Exception):
    """They still work here: deactivate them first, so that nothing they do is left without anybody."""


@dataclass(slots=True)
class Erased:
    """`look_through`: tickets with free text of theirs, which only people can judge."""

    pseudonym: str
    look_through: list[str]
    counts: Counter[str] = field(default_factory=Counter)


def export(person: User) -> dict[str, Any]:
    """Everything that is theirs, by model and column; no secrets, and nothing that others wrote."""
    found: dict[str, Any] = {"person": _plain(person)}
    for model, name in _pointing():
        rows = list(model._base_manager.filter(**{name: person}).order_by("pk"))
        if rows:
            found[f"{model._meta.label_lower} ({name})"] = [_plain(row) for row in rows] if name in ABOUT else [row.pk for row in rows]
    return found


def as_json(said: dict[str, Any]) -> str:
    return json.dumps(said, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False)


def files_of(person: User) -> list[Attachment]:
    """Those they sent and that are still there."""
    return [row for row in Attachment.objects.filter(added_by=person).order_by("pk") if row.sha256 and vault.has(row.sha256)]


def look_through(person: User) -> list[str]:
    """Tickets they asked for or wrote in."""
    wrote = Entry.objects.filter(author=person).values("ticket_id")
    return [row.number for row in Ticket.objects.filter(Q(requester=person) | Q(pk__in=wrote)).order_by("pk")]


def refuse(person: User) -> None:
    """Raises StillActive, holds.UnderHold."""
    if person.is_active:
        raise StillActive
    holds.refuse(holds.of_person(person), *look_through(person))


@transaction.atomic
def erase(person: User, *, actor: User | None, now: datetime) -> Erased:
    """Raises StillActive, holds.UnderHold. The content of files goes when the transaction is committed."""
    person = User.objects.select_for_update().get(pk=person.pk)
    refuse(person)
    names = Names(person.username, person.name, frozenset(_addresses(person)), f"Erased person {person.pk}")
    done = Erased(names.pseudonym, look_through(person))
    _end_ways_in(person, done)
    _end_ways_out(person, names, now, done)
    _drop_letters(person, names, done)
    _drop_files(person, names, done)
    done.counts["texts"] = scrubbing.scrub(names)
    _become_nobody(person, names)
    done.counts["rows of the trail"], sealed = scrubbing.redact(names, person)
    trail.record(person, "erase", actor=actor, now=now, after={"rows": dict(done.counts)})
    if sealed:
        trail.record(AuditEntry(pk=person.pk), chain.REDACT, actor=actor, now=now, after={"rows": sealed})
    return done


def _pointing() -> Iterator[tuple[type[models.Model], str]]:
    """Every model with a foreign key to a person, and the key's name."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in NOT_OURS and model is not AuditEntry:
            yield from ((model, one.name) for one in model._meta.concrete_fields if one.related_model is User)


def _plain(row: models.Model) -> dict[str, Any]:
    columns = (one.attname for one in row._meta.concrete_fields if not any(word in one.name for word in SECRET))
    return {name: getattr(row, name) for name in columns}


def _addresses(person: User) -> set[str]:
    methods = ContactMethod.objects.filter(person=person).values_list("address", flat=True)
    return {one for one in {*methods, person.email, person.phone} if one}


def _end_ways_in(person: User, done: Erased) -> None:
    keys = list(UserSession.objects.filter(user=person).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    for model in (EmailAddress, Authenticator, SocialAccount, UserSession, Grant):
        done.counts["ways to sign in and rights"] += model.objects.filter(user=person).delete()[0]


def _end_ways_out(person: User, names: Names, now: datetime, done: Erased) -> None:
    for method in ContactMethod.objects.filter(person=person):
        method.address, method.disabled_at, method.disabled_reason = f"erased-{method.pk}", method.disabled_at or now, ERASED
        method.save(update_fields=["address", "disabled_at", "disabled_reason"])
        done.counts["ways to reach them"] += 1
    SealedAddress.objects.filter(method__person=person).delete()
    BouncedAddress.objects.filter(address__in=names.addresses).delete()
    Subscriber.objects.filter(email__in=names.addresses).delete()
    Feed.objects.filter(person=person, revoked_at=None).update(revoked_at=now)
    Away.objects.filter(person=person).update(reason="")
    Draft.objects.filter(person=person).delete()


def _drop_letters(person: User, names: Names, done: Erased) -> None:
    theirs = Message.objects.filter(Q(person=person) | Q(to__in=names.addresses))
    done.counts["letters"] += theirs.update(to=ERASED, subject="", text=ERASED, html="", short="", headers={})


def _drop_files(person: User, names: Names, done: Erased) -> None:
    """Their files and mails; content that another row speaks of as well stays for that one."""
    files, mails = (
        Attachment.objects.filter(added_by=person),
        InboundMail.objects.filter(sender__in=[one.lower() for one in names.addresses]),
    )
    gone = {*files.values_list("sha256", flat=True), *mails.values_list("sha256", flat=True)}
    done.counts["files"] += files.update(name=ERASED, sha256="", size=0)
    done.counts["mails"] += mails.update(sender=ERASED, sender_name="", subject=ERASED, recipients=[], sha256="", size=0)
    for model in (Attachment, InboundMail):
        gone -= set(model.objects.filter(sha256__in=gone).values_list("sha256", flat=True))
    for path in (vault.path_of(sha256) for sha256 in gone - {""}):
        transaction.on_commit(lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]


def _become_nobody(person: User, names: Names) -> None:
    person.username, person.name = f"erased-{person.pk}", names.pseudonym
    person.email = person.site = person.line_manager = person.last_login = None
    person.phone = person.department = person.zone = person.language = ""
    person.set_unusable_password()
    columns = ["username", "name", "email", "site", "line_manager", "last_login", "phone", "department", "zone", "language", "password"]
    person.save(update_fields=columns)
    Team.objects.filter(manager=person).update(manager=None)
    Service.objects.filter(owner=person).update(owner=None)
