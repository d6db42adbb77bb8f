"""What goes in and out: shapes that refuse fields they do not know, and the fields every resource shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError


class Shape(serializers.Serializer[Any]):
    """An object of known fields. A field nobody knows is an error that names it."""

    default_error_messages = {"invalid": _("Send an object with named fields.")}

    def to_internal_value(self, data: Any) -> Any:
        wrong = self._strangers(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
            raise ValidationError({**wrong, **detail}) from error
        if wrong:
            raise ValidationError(wrong)
        return value

    def _strangers(self, data: Mapping[str, Any]) -> dict[str, Any]:
        known = sorted(name for name, field in self.fields.items() if not field.read_only)
        words = str(_("Unknown field. Known are %(names)s.")) % {"names": ", ".join(known) or _("none")}
        return {name: [ErrorDetail(words, "unknown_field")] for name in data if name not in known}


@extend_schema_field({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?$", "example": "09:00:00"})
class WallTime(serializers.TimeField):
    """A time of day on the wall clock of a zone that stands beside it. OpenAPI's own "time" would need an offset in itself."""


class Moment(serializers.DateTimeField):
    """RFC 3339; always with a zone when it comes in, always UTC and Z when it goes out."""

    default_error_messages = {
        "invalid": _("Use RFC 3339 with a zone, such as 2026-11-23T08:00:00Z."),
        "date": _("Use RFC 3339 with a zone, such as 2026-11-23T08:00:00Z."),
        "overflow": _("This is out of the range of times."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("invalid", format="")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self.fail("overflow")


class OneOf(serializers.ChoiceField):
    """One of the desk's own words; the error says which. What was never said goes out as null."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices, **options)
        listed = [str(value) for value in self.choices]
        self.error_messages["invalid_choice"] = format_lazy(_("Use {words}."), words=_or(listed))

    def to_representation(self, value: Any) -> Any:
        return None if value in ("", None) else super().to_representation(value)


@extend_schema_field(OpenApiTypes.STR)
class Named(serializers.SlugRelatedField[Any]):
    """Something by its short name; a person by user name. Null is nobody, nothing."""

    def __init__(self, slug_field: str, rows: QuerySet[Any] | None = None, **options: Any) -> None:
        options = {**options, "read_only": True} if rows is None else {**options, "queryset": rows}
        super().__init__(slug_field=slug_field, **options)
        self.error_messages["does_not_exist"] = _("Nothing has this name.") if slug_field == "slug" else _("Nobody has this user name.")
        self.error_messages["invalid"] = _("Send a name.")

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        if not data.isprintable():  # what no name holds, and no database takes
            self.fail("does_not_exist")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class Zone(serializers.CharField):
    """A time zone by its name, such as Europe/Paris."""

    default_error_messages = {"unknown_value": _("Use the name of a time zone, such as Europe/Paris.")}

    def to_internal_value(self, data: Any) -> str:
        name: str = super().to_internal_value(data)
        if name not in available_timezones():
            self.fail("unknown_value")
        return name


def _or(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
