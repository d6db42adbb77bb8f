"""What people send who lead an incident."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.command import facts
from incidents.forms import TOO_LONG, KeyedForm, WordsField
from incidents.models import Obligation, RoleHolding, Ticket, Update
from servicedesk.directory.models import Role, User

LONGEST = 4000
NEXT_IN = [
    ("15", _("in 15 min")), ("30", _("in 30 min")), ("60", _("in 1 h")), ("120", _("in 2 h")), ("240", _("in 4 h")), ("", _("no promise")),
]  # fmt: skip


class PeopleField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A person of the desk, by user name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(User.objects.none(), to_field_name="username", **options)


def _of_the_desk(field: forms.Field) -> None:
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER)


class UpdateForm(KeyedForm):
    """A stakeholder update."""

    phase = forms.ChoiceField(label=_("Phase"), choices=Update.Phase)
    next_in = forms.ChoiceField(label=_("Next update"), choices=NEXT_IN, required=False)
    text = WordsField(
        label=_("Text"),
        max_length=LONGEST,
        error_messages={"required": _("Write what people read"), "max_length": TOO_LONG},
        widget=forms.Textarea(attrs={"rows": 4, "aria-keyshortcuts": "u"}),
    )
    audiences = forms.MultipleChoiceField(
        label=_("Tell"), choices=Update.Audience, widget=forms.CheckboxSelectMultiple, error_messages={"required": _("Choose who is told")}
    )

    def update_of(self, now: datetime) -> dict[str, Any]:
        """As the deed names it."""
        said = self.said
        minutes = said.pop("next_in")
        return {**said, "next_update_at": now + timedelta(minutes=int(minutes)) if minutes else None}


class FactsForm(forms.Form):
    """What is known of it now."""

    what = forms.CharField(
        label=_("What happened"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": TOO_LONG},
    )  # fmt: skip
    impacted = forms.ChoiceField(label=_("Who is impacted"), choices=partial(facts.choices, "impacted"), required=False)
    impacted_count = forms.IntegerField(
        label=_("About how many"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    effect = forms.ChoiceField(label=_("How it affects"), choices=partial(facts.choices, "effect"), required=False)


class WordingForm(forms.Form):
    """A line of the timeline, put right by who wrote it."""

    entry = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    text = WordsField(max_length=LONGEST, error_messages={"required": _("Write something first")})


class AnswerForm(KeyedForm):
    """One answer to everybody whose ticket is linked."""

    text = WordsField(
        label=_("Answer to all"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what people read"), "max_length": TOO_LONG},
    )  # fmt: skip


class RoleForm(forms.Form):
    """Who has a role from now on. Nobody: it is released."""

    role = forms.ChoiceField(choices=RoleHolding.Kind)
    person = PeopleField(label=_("Person"), required=False, empty_label=_("Nobody"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _of_the_desk(self.fields["person"])


class DoingForm(forms.Form):
    role = forms.ChoiceField(choices=RoleHolding.Kind)
    doing = forms.CharField(label=_("Doing now"), max_length=200, required=False)


class BridgeForm(forms.Form):
    bridge = forms.CharField(label=_("Link or number"), max_length=200, required=False)


class CostForm(forms.Form):
    people = forms.IntegerField(label=_("People"), min_value=0, max_value=100_000, required=False)
    minutes = forms.IntegerField(label=_("Minutes each"), min_value=0, max_value=1_000_000, required=False)


class TicketForm(forms.Form):
    """A ticket by its number, with or without T-."""

    number = forms.RegexField(
        r"^\s*(?:[Tt]-?)?([0-9]{1,18})\s*$",
        label=_("Ticket number"),
        max_length=24,
        error_messages={"invalid": _("Give a ticket's number, for example T-1042"), "required": _("Give a ticket's number")},
    )
    reason = forms.CharField(label=_("Why"), max_length=240, required=False)

    def clean_number(self) -> int:
        return int("".join(sign for sign in self.cleaned_data["number"] if sign.isdigit()))


class MergeForm(forms.Form):
    """Into which incident, and why."""

    into = forms.RegexField(r"^\s*(?:[Ii][Nn][Cc]-?)?([0-9]{1,18})\s*$", label=_("Incident number"), max_length=24)
    reason = WordsField(label=_("Why"), max_length=240)

    def clean_into(self) -> int:
        return int("".join(sign for sign in self.cleaned_data["into"] if sign.isdigit()))


class HandoverForm(forms.Form):
    """To whom a shift is handed over, and what no list shows."""

    taker = PeopleField(label=_("Hand over to"), empty_label=_("Choose"), error_messages={"required": _("Choose who takes over")})
    next_steps = forms.CharField(label=_("What comes next"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    left_out = forms.CharField(label=_("What is left out"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _of_the_desk(self.fields["taker"])
        taker = self.fields["taker"]
        assert isinstance(taker, forms.ModelChoiceField)
        taker.queryset = taker.queryset.exclude(pk=giver.pk) if taker.queryset is not None else None


class ObligationForm(forms.Form):
    kind = forms.ChoiceField(choices=Obligation.Kind)
    decision = forms.ChoiceField(choices=Obligation.Decision)
    reason = forms.CharField(max_length=2000, required=False)


class SummonsForm(KeyedForm):
    """Whom to page by name."""

    person = PeopleField(label=_("Person"), error_messages={"required": _("Choose whom to page")}, empty_label=_("Choose"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _of_the_desk(self.fields["person"])


class ActionForm(forms.Form):
    """What is done about it, by whom, by when."""

    text = WordsField(label=_("What is done"), max_length=240, error_messages={"required": _("Say what is done")})
    owner = PeopleField(label=_("Owner"), empty_label=_("Choose"), error_messages={"required": _("Choose who does it")})
    due_on = forms.DateField(label=_("By"), widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": _("Give a day")})
    ticket = forms.ModelChoiceField(
        Ticket.objects.none(), label=_("Ticket number"), required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid_choice": _("No such ticket, or a confidential one")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _of_the_desk(self.fields["owner"])
        ticket = self.fields["ticket"]
        assert isinstance(ticket, forms.ModelChoiceField)
        ticket.queryset = Ticket.objects.filter(is_confidential=False)
