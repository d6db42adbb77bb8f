"""Help articles with the versions that were published, for staff and for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import knowledge
from incidents.models import Article, ArticleVersion
from servicedesk import clock
from servicedesk.api.resources import Resource
from servicedesk.api.shapes import Moment, Named, OneOf, Shape


class ArticleShape(Shape):
    slug = serializers.CharField()
    title = serializers.CharField()
    answer = serializers.CharField()
    body = serializers.CharField(help_text="Markdown.")
    is_public = serializers.BooleanField(help_text="Otherwise for staff only.")
    state = OneOf(Article.State.choices)
    version = serializers.IntegerField(help_text="Counts what was published.")
    owner = Named("username", allow_null=True)
    updated_at = Moment()


class ArticleVersionShape(Shape):
    version = serializers.IntegerField()
    title = serializers.CharField()
    answer = serializers.CharField()
    body = serializers.CharField()
    author = Named("username", allow_null=True)
    note = serializers.CharField(help_text="What changed.")
    published_at = Moment()


class VersionAsked(Shape):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class ArticleResource(Resource):
    areas = ("config",)
    serializer_class: type[Shape] = ArticleShape

    def rows(self) -> Any:
        if not (self.person.is_machine or self.person.is_desk_staff or self.person.is_admin):
            raise PermissionDenied(_("Staff only."))
        return Article.objects.select_related("owner")

    def keyed(self, slug: str) -> Article:
        found: Article | None = self.rows().filter(slug=slug).first()
        if found is None:
            raise NotFound
        return found

    def list(self, request: Request) -> Response:
        """Help articles, drafts among them."""
        return self.listed(self.rows(), ArticleShape)

    def retrieve(self, request: Request, slug: str) -> HttpResponse:
        """One help article."""
        return self.shown(self.keyed(slug), ArticleShape)

    @extend_schema(request=VersionAsked, responses=ArticleShape)
    def bring_back(self, request: Request, slug: str) -> HttpResponse:
        """Publish the words of an earlier version again, as the next one."""
        found, said = self.keyed(slug), self.said(VersionAsked)
        if not (self.person.is_agent or self.person.is_manager or self.person.is_admin or self.person.is_machine):
            raise PermissionDenied(_("Only agents and managers do this."))
        try:
            made = knowledge.bring_back(found, said["version"], actor=self.person, now=clock.now())
        except ArticleVersion.DoesNotExist as error:
            raise ValidationError({"version": [_("No version has that number.")]}, code="unknown_value") from error
        return self.shown(self.keyed(made.slug), ArticleShape)


class ArticleVersionResource(ArticleResource):
    serializer_class = ArticleVersionShape

    def list(self, request: Request, slug: str = "") -> Response:
        """What was published, newest first."""
        return self.listed(self.keyed(slug).versions.select_related("author"), ArticleVersionShape)
