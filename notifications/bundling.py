"""Pages that go as one: from the third to a person within a minute, the others wait up to a minute and go together.

Only pages that say whose noise they are (`Errand.about`) are bundled. Which go when is decided by the pure `plan.bundle`;
a bundle is a message of its own, whose token names it in a link, and stands for the rows that went with it.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications import gsm7, plan
from notifications.models import Channel, Errand, Message
from notifications.models.messages import MessageQuerySet
from notifications.states import IN_FLIGHT, WAITING, MessageState
from servicedesk.directory import tongues

CHANNELS = (Channel.SMS, Channel.VOICE, Channel.EMAIL)
MOST_SPOKEN = 3
ALPHABET = string.ascii_letters + string.digits
LENGTH = 10  # as a signed link's


def gather(ids: Collection[int], *, now: datetime, binds: bool) -> list[int]:
    """Which of these planned rows go out now, bundles among them; the others are held. Only the engine `binds`, with the rows locked."""
    pages = Message.objects.filter(pk__in=ids, lane=Message.Lane.PAGE, channel__in=CHANNELS, person__isnull=False)
    rows = list(pages.exclude(errand=None).exclude(errand__about="").select_related("errand").order_by("pk"))
    out = set(ids) - {row.pk for row in rows}
    for new in _by_address(rows).values():
        out |= _let_out(new, now=now, binds=binds)
    return sorted(out)


def members(bundle: Message) -> MessageQuerySet:
    """The rows that went with it, the most serious first."""
    return Message.objects.filter(bundle=bundle).select_related("errand").order_by("errand__rank", "pk")


def threads(bundle: Message) -> list[str]:
    return list(dict.fromkeys(members(bundle).values_list("thread", flat=True)))


def last_to(number: str) -> Message | None:
    """The last bundle of text messages to a number."""
    return Message.objects.filter(channel=Channel.SMS, to=number, token__isnull=False).order_by("-pk").first()


def of_token(token: str) -> Message | None:
    return Message.objects.select_related("person__site").filter(token=token, person__is_active=True).first()


def left(rows: MessageQuerySet, *, to: str, now: datetime, reason: str = "", **columns: Any) -> None:
    """These rows need no answer any more. A bundle of which none is left is stopped, as far as it can be."""
    gone = rows.filter(state=MessageState.BUNDLED).values_list("bundle", flat=True)
    bundles = {pk for pk in gone if pk is not None}
    if not bundles:
        return
    changes = {"reason": reason[:240], **columns} if reason else columns
    rows.filter(state=MessageState.BUNDLED).move(to, **changes)
    wanted = Message.objects.filter(bundle__in=bundles, state=MessageState.BUNDLED).values_list("bundle", flat=True)
    over = Message.objects.filter(pk__in=bundles - set(wanted))
    over.filter(state__in=WAITING).move(MessageState.CANCELLED, ended_at=now, reason=reason[:240])
    over.filter(state__in=IN_FLIGHT, stop_at=None).update(stop_at=now)
    if to == MessageState.ANSWERED:
        over.move(MessageState.ANSWERED, **columns)


def _by_address(rows: Iterable[Message]) -> dict[tuple[int | None, str, str], list[Message]]:
    found: dict[tuple[int | None, str, str], list[Message]] = {}
    for row in rows:
        found.setdefault((row.person_id, row.channel, row.to), []).append(row)
    return found


def _let_out(new: Sequence[Message], *, now: datetime, binds: bool) -> set[int]:
    """Of pages to one address: the ids that go now. What waits already is decided again only where it is at hand."""
    one = new[0]
    there = Message.objects.filter(person=one.person_id, channel=one.channel, to=one.to, lane=Message.Lane.PAGE, asked_at__isnull=False)
    there = there.exclude(pk__in=[row.pk for row in new]).select_related("errand")
    held = list(there.filter(state=MessageState.HELD))
    waiting = [_page(row, now) for row in [*held, *new]]
    since = min(page.at for page in waiting) - plan.WINDOW
    sent = [_page(row, now) for row in there.filter(Q(queued_at__gt=since) | Q(state=MessageState.BUNDLED, asked_at__gt=since))]
    chosen = plan.bundle(sent, waiting, now)
    by_id = {row.pk: row for row in new}
    alone = set(chosen.alone) & by_id.keys()
    together = [by_id[pk] for pk in chosen.together if pk in by_id]
    _stamp(by_id.keys() - set(chosen.together) - alone, state=MessageState.HELD, until=chosen.wait_until or now, now=now)
    _stamp(alone, now=now)
    if together and not binds:
        _stamp([row.pk for row in together], state=MessageState.HELD, until=now, now=now)
        return alone
    return alone | ({_bind(together, now=now)} if len(together) > 1 else {row.pk for row in together})


def _page(row: Message, now: datetime) -> plan.Page:
    errand = row.errand
    assert errand is not None  # `gather` asks for one
    return plan.Page(row.pk, errand.about, errand.rank, row.asked_at or now)


def _stamp(ids: Collection[int], *, now: datetime, state: str = "", until: datetime | None = None) -> None:
    """When these first came due, kept once; and until when they wait for others."""
    Message.objects.filter(pk__in=ids, asked_at=None).update(asked_at=now)
    if state:
        rows = Message.objects.filter(pk__in=ids, state__in=(MessageState.PLANNED, MessageState.HELD))
        rows.update(state=state, due_at=until, reason=_("goes as one message with others"))


def _bind(rows: Sequence[Message], *, now: datetime) -> int:
    """One message for all of these, planned; they have gone with it."""
    first = rows[0]
    person = first.person
    assert person is not None  # `gather` asks for one
    token = "".join(secrets.choice(ALPHABET) for _each in range(LENGTH))
    with tongues.reader(person):
        subject, text, html = _words(first.channel, rows, f"{settings.SITE_URL}/a/{token}")
    bundle = Message(
        person=person, method_id=first.method_id, thread="BUNDLE", key=f"bundle:{first.pk}:{token}", lane=Message.Lane.PAGE,
        channel=first.channel, to=first.to, subject=subject[:250], text=text, html=html, reference=token, token=token,
        is_confidential=any(row.is_confidential for row in rows), created_at=now, due_at=now,
    )  # fmt: skip
    bundle.save(force_insert=True)
    Message.objects.filter(pk__in=[row.pk for row in rows]).move(MessageState.BUNDLED, bundle=bundle, ended_at=now, reason="")
    return bundle.pk


def _words(channel: str, rows: Sequence[Message], link: str) -> tuple[str, str, str]:
    """Subject, text and HTML of a bundle in the form its channel carries."""
    names = list(dict.fromkeys(row.short or row.thread for row in rows))
    begins = ngettext("%(n)d open page for you", "%(n)d open pages for you", len(names)) % {"n": len(names)}
    if channel == Channel.SMS:
        return "", _sms(begins, names, link), ""
    if channel == Channel.VOICE:
        return "", _spoken(begins, names), ""
    lines = list(dict.fromkeys(row.subject or row.short for row in rows))
    ask = _("Acknowledge each, or all of them, here:")
    text = "\n".join([f"{begins}.", "", *(f"- {line}" for line in lines), "", ask, link, ""])
    listed = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    html = format_html('<p>{}.</p><ul>{}</ul><p>{}<br><a href="{}">{}</a></p>', begins, listed, ask, link, link)
    return f"[{begins}] {', '.join(names[:MOST_SPOKEN])}", text, html


def _sms(begins: str, names: Sequence[str], link: str) -> str:
    """As many names as one message holds; the link and the word lead to all of them."""
    for shown in range(len(names), -1, -1):
        more = [_("%(n)d more") % {"n": len(names) - shown}] if shown < len(names) else []
        words = {"begins": begins, "names": ", ".join([*names[:shown], *more]), "link": link}
        text = gsm7.fold(_("%(begins)s: %(names)s. ACK each: %(link)s or reply AALL") % words)
        if gsm7.units(text) <= gsm7.SEGMENT:
            break
    return text


def _spoken(begins: str, names: Sequence[str]) -> str:
    told = [*names[:MOST_SPOKEN]]
    told += [_("and %(n)d more") % {"n": len(names) - MOST_SPOKEN}] if len(names) > MOST_SPOKEN else []
    words = {"begins": begins, "names": ", ".join(told)}
    return _("%(begins)s. %(names)s. Press 4: I have them all. Press 6: repeat. Each of them is in your letters.") % words


def errands(bundle: Message) -> list[int]:
    """Those whose page went with it, in the order in which they are locked."""
    rows = Message.objects.filter(bundle=bundle, errand__isnull=False).order_by("errand")
    return list(rows.values_list("errand", flat=True).distinct())


def lock_errands(message_id: int) -> None:
    """Before a bundle itself is locked."""
    of = Message.objects.filter(bundle=message_id).values("errand")
    list(Errand.objects.select_for_update().filter(pk__in=of).order_by("pk").values_list("pk"))
