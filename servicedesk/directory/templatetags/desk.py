"""`{% load desk %}`: icons, chips, state words and times. The table of them stands in templates/components/README.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField
from django.template import Context, defaultfilters
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from servicedesk.directory import moments, words

register = template.Library()


# How dates are written; each language has its own order and dots
FORMATS = (
    pgettext_lazy("date format", "j M"),
    pgettext_lazy("date format", "j M Y"),
    pgettext_lazy("date format", "D j M"),
    pgettext_lazy("date format", "D j M Y"),
    pgettext_lazy("date format", "D j M, H:i"),
    pgettext_lazy("date format", "D j M Y, H:i"),
    pgettext_lazy("date format", "D j M Y, H:i T"),
    pgettext_lazy("date format", "l j F, H:i"),
)


# Symbols


@register.simple_tag
def icon(name: str, label: str = "", size: int = 16, tone: str = "") -> SafeString:
    """A symbol of the sprite; silent beside a word, or itself named by `label`."""
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    classes = " ".join(filter(None, ["icon", f"icon-{size}" if size != 16 else "", f"tone-{tone}" if tone else ""]))
    return format_html(
        '<svg class="{}" width="{}" height="{}" {}><use href="{}#{}"></use></svg>', classes, size, size, voice, static("icons.svg"), name
    )


@register.simple_tag
def severity(value: int | None, long: bool = False, large: bool = False) -> SafeString:
    """The severity chip: letter, shape and fill. None reads "Not rated"."""
    size = " sev-lg" if large else ""
    if value is None:
        return format_html('<span class="sev sev-none{}">{}{}</span>', size, icon("sev-none"), _("Not rated"))
    word = f"SEV{value} {words.SEVERITIES[value]}" if long or large else f"SEV{value}"
    return format_html('<span class="sev sev-{}{}">{}{}</span>', value, size, icon(f"sev-{value}"), word)


@register.simple_tag
def state(kind: str, value: str, label: str = "") -> SafeString:
    """A state word: symbol and text. `kind` is ticket, request, incident, check or message."""
    look = words.STATES[kind][value]
    return _said(look, label or str(look.word))


@register.simple_tag
def channel(value: str, label: str = "") -> SafeString:
    """How a message travels: symbol and word."""
    look = words.CHANNELS[value]
    return _said(look, label or str(look.word))


@register.simple_tag
def verdict(tone: str, text: str) -> SafeString:
    """A free state word: ok, warn, bad, info or mute, each with its own symbol."""
    symbol = {"ok": "done", "warn": "warn", "bad": "alert", "info": "clock", "mute": "minus"}[tone]
    return _said(words.Look(symbol, tone, text), text)


def _said(look: words.Look, label: str) -> SafeString:
    return format_html('<span class="state tone-{}">{}{}</span>', look.tone, icon(look.icon), label)


@register.simple_tag
def avatar(person: Any, size: int = 20, own: bool = False) -> SafeString:
    """A person's initials in a circle, silent: the name stands beside it."""
    classes = "avatar" + (f" avatar-{size}" if size != 20 else "") + (" avatar-own" if own else "")
    if person is None:
        return format_html('<span class="{} avatar-none" aria-hidden="true">{}</span>', classes, icon("minus", size=12))
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, getattr(person, "initials", str(person)[:2].upper()))


@register.simple_tag
def who(person: Any) -> SafeString:
    """Circle and name, or "Nobody"."""
    if person is None:
        return format_html('<span class="mute">{}</span>', _("Nobody"))
    return format_html('<span class="who">{}{}</span>', avatar(person), person)


# Times: always <time datetime>, with UTC in the tooltip; the ticking ones are kept right by desk.js


@register.simple_tag(takes_context=True)
def at(context: Context, then: datetime | None) -> SafeString:
    """Clock time today, else "Mon 23 Nov, 03:12"."""
    return _time(context, then, moments.stamp, "")


@register.simple_tag(takes_context=True)
def ago(context: Context, then: datetime | None) -> SafeString:
    """ "now", "6 min ago", "3 h ago", then the stamp."""
    return _time(context, then, moments.ago, "ago")


@register.simple_tag(takes_context=True)
def age(context: Context, then: datetime | None) -> SafeString:
    """ "now", "6 min", "3 h", then the stamp: for narrow columns."""
    return _time(context, then, moments.age, "age")


@register.simple_tag(takes_context=True)
def left(context: Context, due: datetime | None) -> SafeString:
    """ "14 min left" or "12 min late"."""
    return _time(context, due, moments.left, "left")


@register.simple_tag(takes_context=True)
def until(context: Context, then: datetime | None) -> SafeString:
    """ "in 16 min" or "16 min late"."""
    return _time(context, then, moments.until, "until")


@register.simple_tag(takes_context=True)
def since(context: Context, then: datetime | None) -> SafeString:
    """How long it has lasted: "1 h 05 min"."""
    return _time(context, then, lambda a, b: moments.duration(b - a), "since")


@register.filter(expects_localtime=True)
def written(moment: datetime | date | None, form: str) -> str:
    """A day or moment in one of FORMATS, as the reader's language writes it."""
    return str(defaultfilters.date(moment, pgettext("date format", form)))


@register.filter
def duration(span: timedelta | float | None) -> str:
    """A timedelta or seconds as "1 h 05 min"."""
    if span is None:
        return ""
    return moments.duration(span if isinstance(span, timedelta) else timedelta(seconds=span))


@register.simple_tag
def zone_name() -> str:
    """The name of the reader's zone."""
    return timezone.get_current_timezone_name()


def _time(context: Context, then: datetime | None, say: Callable[[datetime, Any], str], tick: str) -> SafeString:
    """One <time>. Without a `now` in the context (letters) only the absolute stamp is safe to print."""
    if then is None:
        return SafeString("")
    here, now = timezone.localtime(then), context.get("now")
    text = say(here, timezone.localtime(now)) if now else moments.stamp(here, None)
    mark = format_html(' data-tick="{}"', tick) if tick and now else ""
    utc = then.astimezone(UTC)
    return format_html('<time datetime="{}" title="{} UTC"{}>{}</time>', f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M}", mark, text)


# Forms


@register.simple_tag
def control(field: BoundField, width: str = "") -> SafeString:
    """A field's control with its width, marked invalid and tied to its hint and error."""
    attrs: dict[str, str | bool] = {"class": width} if width else {}
    described = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        attrs["aria-invalid"] = "true"
        described.append(f"{field.auto_id}_error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)
