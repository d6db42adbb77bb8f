"""The base of every resource: what each request is checked for before its deed, and how one object is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ErrorDetail, MethodNotAllowed, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from servicedesk.api import etags, limits, once, pages
from servicedesk.api.shapes import Shape
from servicedesk.directory.models import User


class Resource(GenericViewSet[Any]):
    """A noun of the API. Rows are always those the speaker may see; one that is not among them does not exist."""

    areas: tuple[str, ...] = ()  # a token needs a scope for each
    filters: type[Shape] | None = None  # the parameters of its list, beside limit and cursor
    asks: Mapping[str, type[Shape]] = {}  # the parameters of other actions
    refusals: Mapping[type[Exception], Callable[[Any], APIException]] = {}  # errors of the desk, as the API tells them
    newest_first = True
    http_method_names = ["get", "head", "post", "patch"]
    throttle_classes = [limits.PerMinute]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if str(request.method).lower() not in self.action_map:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        self.asked = self._asked(request)
        if request.method == "POST" and once.HEADER in request.headers:
            self.post: Callable[..., Response] = partial(once.answered, self.post)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Nobody else's to keep, and asked for again before it is used."""
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def person(self) -> User:
        """Who speaks: a person, or the service account of a token."""
        assert isinstance(self.request.user, User)  # the permission let nobody else in
        return self.request.user

    def refuse_idle(self) -> None:
        """Raises PermissionDenied but for agents and managers."""
        if not (self.person.is_agent or self.person.is_manager):
            raise PermissionDenied(_("Only agents and managers do this."))

    def rows(self) -> Any:
        """The rows this speaker may see, with all that their representation needs."""
        raise NotImplementedError

    def find(self, number: int) -> Any:
        found = self.rows().filter(pk=number).first()
        if found is None:
            raise NotFound
        return found

    def said(self, shape: type[Shape]) -> dict[str, Any]:
        """The body, as this shape reads it. Raises ValidationError."""
        reading = shape(data=self.request.data, context=self.get_serializer_context())
        reading.is_valid(raise_exception=True)
        return dict(reading.validated_data)

    def listed(self, rows: Any, shape: Callable[..., Any]) -> Response:
        page = self.paginate_queryset(rows)
        assert page is not None  # every list has pages
        assert self.paginator is not None
        return self.paginator.get_paginated_response(shape(page, many=True, context=self.get_serializer_context()).data)

    def shown(self, row: Any, shape: Callable[..., Any], status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
        """One object with its tag; 304 where the reader has it."""
        data = shape(row, context=self.get_serializer_context()).data
        tag = etags.of(data)
        if self.request.method in ("GET", "HEAD") and etags.is_known(self.request, tag):
            return HttpResponse(status=304, headers={"ETag": tag})
        return Response(data, status=status, headers={**(headers or {}), "ETag": tag})

    def refuse_changed(self, number: int, shape: Callable[..., Any], find: Callable[[int], Any] | None = None) -> None:
        """Raises Changed where If-Match names another state than the present one. The caller holds the row; `find` reads it anew."""
        if etags.is_asked(self.request):
            row = (find or self.find)(number)
            etags.refuse_changed(self.request, etags.of(shape(row, context=self.get_serializer_context()).data))

    def _asked(self, request: Request) -> dict[str, Any]:
        """The parameters as the action's shape reads them. Raises ValidationError for one nobody knows."""
        given = request.query_params
        shape = self.filters if self.action == "list" else self.asks.get(self.action)
        of_list = pages.PARAMETERS if self.action == "list" else ()
        known = {*of_list, *(shape().fields if shape else ())}
        words = _("Unknown parameter. Known are %(names)s.") % {"names": ", ".join(sorted(known)) or _("none")}
        wrong = {name: [ErrorDetail(words, "unknown_parameter")] for name in given if name not in known}
        wrong |= {name: [ErrorDetail(_("Give it once."), "repeated")] for name in known if len(given.getlist(name)) > 1}
        if wrong:
            raise ValidationError(wrong)
        if shape is None:
            return {}
        reading = shape(data={name: value for name, value in given.items() if name not in of_list})
        reading.is_valid(raise_exception=True)
        return dict(reading.validated_data)
