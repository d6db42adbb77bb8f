"""What stands beside a ticket's words as JSON: people, time, promises, lines to tick off, vendors, and other tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from incidents import around, fields
from incidents.api.numbers import AnotherTicket
from incidents.api.ticket_shapes import LONGEST
from incidents.api.words import Words
from incidents.forms_asking import QuestionsForm
from incidents.models import CustomField, Entry, Ticket, Vendor
from servicedesk.api.shapes import Moment, Named, OneOf, Shape
from servicedesk.directory.models import User

PEOPLE = User.objects.get_queryset().active().people()
TIES = ("related", "parent", "child")


class WatcherShape(Shape):
    """Who reads it as its requester does, and gets the same mails."""

    person = Named("username")
    added_by = Named("username", allow_null=True)
    since = Moment()


class NewWatcher(Shape):
    person = Named("username", PEOPLE)


class TimeSpentShape(Shape):
    """Work on it, beside that of its calls."""

    id = serializers.IntegerField()
    person = Named("username")
    minutes = serializers.IntegerField()
    what = serializers.CharField()
    at = Moment()


class NewTimeSpent(Shape):
    minutes = serializers.IntegerField(min_value=1, max_value=1440)
    what = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class PromiseShape(Shape):
    """What somebody of the desk promised the requester. Open until it is kept or taken back, also once it is missed."""

    id = serializers.IntegerField()
    entry = serializers.IntegerField(source="entry_id", help_text="The answer it was said in.")
    person = Named("username")
    text = serializers.CharField()
    made_at = Moment()
    due_at = Moment()
    kept_at = Moment(allow_null=True)
    missed_at = Moment(allow_null=True)
    withdrawn_at = Moment(allow_null=True)


class NewPromise(Shape):
    """Said to the requester alone, or at the end of an answer."""

    promise = Words(max_length=200)
    due_at = Moment()
    text = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    last_seen = serializers.IntegerField(min_value=0, required=False, help_text="409 where somebody wrote after this entry.")


class ChecklistLineShape(Shape):
    """A line of its checklist."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    done_at = Moment(allow_null=True)
    done_by = Named("username", allow_null=True)


class NewChecklistLine(Shape):
    text = Words(max_length=200)


class ChecklistLineChange(Shape):
    done = serializers.BooleanField()


class VendorCaseShape(Shape):
    """A vendor has it, or had it: whoever has the ticket is told to chase them at `chase_at`."""

    id = serializers.IntegerField()
    vendor = Named("name")
    number = serializers.CharField(help_text="Of their case.")
    since = Moment()
    chase_at = Moment(allow_null=True)
    chased = serializers.IntegerField(help_text="How often.")
    ended_at = Moment(allow_null=True)


class NewVendorCase(Shape):
    vendor = Named("name", Vendor.objects.filter(is_active=True))
    number = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class LinksShape(Shape):
    """The tickets it belongs to, of those the reader may see."""

    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # the framework has the name too
    children = serializers.ListField(child=serializers.CharField())
    related = serializers.ListField(child=serializers.CharField())
    split = serializers.ListField(child=serializers.CharField(), help_text="One was split from the other.")
    merged_into = serializers.CharField(allow_null=True)
    merged = serializers.ListField(child=serializers.CharField())
    follows = serializers.CharField(allow_null=True)


class TicketTie(Shape):
    """`parent`: the other is what this is part of; `child`: the other is part of this. A duplicate is merged instead."""

    kind = OneOf(TIES)
    ticket = AnotherTicket()


class SimilarShape(Shape):
    ticket = serializers.CharField(source="ticket.number")
    title = serializers.CharField(source="ticket.title")
    score = serializers.FloatField(help_text="0 to 1.")
    reasons = serializers.CharField()


class SimilarsShape(Shape):
    """The most alike first, five at most."""

    results = SimilarShape(many=True)


class SimilarWord(Shape):
    ticket = AnotherTicket()
    similar = serializers.BooleanField()


class QuestionShape(Shape):
    """A question of a category. It is asked where `when_key` was answered with `when_value`, else always."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the framework has the name too
    kind = OneOf(CustomField.Kind.choices)
    choices = serializers.ListField(child=serializers.CharField())
    needed = OneOf(CustomField.Needed.choices)
    when_key = serializers.CharField()
    when_value = serializers.CharField()


class Answer(serializers.CharField):
    """One answer: words, a number, true or false; null takes it away."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 500, "allow_blank": True, "allow_null": True, **options})

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, bool):
            return fields.YES if data else fields.NO
        words: str = super().to_internal_value(data)
        return words


class WorkShape(Shape):
    """Its category with questions and answers, and what its work is made of."""

    waiting_for = OneOf(Ticket.Waiting.choices, allow_null=True)
    category = serializers.CharField()
    answers = serializers.DictField(source="fields", help_text="By the short names of the questions.")
    questions = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField(help_text="Questions to be answered before it is solved.")
    minutes = serializers.SerializerMethodField(help_text="Of work and calls.")

    @extend_schema_field(QuestionShape(many=True))
    def get_questions(self, ticket: Ticket) -> Any:
        return QuestionShape(fields.of(ticket.category), many=True).data

    def get_missing(self, ticket: Ticket) -> list[str]:
        return fields.missing(ticket)

    def get_minutes(self, ticket: Ticket) -> int:
        return around.minutes_spent(ticket, ticket.entries.filter(kind=Entry.Kind.CALL))


class WorkChange(Shape):
    """Its category, and answers to that category's questions: those named are set, the others stay."""

    category = serializers.CharField(max_length=60, required=False, allow_blank=True)
    answers = serializers.DictField(child=Answer(), required=False)


def answered(rows: list[CustomField], given: Mapping[str, Any], *, before: Mapping[str, Any], when: str | None) -> dict[str, Any]:
    """The answers to these questions as they are stored, `given` over those of `before`. Raises ValidationError that names each."""
    known = ", ".join(row.key for row in rows) or _("none")
    said = _("No question has this short name. Known are %(names)s.") % {"names": known}
    wrong: dict[str, Any] = {key: [ErrorDetail(said, "unknown_field")] for key in given if key not in {row.key for row in rows}}
    form = QuestionsForm({f"f-{key}": value for key, value in {**before, **given}.items() if value is not None}, rows=rows, when=when)
    for name, errors in form.errors.as_data().items():
        wrong[name.removeprefix("f-")] = [ErrorDetail(one, error.code or "invalid") for error in errors for one in error.messages]
    if wrong:
        raise serializers.ValidationError({"answers": wrong})
    return form.answers
