"""Stands behind the resources in the list of URLs: what no resource took ends here."""

from __future__ import annotations

from django.urls import path, re_path

from servicedesk.api import views

urlpatterns = [
    path("schema/", views.schema, name="api_schema"),
    path("docs/", views.docs, name="api_docs"),
    re_path(r"^v1/(?P<path>.*)$", views.unknown, name="api_unknown"),
]
