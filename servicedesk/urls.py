"""Every URL of the desk. Apps are named by string; each URL has a row in the refusal matrix."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

admin.autodiscover()

urlpatterns = [
    path("", include("incidents.urls")),
    path("", include("notifications.urls")),
    path("", include("monitoring.urls")),
    path("", include("servicedesk.directory.urls")),
    path("", include("servicedesk.jobs.urls")),
    path("", include("servicedesk.operations.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("incidents.api.urls")),
    path("api/v1/", include("notifications.api")),
    path("api/v1/", include("monitoring.api.urls")),
    path("api/", include("servicedesk.api.urls")),
]

handler500 = "servicedesk.operations.errors.page_failed"
