"""/styleguide/: every component once, in the theme, density and frame asked for. Shown with DEBUG or STYLEGUIDE only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace as Thing
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from incidents.views.frame import DENSITIES, RAIL, THEMES, Item
from servicedesk import clock
from servicedesk.directory.words import CHANNELS, STATES

SHELLS = {"staff": "base.html", "portal": "base_portal.html", "bare": "base_bare.html"}
SPARK = "0,12 6,10 12,13 18,11 24,14 30,10 36,12 42,11 48,13 54,9 60,12 66,11 72,13 78,12 84,10 90,13 96,11 102,20 114,20"


@dataclass(frozen=True)
class Person:
    name: str
    initials: str

    def __str__(self) -> str:
        return self.name


@dataclass
class Row:
    """A row of the queue's table."""

    now: datetime
    severity: int | None
    no: str
    title: str
    service: str
    minutes: int
    value: int
    state: str = "running"
    text: str = ""
    assignee: Person | None = None
    who: str = "Noah"
    mark: str = ""
    more: str = ""
    presence: str = ""
    is_new: bool = False

    @property
    def due_at(self) -> datetime:
        return self.now + timedelta(minutes=self.minutes)

    @property
    def changed_at(self) -> datetime:
        return self.now - timedelta(minutes=9)


class Example(forms.Form):
    """A form with everything that can be wrong in it."""

    what = forms.CharField(
        label="What happened?", help_text="For example: Outlook cannot connect", widget=forms.Textarea(attrs={"rows": 4})
    )
    impacted = forms.ChoiceField(label="Who is impacted?", widget=forms.RadioSelect, choices=[("me", "Only me"), ("everyone", "Everyone")])
    phone = forms.CharField(label="Phone number", required=False)
    service = forms.ChoiceField(label="Service", choices=[("", "I do not know"), ("email", "Email"), ("vpn", "VPN")], required=False)


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG or getattr(settings, "STYLEGUIDE", False)):
        raise Http404
    shell = request.GET.get("shell", "staff")
    now = clock.now()
    return render(
        request,
        "styleguide.html",
        {
            "shell": SHELLS.get(shell, "base.html"),
            "frame": _frame(request, now, is_staff=shell == "staff"),
            "now": now,
            "kinds": STATES,
            "channels": CHANNELS,
            "severities": [1, 2, 3, 4, None],
            "spark": SPARK,
            "themes": THEMES,
            "densities": ("compact", "standard", "relaxed"),
            "form": Example({"phone": "12"}),
            "rows": _rows(now),
            "steps": _steps(now),
            "times": [now - timedelta(minutes=m) for m in (0, 6, 65, 3000)],
            "due": [now + timedelta(minutes=m) for m in (-12, 4, 16, 114)],
        },
    )


def _frame(request: HttpRequest, now: datetime, *, is_staff: bool) -> dict[str, Any]:
    """The frame as Ana sees it with an incident open, whoever looks."""
    since, dana = now - timedelta(minutes=24), Thing(get_short_name="Dana")
    nav = [Item(f"#{place.name}", place.icon, place.word, place.keys, place.name == "queue") for place in RAIL]
    return {
        "name": "Acme Help Desk",
        "person": Thing(name="Ana", get_short_name="Ana", initials="AN", is_staff=False),
        "is_staff": is_staff,
        "nav": nav if is_staff else [],
        "banner": Thing(pk=214, title="Email is not working for some people", since=since, acknowledged_by=dana, number="INC-214"),
        "on_call_until": now + timedelta(days=6),
        "help_phone": "555-0100",
        "theme": _known(request.GET.get("theme", ""), THEMES),
        "density": _known(request.GET.get("density", ""), DENSITIES),
    }


def _known(value: str, words: tuple[str, ...]) -> str:
    return value if value in words else ""


def _rows(now: datetime) -> list[Row]:
    """Queue rows in every state a row and a clock can have."""
    ben, ana = Person("Ben", "BE"), Person("Ana", "AN")
    return [
        Row(
            now, 2, "T-1016", "Card terminal at reception is offline", "Network", -12, 100, "late", assignee=ben, presence="Ben is replying"
        ),
        Row(
            now,
            2,
            "T-1027",
            "Badge readers at the north door reject everyone",
            "Access control",
            4,
            88,
            "soon",
            is_new=True,
            more="Guests wait",
        ),
        Row(now, 1, "INC-214", "37 tickets: Email is not working for some people", "Email", 16, 50, mark="is-incident", is_new=True),
        Row(now, 3, "T-1019", "Outlook on the phone asks for the password again", "Email", 6, 80, "soon", assignee=ben, mark="is-selected"),
        Row(now, None, "T-1031", "Scanner on floor 2 sends empty pages", "Printing", 11, 60),
        Row(now, 4, "T-1001", "Guest network code for visitors on Thursday", "Network", 226, 6, assignee=ana, more="Eight people from"),
        Row(
            now,
            3,
            "T-1008",
            "Shared calendar of Legal shows no events",
            "Email",
            99,
            45,
            "paused",
            "Waits for Ines",
            ana,
            mark="is-current",
        ),
        Row(now, 4, "T-1011", "Access to the folder Budget 2027 for Lea", "File server", 99, 0, "met", "Answered", ana, mark="is-done"),
    ]


def _steps(now: datetime) -> list[Thing]:
    return [
        Thing(word="Triggered", at=now - timedelta(minutes=19), by="", is_done=True, is_current=False),
        Thing(word="Acknowledged", at=now - timedelta(minutes=8), by="Dana", is_done=False, is_current=True),
        *(Thing(word=word, at=None, by="", is_done=False, is_current=False) for word in ("Mitigated", "Resolved", "Closed")),
    ]
