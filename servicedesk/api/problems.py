"""Every error of the API as application/problem+json (RFC 9457), in one shape."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rest_framework import exceptions
from rest_framework.settings import api_settings

from servicedesk import problem

ROOT = api_settings.NON_FIELD_ERRORS_KEY
# our words where the framework has its own
CODES = {
    "invalid_choice": "unknown_value", "does_not_exist": "unknown_value", "max_length": "too_long", "min_length": "too_short",
    "blank": "required", "null": "required", "min_value": "out_of_range", "max_value": "out_of_range",
}  # fmt: skip


class Conflict(exceptions.APIException):
    """The thing is not where this could be done with it."""

    status_code, default_code = 409, "conflict"


class Changed(exceptions.APIException):
    status_code, default_code = 412, "changed"
    default_detail = gettext_lazy("It has changed since you read it. Read it again, then decide.")


class KeyUsedOtherwise(exceptions.APIException):
    status_code, default_code = 422, "key_used"
    default_detail = gettext_lazy("This Idempotency-Key belongs to another request. Use a new key.")


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to an error; None for what nobody foresaw, which is logged as a fault of ours."""
    told = _as_told(error, getattr(context.get("view"), "refusals", {}))
    if isinstance(told, exceptions.ValidationError):
        return wrong_fields(told)
    if isinstance(told, exceptions.APIException):
        return problem.answer(told.status_code, _sentence(told), headers=_headers(told, context))
    return None


def wrong_fields(error: exceptions.ValidationError) -> HttpResponse:
    """400 with each field, its code and what to do."""
    listed = [{"field": at, "code": CODES.get(code, code), "message": message} for at, code, message in flat(error.detail)]
    detail = ngettext("%(n)d field is wrong.", "%(n)d fields are wrong.", len(listed)) % {"n": len(listed)}
    return problem.answer(400, detail, listed)


def flat(detail: Any, at: str = "") -> Iterator[tuple[str, str, str]]:
    """(field, code, message) of each error: "[3].status", "metrics[0].name"; "" is the body itself."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flat(inner, at if name == ROOT else _below(at, name))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            yield from flat(inner, at if isinstance(inner, str) else f"{at}[{index}]")
    else:
        yield at, str(getattr(detail, "code", "invalid")), str(detail)


def _below(at: str, name: Any) -> str:
    if isinstance(name, int):
        return f"{at}[{name}]"
    return f"{at}.{name}" if at else str(name)


def _as_told(error: Exception, refusals: Mapping[type[Exception], Any]) -> Exception:
    """An error of the desk or of Django as one of the API."""
    for kind, translate in refusals.items():
        if isinstance(error, kind):
            told: Exception = translate(error)
            return told
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return _of(413, _("The body is too large. Send it in parts."))
    if isinstance(error, OperationalError):
        return _of(503, _("The database does not answer. Send it again."), wait=10)
    return error


def _of(status: int, detail: str, wait: int | None = None) -> exceptions.APIException:
    made = exceptions.APIException(detail)
    made.status_code = status
    made.wait = wait  # type: ignore[attr-defined]  # as Throttled has it
    return made


def _sentence(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.NotFound):
        return _("There is nothing here that you may see.")
    if isinstance(error, exceptions.NotAuthenticated):
        return _("Send a token: Authorization: Bearer msd_…, or sign in.")
    if isinstance(error, exceptions.MethodNotAllowed):
        return _("This address does not take that method.")
    if isinstance(error, exceptions.NotAcceptable):
        return _("The API answers in application/json only.")
    if isinstance(error, exceptions.UnsupportedMediaType):
        return _("Send application/json.")
    if isinstance(error, exceptions.Throttled):
        return _("Too many requests. Slow down.")
    return str(error.detail)


def _headers(error: exceptions.APIException, context: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    if error.status_code == 401:
        headers["WWW-Authenticate"] = str(getattr(error, "auth_header", "Bearer"))
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    view = context.get("view")
    if error.status_code == 405 and view is not None:
        headers["Allow"] = ", ".join(view.allowed_methods)
    return headers
