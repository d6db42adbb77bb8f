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
from notifications.models import Channel, Message
from notifications.models.messages import MessageQuerySet
from notifications.states import IN_FLIGHT, WAITING, MessageState
from servicedesk.directory import tongues

CHANNELS = (Channel.SMS, Channel.VOICE, Channel.EMAIL)
MOST_SPOKEN = 3
ALPHABET = string.ascii_letters + string.digits
Address = tuple[int | None, str, str]  # whose, by which channel, where to
LENGTH = 10  # as a signed link's


def gather(found: Sequence[Message], *, now: datetime, binds: bool) -> list[int]:
    """Which of these planned rows, with their errands, go out now, bundles among them; the others are held.

    Only the engine `binds`, with the rows locked.
    """
    rows = sorted(filter(may_wait, found), key=lambda row: row.pk)
    out = {row.pk for row in found} - {row.pk for row in rows}
    there = _there(rows, now)
    _stamp([row.pk for row in rows if row.asked_at is None], now=now)
    for address, new in _by_address(rows).items():
        out |= _let_out(new, there.get(address, []), now=now, binds=binds)
    return sorted(out)


def may_wait(row: Message) -> bool:
    """It says whose noise it is, and a bundle could be sent instead."""
    is_page = row.lane == Message.Lane.PAGE and row.channel in CHANNELS and row.person_id is not None
    return is_page and row.errand is not None and row.errand.about != ""


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


def _by_address(rows: Iterable[Message]) -> dict[Address, list[Message]]:
    found: dict[Address, list[Message]] = {}
    for row in rows:
        found.setdefault((row.person_id, row.channel, row.to), []).append(row)
    return found


def _there(rows: Sequence[Message], now: datetime) -> dict[Address, list[Message]]:
    """What else these people have at their addresses: pages that wait, and what went out in the time that counts."""
    if not rows:
        return {}
    others = Message.objects.filter(person__in={row.person_id for row in rows}, lane=Message.Lane.PAGE, asked_at__isnull=False)
    others = others.exclude(pk__in=[row.pk for row in rows]).filter(errand__isnull=False).select_related("errand")
    others = others.only("person", "channel", "to", "state", "asked_at", "queued_at", "errand__about", "errand__rank")
    held = others.filter(state=MessageState.HELD)
    first = min(row.asked_at or now for row in rows)
    went = Q(queued_at__gt=first - plan.WINDOW) | Q(state=MessageState.BUNDLED, asked_at__gt=first - plan.WINDOW)
    found = list(others.filter(went | Q(state=MessageState.HELD)))
    oldest = min((row.asked_at or now for row in found if row.state == MessageState.HELD), default=first)
    if oldest < first:  # what waits longer looks further back
        went = Q(queued_at__gt=oldest - plan.WINDOW) | Q(state=MessageState.BUNDLED, asked_at__gt=oldest - plan.WINDOW)
        found = [*held, *others.filter(went).exclude(state=MessageState.HELD)]
    return _by_address(found)


def _let_out(new: Sequence[Message], there: Sequence[Message], *, now: datetime, binds: bool) -> set[int]:
    """Of pages to one address: the ids that go now. What waits already is decided again only where it is at hand."""
    held = [row for row in there if row.state == MessageState.HELD]
    waiting = [_page(row, now) for row in [*held, *new]]
    since = min(page.at for page in waiting) - plan.WINDOW
    chosen = plan.bundle([_page(row, now) for row in there if _counts(row, since)], waiting, now)
    by_id = {row.pk: row for row in new}
    alone = set(chosen.alone) & by_id.keys()
    together = [by_id[pk] for pk in chosen.together if pk in by_id]
    _hold(by_id.keys() - set(chosen.together) - alone, until=chosen.wait_until or now)
    if together and not binds:
        _hold([row.pk for row in together], until=now)
        return alone
    return alone | ({_bind(together, now=now)} if len(together) > 1 else {row.pk for row in together})


def _counts(row: Message, since: datetime) -> bool:
    """It was sent, alone or in a bundle, after `since`."""
    if row.queued_at is not None and row.queued_at > since:
        return True
    return row.state == MessageState.BUNDLED and row.asked_at is not None and row.asked_at > since


def _page(row: Message, now: datetime) -> plan.Page:
    errand = row.errand
    assert errand is not None  # `gather` asks for one
    return plan.Page(row.pk, errand.about, errand.rank, row.asked_at or now)


def _stamp(ids: Collection[int], *, now: datetime) -> None:
    """When these first came due, kept once."""
    if ids:
        Message.objects.filter(pk__in=ids, asked_at=None).update(asked_at=now)


def _hold(ids: Collection[int], *, until: datetime) -> None:
    """They wait for others until then."""
    if ids:
        rows = Message.objects.filter(pk__in=ids, state__in=(MessageState.PLANNED, MessageState.HELD))
        rows.update(state=MessageState.HELD, due_at=until, reason=_("goes as one message with others"))


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
