"""Numbers of tickets, incidents and problems, prefixed or bare, T-1042 and 1042: in addresses and in bodies."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents.models import Incident, Ticket
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet


class TicketNumber:
    regex = "(?:[Tt]-)?[0-9]{1,18}"
    prefix = "T-"

    def to_python(self, value: str) -> int:
        return int(value.rpartition("-")[2])

    def to_url(self, value: int) -> str:
        return f"{self.prefix}{value}"


class IncidentNumber(TicketNumber):
    regex = "(?:[Ii][Nn][Cc]-)?[0-9]{1,18}"
    prefix = "INC-"


class ProblemNumber(TicketNumber):
    regex = "(?:[Pp]-)?[0-9]{1,18}"
    prefix = "P-"


class NumberField(serializers.CharField):
    """The number that a body or parameter names, as a number."""

    prefix = ""

    def to_internal_value(self, data: Any) -> Any:
        words = super().to_internal_value(data).upper().removeprefix(self.prefix)
        if not (words.isascii() and words.isdigit() and len(words) < 19):
            self.fail("unknown")
        return int(words)


class TicketField(NumberField):
    """A ticket's. Whether the speaker may see it is asked later."""

    prefix = TicketNumber.prefix
    default_error_messages = {"unknown": _("No ticket has this number.")}


@extend_schema_field(OpenApiTypes.STR)
class AnotherTicket(TicketField):
    """A ticket by its number, of those the speaker may see: any other does not exist."""

    def to_internal_value(self, data: Any) -> Any:
        return _seen(self, TicketQuerySet(Ticket), super().to_internal_value(data))


@extend_schema_field(OpenApiTypes.STR)
class AnotherIncident(NumberField):
    """An incident, likewise."""

    prefix = IncidentNumber.prefix
    default_error_messages = {"unknown": _("No incident has this number.")}

    def to_internal_value(self, data: Any) -> Any:
        return _seen(self, IncidentQuerySet(Incident), super().to_internal_value(data))


def _seen(field: NumberField, rows: Any, number: int) -> Any:
    found = rows.visible_to(field.context["request"].user).filter(pk=number).first()
    if found is None:
        field.fail("unknown")
    return found
