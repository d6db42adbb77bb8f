"""Legal holds in the admin: asked for by one person and confirmed by another, lifted likewise."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident, Ticket
from servicedesk import clock
from servicedesk.audit import holds
from servicedesk.audit.desk_admin import DeskAdmin
from servicedesk.audit.models import LegalHold
from servicedesk.directory.models import User

NUMBER = re.compile(r"(T|INC)-([0-9]{1,15})", re.IGNORECASE)


class HoldForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = LegalHold
        fields = ("subject", "reason")

    def clean_subject(self) -> str:
        """T-1042, INC-214 or "everything" as they are; a person by what never changes."""
        word = str(self.cleaned_data["subject"]).strip()
        if word.lower() == holds.EVERYTHING:
            return holds.EVERYTHING
        if found := NUMBER.fullmatch(word):
            model = Ticket if found[1].upper() == "T" else Incident
            if model.objects.filter(pk=int(found[2])).exists():
                return word.upper()
        person = User.objects.get_queryset().by_login(word).first()
        if person is None:
            raise forms.ValidationError(gettext("That is no ticket, no incident and nobody's user name; nor is it “everything”."))
        return holds.of_person(person)


@admin.register(LegalHold)
class LegalHoldAdmin(DeskAdmin):
    """Added once; every step after it is an action of another person."""

    form = HoldForm
    list_display = ("subject", "named", "reason", "asked_by", "asked_at", "confirmed_by", "lift_asked_by", "lifted_at")
    list_select_related = ("asked_by", "confirmed_by", "lift_asked_by")
    search_fields = ("subject", "reason")
    actions = ("confirm", "ask_to_lift", "lift")

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_admin

    @admin.display(description=_("who"))
    def named(self, row: LegalHold) -> str:
        kind, _colon, key = row.subject.partition(":")
        return str(User.objects.filter(pk=int(key)).first() or "") if kind == "person" else ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        made = holds.ask(form.cleaned_data["subject"], reason=form.cleaned_data["reason"], actor=request.user, now=clock.now())
        obj.pk, obj.asked_by, obj.asked_at = made.pk, made.asked_by, made.asked_at

    @admin.action(description=_("Confirm, as the second person"), permissions=["decide"])
    def confirm(self, request: HttpRequest, rows: QuerySet[LegalHold]) -> None:
        self._each(request, rows, holds.confirm)

    @admin.action(description=_("Ask to lift"), permissions=["decide"])
    def ask_to_lift(self, request: HttpRequest, rows: QuerySet[LegalHold]) -> None:
        self._each(request, rows, holds.ask_to_lift)

    @admin.action(description=_("Lift, as the second person"), permissions=["decide"])
    def lift(self, request: HttpRequest, rows: QuerySet[LegalHold]) -> None:
        self._each(request, rows, holds.lift)

    def _each(self, request: HttpRequest, rows: QuerySet[LegalHold], deed: Callable[..., LegalHold]) -> None:
        now: datetime = clock.now()
        for row in rows:
            try:
                deed(row, actor=request.user, now=now)
            except holds.SamePerson:
                self.message_user(request, gettext("%(hold)s: it takes a second person.") % {"hold": row.subject}, messages.ERROR)
            except holds.NotNow:
                self.message_user(request, gettext("%(hold)s: it is not at that point.") % {"hold": row.subject}, messages.ERROR)
            else:
                self.message_user(request, gettext("%(hold)s: done.") % {"hold": row.subject}, messages.SUCCESS)
